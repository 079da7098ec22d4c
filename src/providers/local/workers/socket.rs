//! Where a worker's socket lies: private to this user, and short enough for the system.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes a socket's path may have: 104 on macOS and 108 on Linux, less the closing zero.
const MAX_PATH: usize = 100;
/// Where sockets go when the state directory's path is too long for one.
const SHORT_ROOT: &str = "/tmp";
/// Age from which a socket nobody listens on is a leftover, not one about to be served.
const LEFTOVER: Duration = Duration::from_secs(60);

/// A path for one worker's socket. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// The folder made for this socket alone.
    own_dir: Option<PathBuf>,
}

impl Place {
    /// A fresh path under `state_dir`, or in a private folder elsewhere if that is too long.
    pub(super) fn new(state_dir: &Path) -> io::Result<Place> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let dir = state_dir.join("workers");
        let path = dir.join(format!("{}.sock", &id[..12]));
        if path.as_os_str().len() <= MAX_PATH {
            private_dir(&dir)?;
            sweep(&dir);
            return Ok(Place { path, own_dir: None });
        }
        let dir = Path::new(SHORT_ROOT).join(format!("openclaw-{id}"));
        // Must not exist yet: nobody else can have prepared it.
        DirBuilder::new().mode(0o700).create(&dir)?;
        Ok(Place { path: dir.join("worker.sock"), own_dir: Some(dir) })
    }

    /// The path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A worker that stopped in order has removed its socket itself.
        fs::remove_file(&self.path).ok();
        if let Some(dir) = &self.own_dir {
            fs::remove_dir(dir).ok();
        }
    }
}

fn private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
}

/// Removes sockets whose gateway and worker were both killed.
fn sweep(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let age = entry.metadata().and_then(|meta| meta.modified()).ok();
        let old = age.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > LEFTOVER);
        let refused = || {
            UnixStream::connect(entry.path())
                .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        };
        if old && refused() {
            fs::remove_file(entry.path()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it exists").permissions().mode() & 0o777
    }

    #[test]
    fn sockets_lie_in_a_private_folder_of_the_state_directory() {
        let state = tempfile::tempdir().expect("a folder");
        let place = Place::new(state.path()).expect("a place");
        assert!(place.path().starts_with(state.path()));
        assert_eq!(mode(&state.path().join("workers")), 0o700);
    }

    #[test]
    fn a_long_state_directory_gets_a_short_private_folder() {
        let state = tempfile::tempdir().expect("a folder");
        let place = Place::new(&state.path().join("deep/".repeat(30))).expect("a place");
        assert!(place.path().as_os_str().len() <= MAX_PATH);
        let dir = place.path().parent().expect("a folder").to_owned();
        assert_eq!(mode(&dir), 0o700);
        drop(place);
        assert!(!dir.exists());
    }
}
