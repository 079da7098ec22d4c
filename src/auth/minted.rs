//! The token a bare loopback start gives itself.

use crate::secrets::Secret;
use std::fs;
use std::io::{ErrorKind, Read, Result, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes of randomness in a minted token.
const TOKEN_BYTES: usize = 32;
/// A minted token is 64 hex digits; no more than this is read of whatever lies there.
const MAX_FILE_BYTES: u64 = 4096;

/// Where the minted token lies: `<state>/credentials/gateway-token`, mode 0600.
pub fn minted_path(state_dir: &Path) -> PathBuf {
    state_dir.join("credentials").join("gateway-token")
}

/// The token minted by an earlier start, if there is one.
///
/// # Errors
/// The file system's, when the file is there but cannot be read.
pub fn minted(state_dir: &Path) -> Result<Option<Secret>> {
    let file = match fs::File::open(minted_path(state_dir)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
    let token = text.trim();
    Ok((!token.is_empty()).then(|| Secret::new(token)))
}

/// The minted token, made now if no earlier start has.
///
/// # Errors
/// The file system's, or the system's source of randomness.
pub fn mint(state_dir: &Path) -> Result<Secret> {
    if let Some(token) = minted(state_dir)? {
        return Ok(token);
    }
    let mut bytes = [0u8; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = minted_path(state_dir);
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // Written aside and linked into place, so that of two first starts at once one wins and the
    // other reads a whole token.
    let aside = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = write_private(&aside, &token);
    let linked = written.and_then(|()| replace_if_empty(&aside, &path));
    fs::remove_file(&aside).or_else(ignore_missing)?;
    linked?;
    minted(state_dir)?.ok_or_else(|| std::io::Error::other("the minted token vanished"))
}

fn write_private(path: &Path, token: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(format!("{token}\n").as_bytes())?;
    file.sync_all()
}

/// Puts `aside` at `path` unless a token is there already; an empty leftover is replaced.
fn replace_if_empty(aside: &Path, path: &Path) -> Result<()> {
    match fs::hard_link(aside, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let empty = fs::read_to_string(path)?.trim().is_empty();
            if empty { fs::rename(aside, path) } else { Ok(()) }
        }
        other => other,
    }
}

fn ignore_missing(error: std::io::Error) -> Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_is_minted_once_and_kept_private() {
        let state = tempfile::tempdir().expect("a temporary folder");
        assert!(minted(state.path()).expect("no file is no error").is_none());
        let first = mint(state.path()).expect("minted");
        let again = mint(state.path()).expect("read back");
        assert_eq!(first.expose(), again.expose());
        assert_eq!(first.expose().len(), 2 * TOKEN_BYTES);
        let path = minted_path(state.path());
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().expect("a folder")), 0o700);
        fs::write(&path, "\n").expect("emptied");
        assert_eq!(mint(state.path()).expect("minted anew").expose().len(), 2 * TOKEN_BYTES);
        let left = fs::read_dir(path.parent().expect("a folder")).expect("listed").count();
        assert_eq!(left, 1, "no temporary file stays");
    }
}
