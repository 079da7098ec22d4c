//! Copies of a store that is in use.

use super::fault::{Fault, told};
use super::files::{self, Unfinished};
use super::{connection, schema};
use crate::store::{Backup, Error};
use rusqlite::backup::{Backup as Copying, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Pages copied between two looks at whether the store is being closed.
const PAGES: i32 = 512;

/// Copies the store at `from` to the new file `to`. Blocking.
pub(in crate::store) fn copy(
    from: &Path,
    to: &Path,
    closing: &CancellationToken,
) -> Result<Backup, Error> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(taken(to));
    }
    let failed = |error| files::unusable(to, &error);
    let unfinished = Unfinished::beside(to).map_err(failed)?;
    let aside = unfinished.path();
    let source = connection::reader(from).map_err(|error| told(from, &error))?;
    fill(&source, aside, closing).map_err(|fault| fault.at(to))?;
    let bytes = fs::metadata(aside).map_err(failed)?.len();
    files::finish(aside, to).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken(to),
        _ => failed(error),
    })?;
    Ok(Backup { bytes })
}

/// Fills an empty file with what the store is now, and checks it.
fn fill(source: &Connection, aside: &Path, closing: &CancellationToken) -> Result<(), Fault> {
    // One transaction holds the store still for as long as the copy takes, while others write on;
    // without it every change would begin the copy anew.
    source.execute_batch("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1;")?;
    let mut target = connection::connect(aside, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // A copy that fails is thrown away, so it needs no journal; it is synced once at the end.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    let copying = Copying::new(source, &mut target)?;
    loop {
        if closing.is_cancelled() {
            return Err(Error::Closed.into());
        }
        match copying.step(PAGES)? {
            StepResult::Done => break,
            StepResult::More => {}
            other => {
                return Err(Fault::Broken(format!("nobody else has the copy open, but {other:?}")));
            }
        }
    }
    drop(copying);
    source.execute_batch("COMMIT;")?;
    // Out of the log's mode, so that the file is all there is.
    target.execute_batch("PRAGMA journal_mode = DELETE;")?;
    schema::recognise(&target)?;
    schema::check(&target)?;
    target.close().map_err(|(_, error)| error.into())
}

fn taken(to: &Path) -> Error {
    Error::Unusable {
        file: to.to_owned(),
        why: "it is there already, and a backup replaces nothing; choose another name".to_owned(),
    }
}
