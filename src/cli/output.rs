//! What commands print: results to stdout, everything else to stderr.
//!
//! `println!` panics when the reader is gone, as in `openclaw models list | head -1`; these do not.

use super::Exit;
use anyhow::anyhow;
use std::fmt::Display;
use std::io::{self, Write};

/// Prints a line of the command's result.
///
/// # Errors
/// [`Exit::quiet`] when nobody reads any more, for whoever reads has what they wanted; a failure
/// when the line cannot be written for another reason, such as a full disk.
pub(super) fn line(text: impl Display) -> Result<(), Exit> {
    match writeln!(io::stdout().lock(), "{text}") {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Exit::quiet()),
        Err(error) => Err(Exit::new(anyhow!(error).context("cannot write to stdout"))),
    }
}

/// Tells the person at the terminal something by the way; if nobody reads, it is lost.
pub(super) fn note(text: impl Display) {
    writeln!(io::stderr().lock(), "{text}").ok();
}
