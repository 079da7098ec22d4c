//! The durable store: journals, records, leases with a fencing token, an outbox and API keys.
//!
//! [`Store`] is the handle; a [`Batch`] is what commits together. SQLite lies underneath and shows
//! nowhere in this face, so that another engine can take its place. This room knows no session, no
//! message and no run; texts go in and come out as they are.

mod batch;
mod clock;
mod error;
mod found;
mod sqlite;

pub use batch::{Batch, Counters, Expect, NewEvent, NewRecord, Slot};
pub use clock::Clock;
pub use error::Error;
pub use found::{Committed, Event, Fence, Hit, Key, Listing, Order, Page, Parcel, Record};

use sqlite::{Claim, Missing, Readers, Searching, Sought, Writer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// The store's file in a state directory.
pub fn file_in(state_dir: &Path) -> PathBuf {
    state_dir.join("state").join("openclaw.sqlite")
}

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backup {
    /// Its size in bytes.
    pub bytes: u64,
}

/// A cheap handle to the store. Its writer ends with the last one.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    clock: Clock,
    // Before the writer: the last to close the file tidies it up, which only the writer may.
    readers: Arc<Readers>,
    searching: Searching,
    /// None where it was opened to be read.
    writer: Option<Writer>,
    closing: CancellationToken,
}

impl Store {
    /// Opens the store at `file`, making it (0600) and its folder (0700) where they are not there
    /// yet, and brings its schema up to date. Blocking; a few milliseconds.
    ///
    /// # Errors
    /// [`Error`]: damaged, of a newer schema, locked, or not to be read or written.
    pub fn open(file: &Path, clock: Clock) -> Result<Self, Error> {
        Self::opened(file, clock, Missing::IsMade)
    }

    /// Opens a store that must be there already, as a command does that changes it beside a running
    /// gateway. Blocking, as [`Store::open`].
    ///
    /// # Errors
    /// As [`Store::open`], and [`Error::Missing`].
    pub fn open_existing(file: &Path, clock: Clock) -> Result<Self, Error> {
        Self::opened(file, clock, Missing::IsAnError)
    }

    /// Opens a store that must be there already to read it and no more, as a command does that only
    /// shows or copies: nothing in the file is changed and its schema is kept, so that an older
    /// gateway that runs on it runs on. What would write gets [`Error::ReadOnly`]. Blocking, as
    /// [`Store::open`].
    ///
    /// # Errors
    /// As [`Store::open_existing`], and [`Error::OlderSchema`] where it cannot be read as it is.
    pub fn open_read_only(file: &Path, clock: Clock) -> Result<Self, Error> {
        let connection = sqlite::open_read_only(file)?;
        let file = file.to_owned();
        let readers = Arc::new(Readers::having(connection, file.clone()));
        let closing = CancellationToken::new();
        let searching = Searching::new(&file, closing.clone());
        let inner = Inner { file, clock, readers, searching, writer: None, closing };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The clock everything in the store is timed by.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Commits a batch: all of it is on the disk once this returns, or nothing of it ever is.
    /// Batches of concurrent callers share one write to the disk. A batch that waits its turn is
    /// committed even when its caller no longer waits for it.
    ///
    /// # Errors
    /// [`Error`]; the batch left no trace.
    pub async fn commit(&self, batch: Batch) -> Result<Committed, Error> {
        self.writer()?.commit(batch).await
    }

    /// Events of a journal, by their sequence. A page is bounded by bytes too: see [`Page`].
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn events(&self, stream: &str, page: Page) -> Result<Vec<Event>, Error> {
        let stream = stream.to_owned();
        self.inner.readers.read(move |reader| sqlite::events(reader, &stream, page)).await
    }

    /// Names of journals that begin with `prefix`, in order, the first `limit` of those above
    /// `after` (the last name of the page before; an empty text to begin).
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn streams(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, Error> {
        let (prefix, after) = (prefix.to_owned(), after.to_owned());
        self.inner.readers.read(move |reader| sqlite::streams(reader, &prefix, &after, limit)).await
    }

    /// The event of a journal that carries this `once` mark.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn event_once(&self, stream: &str, once: &str) -> Result<Option<Event>, Error> {
        let (stream, once) = (stream.to_owned(), once.to_owned());
        self.inner.readers.read(move |reader| sqlite::event_once(reader, &stream, &once)).await
    }

    /// Events whose indexed text has all the words of `words`, best first, of journals whose name
    /// begins with `prefix`. Only the newest 2,000 of those are compared, and the first 32 words
    /// looked for. Texts of other journals do not take their places, but time: one search is under
    /// way at a time, beside other reads, and none for longer than 5 seconds.
    ///
    /// # Errors
    /// [`Error::TooSlow`], or that the store cannot be read.
    pub async fn search(&self, prefix: &str, words: &str, limit: usize) -> Result<Vec<Hit>, Error> {
        let (prefix, words) = (prefix.to_owned(), words.to_owned());
        self.inner.searching.search(Sought { prefix, words, limit }).await
    }

    /// One record.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn record(&self, space: &str, key: &str) -> Result<Option<Record>, Error> {
        let (space, key) = (space.to_owned(), key.to_owned());
        self.inner.readers.read(move |reader| sqlite::record(reader, &space, &key)).await
    }

    /// Records of a space.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn records(&self, space: &str, listing: Listing) -> Result<Vec<Record>, Error> {
        let space = space.to_owned();
        self.inner.readers.read(move |reader| sqlite::list(reader, &space, &listing)).await
    }

    /// How many records of a space a listing lets through; its `skip`, `limit` and `order` do not
    /// matter. Counting a whole space or group costs the same whatever there is; a prefix or ranks
    /// cost a walk through the index for what is counted.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn count(&self, space: &str, listing: &Listing) -> Result<u64, Error> {
        let (space, listing) = (space.to_owned(), listing.clone());
        self.inner.readers.read(move |reader| sqlite::count(reader, &space, &listing)).await
    }

    /// Takes up to `limit` parcels of a topic that are due, the one due for the longest first;
    /// others do not see them for the time of `hidden`.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be written.
    pub async fn claim(
        &self,
        topic: &str,
        limit: usize,
        hidden: Duration,
    ) -> Result<Vec<Parcel>, Error> {
        self.writer()?.claim(Claim { topic: topic.to_owned(), limit, hidden }).await
    }

    /// The API key with this SHA-256, unless it was revoked or has expired.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn key(&self, hash: &[u8; 32]) -> Result<Option<Key>, Error> {
        let (hash, now) = (*hash, self.inner.clock.now());
        self.inner.readers.read(move |reader| sqlite::key(reader, &hash, now)).await
    }

    /// Every API key, revoked ones too.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn keys(&self) -> Result<Vec<Key>, Error> {
        self.inner.readers.read(sqlite::keys).await
    }

    /// Bytes the store takes on the disk.
    ///
    /// # Errors
    /// [`Error`] when its files cannot be looked at.
    pub async fn size(&self) -> Result<u64, Error> {
        let file = self.inner.file.clone();
        spawn_blocking(move || sqlite::size(&file)).await.unwrap_or(Err(Error::Closed))
    }

    /// Reads all of it and says what is damaged.
    ///
    /// # Errors
    /// [`Error::Damaged`], or that it cannot be read.
    pub async fn check(&self) -> Result<(), Error> {
        sqlite::check(&self.inner.file, &self.inner.closing).await
    }

    /// Gives room that removed events and records took back to the disk.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be written.
    pub async fn compact(&self) -> Result<(), Error> {
        self.writer()?.compact().await
    }

    /// Copies the store as it is now, while it is in use, into a new file (0600) that is whole
    /// and checked once it has its name.
    ///
    /// # Errors
    /// [`Error`]; nothing is left behind.
    pub async fn backup(&self, to: &Path) -> Result<Backup, Error> {
        if self.inner.closing.is_cancelled() {
            return Err(Error::Closed);
        }
        let (inner, to) = (Arc::clone(&self.inner), to.to_owned());
        let copying = spawn_blocking(move || sqlite::copy(&inner.file, &to, &inner.closing));
        copying.await.unwrap_or(Err(Error::Closed))
    }

    /// Writes out what is under way and closes. Later calls get [`Error::Closed`].
    pub async fn close(&self) {
        self.inner.closing.cancel();
        self.inner.searching.close().await;
        self.inner.readers.close().await;
        if let Some(writer) = &self.inner.writer {
            writer.close().await;
        }
    }

    fn writer(&self) -> Result<&Writer, Error> {
        match &self.inner.writer {
            Some(writer) => Ok(writer),
            None if self.inner.closing.is_cancelled() => Err(Error::Closed),
            None => Err(Error::ReadOnly(self.inner.file.clone())),
        }
    }

    fn opened(file: &Path, clock: Clock, missing: Missing) -> Result<Self, Error> {
        let connection = sqlite::open(file, missing)?;
        let writer = Some(Writer::start(connection, file, clock.clone())?);
        let file = file.to_owned();
        let readers = Arc::new(Readers::new(file.clone()));
        let closing = CancellationToken::new();
        let searching = Searching::new(&file, closing.clone());
        let inner = Inner { file, clock, readers, searching, writer, closing };
        Ok(Self { inner: Arc::new(inner) })
    }
}
