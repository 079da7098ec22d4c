//! What a response continues: the responses before it, in order.

use super::row::{self, Asked, CLOSED, Kept, RESPONSES, Row};
use super::{Error, Inner, Item, ResponseId, Status};
use crate::store::{Batch, Expect, NewRecord, Record, Slot};
use crate::types::{Caller, Failure, FailureKind};

/// Most responses that one may continue, one after another.
const MOST: usize = 1_000;
/// Most bytes that they may take in the store.
const BYTES: usize = 32 * 1024 * 1024;
/// How old what is continued may be, in milliseconds, before the day of its removal is put off: so
/// a conversation that goes on all day is written again once.
const RENEWED_AFTER: i64 = 24 * 60 * 60 * 1_000;
/// Responses that are written again together.
const TOGETHER: usize = 50;

/// The conversation before a response.
#[derive(Debug)]
pub(super) struct Chain {
    /// The response that is continued.
    pub(super) last: Row,
    /// All that was said, the oldest first.
    pub(super) items: Vec<Item>,
    /// What the model was given to read, the oldest first.
    pub(super) context: Vec<String>,
}

/// Gathers what a response continues, and sees to it that all of that is kept for as long again.
///
/// # Errors
/// [`Error::UnknownPrevious`] where one is not there, or not the caller's;
/// [`Error::PreviousUnfinished`] where it is under way; [`Error::PreviousTooLong`];
/// [`Error::Store`].
pub(super) async fn gather(inner: &Inner, caller: &Caller, id: ResponseId) -> Result<Chain, Error> {
    let (mut next, mut bytes) = (Some(id), 0);
    let mut turns: Vec<(Row, Asked)> = Vec::new();
    let mut old = Vec::new();
    let renewed_before = inner.store.clock().now() - RENEWED_AFTER;
    while let Some(id) = next {
        let (kept, asked) =
            tokio::try_join!(row::read(&inner.store, id), row::asked(&inner.store, id))?;
        let kept = kept.filter(|kept| kept.row.is_for(caller));
        let kept = kept.ok_or_else(|| Error::UnknownPrevious(id.to_string()))?;
        bytes += kept.record.value.len() + asked.1;
        if turns.len() == MOST || bytes > BYTES {
            return Err(too_long());
        }
        let Kept { row, record } =
            if kept.row.object.status.is_final() { kept } else { ended(inner, kept, id).await? };
        next = row.object.previous_response_id.as_deref().and_then(|id| ResponseId::parse(id).ok());
        turns.push((row, asked.0));
        if record.rank < renewed_before && record.group == CLOSED {
            old.push(record);
        }
    }
    renew(inner, old).await;
    let last = turns.first().map(|(row, _)| row.clone());
    let last = last.ok_or_else(|| Error::UnknownPrevious(id.to_string()))?;
    let (mut items, mut context) = (Vec::new(), Vec::new());
    for (row, asked) in turns.into_iter().rev() {
        items.extend(asked.items);
        items.extend(row.object.output.into_iter().filter(is_said));
        context.extend(asked.context);
    }
    Ok(Chain { last, items, context })
}

/// A response that had not ended when it was read, as it has ended since: in the store, in memory
/// where its end cannot be written, or because nobody makes it any more.
async fn ended(inner: &Inner, mut kept: Kept, id: ResponseId) -> Result<Kept, Error> {
    if let Some(live) = inner.lives.any(id) {
        if !live.log.is_finished() {
            return Err(Error::PreviousUnfinished(id.to_string()));
        }
        kept.row.object = live.object();
        return Ok(kept);
    }
    let again = row::read(&inner.store, id).await?;
    let mut kept = again.ok_or_else(|| Error::UnknownPrevious(id.to_string()))?;
    if !kept.row.object.status.is_final() {
        kept.row.stop();
    }
    Ok(kept)
}

/// Puts off the day on which responses are removed, as if they had begun now. One that cannot be
/// put off today is tomorrow.
async fn renew(inner: &Inner, old: Vec<Record>) {
    let rank = inner.store.clock().now();
    let mut old = old.into_iter().peekable();
    while old.peek().is_some() {
        let mut batch = Batch::new();
        for record in old.by_ref().take(TOGETHER) {
            let Record { key, value, group, revision, .. } = record;
            let slot = Slot { space: RESPONSES, key: &key };
            batch.put(slot, NewRecord { value, rank, group }, Expect::Revision(revision));
        }
        if let Err(error) = inner.store.commit(batch).await {
            tracing::warn!(%error, "responses that were continued are not kept for longer yet");
        }
    }
}

/// Whether an item of an earlier answer can be told to a model: not a call that was cut short.
fn is_said(item: &Item) -> bool {
    !matches!(item, Item::FunctionCall { status: Status::Incomplete, .. })
}

fn too_long() -> Error {
    let message = format!(
        "The conversation that `previous_response_id` continues is too long: it may have {MOST} \
         responses and {} MiB. Make it short with POST /v1/responses/compact and go on from what \
         that answers.",
        BYTES / (1024 * 1024)
    );
    Error::PreviousTooLong(Failure::new(FailureKind::ContextLength, message))
}
