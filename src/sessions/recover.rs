//! What an earlier process left unfinished.

use super::begin::ATTEMPTS;
use super::running::Running;
use super::{Error, Inner, index, running};
use crate::store::{Batch, Expect, Fence, Store};
use crate::types::{RunId, SessionKey};
use std::time::Duration;

/// How long a claim lasts that is needed for one commit, should it not be given back.
pub(super) const TERM: Duration = Duration::from_secs(1);

/// A run that an earlier process left unfinished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// The run.
    pub run: RunId,
    /// Its session.
    pub key: SessionKey,
}

/// Writes an end for every run that an earlier process left.
pub(super) async fn recover(inner: &Inner) -> Result<Vec<Interrupted>, Error> {
    let mut found = Vec::new();
    for running in running::all(&inner.store).await? {
        if running.claim.boot != inner.boot && end(inner, &running).await? {
            found.push(Interrupted { run: running.run, key: running.key });
        }
    }
    Ok(found)
}

/// Gives a claim back that was needed for one commit. If this fails, it runs out by itself.
pub(super) async fn give_back(store: &Store, fence: Option<Fence>) {
    let Some(fence) = fence else { return };
    let mut batch = Batch::new();
    batch.release(&fence);
    if let Err(error) = store.commit(batch).await {
        tracing::debug!(%error, "a claim was not given back");
    }
}

/// Writes the end of a run, under a claim that makes its own stale, should it still be there.
/// Says whether nobody else did.
async fn end(inner: &Inner, running: &Running) -> Result<bool, Error> {
    let (store, key) = (&inner.store, &running.key);
    for _ in 0..ATTEMPTS {
        let mut batch = Batch::new();
        batch.acquire(&index::lease(key), &inner.node, TERM);
        match index::read(store, key).await? {
            Some(kept) => {
                let (mut row, bytes) = (kept.row, running.interrupt(&mut batch));
                if row.session_id == running.claim.session_id {
                    row.entries += 1;
                    row.bytes += bytes;
                    row.aborted_last_run = true;
                }
                index::put(&mut batch, &row, Expect::Revision(kept.revision));
            }
            None => running.forget(&mut batch),
        }
        let committed = store.commit(batch).await;
        match committed.map_err(|error| Error::of_claim(error, key)) {
            Ok(committed) => {
                give_back(store, committed.fence).await;
                return Ok(true);
            }
            // Another machine goes on with the session and writes this end itself.
            Err(Error::Running(_)) => return Ok(false),
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error),
        }
        let left = running::of(store, key).await?;
        if !left.iter().any(|other| other.run == running.run) {
            return Ok(false);
        }
    }
    Err(Error::Stale(key.clone()))
}
