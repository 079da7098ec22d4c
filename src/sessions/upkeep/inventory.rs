//! What there is: sessions, earlier transcripts, and what has lost its other half.

use super::super::index::{self, CURRENT, ROWS, TRANSCRIPTS};
use super::super::{Error, running};
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

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// Sessions, the one used last at the end.
    pub(super) sessions: Vec<Seen>,
    /// Transcripts from before their session began anew, the oldest first.
    pub(super) retired: Vec<Transcript>,
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
    pub(super) async fn take(store: &Store) -> Result<Self, Error> {
        let running = running::all(store).await?;
        // Transcripts before rows: one that begins in between is then not taken for an orphan.
        let records = index::walk(store, TRANSCRIPTS, None).all().await?;
        let busy = running.iter().map(|running| running.key.clone()).collect();
        let sessions = sessions(store, &busy).await?;
        let (current, mut retired): (Vec<_>, Vec<_>) = records
            .iter()
            .filter_map(transcript)
            .partition(|transcript| transcript.retired_at == CURRENT);
        // A run goes on in its transcript though the session was begun anew.
        retired
            .retain(|old| running.iter().all(|running| running.claim.session_id != old.session_id));
        let mut inventory = Self { retired, size: store.size().await?, ..Self::default() };
        for transcript in current {
            let row = sessions.get(&transcript.key);
            let has_row = row.is_some_and(|seen| seen.session_id == transcript.session_id);
            if !has_row && is_alone(store, &transcript).await? {
                inventory.without_row.push(transcript);
            }
        }
        for seen in sessions.into_values() {
            match is_hollow(store, &seen).await? {
                true => inventory.without_transcript.push(seen),
                false => inventory.sessions.push(seen),
            }
        }
        inventory
            .sessions
            .sort_by(|one, other| (one.updated_at, &one.key).cmp(&(other.updated_at, &other.key)));
        Ok(inventory)
    }

    /// How many have lost their other half.
    pub(super) fn orphans(&self) -> u64 {
        (self.without_transcript.len() + self.without_row.len()) as u64
    }
}

/// All sessions; one that is used meanwhile is seen twice and counts as it is then.
async fn sessions(
    store: &Store,
    busy: &HashSet<SessionKey>,
) -> Result<HashMap<SessionKey, Seen>, Error> {
    let mut sessions = HashMap::new();
    let mut walk = index::walk(store, ROWS, None);
    loop {
        let page = walk.next().await?;
        if page.is_empty() {
            return Ok(sessions);
        }
        for record in &page {
            let kept = index::kept(record)?;
            let Some(key) = kept.row.session_key() else { continue };
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
    let row = index::read(store, &transcript.key).await?;
    let record = store.record(TRANSCRIPTS, &transcript.record).await?;
    Ok(record.is_some_and(|record| record.revision == transcript.revision)
        && row.is_none_or(|kept| kept.row.session_id != transcript.session_id))
}
