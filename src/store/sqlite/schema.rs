//! The schema, and whether a file has it.

use super::fault::Fault;
use rusqlite::{Connection, TransactionBehavior};

/// Every step of the schema; the place of the last is the schema's number.
const STEPS: [&str; 2] = [include_str!("1.sql"), include_str!("2.sql")];
/// The newest schema.
pub(super) const KNOWN: i64 = 2;
const _: () = assert!(STEPS.len() == 2 && KNOWN == 2, "a step more is a schema more");

/// The oldest schema whose tables are read as they are.
pub(super) const LEAST_READ: i64 = 1;

/// Marks a file as a store: "oclw".
const APPLICATION_ID: i64 = 0x6f63_6c77;

/// Tables that are looked into when the store is opened.
const TABLES: [&str; 9] =
    ["streams", "events", "words", "records", "spaces", "group_sizes", "leases", "parcels", "keys"];
/// Most faults that a check tells of.
const TOLD_FAULTS: usize = 5;

/// Looks whether a file that is not empty is a store that is known here.
pub(super) fn recognise(connection: &Connection) -> Result<(), Fault> {
    let application = pragma(connection, "application_id")?;
    match application {
        APPLICATION_ID => known(connection).map(|_| ()),
        _ if pragma(connection, "page_count")? == 0 => {
            Err(Fault::Broken("it is not a database".to_owned()))
        }
        _ => Err(Fault::Foreign),
    }
}

/// The schema's number, which is not newer than those known here.
pub(super) fn known(connection: &Connection) -> Result<i64, Fault> {
    let found =
        connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?;
    if found > KNOWN { Err(Fault::Newer(found)) } else { Ok(found) }
}

/// Looks whether a store can be read as it is.
pub(super) fn require_readable(connection: &Connection) -> Result<(), Fault> {
    recognise(connection)?;
    let found = known(connection)?;
    if found < LEAST_READ {
        return Err(Fault::Older(found));
    }
    probe(connection)
}

/// Brings the schema of a store, or of an empty file, up to date, all of it or nothing.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    if pragma(connection, "page_count")? > 0 {
        recognise(connection)?;
    }
    if known(connection)? < KNOWN {
        // Only an empty file takes this to heart.
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL;")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been here while this one waited for the lock.
        let found = usize::try_from(known(&transaction)?).unwrap_or_default();
        for step in &STEPS[found..] {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", KNOWN)?;
        transaction.commit()?;
    }
    // The log comes after the schema: without one, what marks the file is in the file itself, where
    // it can be seen without touching anything.
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode.eq_ignore_ascii_case("wal") {
        return Ok(());
    }
    Err(Fault::Broken(format!("its journal is `{mode}` and cannot be a write-ahead log")))
}

/// Reads the beginning and the end of every table: what is damaged there is told at once, and the
/// time it takes does not grow with the store.
pub(super) fn probe(connection: &Connection) -> Result<(), Fault> {
    for table in TABLES {
        for order in ["ASC", "DESC"] {
            let first_column = match table {
                "words" => "rowid",
                _ => "1",
            };
            let sql = format!("SELECT * FROM {table} ORDER BY {first_column} {order} LIMIT 1");
            let mut statement = connection
                .prepare(&sql)
                .map_err(|error| Fault::Broken(format!("table `{table}`: {error}")))?;
            statement.query([])?.next()?;
        }
    }
    Ok(())
}

/// Reads all of the store and says what is damaged.
pub(super) fn check(connection: &Connection) -> Result<(), Fault> {
    let mut faults = Vec::new();
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({TOLD_FAULTS})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let told: String = row.get(0)?;
        if told != "ok" {
            faults.push(told);
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while faults.len() < TOLD_FAULTS
        && let Some(row) = rows.next()?
    {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        faults.push(format!("a row of {table} without its {parent}"));
    }
    if faults.is_empty() { Ok(()) } else { Err(Fault::Broken(faults.join("; "))) }
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
