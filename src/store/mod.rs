//! The durable store: journals, records, leases with a fencing token, an outbox and API keys.
//!
//! [`Store`] is the handle; a [`Batch`] is what commits together. SQLite lies underneath and shows
//! nowhere in this face, so that another engine can take its place. This room knows no session, no
//! message and no run; texts go in and come out as they are.

mod batch;
mod clock;
mod error;

pub use batch::{
    Batch, Committed, Counters, Event, Expect, Fence, Hit, Key, Listing, NewEvent, NewRecord,
    Order, Page, Parcel, Record,
};
pub use clock::Clock;
pub use error::Error;

use std::path::Path;
use std::time::Duration;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backup {
    /// Its size in bytes.
    pub bytes: u64,
}

/// A cheap handle to the store.
#[derive(Debug, Clone)]
pub struct Store {}

impl Store {
    /// Opens the store at `file`, making it (0600) and its folder (0700) where they are not there
    /// yet, and brings its schema up to date. Blocking; a few milliseconds.
    ///
    /// # Errors
    /// [`Error`]: damaged, of a newer schema, locked, or not to be read or written.
    pub fn open(file: &Path, clock: Clock) -> Result<Self, Error> {
        let _ = (file, clock);
        todo!()
    }

    /// Opens a store that must be there already, as the command line does beside a running
    /// gateway.
    ///
    /// # Errors
    /// As [`Store::open`], and [`Error::Missing`].
    pub fn open_existing(file: &Path, clock: Clock) -> Result<Self, Error> {
        let _ = (file, clock);
        todo!()
    }

    /// The clock everything in the store is timed by.
    pub fn clock(&self) -> &Clock {
        todo!()
    }

    /// Commits a batch: all of it is on the disk once this returns, or nothing of it ever is.
    /// Batches of concurrent callers share one write to the disk.
    ///
    /// # Errors
    /// [`Error`]; the batch left no trace.
    pub async fn commit(&self, batch: Batch) -> Result<Committed, Error> {
        let _ = batch;
        todo!()
    }

    /// Events of a journal, by their sequence.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn events(&self, stream: &str, page: Page) -> Result<Vec<Event>, Error> {
        let _ = (stream, page);
        todo!()
    }

    /// The event of a journal that carries this `once` mark.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn event_once(&self, stream: &str, once: &str) -> Result<Option<Event>, Error> {
        let _ = (stream, once);
        todo!()
    }

    /// Events whose indexed text has all the words of `words`, best first, of journals whose name
    /// begins with `prefix`.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn search(&self, prefix: &str, words: &str, limit: usize) -> Result<Vec<Hit>, Error> {
        let _ = (prefix, words, limit);
        todo!()
    }

    /// One record.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn record(&self, space: &str, key: &str) -> Result<Option<Record>, Error> {
        let _ = (space, key);
        todo!()
    }

    /// Records of a space.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn records(&self, space: &str, listing: Listing) -> Result<Vec<Record>, Error> {
        let _ = (space, listing);
        todo!()
    }

    /// How many records a space has, all or those of one group.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn count(&self, space: &str, group: Option<&str>) -> Result<u64, Error> {
        let _ = (space, group);
        todo!()
    }

    /// Takes up to `limit` parcels of a topic that are due, oldest first; others do not see them
    /// for the time of `hidden`.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be written.
    pub async fn claim(
        &self,
        topic: &str,
        limit: usize,
        hidden: Duration,
    ) -> Result<Vec<Parcel>, Error> {
        let _ = (topic, limit, hidden);
        todo!()
    }

    /// The API key with this SHA-256, unless it was revoked or has expired.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn key(&self, hash: &[u8; 32]) -> Result<Option<Key>, Error> {
        let _ = hash;
        todo!()
    }

    /// Every API key, revoked ones too.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn keys(&self) -> Result<Vec<Key>, Error> {
        todo!()
    }

    /// Bytes the store takes on the disk.
    ///
    /// # Errors
    /// [`Error`] when its files cannot be looked at.
    pub async fn size(&self) -> Result<u64, Error> {
        todo!()
    }

    /// Reads all of it and says what is damaged.
    ///
    /// # Errors
    /// [`Error::Damaged`], or that it cannot be read.
    pub async fn check(&self) -> Result<(), Error> {
        todo!()
    }

    /// Gives room that removed events and records took back to the disk.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be written.
    pub async fn compact(&self) -> Result<(), Error> {
        todo!()
    }

    /// Copies the store as it is now, while it is in use, into a new file (0600) that is whole
    /// and checked once it has its name.
    ///
    /// # Errors
    /// [`Error`]; nothing is left behind.
    pub async fn backup(&self, to: &Path) -> Result<Backup, Error> {
        let _ = to;
        todo!()
    }

    /// Writes out what is under way and closes. Later calls get [`Error::Closed`].
    pub async fn close(&self) {
        todo!()
    }
}
