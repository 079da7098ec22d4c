//! Conversations that outlive a request: their keys, index rows and transcripts, and what they
//! cost.
//!
//! [`Sessions`] is the handle, [`Writer`] the one claim under which a session grows. Only a claim
//! appends, and a newer claim makes an older one stale. This room knows no model, no run's inner
//! life and no wire.

mod begin;
mod change;
mod entry;
mod error;
mod history;
mod index;
pub mod keys;
mod ledger;
mod list;
mod notices;
mod past;
mod recover;
pub mod reset;
mod row;
mod running;
mod stored;
mod turn;
mod upkeep;
mod writer;

pub use entry::{Body, Ended, Ending, Entry, Said};
pub use error::Error;
pub use ledger::{Ledger, Spent, Total};
pub use recover::Interrupted;
pub use row::{Filter, Found, Listed, Patch, Row};
pub use turn::turn_of;
pub use upkeep::Upkeep;
pub use writer::{Begin, Begun, Writer};

use crate::config::Maintenance;
use crate::store::{self, Batch, Clock, Expect, NewRecord, Page, Slot, Store};
use crate::tasks::Tasks;
use crate::types::SessionKey;
use jiff::tz::TimeZone;
use past::Transcript;
use running::Live;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use uuid::Uuid;

/// Where the id of this installation is kept.
const NODES: &str = "node";

/// A cheap handle to all sessions.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

/// What every claim needs.
struct Inner {
    store: Store,
    /// Who holds the leases of this installation's claims: the same after a restart, so that a
    /// new process takes over at once from one that is gone.
    node: String,
    /// This process: tells the runs under way from those that an earlier one left.
    boot: String,
    /// Days begin and end in it.
    zone: TimeZone,
    /// The runs of this process that hold a claim.
    live: Live,
    /// Counts notices: keeps those of one millisecond in order.
    notices: AtomicU64,
    ledger: Ledger,
}

impl Sessions {
    /// The sessions in `store`. The task that writes the ledger ends with `tasks`.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn open(store: Store, tasks: &Tasks) -> Result<Self, Error> {
        let node = node(&store).await?;
        Ok(Self::with(store, tasks, node))
    }

    /// The sessions in a store that may be for reading only: nothing is written, not even who this
    /// is, so that no session may be claimed or changed.
    pub fn open_read_only(store: Store, tasks: &Tasks) -> Self {
        Self::with(store, tasks, String::new())
    }

    fn with(store: Store, tasks: &Tasks, node: String) -> Self {
        let ledger = Ledger::start(store.clone(), tasks);
        let inner = Inner {
            store,
            node,
            boot: Uuid::new_v4().to_string(),
            zone: TimeZone::system(),
            live: Live::default(),
            notices: AtomicU64::new(0),
            ledger,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The clock sessions are timed by.
    pub fn clock(&self) -> &Clock {
        self.inner.store.clock()
    }

    /// Claims a session for one turn and appends what is asked, in one commit: makes it where it
    /// is not there, begins it anew where its reset rule says so. What was asked is on the disk
    /// once this returns.
    ///
    /// # Errors
    /// [`Error`]; nothing was appended.
    pub async fn begin(&self, begin: Begin) -> Result<Begun, Error> {
        begin::begin(&self.inner, begin).await
    }

    /// Marks the runs an earlier process left unfinished in their sessions' transcripts, once.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn recover(&self) -> Result<Vec<Interrupted>, Error> {
        recover::recover(&self.inner).await
    }

    /// A session's index row.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn row(&self, key: &SessionKey) -> Result<Option<Row>, Error> {
        Ok(index::read(&self.inner.store, key).await?.map(|kept| kept.row))
    }

    /// Index rows, the one used last first; at most 1,000 at a time.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn list(&self, filter: &Filter) -> Result<Listed, Error> {
        list::list(&self.inner.store, filter).await
    }

    /// Entries of a session's current transcript, at most 2,000 and 8 MiB of them at a time, though
    /// always one where there is one. A page that is shorter than was asked for need not be the
    /// last: going back, that is the one with the sequence 1, going on, an empty one. None where
    /// there is no session.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn history(&self, key: &SessionKey, page: Page) -> Result<Option<Vec<Entry>>, Error> {
        let Some(row) = self.row(key).await? else { return Ok(None) };
        let stream = index::stream(key, &row.session_id);
        let transcript = Transcript { store: &self.inner.store, key, stream: &stream };
        history::read(transcript, page).await.map(Some)
    }

    /// Messages of current transcripts that have all the words, best first, in the sessions a
    /// filter lets through.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn search(&self, words: &str, filter: &Filter) -> Result<Vec<Found>, Error> {
        list::search(&self.inner.store, words, filter).await
    }

    /// Begins a session anew; its earlier transcript is kept until maintenance removes it. A run
    /// that is under way goes on in the earlier one. None where there is no session.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn reset(&self, key: &SessionKey) -> Result<Option<Row>, Error> {
        change::reset(&self.inner.store, key).await
    }

    /// Changes what people may set of a session's row. None where there is no session.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn patch(&self, key: &SessionKey, patch: Patch) -> Result<Option<Row>, Error> {
        change::patch(&self.inner.store, key, &patch).await
    }

    /// Removes a session with its transcripts. Says whether it was there.
    ///
    /// # Errors
    /// [`Error`] when a run is under way in it, or the store cannot be used.
    pub async fn remove(&self, key: &SessionKey) -> Result<bool, Error> {
        change::remove(&self.inner, key).await
    }

    /// Queues something for the session's next turn to know, such as that a job has ended.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn announce(&self, key: &SessionKey, text: &str) -> Result<(), Error> {
        notices::queue(&self.inner, key, text).await
    }

    /// Removes what is too old, too much or too large, and what has lost its other half; never a
    /// session with a run under way, nor an agent's main session. Under
    /// [`crate::config::MaintenanceMode::Warn`] it only says so in the log.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn maintain(&self, rules: &Maintenance) -> Result<Upkeep, Error> {
        upkeep::maintain(&self.inner, rules).await
    }

    /// What [`Sessions::maintain`] would do now.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn plan_upkeep(&self, rules: &Maintenance) -> Result<Upkeep, Error> {
        upkeep::plan_only(&self.inner, rules).await
    }

    /// Mends only what has lost its other half, whatever the rules say. Says how many there were.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn mend(&self) -> Result<u64, Error> {
        upkeep::mend(&self.inner).await
    }

    /// What runs have cost.
    pub fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("node", &self.inner.node).finish_non_exhaustive()
    }
}

/// The id of this installation, made once.
async fn node(store: &Store) -> Result<String, Error> {
    loop {
        if let Some(record) = store.record(NODES, "id").await? {
            return Ok(record.value);
        }
        let value = Uuid::new_v4().to_string();
        let mut batch = Batch::new();
        let record = NewRecord { value, ..NewRecord::default() };
        batch.put(Slot { space: NODES, key: "id" }, record, Expect::Absent);
        match store.commit(batch).await {
            // Made, here or by another process at the same time: read which.
            Ok(_) | Err(store::Error::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
