//! `openclaw backup`: a copy of the store, taken while it is in use.

use super::{Context, Exit, output};
use crate::store::{Clock, Store, file_in};
use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::json;
use std::fmt::Display;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Copies the store (sessions, transcripts, ledger, keys) into one file, beside a running gateway
/// or without one. The copy is checked before it gets its name.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write to this file, which must not exist [default: backups/openclaw-TIME.sqlite in the
    /// state directory]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Runs `openclaw backup`.
///
/// # Errors
/// What went wrong and what to do next.
pub(super) fn run(context: &Context, args: &Args) -> Result<(), Exit> {
    let done = back_up(context, args);
    done.map_err(|exit| if args.json { exit.in_json() } else { exit })
}

fn back_up(context: &Context, args: &Args) -> Result<(), Exit> {
    let file = file_in(&context.paths.state_dir);
    let store = Store::open_existing(&file, Clock::system()).map_err(Exit::new)?;
    let to = match &args.output {
        Some(to) => std::path::absolute(to).context("cannot tell the working directory")?,
        None => usual(&context.paths.state_dir)?,
    };
    let backup = super::runtime()?.block_on(async {
        let backup = store.backup(&to).await;
        store.close().await;
        backup
    });
    let bytes = backup.map_err(Exit::new)?.bytes;
    if args.json {
        let document = json!({"path": to, "bytes": bytes, "store": file});
        return output::line(format_args!("{document:#}"));
    }
    output::line(format_args!("Backed up to {} ({}).", to.display(), size(bytes)))?;
    let (from, file) = (quoted(&to.display()), file.display());
    let [wal, shm] = ["-wal", "-shm"].map(|end| quoted(&format_args!("{file}{end}")));
    let file = quoted(&file);
    output::line(format_args!(
        "\nTo restore it, stop the gateway, then\n\
         \x20 rm -f {wal} {shm}\n\
         \x20 cp {from} {file}\n\
         and start the gateway again."
    ))
}

/// Where a backup goes that is not told where.
fn usual(state_dir: &Path) -> Result<PathBuf, Exit> {
    let folder = state_dir.join("backups");
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ");
    Ok(folder.join(format!("openclaw-{time}.sqlite")))
}

/// A path as one word of a shell.
fn quoted(path: &dyn Display) -> String {
    format!("'{}'", path.to_string().replace('\'', r"'\''"))
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        assert_eq!(quoted(&"/a b/$c"), "'/a b/$c'");
        assert_eq!(quoted(&"/it's"), r"'/it'\''s'");
    }
}
