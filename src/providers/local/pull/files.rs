//! The folder a pull works in, and the checksums of what lies there.

use super::{Error, Progress, Target};
use crate::providers::local::store::{ManifestFile, Store};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use tokio::sync::watch;

/// Bytes copied at a time.
const BLOCK: usize = 256 * 1024;

/// `models/.partial/<kind>-<name>`: downloads beside a folder `ready` that will be moved into
/// place. Both outlive an interrupted pull.
#[derive(Debug)]
pub(super) struct Staged {
    dir: PathBuf,
    ready: PathBuf,
    verified: Mutex<Vec<ManifestFile>>,
}

impl Staged {
    pub(super) fn open(store: &Store, target: &Target) -> Result<Staged, Error> {
        let folder = format!("{}-{}", target.kind().as_str(), target.name());
        let dir = store.root().join(".partial").join(folder);
        let ready = dir.join("ready");
        fs::create_dir_all(&ready).map_err(|error| Error::disk(&ready, error))?;
        Ok(Staged { dir, ready, verified: Mutex::default() })
    }

    /// Where downloads go that are not the model's files themselves.
    pub(super) fn download(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Where a file of the model goes once it is verified.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.ready.join(name)
    }

    /// Whether an earlier pull got this file whole; checked again, for disks forget.
    pub(super) async fn has(&self, name: &str, sha256: &str) -> Result<bool, Error> {
        let path = self.file(name);
        if !path.exists() {
            return Ok(false);
        }
        let found = hash(&path, &watch::Sender::default()).await?;
        if found.hex == sha256 {
            self.record(name, found);
            return Ok(true);
        }
        fs::remove_file(&path).map_err(|error| Error::disk(&path, error))?;
        Ok(false)
    }

    /// Moves a download into the model's folder, or removes it if it should have been another.
    pub(super) fn accept(&self, name: &str, download: Download) -> Result<(), Error> {
        let Download { path: part, sum, expected } = download;
        if !sum.hex.eq_ignore_ascii_case(&expected) {
            fs::remove_file(part).ok();
            return Err(Error::Checksum { file: name.to_owned(), expected, found: sum.hex });
        }
        let path = self.file(name);
        fs::rename(part, &path).map_err(|error| Error::disk(&path, error))?;
        self.record(name, sum);
        Ok(())
    }

    /// What was verified, for the manifest.
    pub(super) fn verified(&self) -> Vec<ManifestFile> {
        std::mem::take(&mut *self.list())
    }

    /// The folder to move into place.
    pub(super) fn ready(&self) -> &Path {
        &self.ready
    }

    /// Removes the downloads, once the model is in place.
    pub(super) fn clean(self) {
        // What cannot be removed now is in nobody's way.
        fs::remove_dir_all(&self.dir).ok();
    }

    fn record(&self, name: &str, sum: Sum) {
        let file = ManifestFile { name: name.to_owned(), bytes: sum.bytes, sha256: sum.hex };
        self.list().push(file);
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<ManifestFile>> {
        self.verified.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A file that came whole.
#[derive(Debug)]
pub(super) struct Download {
    pub(super) path: PathBuf,
    /// What it is.
    pub(super) sum: Sum,
    /// The checksum it should have, in hex.
    pub(super) expected: String,
}

/// Length and checksum of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) bytes: u64,
    /// SHA-256 in lower-case hex.
    pub(super) hex: String,
}

/// Copies what it reads, and counts and sums the bytes as they pass.
pub(super) struct Copier<'a> {
    progress: &'a watch::Sender<Progress>,
    bytes: u64,
    hasher: Sha256,
}

/// Which side of a copy failed.
#[derive(Debug)]
pub(super) enum Fault {
    Read(io::Error),
    Write(io::Error),
}

impl<'a> Copier<'a> {
    pub(super) fn new(progress: &'a watch::Sender<Progress>) -> Self {
        Copier { progress, bytes: 0, hasher: Sha256::default() }
    }

    /// Copies a reader to its end.
    pub(super) fn copy(
        &mut self,
        mut from: impl Read,
        mut to: impl io::Write,
    ) -> Result<(), Fault> {
        let mut block = vec![0; BLOCK];
        loop {
            let length = match from.read(&mut block) {
                Ok(0) => return to.flush().map_err(Fault::Write),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::Read(error)),
            };
            to.write_all(&block[..length]).map_err(Fault::Write)?;
            self.hasher.update(&block[..length]);
            self.bytes += length as u64;
            self.progress.send_modify(|progress| progress.done += length as u64);
        }
    }

    /// What has passed.
    pub(super) fn sum(self) -> Sum {
        let hex = self.hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Sum { bytes: self.bytes, hex }
    }
}

/// The checksum of a file, computed off the async threads.
pub(super) async fn hash(path: &Path, progress: &watch::Sender<Progress>) -> Result<Sum, Error> {
    let file = path.to_owned();
    blocking(progress, move |progress| {
        let opened = File::open(&file).map_err(|error| Error::read(&file, error))?;
        let mut copier = Copier::new(progress);
        copier.copy(opened, io::sink()).map_err(|fault| match fault {
            Fault::Read(error) | Fault::Write(error) => Error::read(&file, error),
        })?;
        Ok(copier.sum())
    })
    .await
}

/// Does `work` off the async threads and passes on what it counts.
pub(super) async fn blocking<T: Send + 'static>(
    progress: &watch::Sender<Progress>,
    work: impl FnOnce(&watch::Sender<Progress>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    // A sender of its own, because the blocking thread outlives a cancelled pull.
    let (counter, mut counted) = watch::channel(progress.borrow().clone());
    let working = tokio::task::spawn_blocking(move || work(&counter));
    while counted.changed().await.is_ok() {
        progress.send_replace(counted.borrow_and_update().clone());
    }
    working.await.unwrap_or_else(|error| Err(Error::Stopped(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hashing_counts_and_names_what_cannot_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("f");
        fs::write(&file, vec![7; 2 * BLOCK + 1]).expect("a file");
        let progress = watch::Sender::new(Progress::default());
        let sum = hash(&file, &progress).await.expect("it is readable");
        assert_eq!(sum.bytes, 2 * BLOCK as u64 + 1);
        assert_eq!(progress.borrow().done, sum.bytes);

        let error = hash(folder.path(), &progress).await.expect_err("a folder").to_string();
        assert!(error.starts_with("cannot read "), "{error}");
    }
}
