//! The marks that runs leave while they are under way.

use super::entry::{Body, Ending};
use super::{Error, Inner, index, stored};
use crate::store::{Batch, Expect, NewRecord, Record, Slot, Store};
use crate::types::{RunId, SessionKey};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Marks by run id, grouped by session key.
const SPACE: &str = "running";
/// What the transcript says of a run whose process went away.
const INTERRUPTED: &str = "the gateway stopped before the run came to its end";

/// A run under way, or one that a process left so.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) run: RunId,
    pub(super) key: SessionKey,
    pub(super) claim: Claim,
    revision: u64,
}

/// What a mark says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Claim {
    /// The transcript the run writes to.
    pub(super) session_id: String,
    /// The process it runs in.
    pub(super) boot: String,
}

/// The runs of a process that hold a claim.
#[derive(Debug, Clone, Default)]
pub(super) struct Live(Arc<Mutex<HashSet<RunId>>>);

/// Keeps a run among the live ones until it is dropped.
#[derive(Debug)]
pub(super) struct Alive {
    live: Live,
    run: RunId,
}

impl Live {
    /// Takes a run up.
    pub(super) fn enter(&self, run: RunId) -> Alive {
        self.lock(|runs| runs.insert(run));
        Alive { live: self.clone(), run }
    }

    fn lock<T>(&self, with: impl FnOnce(&mut HashSet<RunId>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.live.lock(|runs| runs.remove(&self.run));
    }
}

/// A mark to leave.
pub(super) struct Underway<'a> {
    pub(super) key: &'a SessionKey,
    pub(super) run: RunId,
    pub(super) claim: &'a Claim,
    /// Milliseconds since 1970.
    pub(super) now: i64,
}

/// Marks a run as under way.
pub(super) fn put(batch: &mut Batch, mark: &Underway<'_>) {
    let value = serde_json::to_string(mark.claim).expect("texts are JSON");
    let record = NewRecord { value, rank: mark.now, group: mark.key.to_string() };
    batch.put(Slot { space: SPACE, key: &mark.run.to_string() }, record, Expect::Any);
}

/// Takes a run's mark away.
pub(super) fn delete(batch: &mut Batch, run: RunId) {
    batch.delete(Slot { space: SPACE, key: &run.to_string() }, Expect::Any);
}

/// The runs under way in a session.
///
/// # Errors
/// [`Error`] when the store cannot be read.
pub(super) async fn of(store: &Store, key: &SessionKey) -> Result<Vec<Running>, Error> {
    let records = index::walk(store, SPACE, Some(key.to_string())).all().await?;
    Ok(records.iter().filter_map(read).collect())
}

/// All runs under way.
///
/// # Errors
/// [`Error`] when the store cannot be read.
pub(super) async fn all(store: &Store) -> Result<Vec<Running>, Error> {
    Ok(index::walk(store, SPACE, None).all().await?.iter().filter_map(read).collect())
}

fn read(record: &Record) -> Option<Running> {
    Some(Running {
        run: RunId::parse(&record.key).ok()?,
        key: SessionKey::parse(&record.group).ok()?,
        claim: serde_json::from_str(&record.value).ok()?,
        revision: record.revision,
    })
}

impl Running {
    /// Whether the run is over, though its mark is still there because its end could not be
    /// written. Of another process's runs nobody here can tell.
    pub(super) fn is_over(&self, inner: &Inner) -> bool {
        self.claim.boot == inner.boot && inner.live.lock(|runs| !runs.contains(&self.run))
    }

    /// Writes into its transcript that it was interrupted, and takes its mark away; gives back
    /// the bytes it wrote. Fails the batch with a conflict where somebody else did so.
    pub(super) fn interrupt(&self, batch: &mut Batch) -> u64 {
        let event = stored::event(&Body::Broken {
            run: self.run,
            ending: Ending::Interrupted,
            why: INTERRUPTED.to_owned(),
            partial: None,
        });
        let bytes = event.body.len() as u64;
        batch.append(&index::stream(&self.key, &self.claim.session_id), event);
        self.forget(batch);
        bytes
    }

    /// Takes its mark away, where its session is gone.
    pub(super) fn forget(&self, batch: &mut Batch) {
        batch.delete(
            Slot { space: SPACE, key: &self.run.to_string() },
            Expect::Revision(self.revision),
        );
    }
}
