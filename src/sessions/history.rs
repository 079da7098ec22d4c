//! Pages of a transcript, as people and tools read them.

use super::past::Transcript;
use super::{Entry, Error, stored};
use crate::store::Page;
use std::collections::VecDeque;

/// Most entries of a page.
const MAX_PAGE: usize = 2_000;
/// Most bytes of a page that has more than one entry.
const MAX_BYTES: usize = 8 << 20;
/// Entries read at a time: few, since each may hold images.
const STEP: usize = 32;

/// The entries of a page, as far as they fit.
///
/// # Errors
/// [`Error`] when they cannot be read.
pub(super) async fn read(transcript: Transcript<'_>, page: Page) -> Result<Vec<Entry>, Error> {
    let Transcript { store, key, stream } = transcript;
    let (mut entries, mut bytes, mut page) = (VecDeque::new(), 0, bounded(page));
    while let Some(step) = next_step(page, entries.len()) {
        let mut events = store.events(stream, step).await?;
        // The end that the page grows away from comes first.
        if let Page::Before { .. } = page {
            events.reverse();
        }
        let Some(last) = events.last().map(|event| event.sequence) else { break };
        for event in events {
            bytes += event.body.len();
            if bytes > MAX_BYTES && !entries.is_empty() {
                return Ok(entries.into());
            }
            let entry = stored::entry(key, &event)?;
            match page {
                Page::After { .. } => entries.push_back(entry),
                Page::Before { .. } => entries.push_front(entry),
            }
        }
        match &mut page {
            Page::After { sequence, .. } | Page::Before { sequence, .. } => *sequence = last,
        }
    }
    Ok(entries.into())
}

fn bounded(page: Page) -> Page {
    match page {
        Page::After { sequence, limit } => Page::After { sequence, limit: limit.min(MAX_PAGE) },
        Page::Before { sequence, limit } => Page::Before { sequence, limit: limit.min(MAX_PAGE) },
    }
}

/// What to read next of a page of which so many entries are there; none where it is full.
fn next_step(page: Page, read: usize) -> Option<Page> {
    let of = |limit: usize| Some(STEP.min(limit.saturating_sub(read))).filter(|left| *left > 0);
    Some(match page {
        Page::After { sequence, limit } => Page::After { sequence, limit: of(limit)? },
        Page::Before { sequence, .. } if sequence <= 1 => return None,
        Page::Before { sequence, limit } => Page::Before { sequence, limit: of(limit)? },
    })
}
