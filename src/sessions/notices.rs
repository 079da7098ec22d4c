//! What a session's next turn shall know.

use super::{Error, Inner, index};
use crate::store::{Batch, Expect, NewRecord, Slot, Store};
use crate::types::SessionKey;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// Notices by time, grouped by session key.
const SPACE: &str = "notices";
/// Most notices that wait for a session's next turn; the oldest give way.
const MAX_WAITING: usize = 50;
/// Most bytes of one notice.
const MAX_BYTES: usize = 4_096;

/// A notice that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    key: String,
    /// What it says.
    pub(super) text: String,
}

/// Queues a notice.
///
/// # Errors
/// [`Error`] when the store cannot be used.
pub(super) async fn queue(inner: &Inner, key: &SessionKey, text: &str) -> Result<(), Error> {
    let store = &inner.store;
    let waiting = waiting(store, key).await?;
    let mut batch = Batch::new();
    for old in waiting.iter().take((waiting.len() + 1).saturating_sub(MAX_WAITING)) {
        old.take(&mut batch);
    }
    let (now, count) = (store.clock().now(), inner.notices.fetch_add(1, Ordering::Relaxed));
    let value = text[..text.floor_char_boundary(MAX_BYTES)].to_owned();
    let record = NewRecord { value, rank: now, group: key.to_string() };
    let id = format!("{key} {now:016x}-{count:016x}-{}", Uuid::new_v4());
    batch.put(Slot { space: SPACE, key: &id }, record, Expect::Absent);
    store.commit(batch).await?;
    Ok(())
}

/// The notices that wait for a session's next turn, oldest first.
///
/// # Errors
/// [`Error`] when the store cannot be read.
pub(super) async fn waiting(store: &Store, key: &SessionKey) -> Result<Vec<Waiting>, Error> {
    let records = index::walk(store, SPACE, Some(key.to_string())).all().await?;
    let mut waiting: Vec<_> =
        records.into_iter().map(|record| Waiting { key: record.key, text: record.value }).collect();
    waiting.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(waiting)
}

/// Removes notices that have waited since before `cutoff`, so many at a time.
///
/// # Errors
/// [`Error`] when the store cannot be used.
pub(super) async fn prune(store: &Store, cutoff: i64) -> Result<(), Error> {
    loop {
        let mut old = index::walk(store, SPACE, None);
        old.listing.below_rank = Some(cutoff);
        let page = old.next().await?;
        if page.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for record in page {
            batch.delete(Slot { space: SPACE, key: &record.key }, Expect::Any);
        }
        store.commit(batch).await?;
    }
}

impl Waiting {
    /// Takes it from the queue.
    pub(super) fn take(&self, batch: &mut Batch) {
        batch.delete(Slot { space: SPACE, key: &self.key }, Expect::Any);
    }
}
