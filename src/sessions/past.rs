//! What a transcript holds already: the conversation so far, and perhaps the very turn that is
//! asked again.

use super::entry::{Body, Entry};
use super::turn::Before;
use super::{Error, stored};
use crate::store::{Page, Store};
use crate::types::{Message, SessionKey};

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
                if bytes > MAX_BYTES {
                    before = 0;
                    break;
                }
                entries.push(stored::entry(key, event)?);
            }
        }
        entries.reverse();
        Ok(Self { entries })
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
        let others = self.entries.into_iter().filter(|entry| !asked.contains(&entry.sequence));
        let history = others.filter_map(|entry| match entry.body {
            Body::Message(said) => Some(said.message),
            _ => None,
        });
        Before { notices, history: history.collect() }
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
