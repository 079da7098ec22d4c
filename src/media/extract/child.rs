//! The child's side: takes its limits upon itself, reads, extracts, writes.

use super::{Head, MAX_TEXT_BYTES, Page, Reason, Work, html, pdf};
use rustix::process::{Resource, Rlimit, nice, setrlimit};
use std::io::{self, Read, Write};

/// Address space it may have, in bytes, its own program included.
const MAX_MEMORY: u64 = 1024 * 1024 * 1024;
/// Seconds of processor time it may use.
const MAX_CPU_SECONDS: u64 = 5;
/// How far it stands back for others, on the scale of `nice`.
const NICENESS: i32 = 10;
/// Bytes of a title that are told.
const MAX_TITLE_BYTES: usize = 1024;
/// Bytes that it reads; more than any config accepts.
const MAX_INPUT_BYTES: u64 = 256 * 1024 * 1024;

/// Extracts the text of stdin to stdout.
///
/// # Errors
/// When a pipe breaks, or the system refuses a limit: without its limits it does nothing.
pub fn run(work: Work) -> io::Result<()> {
    confine()?;
    let mut input = Vec::new();
    io::stdin().lock().take(MAX_INPUT_BYTES).read_to_end(&mut input)?;
    let (head, text) = match extract(work, &input) {
        Ok(Page { text, title, pages, unreadable }) => {
            let title = title.map(|title| beginning(title, MAX_TITLE_BYTES));
            let text = beginning(text, MAX_TEXT_BYTES);
            (Head { title, pages, unreadable, refused: None }, text)
        }
        Err(reason) => (Head { refused: Some(reason), ..Head::default() }, String::new()),
    };
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, &head)?;
    stdout.write_all(b"\n")?;
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn extract(work: Work, input: &[u8]) -> Result<Page, Reason> {
    match work {
        Work::Pdf { max_pages } => pdf::extract(input, max_pages),
        Work::Html(form) => {
            let input = std::str::from_utf8(input).map_err(|_| Reason::Malformed)?;
            let (base, html) = input.split_once('\n').ok_or(Reason::Malformed)?;
            html::extract(html, base, form)
        }
    }
}

/// Takes limits that cannot be lifted again. It opens nothing more, and leaves no image of its
/// memory behind.
fn confine() -> io::Result<()> {
    // Requests go before files. No harm is done where the system does not let it stand back.
    nice(NICENESS).ok();
    let limits = [
        (Resource::As, MAX_MEMORY),
        (Resource::Cpu, MAX_CPU_SECONDS),
        (Resource::Core, 0),
        (Resource::Nofile, 0),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

fn beginning(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}
