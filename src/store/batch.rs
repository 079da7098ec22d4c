//! What is put into the store: a batch of changes.

use super::{Fence, Key};
use std::collections::BTreeMap;
use std::time::Duration;

/// Changes that are made together or not at all, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    changes: Vec<Change>,
}

/// Sums by name; see [`Batch::add`].
pub type Counters = BTreeMap<String, i64>;

/// An event to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// What kind of event it is.
    pub kind: &'static str,
    /// Its content, JSON text.
    pub body: String,
    /// A mark that no two events of a journal share: a second one fails the batch with
    /// [`super::Error::Conflict`].
    pub once: Option<String>,
    /// What [`super::Store::search`] finds it by.
    pub text: Option<String>,
}

/// A record to put.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewRecord {
    /// Its content.
    pub value: String,
    /// What it is sorted by under [`super::Order::Newest`], such as a time.
    pub rank: i64,
    /// What it can be listed by, such as an agent.
    pub group: String,
}

/// What must hold of a record for a change to be made; else the batch fails with
/// [`super::Error::Conflict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Any,
    /// It is not there.
    Absent,
    /// It has this revision.
    Revision(u64),
}

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot<'a> {
    /// The space.
    pub space: &'a str,
    /// The key in it.
    pub key: &'a str,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a lease for `holder` for the time of `term`: free, expired and own leases are given,
    /// each time with a new token; one that somebody else holds fails the batch with
    /// [`super::Error::Held`]. At most one a batch.
    pub fn acquire(&mut self, lease: &str, holder: &str, term: Duration) {
        let (lease, holder) = (lease.to_owned(), holder.to_owned());
        self.changes.push(Change::Acquire { lease, holder, term });
    }

    /// Fails the batch with [`super::Error::Fenced`] unless this is the lease's newest token and
    /// it was not released.
    pub fn fenced(&mut self, fence: &Fence) {
        self.changes.push(Change::Fenced(fence.clone()));
    }

    /// Makes a lease last for `term` from now; fenced as [`Batch::fenced`].
    pub fn renew(&mut self, fence: &Fence, term: Duration) {
        self.changes.push(Change::Renew { fence: fence.clone(), term });
    }

    /// Gives a lease back; fenced as [`Batch::fenced`].
    pub fn release(&mut self, fence: &Fence) {
        self.changes.push(Change::Release(fence.clone()));
    }

    /// Forgets a lease that has expired: whoever still has its token is stale from then on. One that
    /// somebody holds fails the batch with [`super::Error::Held`] (its holder gives it back with
    /// [`Batch::release`]); one that is not there is fine. Tokens are not given again.
    pub fn forget_lease(&mut self, lease: &str) {
        self.changes.push(Change::ForgetLease(lease.to_owned()));
    }

    /// Appends to a journal.
    pub fn append(&mut self, stream: &str, event: NewEvent) {
        self.changes.push(Change::Append { stream: stream.to_owned(), event });
    }

    /// Removes a journal with all its events. A later append begins at 1 again.
    pub fn remove_stream(&mut self, stream: &str) {
        self.changes.push(Change::RemoveStream(stream.to_owned()));
    }

    /// Removes at most the first `limit` events of a journal, and the journal itself with its last
    /// event. [`super::Committed::left`] says how many it still has, which keep their sequences:
    /// so a long journal is removed in many short commits, between which others have their turn.
    pub fn trim_stream(&mut self, stream: &str, limit: usize) {
        self.changes.push(Change::TrimStream { stream: stream.to_owned(), limit });
    }

    /// Puts a record.
    pub fn put(&mut self, slot: Slot<'_>, record: NewRecord, expect: Expect) {
        self.changes.push(Change::Put { at: Place::from(slot), record, expect });
    }

    /// Adds to the counters of a record whose value is a JSON object of whole numbers, making it
    /// where it is not there; `rank` and `group` are set, `value` is not used. A record of another
    /// form fails the batch with [`super::Error::Conflict`].
    pub fn add(&mut self, slot: Slot<'_>, record: NewRecord, counters: &Counters) {
        let counters = counters.clone();
        self.changes.push(Change::Add { at: Place::from(slot), record, counters });
    }

    /// Deletes a record; one that is not there is fine under [`Expect::Any`] and
    /// [`Expect::Absent`].
    pub fn delete(&mut self, slot: Slot<'_>, expect: Expect) {
        self.changes.push(Change::Delete { at: Place::from(slot), expect });
    }

    /// Puts a parcel into the outbox; a second one with the same `once` of a topic is left out
    /// for as long as the first is remembered (a day after its delivery).
    pub fn send(&mut self, topic: &str, body: String, once: Option<&str>) {
        let (topic, once) = (topic.to_owned(), once.map(str::to_owned));
        self.changes.push(Change::Send { topic, body, once });
    }

    /// Says that a parcel was delivered; one that is gone already is fine.
    pub fn delivered(&mut self, parcel: u64) {
        self.changes.push(Change::Delivered(parcel));
    }

    /// Makes a parcel due again after `wait`, with the reason why it was not delivered.
    pub fn postpone(&mut self, parcel: u64, wait: Duration, why: &str) {
        self.changes.push(Change::Postpone { parcel, wait, why: why.to_owned() });
    }

    /// Adds an API key, by its SHA-256; an id or a key that is there already fails the batch with
    /// [`super::Error::Conflict`].
    pub fn add_key(&mut self, hash: [u8; 32], key: Key) {
        self.changes.push(Change::AddKey { hash, key });
    }

    /// Revokes an API key by its id; one that is not there, or was revoked before, stays as it is.
    pub fn revoke_key(&mut self, id: &str) {
        self.changes.push(Change::RevokeKey(id.to_owned()));
    }

    /// The changes, in order.
    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }
}

/// One change of a batch.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Acquire { lease: String, holder: String, term: Duration },
    Fenced(Fence),
    Renew { fence: Fence, term: Duration },
    Release(Fence),
    ForgetLease(String),
    Append { stream: String, event: NewEvent },
    RemoveStream(String),
    TrimStream { stream: String, limit: usize },
    Put { at: Place, record: NewRecord, expect: Expect },
    Add { at: Place, record: NewRecord, counters: Counters },
    Delete { at: Place, expect: Expect },
    Send { topic: String, body: String, once: Option<String> },
    Delivered(u64),
    Postpone { parcel: u64, wait: Duration, why: String },
    AddKey { hash: [u8; 32], key: Key },
    RevokeKey(String),
}

/// Where a record lies.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) space: String,
    pub(super) key: String,
}

impl From<Slot<'_>> for Place {
    fn from(slot: Slot<'_>) -> Self {
        Self { space: slot.space.to_owned(), key: slot.key.to_owned() }
    }
}
