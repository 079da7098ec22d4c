//! Where things lie in the store, and how rows are read and put.
//!
//! Session keys hold no white space, so a space separates a key from what follows it.

use super::{Error, Row};
use crate::store::{
    self, Batch, Committed, Expect, Listing, NewRecord, Order, Record, Slot, Store,
};
use crate::types::SessionKey;
use serde::{Deserialize, Serialize};

/// Index rows by session key; their rank is the time of the last change.
pub(super) const ROWS: &str = "sessions";
/// Transcripts by session key and session id; their rank says when they were retired.
pub(super) const TRANSCRIPTS: &str = "transcripts";
/// The rank of a transcript that is its session's current one.
pub(super) const CURRENT: i64 = i64::MAX;
/// The rank of a transcript that belongs to no session: older than any cutoff.
pub(super) const ABANDONED: i64 = i64::MIN;
/// Records read at a time.
const PAGE: usize = 500;

/// A row and the revision it was read at.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) row: Row,
    pub(super) revision: u64,
}

/// What is kept of a transcript beside its entries.
#[derive(Serialize, Deserialize)]
struct Transcript {
    /// Bytes of its text, once it is no longer the current one.
    bytes: u64,
}

/// What the names of transcripts' journals begin with.
pub(super) const STREAMS: &str = "session/";

/// The journal of a transcript.
pub(super) fn stream(key: &SessionKey, session_id: &str) -> String {
    format!("{STREAMS}{key}/{session_id}")
}

/// The session key and session id of a journal.
pub(super) fn of_stream(stream: &str) -> Option<(SessionKey, &str)> {
    let (key, session_id) = stream.strip_prefix(STREAMS)?.rsplit_once('/')?;
    Some((SessionKey::parse(key).ok()?, session_id))
}

/// The lease under which a session grows.
pub(super) fn lease(key: &SessionKey) -> String {
    format!("session/{key}")
}

/// The record of a transcript.
pub(super) fn transcript(key: &SessionKey, session_id: &str) -> String {
    format!("{key} {session_id}")
}

/// The session key and session id of a transcript's record.
pub(super) fn of_transcript(record: &str) -> Option<(SessionKey, &str)> {
    let (key, session_id) = record.rsplit_once(' ')?;
    Some((SessionKey::parse(key).ok()?, session_id))
}

/// A session's row.
///
/// # Errors
/// [`Error`] when it cannot be read.
pub(super) async fn read(store: &Store, key: &SessionKey) -> Result<Option<Kept>, Error> {
    store.record(ROWS, key.as_str()).await?.map(|record| kept(&record)).transpose()
}

/// The row in a record.
///
/// # Errors
/// [`Error::Damaged`] when it is none.
pub(super) fn kept(record: &Record) -> Result<Kept, Error> {
    match serde_json::from_str(&record.value) {
        Ok(row) => Ok(Kept { row, revision: record.revision }),
        Err(_) => Err(Error::Index(record.key.clone())),
    }
}

/// Puts a row.
pub(super) fn put(batch: &mut Batch, row: &Row, expect: Expect) {
    let record = NewRecord {
        value: serde_json::to_string(row).expect("texts and numbers are JSON"),
        rank: row.updated_at,
        group: row.owner.clone().unwrap_or_default(),
    };
    batch.put(Slot { space: ROWS, key: &row.key }, record, expect);
}

/// Commits a batch that puts a row, and gives back the row's new revision too.
///
/// # Errors
/// As [`Store::commit`].
pub(super) async fn commit(
    store: &Store,
    mut batch: Batch,
    (row, expect): (&Row, Expect),
) -> Result<(Committed, u64), store::Error> {
    // Last of all it puts, and so its revision is the last one whatever else the batch holds.
    put(&mut batch, row, expect);
    let committed = store.commit(batch).await?;
    let revision = committed.revisions.last().copied().expect("the batch puts a row");
    Ok((committed, revision))
}

/// Notes that a session's current transcript begins.
pub(super) fn open(batch: &mut Batch, key: &SessionKey, row: &Row) {
    let record = NewRecord { value: value(0), rank: CURRENT, group: key.to_string() };
    batch.put(
        Slot { space: TRANSCRIPTS, key: &transcript(key, &row.session_id) },
        record,
        Expect::Absent,
    );
}

/// Notes that a session's current transcript is so no longer.
pub(super) fn retire(batch: &mut Batch, key: &SessionKey, row: &Row, now: i64) {
    let record = NewRecord { value: value(row.bytes), rank: now, group: key.to_string() };
    batch.put(
        Slot { space: TRANSCRIPTS, key: &transcript(key, &row.session_id) },
        record,
        Expect::Any,
    );
}

/// Notes that a transcript belongs to no session any more, and is due to be removed.
pub(super) fn abandon(batch: &mut Batch, key: &SessionKey, session_id: &str) {
    let record = NewRecord { value: value(0), rank: ABANDONED, group: key.to_string() };
    batch.put(Slot { space: TRANSCRIPTS, key: &transcript(key, session_id) }, record, Expect::Any);
}

/// Whether a transcript's record says that it is its session's current one.
pub(super) fn is_current(record: &Record) -> bool {
    record.rank == CURRENT
}

/// Bytes of the text of a transcript, once it is no longer the current one.
pub(super) fn bytes(record: &Record) -> u64 {
    serde_json::from_str(&record.value).map_or(0, |Transcript { bytes }| bytes)
}

/// The value of a transcript's record.
pub(super) fn value(bytes: u64) -> String {
    serde_json::to_string(&Transcript { bytes }).expect("a number is JSON")
}

/// Every record of a space, or of one of its groups, the lowest rank first.
pub(super) fn walk<'a>(store: &'a Store, space: &'a str, group: Option<String>) -> Walk<'a> {
    let listing = Listing {
        prefix: String::new(),
        group,
        order: Order::Oldest,
        from_rank: None,
        below_rank: None,
        skip: 0,
        limit: PAGE,
    };
    Walk { store, space, listing }
}

/// Reads a space page by page; what changes meanwhile may be seen twice.
pub(super) struct Walk<'a> {
    store: &'a Store,
    space: &'a str,
    /// The next page.
    pub(super) listing: Listing,
}

impl Walk<'_> {
    /// The next page; empty at the end.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub(super) async fn next(&mut self) -> Result<Vec<Record>, Error> {
        let page = self.store.records(self.space, self.listing.clone()).await?;
        let Some(last) = page.last().map(|record| record.rank) else { return Ok(page) };
        let seen = page.iter().rev().take_while(|record| record.rank == last).count();
        if self.listing.from_rank == Some(last) {
            self.listing.skip += seen;
        } else {
            (self.listing.from_rank, self.listing.skip) = (Some(last), seen);
        }
        Ok(page)
    }

    /// All pages.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub(super) async fn all(mut self) -> Result<Vec<Record>, Error> {
        let mut all = Vec::new();
        loop {
            let page = self.next().await?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}
