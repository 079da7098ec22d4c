//! What a transcript holds already: the conversation so far, and perhaps the very turn that is
//! asked again.

use super::entry::{Body, Ending, Entry};
use super::turn::Before;
use super::{Error, stored};
use crate::store::{Page, Store};
use crate::types::{Message, RunId, SessionKey};

/// Most entries of a transcript that a model is given.
pub(super) const MAX_ENTRIES: usize = 2_000;
/// Entries in which a turn is looked for that its client asks again.
pub(super) const TAIL: usize = 100;
/// Most bytes of entries that are loaded.
const MAX_BYTES: usize = 8 << 20;
/// Entries read at a time: few, since each may hold images.
const PAGE: usize = 32;

/// The latest entries of a transcript, oldest first.
#[derive(Debug, Default)]
pub(super) struct Past {
    entries: Vec<Entry>,
    /// Whether there is more before them.
    is_cut: bool,
}

/// A transcript that is to be loaded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transcript<'a> {
    pub(super) store: &'a Store,
    pub(super) key: &'a SessionKey,
    pub(super) stream: &'a str,
}

impl Past {
    /// The latest entries of a transcript, at most so many.
    ///
    /// # Errors
    /// [`Error`] when it cannot be read.
    pub(super) async fn load(transcript: Transcript<'_>, most: usize) -> Result<Self, Error> {
        let Transcript { store, key, stream } = transcript;
        let (mut entries, mut bytes, mut before) = (Vec::new(), 0, u64::MAX);
        while before > 1 && entries.len() < most {
            let page = Page::Before { sequence: before, limit: PAGE.min(most - entries.len()) };
            let events = store.events(stream, page).await?;
            before = events.first().map_or(0, |first| first.sequence);
            for event in events.iter().rev() {
                bytes += event.body.len();
                // The latest one is always looked at: it may be what is asked again.
                if bytes > MAX_BYTES && !entries.is_empty() {
                    entries.reverse();
                    return Ok(Self { entries, is_cut: true });
                }
                entries.push(stored::entry(key, event)?);
            }
        }
        entries.reverse();
        Ok(Self { entries, is_cut: before > 1 })
    }

    /// The sequences of the entries that are this turn, or its front, asked before without an
    /// answer: by the entry that carries its idempotency key where there is one, else what the
    /// transcript ends with. A client whose turn failed sends it again, or along with the next.
    pub(super) fn asked_before(&self, turn: &[&Message], marked: Option<u64>) -> Vec<u64> {
        let said: Vec<(u64, &Message)> = self.messages().collect();
        match marked {
            Some(marked) => {
                let at = said.partition_point(|(sequence, _)| *sequence < marked);
                let (before, after) = said.split_at(at);
                // Its front may have been there before that, asked without the key.
                let fits = |front: &usize| {
                    ends_with(before, &turn[..*front]) && starts_with(after, &turn[*front..])
                };
                let Some(front) = (0..turn.len()).find(fits) else { return Vec::new() };
                let asked = &said[at - front..at - front + turn.len()];
                asked.iter().map(|(sequence, _)| *sequence).collect()
            }
            None => {
                let answer = said.iter().rposition(|(_, message)| is_answer(message));
                let open = &said[answer.map_or(0, |last| last + 1)..];
                let most = open.len().min(turn.len());
                let overlap = (0..=most).rev().find(|count| ends_with(open, &turn[..*count]));
                let asked = &open[open.len() - overlap.unwrap_or(0)..];
                asked.iter().map(|(sequence, _)| *sequence).collect()
            }
        }
    }

    /// What the model reads before the turn, of which these entries are a part.
    pub(super) fn before(self, asked: &[u64]) -> Before {
        let notices = asked.first().map_or_else(Vec::new, |first| self.notices_before(*first));
        let is_cut = self.is_cut;
        let others = self.readable().into_iter();
        let others = others.filter(|(sequence, _)| !asked.contains(sequence));
        let history = others.map(|(_, message)| message);
        // A conversation that begins with an answer is one that strict providers refuse.
        let begins = |message: &Message| matches!(message, Message::User { .. });
        let history = history.skip_while(|message| is_cut && !begins(message)).collect();
        Before { notices, history }
    }

    /// All that was said, but for what a provider refused to read and nobody answered later: it
    /// would make every further turn go wrong as well.
    fn readable(self) -> Vec<(u64, Message)> {
        let refused: Vec<RunId> = self.entries.iter().filter_map(refused).collect();
        let mut kept = Vec::with_capacity(self.entries.len());
        // From the end: a question is answered when an answer follows it or the rest of its turn.
        let (mut after, mut is_answered) = (None, false);
        for entry in self.entries.into_iter().rev() {
            let Body::Message(said) = entry.body else { continue };
            is_answered = match after {
                _ if is_answer(&said.message) => true,
                Some((_, true)) => true,
                Some((run, false)) => is_answered && run == said.run,
                None => false,
            };
            after = Some((said.run, is_answer(&said.message)));
            if is_answered || !refused.contains(&said.run) {
                kept.push((entry.sequence, said.message));
            }
        }
        kept.reverse();
        kept
    }

    /// What the agent was told right before an entry.
    fn notices_before(&self, sequence: u64) -> Vec<String> {
        let end = self.entries.partition_point(|entry| entry.sequence < sequence);
        let told = self.entries[..end].iter().rev().map_while(|entry| match &entry.body {
            Body::Notice(text) => Some(text.clone()),
            _ => None,
        });
        let mut notices: Vec<String> = told.collect();
        notices.reverse();
        notices
    }

    fn messages(&self) -> impl Iterator<Item = (u64, &Message)> {
        self.entries.iter().filter_map(|entry| match &entry.body {
            Body::Message(said) => Some((entry.sequence, &said.message)),
            _ => None,
        })
    }
}

/// The run that an entry says was refused.
fn refused(entry: &Entry) -> Option<RunId> {
    match &entry.body {
        Body::Broken { run, ending: Ending::Refused, .. } => Some(*run),
        _ => None,
    }
}

fn is_answer(message: &Message) -> bool {
    matches!(message, Message::Assistant { .. })
}

fn starts_with(said: &[(u64, &Message)], turn: &[&Message]) -> bool {
    said.len() >= turn.len() && said.iter().zip(turn).all(|((_, said), asked)| said == asked)
}

fn ends_with(said: &[(u64, &Message)], turn: &[&Message]) -> bool {
    said.len() >= turn.len() && starts_with(&said[said.len() - turn.len()..], turn)
}

#[cfg(test)]
mod tests;
