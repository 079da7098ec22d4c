//! One gateway a state folder: two on one store would take each other's runs for left behind.

use super::Error;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The file whose lock is held; the system gives it back when the process ends, however it ends.
const FILE: &str = "gateway.lock";

/// Holds a state folder for as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the state folder for this process.
    ///
    /// # Errors
    /// [`Error::Taken`] when another process has it, [`Error::Lock`] when it cannot be told.
    pub(super) fn take(state_dir: &Path) -> Result<Self, Error> {
        let failed = |error| Error::Lock(state_dir.join(FILE).display().to_string(), error);
        // What lies in it is nobody else's to read.
        DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let mut file = options.open(state_dir.join(FILE)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                // Who it is only helps a person; the lock holds without it.
                let written = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
                if let Err(error) = written {
                    tracing::debug!(%error, "the lock does not say whose it is");
                }
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The holder may be about to write it.
                let _ = file.read_to_string(&mut holder);
                let folder = state_dir.display().to_string();
                Err(Error::Taken { folder, pid: holder.trim().parse().ok() })
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
