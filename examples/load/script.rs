//! What the upstream is asked to reply, carried in the prompt.
//!
//! The prompt's text reaches the upstream unchanged through the proxy and through the gateway,
//! so one upstream serves every workload and needs no side channel.

use memchr::memmem;
use std::fmt;

const MARK: &str = "load:";

/// The reply one prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    /// A plain reply with this many bytes of text.
    Plain(u32),
    /// A streamed reply.
    Streamed(Streamed),
}

/// A streamed reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Streamed {
    /// Chunks of text.
    pub(crate) chunks: u32,
    /// Bytes of each on the wire.
    pub(crate) chunk_bytes: u32,
    /// Milliseconds between two of them; 0 is a burst.
    pub(crate) pace_ms: u32,
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(bytes) => write!(f, "{MARK} plain {bytes} ."),
            Self::Streamed(Streamed { chunks, chunk_bytes, pace_ms }) => {
                write!(f, "{MARK} streamed {chunks} {chunk_bytes} {pace_ms} .")
            }
        }
    }
}

impl Script {
    /// Finds the script in a request body, whatever JSON stands around it.
    pub(crate) fn find(body: &[u8]) -> Option<Self> {
        let start = memmem::find(body, MARK.as_bytes())? + MARK.len();
        let end = start + memchr::memchr(b'.', &body[start..])?;
        let mut words = std::str::from_utf8(&body[start..end]).ok()?.split_ascii_whitespace();
        let kind = words.next()?;
        let mut number = || words.next()?.parse().ok();
        match kind {
            "plain" => Some(Self::Plain(number()?)),
            "streamed" => Some(Self::Streamed(Streamed {
                chunks: number()?,
                chunk_bytes: number()?,
                pace_ms: number()?,
            })),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_survives_the_journey_inside_a_body() {
        let streamed = Script::Streamed(Streamed { chunks: 3, chunk_bytes: 300, pace_ms: 10 });
        for script in [Script::Plain(200), streamed] {
            let body = format!(r#"{{"messages":[{{"role":"user","content":"{script}"}}]}}"#);
            assert_eq!(Script::find(body.as_bytes()), Some(script));
        }
    }

    #[test]
    fn other_text_is_no_script() {
        for body in ["", "load:", "load: plain .", "load: plain many .", "load: other 1 ."] {
            assert_eq!(Script::find(body.as_bytes()), None, "{body}");
        }
    }
}
