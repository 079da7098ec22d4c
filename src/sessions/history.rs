//! The conversation so far, as much of it as a model is given.

use super::entry::{Body, Entry};
use super::{Error, stored};
use crate::store::{Page, Store};
use crate::types::{Message, SessionKey};
use std::ops::Range;

/// Most entries that are loaded of a transcript.
const MAX_ENTRIES: usize = 2_000;
/// Most bytes of them.
const MAX_BYTES: usize = 8 << 20;
/// Entries read at a time.
const PAGE: usize = 200;

/// A transcript that is to be loaded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transcript<'a> {
    pub(super) store: &'a Store,
    pub(super) key: &'a SessionKey,
    pub(super) stream: &'a str,
}

impl Transcript<'_> {
    /// Its latest entries, oldest first.
    ///
    /// # Errors
    /// [`Error`] when it cannot be read.
    pub(super) async fn latest(self) -> Result<Vec<Entry>, Error> {
        let (mut entries, mut bytes, mut before) = (Vec::new(), 0, u64::MAX);
        while entries.len() < MAX_ENTRIES {
            let page =
                Page::Before { sequence: before, limit: PAGE.min(MAX_ENTRIES - entries.len()) };
            let events = self.store.events(self.stream, page).await?;
            let Some(first) = events.first() else { break };
            before = first.sequence;
            for event in events.iter().rev() {
                bytes += event.body.len();
                if bytes > MAX_BYTES {
                    entries.reverse();
                    return Ok(entries);
                }
                entries.push(stored::entry(self.key, event)?);
            }
            if before <= 1 {
                break;
            }
        }
        entries.reverse();
        Ok(entries)
    }
}

/// What was said in these entries, but for those of a turn that is asked again.
pub(super) fn messages(entries: Vec<Entry>, again: &Range<u64>) -> Vec<Message> {
    let others = entries.into_iter().filter(|entry| !again.contains(&entry.sequence));
    others
        .filter_map(|entry| match entry.body {
            Body::Message(said) => Some(said.message),
            _ => None,
        })
        .collect()
}

/// What the agent was told right before the entry at `sequence`.
pub(super) fn notices_before(entries: &[Entry], sequence: u64) -> Vec<String> {
    let end = entries.iter().position(|entry| entry.sequence == sequence).unwrap_or(0);
    let told = entries[..end].iter().rev().map_while(|entry| match &entry.body {
        Body::Notice(text) => Some(text.clone()),
        _ => None,
    });
    let mut notices: Vec<String> = told.collect();
    notices.reverse();
    notices
}
