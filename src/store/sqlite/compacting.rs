//! Gives room back to the disk, in steps between which others have their turn.

use super::connection::BUSY_WAIT;
use rusqlite::Connection;
use std::time::Duration;

/// Pages of the index of words that are merged in one step.
const MERGED_PAGES: u32 = 256;
/// Pages that are given back to the disk in one step.
const FREED_PAGES: u32 = 1024;

/// How far a step came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Compacted {
    Partly,
    Wholly,
}

/// One step: a transaction each for the index of words and for free pages.
pub(super) fn step(connection: &Connection) -> rusqlite::Result<Compacted> {
    let merged = connection.total_changes();
    connection.execute_batch(&format!(
        "INSERT INTO words (words, rank) VALUES ('merge', {MERGED_PAGES});"
    ))?;
    // The statement itself counts as one change.
    let merged = connection.total_changes() - merged > 1;
    let before = free_pages(connection)?;
    free(connection)?;
    let after = free_pages(connection)?;
    if merged || (after > 0 && after < before) {
        return Ok(Compacted::Partly);
    }
    // A reader that is under way is not waited for: the file shrinks the next time then.
    connection.busy_timeout(Duration::ZERO)?;
    let emptied = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);");
    connection.busy_timeout(BUSY_WAIT)?;
    emptied.map(|()| Compacted::Wholly)
}

/// SQLite frees one page each time the statement is stepped, so it is stepped to its end.
fn free(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached(&format!("PRAGMA incremental_vacuum({FREED_PAGES})"))?;
    let mut steps = statement.query([])?;
    while steps.next()?.is_some() {}
    Ok(())
}

fn free_pages(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "freelist_count", |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::super::connection::{Missing, open};
    use super::*;

    #[test]
    fn a_step_frees_all_the_pages_it_may() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let connection = open(&folder.path().join("store"), Missing::IsMade).expect("opened");
        connection
            .execute_batch(
                "INSERT INTO records (space, key, rank, \"group\", revision, value)
                     VALUES ('space', 'key', 0, '', 1, hex(zeroblob(3000000)));
                 DELETE FROM records;",
            )
            .expect("filled and emptied");
        let before = free_pages(&connection).expect("counted");
        assert!(before > 1_100, "{before} free pages");
        assert_eq!(step(&connection), Ok(Compacted::Partly));
        assert_eq!(before - free_pages(&connection).expect("counted"), i64::from(FREED_PAGES));
        assert_eq!(step(&connection), Ok(Compacted::Wholly));
        assert_eq!(free_pages(&connection), Ok(0));
    }
}
