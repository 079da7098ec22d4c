//! What there is: sessions, earlier transcripts, and what has lost its other half.

use super::super::index::{self, CURRENT, ROWS, TRANSCRIPTS};
use super::super::{Error, Inner, running};
use crate::store::{Page, Record, Store};
use crate::types::SessionKey;
use std::collections::{HashMap, HashSet};

/// A session as it was looked at.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) key: SessionKey,
    pub(super) session_id: String,
    pub(super) revision: u64,
    pub(super) updated_at: i64,
    pub(super) bytes: u64,
    /// Whether it must stay: a run is under way in it, or it is an agent's main session.
    pub(super) stays: bool,
}

/// A transcript's record as it was looked at.
#[derive(Debug, Clone)]
pub(super) struct Transcript {
    pub(super) record: String,
    pub(super) key: SessionKey,
    pub(super) session_id: String,
    pub(super) revision: u64,
    pub(super) retired_at: i64,
    pub(super) bytes: u64,
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Unreadable {
    pub(super) key: String,
    pub(super) revision: u64,
}

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// Sessions, the one used last at the end.
    pub(super) sessions: Vec<Seen>,
    /// Transcripts from before their session began anew, the oldest first.
    pub(super) retired: Vec<Transcript>,
    /// Rows that cannot be read.
    pub(super) unreadable: Vec<Unreadable>,
    /// Rows whose transcript is not there.
    pub(super) without_transcript: Vec<Seen>,
    /// Current transcripts whose row is not there.
    pub(super) without_row: Vec<Transcript>,
    /// Bytes the store takes on the disk.
    pub(super) size: u64,
}

impl Inventory {
    /// Looks at everything.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub(super) async fn take(inner: &Inner) -> Result<Self, Error> {
        let store = &inner.store;
        let mut running = running::all(store).await?;
        running.retain(|running| !running.is_over(inner));
        // Transcripts before rows: one that begins in between is then not taken for an orphan.
        let records = index::walk(store, TRANSCRIPTS, None).all().await?;
        let busy = running.iter().map(|running| running.key.clone()).collect();
        let Rows { sessions, unreadable } = rows(store, &busy).await?;
        let (current, mut retired): (Vec<_>, Vec<_>) = records
            .iter()
            .filter_map(transcript)
            .partition(|transcript| transcript.retired_at == CURRENT);
        // A run goes on in its transcript though the session was begun anew.
        retired
            .retain(|old| running.iter().all(|running| running.claim.session_id != old.session_id));
        let size = store.size().await?;
        let mut inventory = Self { retired, unreadable, size, ..Self::default() };
        for transcript in current {
            let row = sessions.get(&transcript.key);
            let has_row = row.is_some_and(|seen| seen.session_id == transcript.session_id);
            if !has_row && is_alone(store, &transcript).await? {
                inventory.without_row.push(transcript);
            }
        }
        for seen in sessions.into_values() {
            if is_hollow(store, &seen).await? {
                inventory.without_transcript.push(seen);
            } else {
                inventory.sessions.push(seen);
            }
        }
        inventory
            .sessions
            .sort_by(|one, other| (one.updated_at, &one.key).cmp(&(other.updated_at, &other.key)));
        Ok(inventory)
    }

    /// How many have lost their other half.
    pub(super) fn orphans(&self) -> u64 {
        (self.unreadable.len() + self.without_transcript.len() + self.without_row.len()) as u64
    }
}

/// The rows there are.
#[derive(Default)]
struct Rows {
    sessions: HashMap<SessionKey, Seen>,
    unreadable: Vec<Unreadable>,
}

/// All rows; one that changes meanwhile may be seen twice and counts as it is then.
async fn rows(store: &Store, busy: &HashSet<SessionKey>) -> Result<Rows, Error> {
    let Rows { mut sessions, mut unreadable } = Rows::default();
    let mut walk = index::walk(store, ROWS, None);
    loop {
        let page = walk.next().await?;
        if page.is_empty() {
            return Ok(Rows { sessions, unreadable });
        }
        for record in &page {
            let kept = index::kept(record).ok();
            let Some((kept, key)) = kept.and_then(|kept| {
                let key = kept.row.session_key()?;
                Some((kept, key))
            }) else {
                let (key, revision) = (record.key.clone(), record.revision);
                unreadable.push(Unreadable { key, revision });
                continue;
            };
            let seen = Seen {
                key: key.clone(),
                session_id: kept.row.session_id,
                revision: kept.revision,
                updated_at: kept.row.updated_at,
                bytes: kept.row.bytes,
                stays: key.rest() == "main" || busy.contains(&key),
            };
            sessions.insert(key, seen);
        }
    }
}

fn transcript(record: &Record) -> Option<Transcript> {
    let (key, session_id) = index::of_transcript(&record.key)?;
    Some(Transcript {
        session_id: session_id.to_owned(),
        key,
        record: record.key.clone(),
        revision: record.revision,
        retired_at: record.rank,
        bytes: index::bytes(record),
    })
}

/// Whether a session's transcript is not there.
async fn is_hollow(store: &Store, seen: &Seen) -> Result<bool, Error> {
    let stream = index::stream(&seen.key, &seen.session_id);
    let first = store.events(&stream, Page::After { sequence: 0, limit: 1 }).await?;
    Ok(first.is_empty())
}

/// Whether a current transcript has no row, looked at again: it was removed or retired meanwhile,
/// or it is an orphan.
async fn is_alone(store: &Store, transcript: &Transcript) -> Result<bool, Error> {
    let row = store.record(ROWS, transcript.key.as_str()).await?;
    // One that cannot be read has its transcript put away with it.
    let Ok(row) = row.as_ref().map(index::kept).transpose() else { return Ok(false) };
    let record = store.record(TRANSCRIPTS, &transcript.record).await?;
    Ok(record.is_some_and(|record| record.revision == transcript.revision)
        && row.is_none_or(|kept| kept.row.session_id != transcript.session_id))
}
