//! Copies of a store that is in use.

use super::fault::{Fault, told};
use super::files::{self, Unfinished};
use super::{connection, schema};
use crate::store::{Backup, Error};
use rusqlite::backup::{Backup as Copying, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
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
    if is_companion(from, to) {
        let why = "this name is one of the store's own files; choose another";
        return Err(failed(std::io::Error::new(ErrorKind::InvalidInput, why)));
    }
    let unfinished = Unfinished::beside(to).map_err(failed)?;
    let aside = unfinished.path();
    let source = connection::reader(from).map_err(|error| told(from, &error))?;
    let place = |of| match of {
        Side::Source => from,
        Side::Target => to,
    };
    fill(&source, aside, closing).map_err(|(of, fault)| fault.at(place(of)))?;
    let bytes = fs::metadata(aside).map_err(failed)?.len();
    files::finish(aside, to).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken(to),
        _ => failed(error),
    })?;
    Ok(Backup { bytes })
}

/// Whether SQLite would take a file at `to` for a log of the store, and play it back into it.
fn is_companion(from: &Path, to: &Path) -> bool {
    let folder = |file: &Path| files::folder_of(file).canonicalize().ok();
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    folder(from) == folder(to) && name(to).starts_with(&format!("{}-", name(from)))
}

/// Whose fault it is that a copy fails.
#[derive(Debug, Clone, Copy)]
enum Side {
    Source,
    Target,
}

fn at_source(fault: impl Into<Fault>) -> (Side, Fault) {
    (Side::Source, fault.into())
}

fn at_target(fault: impl Into<Fault>) -> (Side, Fault) {
    (Side::Target, fault.into())
}

/// Fills an empty file with what the store is now, and checks it.
fn fill(
    source: &Connection,
    aside: &Path,
    closing: &CancellationToken,
) -> Result<(), (Side, Fault)> {
    // One transaction holds the store still for as long as the copy takes, while others write on;
    // without it every change would begin the copy anew.
    source.execute_batch("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1;").map_err(at_source)?;
    let mut target =
        connection::connect(aside, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(at_target)?;
    // A copy that fails is thrown away, so it needs no journal; it is synced once at the end.
    target
        .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        .map_err(at_target)?;
    let copying = Copying::new(source, &mut target).map_err(at_target)?;
    loop {
        if closing.is_cancelled() {
            return Err(at_source(Error::Closed));
        }
        match copying.step(PAGES).map_err(while_copying)? {
            StepResult::Done => break,
            StepResult::More => {}
            other => {
                let what = format!("nobody else has the copy open, but {other:?}");
                return Err(at_target(Fault::Broken(what)));
            }
        }
    }
    drop(copying);
    source.execute_batch("COMMIT;").map_err(at_source)?;
    // Out of the log's mode, so that the file is all there is.
    target.execute_batch("PRAGMA journal_mode = DELETE;").map_err(while_copying)?;
    // A copy is what the store is: damage in it is the store's.
    schema::recognise(&target).and_then(|()| schema::check(&target)).map_err(at_source)?;
    target.close().map_err(|(_, error)| at_target(error))
}

/// Pages are read on one side and written on the other.
fn while_copying(error: rusqlite::Error) -> (Side, Fault) {
    let is_read = match &error {
        rusqlite::Error::SqliteFailure(code, _) => matches!(
            code.extended_code,
            ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_SHORT_READ | ffi::SQLITE_IOERR_CORRUPTFS
        ),
        _ => false,
    };
    let is_damage = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    );
    if is_read || is_damage { at_source(error) } else { at_target(error) }
}

fn taken(to: &Path) -> Error {
    Error::Unusable {
        file: to.to_owned(),
        why: "it is there already, and a backup replaces nothing; choose another name".to_owned(),
    }
}
