//! What there is: sessions, earlier transcripts, and what has lost its other half.

use super::super::index::{self, CURRENT, ROWS, TRANSCRIPTS};
use super::super::{Error, Inner, running};
use crate::store::{Record, Store};
use crate::types::SessionKey;
use std::collections::{HashMap, HashSet};

/// Names of journals read at a time.
const NAMES: usize = 1_000;

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
        let mut earlier = index::walk(store, TRANSCRIPTS, None);
        earlier.listing.below_rank = Some(CURRENT);
        let records = earlier.all().await?;
        let busy = running.iter().map(|running| running.key.clone()).collect();
        let Rows { sessions, unreadable } = rows(store, &busy).await?;
        // After the rows: the journal of each of them is there by now, unless it was removed.
        let mut journals = journals(store).await?;
        let size = store.size().await?;
        let mut inventory = Self { unreadable, size, ..Self::default() };
        for old in records.iter().filter_map(transcript) {
            journals.remove(&index::stream(&old.key, &old.session_id));
            // A run goes on in its transcript though the session was begun anew.
            if running.iter().all(|running| running.claim.session_id != old.session_id) {
                inventory.retired.push(old);
            }
        }
        for seen in sessions.into_values() {
            if journals.remove(&index::stream(&seen.key, &seen.session_id)) {
                inventory.sessions.push(seen);
            } else {
                inventory.without_transcript.push(seen);
            }
        }
        for journal in journals {
            inventory.without_row.extend(alone(store, &journal).await?);
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

/// The journals of all transcripts.
async fn journals(store: &Store) -> Result<HashSet<String>, Error> {
    let (mut journals, mut after) = (HashSet::new(), String::new());
    loop {
        let page = store.streams(index::STREAMS, &after, NAMES).await?;
        let Some(last) = page.last() else { return Ok(journals) };
        after.clone_from(last);
        journals.extend(page);
    }
}

/// The transcript in a journal that no row and no earlier look knows of, looked at again: it was
/// begun, removed or retired meanwhile, or it is an orphan.
async fn alone(store: &Store, journal: &str) -> Result<Option<Transcript>, Error> {
    let Some((key, session_id)) = index::of_stream(journal) else { return Ok(None) };
    // Before the row: a transcript that is the current one now is the row's, or retired, later.
    let record = index::transcript(&key, session_id);
    let Some(record) = store.record(TRANSCRIPTS, &record).await? else { return Ok(None) };
    let row = store.record(ROWS, key.as_str()).await?;
    // One that cannot be read has its transcript put away with it.
    let Ok(row) = row.as_ref().map(index::kept).transpose() else { return Ok(None) };
    let has_row = row.is_some_and(|kept| kept.row.session_id == session_id);
    let is_alone = index::is_current(&record) && !has_row;
    Ok(transcript(&record).filter(|_| is_alone))
}
