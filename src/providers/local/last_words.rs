//! What a child process says, line by line and never more than fits.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, BufReader};

/// Lines kept to explain an end.
const MAX_LINES: usize = 20;
/// Bytes kept of each; what a line has more is read and forgotten.
const MAX_LINE: usize = 2000;

/// The lines of a pipe.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<BufReader<R>> {
    pub(super) fn of(pipe: R) -> Self {
        Lines { reader: BufReader::new(pipe), line: Vec::new() }
    }
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The next line; `None` at the end. Safe to give up and ask again.
    pub(super) async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            let read = self.reader.fill_buf().await?;
            if read.is_empty() {
                return Ok((!self.line.is_empty()).then(|| self.take()));
            }
            let end = memchr::memchr(b'\n', read);
            let piece = &read[..end.unwrap_or(read.len())];
            let room = MAX_LINE - self.line.len();
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            let used = piece.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(self.take()));
            }
        }
    }

    fn take(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned()
    }
}

/// The last lines a process wrote to stderr; clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct LastWords(Arc<Mutex<VecDeque<String>>>);

impl LastWords {
    /// Reads until the pipe ends. `seen` sees every line.
    pub(super) async fn collect(self, pipe: impl AsyncRead + Unpin, seen: impl Fn(&str)) {
        let mut lines = Lines::of(pipe);
        while let Ok(Some(line)) = lines.next().await {
            seen(&line);
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back(line);
            if kept.len() > MAX_LINES {
                kept.pop_front();
            }
        }
    }

    /// The lines so far, with `between` between them.
    pub(super) fn text(&self, between: &str) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(String::as_str).collect::<Vec<_>>().join(between)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_cut_and_nothing_ends_them_but_the_end() {
        let text = [&b"ready\n"[..], &[b'x'; 9 * MAX_LINE], b"\nb\xffd\n\nlast"].concat();
        let mut lines = Lines::of(text.as_slice());
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.expect("a slice is readable") {
            all.push(line);
        }
        let long = "x".repeat(MAX_LINE);
        assert_eq!(all, ["ready", long.as_str(), "b\u{fffd}d", "", "last"]);
    }

    #[tokio::test]
    async fn only_the_last_lines_are_kept() {
        let text: String = (0..100).map(|n| format!("{n}\n")).collect();
        let words = LastWords::default();
        words.clone().collect(text.as_bytes(), |_| {}).await;
        let kept: Vec<String> = (100 - MAX_LINES..100).map(|n| n.to_string()).collect();
        assert_eq!(words.text(" | "), kept.join(" | "));
    }
}
