//! What a response continues: the responses before it, in order.

use super::row::{self, Asked, Kept, Row};
use super::{Error, Inner, Item, ResponseId, Status};
use crate::types::{Caller, Failure, FailureKind};

/// Most responses that one may continue, one after another.
const MOST: usize = 1_000;
/// Most bytes that they may take in the store.
const BYTES: usize = 32 * 1024 * 1024;

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

/// Gathers what a response continues.
///
/// # Errors
/// [`Error::UnknownPrevious`] where one is not there, or not the caller's; [`Error::Conflict`]
/// where it is not finished; too much of it; [`Error::Store`].
pub(super) async fn gather(inner: &Inner, caller: &Caller, id: ResponseId) -> Result<Chain, Error> {
    let unknown = |id: ResponseId| Error::UnknownPrevious(id.to_string());
    let (mut next, mut bytes) = (Some(id), 0);
    let mut turns: Vec<(Row, Asked)> = Vec::new();
    while let Some(id) = next {
        let kept = row::read(&inner.store, id).await?;
        let Some(kept) = kept.filter(|kept| kept.row.is_for(caller)) else {
            return Err(unknown(id));
        };
        let Kept { row, bytes: of_row, .. } = kept;
        if !row.object.status.is_final() {
            return Err(unfinished(id));
        }
        let (asked, of_asked) = row::asked(&inner.store, id).await?;
        bytes += of_row + of_asked;
        if turns.len() == MOST || bytes > BYTES {
            return Err(too_long());
        }
        next = row.object.previous_response_id.as_deref().and_then(|id| ResponseId::parse(id).ok());
        turns.push((row, asked));
    }
    let last = turns.first().map(|(row, _)| row.clone()).ok_or_else(|| unknown(id))?;
    let (mut items, mut context) = (Vec::new(), Vec::new());
    for (row, asked) in turns.into_iter().rev() {
        items.extend(asked.items);
        items.extend(row.object.output.into_iter().filter(is_said));
        context.extend(asked.context);
    }
    Ok(Chain { last, items, context })
}

/// Whether an item of an earlier answer can be told to a model: not a call that was cut short.
fn is_said(item: &Item) -> bool {
    !matches!(item, Item::FunctionCall { status: Status::Incomplete, .. })
}

fn unfinished(id: ResponseId) -> Error {
    Error::Conflict(format!(
        "The response '{id}' is still under way and cannot be continued yet. Wait for its end, or \
         cancel it."
    ))
}

fn too_long() -> Error {
    let message = format!(
        "The conversation that `previous_response_id` continues is too long: it may have {MOST} \
         responses and {} MiB. Make it short with POST /v1/responses/compact and go on from what \
         that answers.",
        BYTES / (1024 * 1024)
    );
    Error::Failed(Failure::new(FailureKind::ContextLength, message))
}
