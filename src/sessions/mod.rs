//! Conversations that outlive a request: their keys, index rows and transcripts, and what they
//! cost.
//!
//! [`Sessions`] is the handle, [`Writer`] the one claim under which a session grows. Only a claim
//! appends, and a newer claim makes an older one stale. This room knows no model, no run's inner
//! life and no wire.

mod entry;
mod error;
pub mod keys;
mod ledger;
mod row;
mod writer;

pub use entry::{Body, Ended, Ending, Entry, Said};
pub use error::Error;
pub use ledger::{Ledger, Spent, Total};
pub use row::{Filter, Found, Listed, Patch, Row};
pub use writer::{Begin, Begun, Writer};

use crate::config::Maintenance;
use crate::store::{Clock, Page, Store};
use crate::tasks::Tasks;
use crate::types::{RunId, SessionKey};

/// A run that an earlier process left unfinished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// The run.
    pub run: RunId,
    /// Its session.
    pub key: SessionKey,
}

/// What maintenance did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Sessions that were too old.
    pub expired: Vec<SessionKey>,
    /// Sessions that were too many.
    pub surplus: Vec<SessionKey>,
    /// Sessions that took too much of the disk.
    pub oversize: Vec<SessionKey>,
    /// Index rows whose transcript is not there, and transcripts without a row.
    pub orphans: u64,
}

/// A cheap handle to all sessions.
#[derive(Debug, Clone)]
pub struct Sessions {}

impl Sessions {
    /// The sessions in `store`. The task that writes the ledger ends with `tasks`.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn open(store: Store, tasks: &Tasks) -> Result<Self, Error> {
        let _ = (store, tasks);
        todo!()
    }

    /// The clock sessions are timed by.
    pub fn clock(&self) -> &Clock {
        todo!()
    }

    /// Claims a session for one turn and appends what is asked, in one commit: makes it where it
    /// is not there, begins it anew where its reset rule says so. What was asked is on the disk
    /// once this returns.
    ///
    /// # Errors
    /// [`Error`]; nothing was appended.
    pub async fn begin(&self, begin: Begin) -> Result<Begun, Error> {
        let _ = begin;
        todo!()
    }

    /// Marks the runs an earlier process left unfinished in their sessions' transcripts, once.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn recover(&self) -> Result<Vec<Interrupted>, Error> {
        todo!()
    }

    /// A session's index row.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn row(&self, key: &SessionKey) -> Result<Option<Row>, Error> {
        let _ = key;
        todo!()
    }

    /// Index rows, the one used last first.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn list(&self, filter: &Filter) -> Result<Listed, Error> {
        let _ = filter;
        todo!()
    }

    /// Entries of a session's current transcript; none where there is no session.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn history(&self, key: &SessionKey, page: Page) -> Result<Option<Vec<Entry>>, Error> {
        let _ = (key, page);
        todo!()
    }

    /// Messages that have all the words, best first, in the sessions a filter lets through.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn search(&self, words: &str, filter: &Filter) -> Result<Vec<Found>, Error> {
        let _ = (words, filter);
        todo!()
    }

    /// Begins a session anew; its earlier transcript is kept until maintenance removes it. None
    /// where there is no session.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn reset(&self, key: &SessionKey) -> Result<Option<Row>, Error> {
        let _ = key;
        todo!()
    }

    /// Changes what people may set of a session's row. None where there is no session.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn patch(&self, key: &SessionKey, patch: Patch) -> Result<Option<Row>, Error> {
        let _ = (key, patch);
        todo!()
    }

    /// Removes a session with its transcripts. Says whether it was there.
    ///
    /// # Errors
    /// [`Error`] when a run is under way in it, or the store cannot be used.
    pub async fn remove(&self, key: &SessionKey) -> Result<bool, Error> {
        let _ = key;
        todo!()
    }

    /// Queues something for the session's next turn to know, such as that a job has ended.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn announce(&self, key: &SessionKey, text: &str) -> Result<(), Error> {
        let _ = (key, text);
        todo!()
    }

    /// Removes what is too old, too much or too large; never a session with a run under way, nor
    /// an agent's main session.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    pub async fn maintain(&self, rules: &Maintenance) -> Result<Upkeep, Error> {
        let _ = rules;
        todo!()
    }

    /// What [`Sessions::maintain`] would do now.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn plan_upkeep(&self, rules: &Maintenance) -> Result<Upkeep, Error> {
        let _ = rules;
        todo!()
    }

    /// What runs have cost.
    pub fn ledger(&self) -> &Ledger {
        todo!()
    }
}
