//! Reads text files within a bound, and creates the config file without ever replacing one.

use super::{Error, Paths};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::time::SystemTime;

/// A text file as it was read.
pub(super) struct TextFile {
    pub(super) text: String,
    pub(super) modified: Option<SystemTime>,
}

/// Reads a whole file of at most `max` bytes; `None` when there is none.
pub(super) fn read_text(path: &Path, max: u64) -> Result<Option<TextFile>, Error> {
    let unreadable = |why: String| Error::Unreadable { file: path.to_owned(), why };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return match fs::symlink_metadata(path) {
                Ok(_) => Err(unreadable("it is a link to a file that does not exist".to_owned())),
                Err(_) => Ok(None),
            };
        }
        Err(error) => return Err(unreadable(error.to_string())),
    };
    if metadata.is_dir() {
        return Err(unreadable("it is a directory, not a file".to_owned()));
    }
    if !metadata.is_file() {
        return Err(unreadable("it is not a regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(max + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > max {
        return Err(unreadable(format!("it is larger than {} KiB", max / 1024)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        unreadable(format!("it is not UTF-8 text (line {line})"))
    })?;
    Ok(Some(TextFile { text, modified: metadata.modified().ok() }))
}

/// Creates the config file with `text`, readable by its owner only, and the state directory if
/// need be.
///
/// The file appears whole or not at all.
///
/// # Errors
/// [`Error::Exists`] when there is a config file already, [`Error::Unwritable`] when the system
/// refuses.
pub fn write_new(paths: &Paths, text: &str) -> Result<(), Error> {
    let file = &paths.config_file;
    let failed = |at: &Path| {
        let file = at.to_owned();
        move |source| Error::Unwritable { file, source }
    };
    create_dir(&paths.state_dir).map_err(failed(&paths.state_dir))?;
    if let Some(parent) = file.parent() {
        create_dir(parent).map_err(failed(parent))?;
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let draft = file.with_file_name(name);
    let outcome = write_draft(&draft, text).and_then(|()| publish(&draft, file));
    if outcome.is_err() {
        // The first failure is the one to report; a draft left behind is overwritten by nobody.
        let _ = fs::remove_file(&draft);
    }
    match outcome {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && file.exists() => {
            Err(Error::Exists { file: file.clone() })
        }
        outcome => outcome.map_err(failed(file)),
    }
}

/// Creates a directory only its owner may enter; one that exists is left as it is.
fn create_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

fn write_draft(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Gives the draft its name. A link, unlike a rename, fails where the name is taken; only file
/// systems without links get a look and a rename instead.
fn publish(draft: &Path, file: &Path) -> io::Result<()> {
    match fs::hard_link(draft, file) {
        Ok(()) => fs::remove_file(draft),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        Err(_) if file.try_exists()? => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(draft, file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Env, ProfileChoice};

    fn read(path: &Path) -> String {
        match read_text(path, 1024) {
            Ok(None) => "none".to_owned(),
            Ok(Some(file)) => file.text,
            Err(error) => error.to_string().replace(&path.display().to_string(), "FILE"),
        }
    }

    #[test]
    fn every_kind_of_unreadable_file_is_told_apart() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("openclaw.json");
        assert_eq!(read(&path), "none");
        assert_eq!(read(dir.path()), "cannot read FILE: it is a directory, not a file");
        fs::write(&path, "x".repeat(1024)).expect("written");
        assert_eq!(read(&path).len(), 1024);
        assert_eq!(read(&path.join("below")), "cannot read FILE: Not a directory (os error 20)");
        fs::write(&path, "x".repeat(1025)).expect("written");
        assert_eq!(read(&path), "cannot read FILE: it is larger than 1 KiB");
        fs::write(&path, b"{\n\n\xff}").expect("written");
        assert_eq!(read(&path), "cannot read FILE: it is not UTF-8 text (line 3)");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_devices_are_not_read() {
        let dir = tempfile::tempdir().expect("a directory");
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        assert_eq!(read(&link), "cannot read FILE: it is a link to a file that does not exist");
        fs::write(&file, "{}").expect("written");
        assert_eq!(read(&link), "{}");
        assert_eq!(read(Path::new("/dev/zero")), "cannot read FILE: it is not a regular file");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_config_is_private_and_never_replaces_one() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a directory");
        let state = dir.path().join("a/state");
        let env = Env::of([("OPENCLAW_STATE_DIR", state.to_str().expect("UTF-8"))]);
        let paths = Paths::resolve(&env, ProfileChoice::Default).expect("resolved");
        write_new(&paths, "{}\n").expect("written");
        assert_eq!(read(&paths.config_file), "{}\n");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(&paths.config_file)), (0o700, 0o600));

        let again = write_new(&paths, "{other: 1}").expect_err("taken");
        let expected =
            format!("{} exists already and is left as it is", paths.config_file.display());
        assert_eq!(again.to_string(), expected);
        assert_eq!(read(&paths.config_file), "{}\n");
        assert_eq!(fs::read_dir(&state).expect("listed").count(), 1, "no draft is left behind");
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("file");
        fs::write(&file, "").expect("written");
        let env = Env::of([("OPENCLAW_STATE_DIR", file.to_str().expect("UTF-8"))]);
        let paths = Paths::resolve(&env, ProfileChoice::Default).expect("resolved");
        let error = write_new(&paths, "{}").expect_err("not a directory").to_string();
        assert_eq!(error, format!("cannot write {}: File exists (os error 17)", file.display()));
    }
}
