//! Reading a streamed reply: its events, and the time stamps in their text.

use anyhow::{Result, ensure};
use memchr::{memchr_iter, memmem};

const STAMP_MARK: u8 = b'@';
const STAMP_DIGITS: usize = 19;
/// Length of a time stamp: a mark and nanoseconds since 1970, which have 19 digits until 2286.
pub(crate) const STAMP_BYTES: usize = 1 + STAMP_DIGITS;
/// No event of a scripted reply comes near this; more means the reply is not what was scripted.
const MAX_BUFFERED: usize = 1 << 20;

/// Writes the time a chunk was sent, to stand in its text.
pub(crate) fn stamp(nanos: u64) -> [u8; STAMP_BYTES] {
    let mut text = [STAMP_MARK; STAMP_BYTES];
    let mut rest = nanos;
    for digit in text[1..].iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).expect("a remainder of ten is below ten");
        rest /= 10;
    }
    text
}

/// Takes the body of a streamed reply piece by piece and finds what it carries.
#[derive(Default)]
pub(crate) struct Events {
    buffer: Vec<u8>,
    /// Chunks of text received.
    pub(crate) chunks: usize,
    /// Whether `[DONE]` has come; nothing may follow it.
    pub(crate) done: bool,
}

impl Events {
    /// Takes a piece of the body; `each` is given the stamp of every chunk it completes.
    pub(crate) fn feed(&mut self, piece: &[u8], mut each: impl FnMut(u64)) -> Result<()> {
        self.buffer.extend_from_slice(piece);
        let mut taken = 0;
        while let Some(length) = memmem::find(&self.buffer[taken..], b"\n\n") {
            let event = &self.buffer[taken..taken + length];
            ensure!(!self.done, "something follows [DONE]: {}", lossy(event));
            ensure!(!event.starts_with(b"data: {\"error\""), "error: {}", lossy(event));
            self.done = event == b"data: [DONE]";
            for sent in stamps(event) {
                self.chunks += 1;
                each(sent);
            }
            taken += length + 2;
        }
        self.buffer.drain(..taken);
        ensure!(self.buffer.len() < MAX_BUFFERED, "an event of {} bytes", self.buffer.len());
        Ok(())
    }
}

fn lossy(event: &[u8]) -> String {
    String::from_utf8_lossy(event).into_owned()
}

/// Every stamp in an event: a gateway may join the text of several chunks into one event.
fn stamps(event: &[u8]) -> impl Iterator<Item = u64> {
    memchr_iter(STAMP_MARK, event).filter_map(|at| {
        let digits = event.get(at + 1..at + STAMP_BYTES)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: u64 = 1_700_000_000_123_456_789;

    #[test]
    fn any_split_finds_the_same_chunks() {
        let one = String::from_utf8(stamp(SENT).into()).unwrap();
        let body = format!(": hi\n\ndata: \"{one}xx\"\n\ndata: \"{one}{one}\"\n\ndata: [DONE]\n\n");
        for size in 1..=body.len() {
            let mut events = Events::default();
            let mut found = Vec::new();
            for piece in body.as_bytes().chunks(size) {
                events.feed(piece, |sent| found.push(sent)).unwrap();
            }
            assert_eq!((found, events.chunks, events.done), (vec![SENT; 3], 3, true), "{size}");
        }
    }

    #[test]
    fn errors_and_leftovers_are_reported() {
        for body in ["data: {\"error\":{}}\n\n", "data: [DONE]\n\ndata: {}\n\n"] {
            assert!(Events::default().feed(body.as_bytes(), |_| ()).is_err(), "{body}");
        }
    }
}
