//! Connections to the store's file.

use super::fault::Fault;
use super::{files, schema};
use crate::store::Error;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// The longest wait for another process that holds the store locked.
pub(super) const BUSY_WAIT: Duration = Duration::from_secs(5);
/// What the writer keeps of the file in memory, in KiB.
const WRITER_CACHE_KIB: u32 = 1024;
/// What each reader keeps of the file in memory, in KiB. The system's own cache does the rest.
const READER_CACHE_KIB: u32 = 256;
/// Statements each connection keeps prepared.
const PREPARED_STATEMENTS: usize = 32;
/// The write-ahead log is cut back to this length once its content is in the file.
const LOG_BYTES: u32 = 16 * 1024 * 1024;

/// Opens the store at `file` for writing, makes it where `missing` says so, and brings its
/// schema up to date. Nothing but a store of ours is touched.
pub(in crate::store) fn open(file: &Path, missing: Missing) -> Result<Connection, Error> {
    match (fs::symlink_metadata(file), missing) {
        (Ok(_), _) => {}
        (Err(error), Missing::IsMade) if error.kind() == ErrorKind::NotFound => {
            files::make(file, |aside| writer(aside).map(drop))?;
        }
        (Err(error), Missing::IsAnError) if error.kind() == ErrorKind::NotFound => {
            return Err(Error::Missing(file.to_owned()));
        }
        (Err(error), _) => return Err(files::unusable(file, &error)),
    }
    files::require_file(file)?;
    peek(file).map_err(|fault| fault.at(file))?;
    files::make_private(file)?;
    writer(file).map_err(|fault| fault.at(file))
}

/// Opens the store at `file`, which must be there, for reading: whatever schema of those known
/// here it has, it keeps.
pub(in crate::store) fn open_read_only(file: &Path) -> Result<Connection, Error> {
    match fs::symlink_metadata(file) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Error::Missing(file.to_owned()));
        }
        Err(error) => return Err(files::unusable(file, &error)),
    }
    files::require_file(file)?;
    peek(file).map_err(|fault| fault.at(file))?;
    let opened = reader(file).map_err(Fault::from).and_then(|connection| {
        schema::require_readable(&connection)?;
        Ok(connection)
    });
    opened.map_err(|fault| fault.at(file))
}

/// What to do where there is no store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Missing {
    IsAnError,
    IsMade,
}

fn writer(file: &Path) -> Result<Connection, Fault> {
    let mut connection = connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch(&format!(
        "PRAGMA cache_size = -{WRITER_CACHE_KIB};
         PRAGMA foreign_keys = ON;
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = FAST;
         PRAGMA journal_size_limit = {LOG_BYTES};"
    ))?;
    schema::migrate(&mut connection)?;
    schema::probe(&connection)?;
    Ok(connection)
}

/// Opens the store at `file` for reading.
pub(super) fn reader(file: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.execute_batch(&format!("PRAGMA cache_size = -{READER_CACHE_KIB};"))?;
    Ok(connection)
}

/// A connection that is used by one thread at a time.
pub(super) fn connect(file: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(file, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    connection.execute_batch("PRAGMA cell_size_check = ON;")?;
    Ok(connection)
}

/// Refuses what is no store of ours, without a lock, a log or a trace.
///
/// It goes through SQLite, because closing a handle of our own would drop the locks of other
/// connections of this process. It sees the file without its log, where a store that was killed
/// while it copied from one to the other looks cut short: only what that cannot explain is said.
fn peek(file: &Path) -> Result<(), Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let seen = Connection::open_with_flags(immutable(file), flags).map_err(Fault::from);
    match seen.and_then(|connection| schema::recognise(&connection)) {
        Err(Fault::Engine(error)) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Err(error.into())
        }
        Err(Fault::Engine(_)) => Ok(()),
        seen => seen,
    }
}

/// The name by which SQLite opens a file that it must not touch.
fn immutable(file: &Path) -> String {
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            other => write!(uri, "%{other:02x}").expect("a text takes more text"),
        }
    }
    uri + "?immutable=1"
}
