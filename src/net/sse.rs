//! Server-sent events, as the WHATWG HTML standard frames them.

use memchr::memchr2;
use std::ops::Range;

/// The largest event, and the longest line, that is taken.
pub const MAX_EVENT_BYTES: usize = 8 * 1024 * 1024;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// An event or a line beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a server-sent event is larger than {limit} bytes")]
pub struct TooLarge {
    /// What is taken.
    pub limit: usize,
}

/// Takes bytes in any portions and gives back the data of each event.
///
/// Only `data` matters here: comments and the fields `event`, `id` and `retry` are skipped.
///
/// ```
/// let mut decoder = openclaw::net::sse::Decoder::new();
/// decoder.feed(b"data: hel");
/// assert_eq!(decoder.next_event(), Ok(None));
/// decoder.feed(b"lo\n\n");
/// assert_eq!(decoder.next_event(), Ok(Some(&b"hello"[..])));
/// ```
#[derive(Debug)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Where the line being read begins.
    line: usize,
    /// Up to where that line is known to hold no line end.
    scanned: usize,
    /// The last line ended with CR, so an LF that follows belongs to it.
    after_cr: bool,
    /// The start of the stream, where a byte order mark may stand, lies behind.
    begun: bool,
    pending: Pending,
    joined: Vec<u8>,
    limit: usize,
}

/// The data lines of the event being read.
#[derive(Debug, Clone, PartialEq)]
enum Pending {
    Nothing,
    /// One line, still in `buffer`.
    Line(Range<usize>),
    /// Several lines, copied to `joined`.
    Joined,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Self {
        Self::with_limit(MAX_EVENT_BYTES)
    }

    /// A decoder that takes events of at most `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            line: 0,
            scanned: 0,
            after_cr: false,
            begun: false,
            pending: Pending::Nothing,
            joined: Vec::new(),
            limit,
        }
    }

    /// Takes the next bytes of the stream. Take all events out before feeding more.
    pub fn feed(&mut self, bytes: &[u8]) {
        let done = match &self.pending {
            Pending::Line(range) => range.start,
            Pending::Nothing | Pending::Joined => self.line,
        };
        if done > 0 {
            self.buffer.drain(..done);
            self.line -= done;
            self.scanned -= done;
            if let Pending::Line(range) = &mut self.pending {
                *range = range.start - done..range.end - done;
            }
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The data of the next event; `None` when more bytes are needed.
    ///
    /// # Errors
    /// [`TooLarge`], from then on for good.
    pub fn next_event(&mut self) -> Result<Option<&[u8]>, TooLarge> {
        let event = self.advance()?;
        Ok(event.map(|event| self.data(event)))
    }

    /// The event that the end of the stream cut short: its lines so far, or what there is of one.
    ///
    /// The standard drops it; model servers are known to leave out the last blank line. Whether
    /// it is whole is for the caller to judge.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn finish(&mut self) -> Result<Option<&[u8]>, TooLarge> {
        self.skip_mark();
        let rest = self.line..self.buffer.len();
        self.line = rest.end;
        self.scanned = rest.end;
        self.take_line(rest)?;
        let event = self.take_pending();
        Ok(event.map(|event| self.data(event)))
    }

    fn advance(&mut self) -> Result<Option<Pending>, TooLarge> {
        if !self.begin() {
            return Ok(None);
        }
        loop {
            if self.after_cr {
                match self.buffer.get(self.line) {
                    None => return Ok(None),
                    Some(b'\n') => self.line += 1,
                    Some(_) => {}
                }
                self.after_cr = false;
                self.scanned = self.line;
            }
            let Some(at) = memchr2(b'\n', b'\r', &self.buffer[self.scanned..]) else {
                self.scanned = self.buffer.len();
                self.check(self.scanned - self.line)?;
                return Ok(None);
            };
            let line = self.line..self.scanned + at;
            let blank = line.is_empty();
            self.check(line.len())?;
            self.after_cr = self.buffer[line.end] == b'\r';
            self.take_line(line.clone())?;
            self.line = line.end + 1;
            self.scanned = self.line;
            if blank && let Some(event) = self.take_pending() {
                return Ok(Some(event));
            }
        }
    }

    /// Steps over a byte order mark; false while it is not known whether there is one.
    fn begin(&mut self) -> bool {
        let undecided = self.buffer.len() < BOM.len() && BOM.starts_with(&self.buffer);
        if !self.begun && undecided {
            return false;
        }
        self.skip_mark();
        true
    }

    /// Steps over a byte order mark at the start of the stream.
    fn skip_mark(&mut self) {
        if !self.begun && self.buffer.starts_with(BOM) {
            self.line = BOM.len();
            self.scanned = self.line;
        }
        self.begun = true;
    }

    fn take_line(&mut self, line: Range<usize>) -> Result<(), TooLarge> {
        let Some(rest) = self.buffer[line.clone()].strip_prefix(b"data") else { return Ok(()) };
        let value = match rest {
            [] => line.end..line.end,
            [b':', b' ', ..] => line.start + 6..line.end,
            [b':', ..] => line.start + 5..line.end,
            _ => return Ok(()),
        };
        match std::mem::replace(&mut self.pending, Pending::Joined) {
            Pending::Nothing => self.pending = Pending::Line(value),
            Pending::Line(first) => {
                self.joined.clear();
                self.joined.extend_from_slice(&self.buffer[first]);
                self.join(value)?;
            }
            Pending::Joined => self.join(value)?,
        }
        Ok(())
    }

    fn join(&mut self, value: Range<usize>) -> Result<(), TooLarge> {
        self.check(self.joined.len() + 1 + value.len())?;
        self.joined.push(b'\n');
        self.joined.extend_from_slice(&self.buffer[value]);
        Ok(())
    }

    fn take_pending(&mut self) -> Option<Pending> {
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing => None,
            event => Some(event),
        }
    }

    fn data(&self, event: Pending) -> &[u8] {
        match event {
            Pending::Line(range) => &self.buffer[range],
            Pending::Joined => &self.joined,
            Pending::Nothing => &[],
        }
    }

    fn check(&self, size: usize) -> Result<(), TooLarge> {
        if size > self.limit { Err(TooLarge { limit: self.limit }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
