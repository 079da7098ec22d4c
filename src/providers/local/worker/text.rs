//! Turns the bytes an engine produces into text a client may see: whole characters only, nothing
//! of a stop text, and no blank edges where the prompt format makes them.

/// What becomes of blanks at the beginning and the end of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edges {
    Kept,
    Trimmed,
}

/// Decodes, watches for stop texts and trims, piece by piece.
#[derive(Debug)]
pub(super) struct Filter {
    stops: Vec<String>,
    edges: Edges,
    /// Bytes of a character that is not whole yet.
    partial: Vec<u8>,
    /// Text that may turn out to begin a stop text, or to be trailing space.
    held: String,
    /// Whether any text was let through.
    begun: bool,
}

/// What may be shown after a piece, and whether a stop text was met.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) stopped: bool,
}

impl Filter {
    /// A filter for `stops`.
    pub(super) fn new(stops: Vec<String>, edges: Edges) -> Self {
        let stops = stops.into_iter().filter(|stop| !stop.is_empty()).collect();
        Self { stops, edges, partial: Vec::new(), held: String::new(), begun: false }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Shown {
        self.partial.extend_from_slice(bytes);
        self.decode();
        if let Some(at) = self.find_stop() {
            self.held.truncate(at);
            let text = self.release(self.held.len());
            return Shown { text: self.end_trimmed(text), stopped: true };
        }
        let safe = self.held.len() - self.hold_back();
        Shown { text: self.release(safe), stopped: false }
    }

    /// Ends the answer: what was held back is text after all.
    pub(super) fn finish(&mut self) -> String {
        if !self.partial.is_empty() {
            self.held.push_str(&String::from_utf8_lossy(&std::mem::take(&mut self.partial)));
        }
        let text = self.release(self.held.len());
        self.end_trimmed(text)
    }

    /// Moves whole characters to `held`; what can never become one is replaced.
    fn decode(&mut self) {
        loop {
            match std::str::from_utf8(&self.partial) {
                Ok(text) => {
                    self.held.push_str(text);
                    self.partial.clear();
                    return;
                }
                Err(error) => {
                    let good = error.valid_up_to();
                    self.held.push_str(&String::from_utf8_lossy(&self.partial[..good]));
                    let Some(bad) = error.error_len() else {
                        self.partial.drain(..good);
                        return;
                    };
                    self.held.push(char::REPLACEMENT_CHARACTER);
                    self.partial.drain(..good + bad);
                }
            }
        }
    }

    /// Where the stop text begins that is complete first, as it would be found byte by byte.
    fn find_stop(&self) -> Option<usize> {
        let found = |stop: &String| self.held.find(stop.as_str()).map(|at| (at + stop.len(), at));
        self.stops.iter().filter_map(found).min().map(|(_, at)| at)
    }

    /// How many bytes at the end of `held` may still become a stop text or trailing space.
    fn hold_back(&self) -> usize {
        let begins_stop = |tail: &str| self.stops.iter().any(|stop| stop.starts_with(tail));
        let stop_tail = self
            .held
            .char_indices()
            .map(|(at, _)| &self.held[at..])
            .find(|tail| begins_stop(tail))
            .map_or(0, str::len);
        if self.edges == Edges::Kept {
            return stop_tail;
        }
        // Blanks right before a possible stop text would be trailing blanks too.
        let before = &self.held[..self.held.len() - stop_tail];
        stop_tail + before.len() - before.trim_end().len()
    }

    /// Lets the first `length` bytes of `held` through.
    fn release(&mut self, length: usize) -> String {
        let rest = self.held.split_off(length);
        let mut text = std::mem::replace(&mut self.held, rest);
        if self.edges == Edges::Trimmed && !self.begun {
            text.drain(..text.len() - text.trim_start().len());
        }
        self.begun |= !text.is_empty();
        text
    }

    fn end_trimmed(&self, mut text: String) -> String {
        if self.edges == Edges::Trimmed {
            text.truncate(text.trim_end().len());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `bytes` in pieces of `size`; gives the pieces let through and whether it stopped.
    fn run(stops: &[&str], edges: Edges, bytes: &[u8], size: usize) -> (String, bool) {
        let mut filter = Filter::new(stops.iter().map(|s| (*s).to_owned()).collect(), edges);
        let mut out = String::new();
        for piece in bytes.chunks(size) {
            let shown = filter.push(piece);
            out.push_str(&shown.text);
            if shown.stopped {
                return (out, true);
            }
        }
        out.push_str(&filter.finish());
        (out, false)
    }

    fn check(stops: &[&str], edges: Edges, input: &[u8], expected: (&str, bool)) {
        for size in 1..=input.len().max(1) {
            let (text, stopped) = run(stops, edges, input, size);
            assert_eq!((text.as_str(), stopped), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn stop_texts_never_show_whatever_the_pieces() {
        check(&["\nUser:"], Edges::Kept, b"Paris.\nUser: and", ("Paris.", true));
        check(&["\nUser:"], Edges::Kept, b"Paris.\nUsed up", ("Paris.\nUsed up", false));
        check(&["aab"], Edges::Kept, b"aaaab", ("aa", true));
        check(&["END", "N"], Edges::Kept, b"xEND", ("xE", true));
        check(&[""], Edges::Kept, b"all", ("all", false));
    }

    #[test]
    fn characters_are_never_cut() {
        check(&[], Edges::Kept, "grün 🦀 ok".as_bytes(), ("grün 🦀 ok", false));
        check(&[], Edges::Kept, b"a\xffb", ("a\u{fffd}b", false));
        check(&[], Edges::Kept, b"a\xf0\x9f", ("a\u{fffd}", false));
        let mut filter = Filter::new(Vec::new(), Edges::Kept);
        assert_eq!(filter.push(&"🦀".as_bytes()[..2]).text, "");
        assert_eq!(filter.push(&"🦀".as_bytes()[2..]).text, "🦀");
    }

    #[test]
    fn blank_edges_are_dropped_where_asked() {
        check(&["\nUser:"], Edges::Trimmed, b" Paris. \n\nUser:", ("Paris.", true));
        check(&["\nUser:"], Edges::Trimmed, b"  a  b\n\n", ("a  b", false));
        check(&["\nUser:"], Edges::Trimmed, b"\nUser: x", ("", true));
        check(&["\nUser:"], Edges::Kept, b" a ", (" a ", false));
    }
}
