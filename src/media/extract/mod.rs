//! Text out of PDF and HTML, in a process of its own.
//!
//! Parsers of these formats can be made to crash, to overflow their stack, to loop, and to ask for
//! all memory there is. So they run as `openclaw extract-text`: with an empty environment, limits
//! of memory, processor time and open files that it cannot lift, and a parent that kills it when
//! it takes too long.

pub mod child;
mod html;
mod pdf;

use super::{Error, Kind};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Texts that are extracted at once.
const MAX_AT_ONCE: usize = 4;
/// How long one waits for its turn.
const TURN_LIMIT: Duration = Duration::from_secs(5);
/// How long one may take.
const TIME_LIMIT: Duration = Duration::from_secs(15);
/// Bytes of text that are taken; no limit of characters that a config can set is beyond it.
const MAX_TEXT_BYTES: usize = 8 * 1024 * 1024;
/// Bytes that the line before the text may have.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The text of a PDF's first pages.
    Pdf {
        /// Pages that are read.
        max_pages: usize,
    },
    /// The text of a web page. Its address, or nothing, stands in a line of its own before it: the
    /// arguments of a process are for everyone on the machine to see.
    Html(Form),
}

/// The form of a web page's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Markdown, with links and headings.
    Markdown,
    /// Words only.
    Text,
}

/// A text that was extracted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// It.
    pub text: String,
    /// A web page's title.
    pub title: Option<String>,
    /// Pages that a PDF has.
    pub pages: usize,
    /// Numbers of those that cannot be read, from 1.
    pub unreadable: Vec<usize>,
}

/// The line that a child writes before the text.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Head {
    title: Option<String>,
    pages: usize,
    unreadable: Vec<usize>,
    refused: Option<Reason>,
}

/// Why there is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reason {
    /// It needs a password.
    Encrypted,
    /// It is not of its format.
    Malformed,
}

/// Why a text could not be extracted.
#[derive(Debug)]
pub(super) enum Failure {
    Refused(Reason),
    /// The child has ended without an answer.
    Crashed,
    TooSlow,
    Busy,
    /// Our own binary cannot be run.
    NoProgram,
}

impl Failure {
    /// The same for whoever sent the `what`.
    pub(super) fn told(&self, what: &str) -> Error {
        let (kind, message) = match self {
            Failure::Refused(Reason::Encrypted) => {
                let message = "is encrypted; send it without its password";
                (Kind::Invalid, message)
            }
            Failure::Refused(Reason::Malformed) => (Kind::Invalid, "is damaged and cannot be read"),
            Failure::Crashed => {
                (Kind::Invalid, "cannot be read: it is damaged, or takes too much memory or time")
            }
            Failure::TooSlow => {
                (Kind::Invalid, "takes too long to read; send a smaller part of it")
            }
            Failure::Busy => {
                let message = "cannot be read now: too much is being read at once; try again later";
                (Kind::Busy, message)
            }
            Failure::NoProgram => {
                let message = "cannot be read: the gateway cannot run the program that reads it; its log says why";
                (Kind::Internal, message)
            }
        };
        Error::new(kind, format!("The {what} {message}."))
    }
}

/// Runs the child processes. A clone shares the limit of how many.
#[derive(Debug, Clone)]
pub(super) struct Extractor {
    program: Option<Arc<Path>>,
    places: Arc<Semaphore>,
}

impl Extractor {
    pub(super) fn new(program: Option<PathBuf>) -> Self {
        let places = Arc::new(Semaphore::new(MAX_AT_ONCE));
        Self { program: program.map(Arc::from), places }
    }

    /// Does one piece of work on the parts of `input`. Dropping the future kills the child.
    pub(super) async fn run(&self, work: Work, input: &[&[u8]]) -> Result<Page, Failure> {
        let Ok(place) = timeout(TURN_LIMIT, self.places.acquire()).await else {
            return Err(Failure::Busy);
        };
        let _place = place.expect("the semaphore is never closed");
        let Some(program) = &self.program else {
            tracing::error!("the system does not tell where our own binary lies");
            return Err(Failure::NoProgram);
        };
        let output = match timeout(TIME_LIMIT, Box::pin(output(program, work, input))).await {
            Err(_) => return Err(Failure::TooSlow),
            Ok(Err(error)) => {
                tracing::error!(%error, "cannot run our own binary to read a file");
                return Err(Failure::NoProgram);
            }
            Ok(Ok(output)) => output,
        };
        answer(&output).ok_or(Failure::Crashed)?
    }
}

/// What a child writes; nothing where it does not end well.
async fn output(program: &Path, work: Work, input: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut command = Command::new(program);
    command
        .arg("extract-text")
        .args(work.arguments())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A Ctrl-C on the terminal is for the gateway.
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    let pipe = "the command asks for this pipe";
    let mut stdin = child.stdin.take().expect(pipe);
    let stdout = child.stdout.take().expect(pipe);
    let mut output = Vec::new();
    let write = async {
        for part in input {
            // A child that has seen enough closes its end.
            if stdin.write_all(part).await.is_err() {
                break;
            }
        }
        drop(stdin);
    };
    let limit = u64::try_from(MAX_HEAD_BYTES + MAX_TEXT_BYTES).unwrap_or(u64::MAX);
    let mut stdout = stdout.take(limit);
    let read = stdout.read_to_end(&mut output);
    let (_, read) = tokio::join!(write, read);
    read?;
    // One that has more to say than is taken must not wait for somebody to listen.
    drop(stdout);
    let status = child.wait().await?;
    if !status.success() {
        tracing::debug!(%status, "a child that reads a file has failed");
        output.clear();
    }
    Ok(output)
}

/// Reads a child's head and text; nothing where it did not write them.
fn answer(output: &[u8]) -> Option<Result<Page, Failure>> {
    let end = memchr::memchr(b'\n', output)?;
    let head: Head = serde_json::from_slice(&output[..end]).ok()?;
    if let Some(reason) = head.refused {
        return Some(Err(Failure::Refused(reason)));
    }
    let text = String::from_utf8_lossy(&output[end + 1..]).into_owned();
    let Head { title, pages, unreadable, .. } = head;
    Some(Ok(Page { text, title, pages, unreadable }))
}

impl Work {
    fn arguments(self) -> Vec<String> {
        let pair = |key: &str, value: String| vec![key.to_owned(), value];
        match self {
            Work::Pdf { max_pages } => pair("--pdf-pages", max_pages.to_string()),
            Work::Html(Form::Markdown) => pair("--html", "markdown".to_owned()),
            Work::Html(Form::Text) => pair("--html", "text".to_owned()),
        }
    }
}
