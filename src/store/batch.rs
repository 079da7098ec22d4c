//! What goes into the store and comes out of it.

use std::collections::BTreeMap;
use std::time::Duration;

/// Changes that are made together or not at all, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Batch {}

/// What a committed batch was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The sequence of each appended event, in order.
    pub sequences: Vec<u64>,
    /// The revision of each put record, in order.
    pub revisions: Vec<u64>,
    /// The lease that was acquired, where the batch acquires one.
    pub fence: Option<Fence>,
}

/// Sums by name; see [`Batch::add`].
pub type Counters = BTreeMap<String, i64>;

/// Proof of holding a lease. Every acquisition has a higher token than all before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The lease's name.
    pub lease: String,
    /// The token.
    pub token: u64,
}

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

/// An event of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the journal, from 1, without gaps.
    pub sequence: u64,
    /// When it was appended, in milliseconds since 1970.
    pub at: i64,
    /// What kind of event it is.
    pub kind: String,
    /// Its content, JSON text.
    pub body: String,
    /// Its mark.
    pub once: Option<String>,
}

/// Which events to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The first `limit` after this sequence (0: from the beginning), ascending.
    After {
        /// The sequence.
        sequence: u64,
        /// Most events.
        limit: usize,
    },
    /// The last `limit` before this sequence (`u64::MAX`: to the end), ascending.
    Before {
        /// The sequence.
        sequence: u64,
        /// Most events.
        limit: usize,
    },
}

/// An event that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its journal.
    pub stream: String,
    /// Its sequence there.
    pub sequence: u64,
    /// A piece of its text around the words.
    pub snippet: String,
}

/// A record to put.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewRecord {
    /// Its content.
    pub value: String,
    /// What it is sorted by under [`Order::Rank`], such as a time.
    pub rank: i64,
    /// What it can be listed by, such as an agent.
    pub group: String,
}

/// A record of a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its key.
    pub key: String,
    /// Its content.
    pub value: String,
    /// Its rank.
    pub rank: i64,
    /// Its group.
    pub group: String,
    /// Counts its changes from 1; never the same twice, even for a key that was deleted between.
    pub revision: u64,
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

/// Which records to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Only keys that begin with this.
    pub prefix: String,
    /// Only this group.
    pub group: Option<String>,
    /// Their order.
    pub order: Order,
    /// Only ranks from this one up.
    pub from_rank: Option<i64>,
    /// Only ranks below this one.
    pub below_rank: Option<i64>,
    /// Leaves out so many at the front.
    pub skip: usize,
    /// Most records.
    pub limit: usize,
}

/// The order of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By key, ascending.
    Key,
    /// By rank, the highest first.
    Newest,
    /// By rank, the lowest first.
    Oldest,
}

/// Something to be delivered: it stays until it is said to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Its id.
    pub id: u64,
    /// Its content.
    pub body: String,
    /// How often it was claimed, this time included.
    pub attempts: u32,
}

/// An API key, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its public id.
    pub id: String,
    /// What it may do, and for whom; JSON text of `auth`'s.
    pub grants: String,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
    /// When it ends by itself.
    pub expires_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
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
        let _ = (lease, holder, term);
    }

    /// Fails the batch with [`super::Error::Fenced`] unless this is the lease's newest token and
    /// it was not released.
    pub fn fenced(&mut self, fence: &Fence) {
        let _ = fence;
    }

    /// Makes a lease last for `term` from now; fenced as [`Batch::fenced`].
    pub fn renew(&mut self, fence: &Fence, term: Duration) {
        let _ = (fence, term);
    }

    /// Gives a lease back; fenced as [`Batch::fenced`].
    pub fn release(&mut self, fence: &Fence) {
        let _ = fence;
    }

    /// Appends to a journal.
    pub fn append(&mut self, stream: &str, event: NewEvent) {
        let _ = (stream, event);
    }

    /// Removes a journal with all its events. A later append begins at 1 again.
    pub fn remove_stream(&mut self, stream: &str) {
        let _ = stream;
    }

    /// Puts a record.
    pub fn put(&mut self, space: &str, key: &str, record: NewRecord, expect: Expect) {
        let _ = (space, key, record, expect);
    }

    /// Adds to the counters of a record whose value is a JSON object of whole numbers, making it
    /// where it is not there; `rank` and `group` are set.
    pub fn add(&mut self, space: &str, key: &str, record: NewRecord, counters: &Counters) {
        let _ = (space, key, record, counters);
    }

    /// Deletes a record; one that is not there is fine under [`Expect::Any`] and
    /// [`Expect::Absent`].
    pub fn delete(&mut self, space: &str, key: &str, expect: Expect) {
        let _ = (space, key, expect);
    }

    /// Puts a parcel into the outbox; a second one with the same `once` of a topic is left out
    /// for as long as the first is remembered (a day after its delivery).
    pub fn send(&mut self, topic: &str, body: String, once: Option<&str>) {
        let _ = (topic, body, once);
    }

    /// Says that a parcel was delivered.
    pub fn delivered(&mut self, parcel: u64) {
        let _ = parcel;
    }

    /// Makes a parcel due again after `wait`, with the reason why it was not delivered.
    pub fn postpone(&mut self, parcel: u64, wait: Duration, why: &str) {
        let _ = (parcel, wait, why);
    }

    /// Adds an API key, by its SHA-256.
    pub fn add_key(&mut self, hash: [u8; 32], key: Key) {
        let _ = (hash, key);
    }

    /// Revokes an API key by its id.
    pub fn revoke_key(&mut self, id: &str) {
        let _ = id;
    }
}
