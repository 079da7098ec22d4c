//! Why a pull failed, and what to do next.

use std::io;
use std::path::{Path, PathBuf};

/// A pull that failed. Each text names the next step.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for is not a model we can pull.
    #[error("{0}")]
    Target(String),
    /// Another pull holds the lock.
    #[error(
        "another `openclaw models pull` is running for this state directory; wait for it to end \
         and run the command again"
    )]
    Busy,
    /// A file cannot be written.
    #[error("cannot write {path}: {reason}; {next}")]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
        /// What to do.
        next: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {reason}; {next}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
        /// What to do.
        next: &'static str,
    },
    /// Another model is installed under the name this one would get.
    #[error(
        "{name:?} is installed already, from {origin}, {difference}: two models cannot share \
         a name; to have this one instead, delete {dir} and run the command again"
    )]
    Taken {
        /// The name.
        name: String,
        /// Where the installed one came from.
        origin: String,
        /// What is not the same.
        difference: String,
        /// Its folder.
        dir: PathBuf,
    },
    /// There is no Python, no pip, or pip failed.
    #[error("{0}")]
    Pip(String),
    /// The content is not what it should be; it has been removed.
    #[error(
        "{file} has SHA-256 {found}, not {expected}: the download was removed; run `openclaw \
         models pull` again, and if it happens again do not trust this source"
    )]
    Checksum {
        /// The file.
        file: String,
        /// The checksum it should have.
        expected: String,
        /// The checksum it has.
        found: String,
    },
    /// Work on the files was given up, because the process ends or by a fault of ours.
    #[error("checking the files stopped: {0}; run `openclaw models pull` again")]
    Stopped(String),
    /// The hub or the way to it failed.
    #[error("{0}")]
    Hub(String),
}

impl Error {
    /// Whether the disk is at fault and not what was to be written.
    pub(super) fn is_about_room(&self) -> bool {
        let (Error::Disk { reason, .. } | Error::Read { reason, .. }) = self else {
            return false;
        };
        matches!(
            reason.kind(),
            io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::PermissionDenied
                | io::ErrorKind::ReadOnlyFilesystem
        )
    }

    pub(super) fn disk(path: &Path, reason: io::Error) -> Error {
        let next = match reason.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "the disk is full: free some space and run `openclaw models pull` again, it goes \
                 on where it stopped"
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "make the folder writable, or set OPENCLAW_STATE_DIR to one that is, and run \
                 `openclaw models pull` again"
            }
            _ => "then run `openclaw models pull` again",
        };
        Error::Disk { path: path.to_owned(), reason, next }
    }

    pub(super) fn read(path: &Path, reason: io::Error) -> Error {
        let next = match reason.kind() {
            io::ErrorKind::PermissionDenied => {
                "make the file readable and run `openclaw models pull` again"
            }
            _ => {
                "run `openclaw models pull` again, and if it happens again look after the disk it \
                 lies on"
            }
        };
        Error::Read { path: path.to_owned(), reason, next }
    }
}
