//! What is kept, and what is not.

mod inventory;
mod plan;

use super::index::{self, TRANSCRIPTS};
use super::{Error, Inner, change, notices};
use crate::config::{Maintenance, MaintenanceMode};
use crate::store::{Batch, Expect, NewRecord, Slot, Store};
use crate::types::SessionKey;
use futures_util::stream::{self, StreamExt as _};
use inventory::{Inventory, Seen, Transcript};
use plan::Doomed;
use std::sync::Arc;

/// Removals under way at a time: they share writes to the disk, and others come in between.
const AT_A_TIME: usize = 16;

/// What maintenance did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Sessions that were too old.
    pub expired: Vec<SessionKey>,
    /// Sessions that were too many.
    pub surplus: Vec<SessionKey>,
    /// Sessions that took too much of the disk.
    pub oversize: Vec<SessionKey>,
    /// Transcripts from before their session began anew that were too old, or took too much of
    /// the disk.
    pub retired: u64,
    /// Index rows that cannot be read or whose transcript is not there, and transcripts without a
    /// row.
    pub orphans: u64,
}

impl Upkeep {
    /// Whether there was nothing to do.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn removed(&self) -> usize {
        self.expired.len() + self.surplus.len() + self.oversize.len()
    }
}

/// Removes what the rules say; under `warn`, says in the log what they would.
pub(super) async fn maintain(inner: &Arc<Inner>, rules: &Maintenance) -> Result<Upkeep, Error> {
    // Nobody will be told of them: no session is lost with them.
    notices::prune(&inner.store, cutoff(&inner.store, rules)).await?;
    match rules.mode {
        MaintenanceMode::Enforce => {
            let done = enforce(inner, rules).await?;
            if !done.is_empty() {
                let (removed, retired, orphans) = (done.removed(), done.retired, done.orphans);
                tracing::info!(removed, retired, orphans, "sessions were cleaned up");
            }
            Ok(done)
        }
        MaintenanceMode::Warn => {
            let plan = plan_only(inner, rules).await?;
            if !plan.is_empty() {
                let (due, retired, orphans) = (plan.removed(), plan.retired, plan.orphans);
                tracing::warn!(
                    due,
                    retired,
                    orphans,
                    "sessions should be cleaned up: `openclaw sessions cleanup --enforce`"
                );
            }
            Ok(plan)
        }
    }
}

/// What [`maintain`] would do.
pub(super) async fn plan_only(inner: &Arc<Inner>, rules: &Maintenance) -> Result<Upkeep, Error> {
    let inventory = Inventory::take(inner).await?;
    let doomed = plan::doom(&inventory, rules, cutoff(&inner.store, rules));
    let keys = |seen: Vec<&Seen>| seen.into_iter().map(|seen| seen.key.clone()).collect();
    Ok(Upkeep {
        expired: keys(doomed.expired),
        surplus: keys(doomed.surplus),
        oversize: keys(doomed.oversize),
        retired: doomed.retired.len() as u64,
        orphans: inventory.orphans(),
    })
}

/// Mends what has lost its other half: rows go, also those that cannot be read, and transcripts
/// become retired ones.
pub(super) async fn mend(inner: &Arc<Inner>) -> Result<u64, Error> {
    mend_all(inner, &Inventory::take(inner).await?).await
}

async fn enforce(inner: &Arc<Inner>, rules: &Maintenance) -> Result<Upkeep, Error> {
    let store = &inner.store;
    let mut inventory = Inventory::take(inner).await?;
    if inventory.size > rules.max_disk_bytes.0 {
        // Room that removed sessions left behind is no reason to remove more.
        store.compact().await?;
        inventory.size = store.size().await?;
    }
    let cutoff = cutoff(store, rules);
    let Doomed { expired, surplus, oversize, retired } = plan::doom(&inventory, rules, cutoff);
    let mut done = Upkeep {
        expired: remove(inner, expired).await?,
        surplus: remove(inner, surplus).await?,
        oversize: remove(inner, oversize).await?,
        retired: 0,
        orphans: mend_all(inner, &inventory).await?,
    };
    for transcript in retired {
        done.retired += u64::from(discard(store, transcript).await?);
    }
    if done.removed() > 0 || done.retired > 0 {
        store.compact().await?;
    }
    Ok(done)
}

/// When a session must have been used last to be kept.
fn cutoff(store: &Store, rules: &Maintenance) -> i64 {
    let kept = i64::try_from(rules.prune_after.0.as_millis()).unwrap_or(i64::MAX);
    store.clock().now().saturating_sub(kept)
}

/// Removes sessions, but for those that were used since they were looked at. Gives back which.
async fn remove(inner: &Arc<Inner>, doomed: Vec<&Seen>) -> Result<Vec<SessionKey>, Error> {
    // Each removal owns what it needs: one that borrowed could not be awaited in a spawned task.
    let removals = doomed.into_iter().cloned().map(|seen| {
        let inner = inner.clone();
        async move {
            let gone = change::remove_at(&inner, &seen.key, &seen.session_id, seen.revision).await;
            Ok(done(gone)?.then_some(seen.key))
        }
    });
    let results: Vec<Result<_, Error>> = stream::iter(removals).buffered(AT_A_TIME).collect().await;
    results.into_iter().filter_map(Result::transpose).collect()
}

/// Removes a retired transcript. Says whether it was still there.
async fn discard(store: &Store, transcript: &Transcript) -> Result<bool, Error> {
    let record = store.record(TRANSCRIPTS, &transcript.record).await?;
    // A retired transcript is never a session's again: nobody else changes it but to remove it.
    if record.is_none_or(|record| record.revision != transcript.revision) {
        return Ok(false);
    }
    change::discard(store, &transcript.key, &transcript.session_id).await?;
    Ok(true)
}

async fn mend_all(inner: &Arc<Inner>, inventory: &Inventory) -> Result<u64, Error> {
    let store = &inner.store;
    let rows = inventory.without_transcript.iter().collect();
    let mut mended = remove(inner, rows).await?.len() as u64;
    for row in &inventory.unreadable {
        mended += u64::from(done(change::put_away(store, &row.key, row.revision).await)?);
    }
    for transcript in &inventory.without_row {
        let mut batch = Batch::new();
        // It is kept for as long as other earlier transcripts are: it may be all there is left.
        let record = NewRecord {
            value: index::value(transcript.bytes),
            rank: store.clock().now(),
            group: transcript.key.to_string(),
        };
        batch.put(
            Slot { space: TRANSCRIPTS, key: &transcript.record },
            record,
            Expect::Revision(transcript.revision),
        );
        mended += u64::from(done(store.commit(batch).await.map(drop).map_err(Error::Store))?);
    }
    Ok(mended)
}

/// Whether a change was made; not where what it was about was used or removed meanwhile.
fn done(result: Result<(), Error>) -> Result<bool, Error> {
    match result {
        Ok(()) => Ok(true),
        Err(Error::Running(_)) => Ok(false),
        Err(error) if error.is_conflict() => Ok(false),
        Err(error) => Err(error),
    }
}
