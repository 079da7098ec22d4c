//! What SQLite says, as the store says it.

use super::schema;
use crate::store::Error;
use rusqlite::ErrorCode;
use std::path::Path;

/// Why something was not done: a rule of the store, or SQLite.
#[derive(Debug)]
pub(in crate::store) enum Fault {
    Refused(Error),
    Engine(rusqlite::Error),
    /// A database of another program.
    Foreign,
    /// A schema that is not known here.
    Newer(i64),
    /// A schema that is older than what can be read.
    Older(i64),
    /// What is not as it must be.
    Broken(String),
}

/// SQLite's code for a shared-memory file that cannot grow, which only a full disk explains.
const SHARED_MEMORY_SIZE: i32 = 4874;

impl Fault {
    /// The error for the store at `file`.
    pub(super) fn at(self, file: &Path) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Engine(error) => told(file, &error),
            Self::Foreign => Error::Unusable {
                file: file.to_owned(),
                why: "it is a database of another program; move it away".to_owned(),
            },
            Self::Newer(found) => {
                Error::NewerSchema { file: file.to_owned(), found, known: schema::KNOWN }
            }
            Self::Older(found) => {
                Error::OlderSchema { file: file.to_owned(), found, least: schema::LEAST_READ }
            }
            Self::Broken(what) => Error::Damaged { file: file.to_owned(), what },
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// SQLite's error, for the store at `file`.
pub(super) fn told(file: &Path, error: &rusqlite::Error) -> Error {
    let unusable = |what_to_do: &str| Error::Unusable {
        file: file.to_owned(),
        why: format!("{error}; {what_to_do}"),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::Full(file.to_owned()),
        Some(ErrorCode::SystemIoFailure) if is_shared_memory_size(error) => {
            Error::Full(file.to_owned())
        }
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => Error::Locked(file.to_owned()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(file, error),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            unusable("let this user read and write it and its folder")
        }
        Some(ErrorCode::SystemIoFailure) => {
            unusable("the disk failed: look into the system's log, and at quotas and limits")
        }
        Some(ErrorCode::OperationInterrupted) => Error::Closed,
        Some(ErrorCode::OutOfMemory) => unusable("give the process more memory"),
        Some(ErrorCode::TooBig) => unusable("one text is too long to be stored"),
        // A column that does not hold what the schema says was not written by this program.
        None => damaged(file, error),
        Some(_) => unusable("run `openclaw backup`, then report this"),
    }
}

fn damaged(file: &Path, error: &rusqlite::Error) -> Error {
    Error::Damaged { file: file.to_owned(), what: error.to_string() }
}

fn is_shared_memory_size(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(code, _) if code.extended_code == SHARED_MEMORY_SIZE)
}

/// Whether SQLite refused a second one of what may be there once.
pub(super) fn is_duplicate(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
