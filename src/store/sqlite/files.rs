//! The store's files: private from the first moment, whatever the umask.

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

/// Makes the store's file and folder where they are not there, and takes others' permissions on
/// files that are.
///
/// SQLite gives its companions the mode of the file, so making it right makes all right. The file
/// is linked into place: closing a handle of our own on a file that SQLite has open would drop
/// SQLite's locks on it.
pub(super) fn make(file: &Path) -> Result<(), Error> {
    let failed = |error| unusable(file, &error);
    match fs::symlink_metadata(file) {
        Ok(_) => return make_private(file),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let folder = folder_of(file);
    make_folder(folder).map_err(failed)?;
    let aside = beside(file, "new");
    let made = create_private(&aside).map(drop).and_then(|()| link(&aside, file));
    let removed = fs::remove_file(&aside);
    match made {
        // Another process was first.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        other => other.map_err(failed)?,
    }
    removed.or_else(ignore_missing).and_then(|()| sync_folder(folder)).map_err(failed)
}

/// Takes everybody else's permissions on the store's files.
pub(super) fn make_private(file: &Path) -> Result<(), Error> {
    let metadata = fs::metadata(file).map_err(|error| unusable(file, &error))?;
    if !metadata.is_file() {
        let why = "it is not a file; move it away".to_owned();
        return Err(Error::Unusable { file: file.to_owned(), why });
    }
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
pub(super) fn create_private(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(path)?;
    file.set_permissions(Permissions::from_mode(PRIVATE_FILE))?;
    Ok(file)
}

/// Gives `aside` its name; what is there already stays and is an error.
pub(super) fn link(aside: &Path, name: &Path) -> std::io::Result<()> {
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
pub(super) fn remove(file: &Path) {
    for path in all_of(file) {
        // Nothing is left to do about one that cannot be removed.
        let _ = fs::remove_file(path);
    }
}

/// A name beside `file` that nobody else has.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{}.{ending}", uuid::Uuid::new_v4().simple()))
}

/// The folder of a file.
pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the names in a folder last.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
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

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
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
