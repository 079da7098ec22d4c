//! Responses that an earlier process left unfinished, and those that are too old or too many.

use super::audience::Nobody;
use super::draft::Draft;
use super::row::{self, CLOSED, Ended, OPEN, RESPONSES, Row};
use super::{Error, Inner, ResponseId, claims, cuts, times};
use crate::store::{Batch, Expect, Listing, Order, Slot};
use crate::types::Outcome;
use std::time::Duration;

/// How long responses are kept, as OpenAI keeps them.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Most responses that are kept; the oldest go first.
const MOST_KEPT: u64 = 100_000;
/// How long an idempotency key stands for its response.
const KEYS_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Records that are removed together: others have their turn between.
const TOGETHER: usize = 50;

/// Marks what an earlier process left unfinished as failed. Gives its number.
pub(super) async fn recover(inner: &Inner) -> Result<usize, Error> {
    let mut recovered = 0;
    loop {
        let open = listing(OPEN, None);
        let records = inner.store.records(RESPONSES, open).await?;
        if records.is_empty() {
            return Ok(recovered);
        }
        let mut batch = Batch::new();
        for record in &records {
            let Ok(mut row) = row::parsed::<Row>(&record.value) else {
                // Nobody can read it, and it would be found again at every start.
                row::remove(&mut batch, &record.key);
                continue;
            };
            stop(&mut row, times::seconds(inner.store.clock()));
            row.put(&mut batch, Expect::Revision(record.revision))?;
        }
        inner.store.commit(batch).await?;
        recovered += records.len();
    }
}

/// Ends a response whose process has stopped.
fn stop(row: &mut Row, at: i64) {
    let id = ResponseId::parse(&row.object.id).unwrap_or(ResponseId::from_bits(0));
    let mut draft = Draft::new(id, row.beginning());
    draft.finish(&Outcome::Failed(row::stopped()), at, &mut Nobody);
    row.object = draft.into_object();
    row.ended = Some(Ended::Failed);
}

/// Removes what is too old or too much, and writes ends that could not be written. Says how many
/// responses went.
pub(super) async fn maintain(inner: &Inner) -> Result<u64, Error> {
    write_ends(inner).await?;
    let now = inner.store.clock().now();
    forget_keys(inner, now - millis(KEYS_FOR)).await?;
    let mut removed = remove(inner, Some(now - millis(KEPT_FOR)), u64::MAX).await?;
    let closed = Listing { group: Some(CLOSED.to_owned()), ..Listing::default() };
    let count = inner.store.count(RESPONSES, &closed).await?;
    removed += remove(inner, None, count.saturating_sub(MOST_KEPT)).await?;
    Ok(removed)
}

/// Writes the ends of responses that failed because they could not be written.
async fn write_ends(inner: &Inner) -> Result<(), Error> {
    for live in inner.lives.unwritten() {
        let Some(kept) = row::read(&inner.store, live.id).await? else {
            inner.lives.remove(&live);
            continue;
        };
        if kept.row.object.status.is_final() {
            // It has ended just now, as it should.
            continue;
        }
        let (events, end) = live.log.all();
        let mut row = Row { object: live.object(), ..kept.row };
        row.cuts = cuts::describe(&events);
        row.ended = end.map(|end| Ended::of(&end.outcome));
        row.model = live.model.get().map(ToString::to_string);
        let mut batch = Batch::new();
        row.put(&mut batch, Expect::Revision(kept.revision))?;
        inner.store.commit(batch).await?;
        inner.lives.remove(&live);
    }
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
        if records.is_empty() {
            return Ok(());
        }
        inner.store.commit(batch).await?;
    }
}

/// Removes the oldest of those that have ended: those begun before this time, at most so many.
async fn remove(inner: &Inner, before: Option<i64>, most: u64) -> Result<u64, Error> {
    let mut removed = 0;
    while removed < most {
        let left = usize::try_from(most - removed).unwrap_or(usize::MAX);
        let mut old = listing(CLOSED, before);
        old.limit = old.limit.min(left);
        let records = inner.store.records(RESPONSES, old).await?;
        if records.is_empty() {
            break;
        }
        let mut batch = Batch::new();
        for record in &records {
            row::remove(&mut batch, &record.key);
        }
        inner.store.commit(batch).await?;
        removed += records.len() as u64;
    }
    Ok(removed)
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
