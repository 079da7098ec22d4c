//! Responses that an earlier process left unfinished, and those that are too old or too many.

use super::live::Live;
use super::row::{self, CLOSED, Ended, Kept, OPEN, RESPONSES, Row};
use super::{Error, Inner, ResponseId, claims, cuts};
use crate::store::{self, Batch, Expect, Listing, Order, Record, Slot};
use std::time::Duration;

/// How long responses are kept, as OpenAI keeps them.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Most responses that are kept; the oldest go first.
const MOST_KEPT: u64 = 100_000;
/// How long an idempotency key stands for its response.
const KEYS_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Records that are removed together: others have their turn between.
const TOGETHER: usize = 50;

/// Marks what nobody makes any more as failed: at the start that is what an earlier process left
/// unfinished. Gives its number.
pub(super) async fn recover(inner: &Inner) -> Result<usize, Error> {
    let (mut closed, mut skip) = (0, 0);
    loop {
        let open = Listing { skip, ..listing(OPEN, None) };
        let records = inner.store.records(RESPONSES, open).await?;
        if records.is_empty() {
            return Ok(closed);
        }
        for record in records {
            if close(inner, &record).await? {
                closed += 1;
            } else {
                skip += 1;
            }
        }
    }
}

/// Ends a response that nobody makes any more. Says whether it was one.
async fn close(inner: &Inner, record: &Record) -> Result<bool, Error> {
    if ResponseId::parse(&record.key).is_ok_and(|id| inner.lives.any(id).is_some()) {
        return Ok(false);
    }
    let Ok(mut row) = row::parsed::<Row>(&record.value) else {
        // A newer openclaw may have written it, and will want it again.
        tracing::warn!(response = record.key, "an unfinished response cannot be read and is left");
        return Ok(false);
    };
    row.stop();
    let mut batch = Batch::new();
    row.put(&mut batch, Expect::Revision(record.revision))?;
    match inner.store.commit(batch).await {
        Ok(_) => Ok(true),
        // It has ended by itself meanwhile, or was deleted.
        Err(store::Error::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Removes what is too old or too much, and writes ends that could not be written. Says how many
/// responses went.
pub(super) async fn maintain(inner: &Inner) -> Result<u64, Error> {
    write_ends(inner).await;
    recover(inner).await?;
    let now = inner.store.clock().now();
    forget_keys(inner, now - millis(KEYS_FOR)).await?;
    let mut removed = remove(inner, Some(now - millis(KEPT_FOR)), u64::MAX).await?;
    let closed = Listing { group: Some(CLOSED.to_owned()), ..Listing::default() };
    let count = inner.store.count(RESPONSES, &closed).await?;
    removed += remove(inner, None, count.saturating_sub(MOST_KEPT)).await?;
    Ok(removed)
}

/// Writes the ends of responses that failed because they could not be written.
async fn write_ends(inner: &Inner) {
    for live in inner.lives.unwritten() {
        if let Err(error) = write_end(inner, &live).await {
            // The others have theirs written all the same, and this one the next time.
            tracing::warn!(%error, response = %live.id, "the end of a response is not written yet");
        }
    }
}

async fn write_end(inner: &Inner, live: &Live) -> Result<(), Error> {
    let kept = row::read(&inner.store, live.id).await?;
    if let Some(Kept { row, record }) = kept.filter(|kept| !kept.row.object.status.is_final()) {
        let (events, end) = live.log.since(0);
        let mut row = Row { object: live.object(), ..row };
        row.cuts = cuts::describe(&events);
        row.ended = end.map(|end| Ended::of(&end.outcome));
        row.model = live.model.get().map(ToString::to_string);
        let mut batch = Batch::new();
        row.put(&mut batch, Expect::Revision(record.revision))?;
        inner.store.commit(batch).await?;
    }
    inner.lives.remove(live);
    Ok(())
}

async fn forget_keys(inner: &Inner, before: i64) -> Result<(), Error> {
    loop {
        let old = Listing {
            order: Order::Oldest,
            below_rank: Some(before),
            limit: TOGETHER,
            ..Listing::default()
        };
        let records = inner.store.records(claims::KEYS, old).await?;
        let mut batch = Batch::new();
        for record in &records {
            let expect = Expect::Revision(record.revision);
            batch.delete(Slot { space: claims::KEYS, key: &record.key }, expect);
        }
        if records.is_empty() || !removed(inner, batch).await? {
            return Ok(());
        }
    }
}

/// Removes together. Says whether it did: what has changed meanwhile is not removed, nor what was
/// to go with it, until the next time.
async fn removed(inner: &Inner, batch: Batch) -> Result<bool, Error> {
    match inner.store.commit(batch).await {
        Ok(_) => Ok(true),
        Err(store::Error::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Removes the oldest of those that have ended: those begun and last continued before this time, at
/// most so many.
async fn remove(inner: &Inner, before: Option<i64>, most: u64) -> Result<u64, Error> {
    let mut gone = 0;
    while gone < most {
        let left = usize::try_from(most - gone).unwrap_or(usize::MAX);
        let mut old = listing(CLOSED, before);
        old.limit = old.limit.min(left);
        let records = inner.store.records(RESPONSES, old).await?;
        if records.is_empty() {
            break;
        }
        let mut batch = Batch::new();
        for record in &records {
            // One that is continued now is not old any more.
            row::remove(&mut batch, &record.key, Expect::Revision(record.revision));
        }
        if !removed(inner, batch).await? {
            break;
        }
        gone += records.len() as u64;
    }
    Ok(gone)
}

fn listing(group: &str, below_rank: Option<i64>) -> Listing {
    Listing {
        group: Some(group.to_owned()),
        order: Order::Oldest,
        below_rank,
        limit: TOGETHER,
        ..Listing::default()
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
