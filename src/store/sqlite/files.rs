//! The store's files: private from the first moment, whatever the umask.

use super::fault::Fault;
use crate::store::Error;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;
const PERMISSION_BITS: u32 = 0o777;

/// What SQLite keeps beside a file while it is open.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Makes the folder where it is not there, and in it the file, which `fill` fills before it gets
/// its name: under that name it is whole or not there.
///
/// SQLite gives its companions the mode of the file, so making it right makes all right.
pub(super) fn make(file: &Path, fill: impl Fn(&Path) -> Result<(), Fault>) -> Result<(), Error> {
    let failed = |error| unusable(file, &error);
    let folder = folder_of(file);
    make_folder(folder).map_err(failed)?;
    let unfinished = Unfinished::beside(file).map_err(failed)?;
    fill(unfinished.path()).map_err(|fault| fault.at(file))?;
    match finish(unfinished.path(), file) {
        // Another process was first.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(failed),
    }
}

/// Refuses what is no file, and an empty one: no store is ever empty, so it was one that is lost.
pub(super) fn require_file(file: &Path) -> Result<(), Error> {
    let metadata = fs::metadata(file).map_err(|error| unusable(file, &error))?;
    if !metadata.is_file() {
        let why = "it is not a file; move it away".to_owned();
        return Err(Error::Unusable { file: file.to_owned(), why });
    }
    if metadata.len() == 0 {
        return Err(Error::Damaged { file: file.to_owned(), what: "it is empty".to_owned() });
    }
    Ok(())
}

/// Takes everybody else's permissions on the store's files.
pub(super) fn make_private(file: &Path) -> Result<(), Error> {
    for path in all_of(file) {
        match fs::metadata(&path) {
            Ok(found) if found.permissions().mode() & PERMISSION_BITS & !PRIVATE_FILE != 0 => {
                fs::set_permissions(&path, Permissions::from_mode(PRIVATE_FILE))
                    .map_err(|error| unusable(&path, &error))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes a file that only its owner reads and writes.
fn create_private(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(path)?;
    file.set_permissions(Permissions::from_mode(PRIVATE_FILE))?;
    Ok(file)
}

/// Writes `aside` to the disk and gives it its name; what is there already stays and is an error.
pub(super) fn finish(aside: &Path, name: &Path) -> std::io::Result<()> {
    File::open(aside)?.sync_all()?;
    link(aside, name)?;
    sync_folder(folder_of(name)).inspect_err(|_| remove(name))
}

fn link(aside: &Path, name: &Path) -> std::io::Result<()> {
    match fs::hard_link(aside, name) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            // A file system without links: the look before the rename is the best there is.
            if fs::symlink_metadata(name).is_ok() {
                return Err(ErrorKind::AlreadyExists.into());
            }
            fs::rename(aside, name)
        }
        linked => linked,
    }
}

/// Bytes of the store's files.
pub(in crate::store) fn size(file: &Path) -> Result<u64, Error> {
    let own = fs::metadata(file).map_err(|error| unusable(file, &error))?.len();
    let beside = all_of(file).skip(1).filter_map(|path| fs::metadata(path).ok());
    Ok(beside.map(|found| found.len()).fold(own, u64::saturating_add))
}

/// Removes a file and what SQLite keeps beside it.
fn remove(file: &Path) {
    for path in all_of(file) {
        // Nothing is left to do about one that cannot be removed.
        let _ = fs::remove_file(path);
    }
}

/// How the name ends of a file in the making.
const UNFINISHED: &str = ".unfinished";
/// Files made in vain because another process took them for left behind.
const TRIES: usize = 8;

/// A file that is removed again, with all that SQLite keeps beside it. It is locked for as long as
/// it is worked on, by which one that a killed process left is told from it.
pub(super) struct Unfinished {
    path: PathBuf,
    locked: File,
}

impl Unfinished {
    /// An empty file beside `file`, under a name that nobody else has. What killed processes left
    /// of others for the same file is removed.
    pub(super) fn beside(file: &Path) -> std::io::Result<Self> {
        remove_left_behind(file);
        for _ in 0..TRIES {
            let id = uuid::Uuid::new_v4().simple();
            let path = file.with_file_name(format!("{}{id}{UNFINISHED}", front_of(file)));
            let unfinished = Self { locked: create_private(&path)?, path };
            unfinished.locked.lock()?;
            // Between the two it could be taken for one that was left behind.
            if unfinished.path.exists() {
                return Ok(unfinished);
            }
        }
        Err(std::io::Error::other("other processes remove what is made here"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// How the names begin of what is made to become `file`.
fn front_of(file: &Path) -> String {
    format!(".{}.", file.file_name().unwrap_or_default().to_string_lossy())
}

/// Removes what nobody works on any more. It does no harm, so nothing is said of a failure.
fn remove_left_behind(file: &Path) {
    let front = front_of(file);
    let Ok(folder) = fs::read_dir(folder_of(file)) else { return };
    for path in folder.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let id = name.strip_prefix(&front).and_then(|rest| rest.strip_suffix(UNFINISHED));
        if id.is_some_and(|id| uuid::Uuid::try_parse(id).is_ok())
            && let Ok(left) = File::open(&path)
            && left.try_lock().is_ok()
        {
            remove(&path);
        }
    }
}

/// The folder of a file.
pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the names in a folder last.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folder(parent)?;
    }
    match DirBuilder::new().mode(PRIVATE_FOLDER).create(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        made => {
            made.and_then(|()| fs::set_permissions(folder, Permissions::from_mode(PRIVATE_FOLDER)))
        }
    }
}

fn all_of(file: &Path) -> impl Iterator<Item = PathBuf> {
    let companions = COMPANIONS.map(|ending| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    std::iter::once(file.to_owned()).chain(companions)
}

/// What the file system said of a file.
pub(super) fn unusable(file: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull => Error::Full(file.to_owned()),
        _ => Error::Unusable {
            file: file.to_owned(),
            why: format!("{error}; let this user make, read and write it"),
        },
    }
}
