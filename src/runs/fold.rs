//! The front of a long log, folded: what its events said, in fewer of them.

use super::log::weight;
use crate::types::{Delta, RunEvent};

/// Most bytes of a folded front. A longer answer can be read while it grows, but not again from
/// its beginning.
pub(super) const FOLDED: usize = 8 * 1024 * 1024;
/// Text is no longer added to a piece that has so many bytes, so that none has to be copied that
/// is larger than that and a fragment.
const PIECE: usize = 32 * 1024;

/// What the events from number 1 on said that a log no longer keeps one by one.
#[derive(Debug, Clone, Default)]
pub(super) struct Fold {
    pieces: Vec<Piece>,
    /// Which of them counts the tokens spent. There is one, since only the latest count counts.
    usage: Option<usize>,
    bytes: usize,
}

/// Some events in one.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) event: RunEvent,
    /// The sequence of the last one in it.
    pub(super) last: u64,
}

impl Fold {
    /// Takes in the event with this sequence, the next one.
    pub(super) fn add(&mut self, event: RunEvent, last: u64) {
        let counts = matches!(event, RunEvent::Usage(_));
        if counts && let Some(at) = self.usage.take() {
            // The text before the earlier count and that after it belong together now.
            self.remove(at);
            if at > 0 && at < self.pieces.len() {
                let after = self.remove(at);
                self.push_at(at, after);
            }
        }
        let at = self.pieces.len();
        self.push_at(at, Piece { event, last });
        if counts {
            self.usage = self.pieces.len().checked_sub(1);
        }
    }

    /// Where the pieces go on that begin with this sequence; none where it lies within one.
    pub(super) fn find(&self, from: u64) -> Option<usize> {
        if from == 1 {
            return Some(0);
        }
        self.pieces.iter().position(|piece| piece.last + 1 == from).map(|at| at + 1)
    }

    pub(super) fn get(&self, at: usize) -> Option<&Piece> {
        self.pieces.get(at)
    }

    /// What it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn remove(&mut self, at: usize) -> Piece {
        let piece = self.pieces.remove(at);
        self.bytes -= weight(&piece.event);
        piece
    }

    /// Puts a piece at a place, or adds it to the one before.
    fn push_at(&mut self, at: usize, piece: Piece) {
        if let Some(before) = at.checked_sub(1).and_then(|before| self.pieces.get_mut(before))
            && let Some(bytes) = merge(&mut before.event, &piece.event)
        {
            before.last = piece.last;
            self.bytes += bytes;
            return;
        }
        self.bytes += weight(&piece.event);
        self.pieces.insert(at, piece);
    }
}

/// Adds a fragment to what it continues; gives its bytes, or nothing where it is another thing.
fn merge(grown: &mut RunEvent, event: &RunEvent) -> Option<usize> {
    let (RunEvent::Delta(grown), RunEvent::Delta(more)) = (grown, event) else { return None };
    let (text, more) = match (grown, more) {
        (Delta::Text(text), Delta::Text(more))
        | (Delta::Reasoning(text), Delta::Reasoning(more))
        | (Delta::Refusal(text), Delta::Refusal(more)) => (text, more),
        (
            Delta::ToolCallArguments { index, fragment },
            Delta::ToolCallArguments { index: other, fragment: more },
        ) if index == other => (fragment, more),
        _ => return None,
    };
    if text.len() >= PIECE {
        return None;
    }
    text.push_str(more);
    Some(more.len())
}
