//! What comes out of the store.

/// What a committed batch was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The sequence of each appended event, in order.
    pub sequences: Vec<u64>,
    /// The revision of each put record, in order.
    pub revisions: Vec<u64>,
    /// How many events each trimmed journal still has, in order.
    pub left: Vec<u64>,
    /// The lease that was acquired, where the batch acquires one.
    pub fence: Option<Fence>,
}

/// Proof of holding a lease. Every acquisition has a higher token than all before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The lease's name.
    pub lease: String,
    /// The token.
    pub token: u64,
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
///
/// A page also ends after the event with which it passes 8 MiB, so one with fewer than `limit` is
/// not the last: only an empty one is, or one that reaches the journal's end.
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

/// Which records to list. By default it has no filter, and a `limit` of 0 that is to be set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Only keys that begin with this. By rank, a prefix that ends with the key's second colon
    /// (`agent:main:`) costs what it lists; a longer one is looked for among those keys, and a
    /// shorter one, or any within a group, among all of the space or the group.
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

/// The order of a listing. Records of one rank are ordered by key, in the same direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By key, ascending.
    #[default]
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
