//! What can be done with kept responses: look, follow, cancel, delete, page through what was asked.

use super::live::Live;
use super::object::ResponseObject;
use super::row::{self, Row};
use super::{Error, Inner, Items, Order, Page, Reader, ResponseId, claims};
use crate::store::{Batch, Expect};
use crate::types::Caller;
use std::sync::Arc;

/// Most items of a page.
const MOST_ITEMS: usize = 100;

/// A kept response, wherever it is.
enum Found {
    Live(Arc<Live>),
    Row(Box<Row>),
}

/// A kept response that a caller may know of. One that was under way at the first look may have
/// ended in the store by the second, never be in neither place; so one that has not ended there is
/// one that nobody makes any more.
async fn find(inner: &Inner, caller: &Caller, id: ResponseId) -> Result<Found, Error> {
    if let Some(live) = inner.lives.get(caller, id) {
        return Ok(Found::Live(live));
    }
    let kept = row::read(&inner.store, id).await?;
    let row = kept.map(|kept| kept.row).filter(|row| row.is_for(caller));
    let mut row = row.ok_or_else(|| unknown(id))?;
    if !row.object.status.is_final() {
        row.stop();
    }
    Ok(Found::Row(Box::new(row)))
}

/// The response as it is now.
pub(super) async fn get(
    inner: &Inner,
    caller: &Caller,
    id: ResponseId,
) -> Result<ResponseObject, Error> {
    Ok(match find(inner, caller, id).await? {
        Found::Live(live) => live.object(),
        Found::Row(row) => row.object,
    })
}

/// A reader of it, from the event after this number on.
pub(super) async fn follow(
    inner: &Inner,
    caller: &Caller,
    id: ResponseId,
    after: Option<u64>,
) -> Result<Reader, Error> {
    Ok(match find(inner, caller, id).await? {
        Found::Live(live) => Reader::following(&live, after),
        Found::Row(row) => Reader::of_row(id, &row, after),
    })
}

/// Ends it, if it is a background response.
pub(super) async fn cancel(
    inner: &Inner,
    caller: &Caller,
    id: ResponseId,
) -> Result<ResponseObject, Error> {
    let found = find(inner, caller, id).await?;
    let background = match &found {
        Found::Live(live) => live.beginning.background,
        Found::Row(row) => row.object.background,
    };
    if !background {
        return Err(Error::Conflict(format!(
            "The response '{id}' was not asked for with \"background\": true. Only such responses \
             can be cancelled; to end another one, close the connection that reads it."
        )));
    }
    match found {
        Found::Row(row) => Ok(row.object),
        Found::Live(live) => {
            end(&live).await;
            get(inner, caller, id).await
        }
    }
}

/// Removes it.
pub(super) async fn delete(inner: &Inner, caller: &Caller, id: ResponseId) -> Result<(), Error> {
    let mut found = find(inner, caller, id).await?;
    if let Found::Live(live) = &found {
        let live = live.clone();
        end(&live).await;
        inner.lives.remove(&live);
        found = find(inner, caller, id).await?;
    }
    let Found::Row(row) = found else { return Err(unknown(id)) };
    let mut batch = Batch::new();
    row::remove(&mut batch, &id.to_string(), Expect::Any);
    inner.store.commit(batch).await?;
    match &row.key {
        Some(key) => claims::forget(inner, key, id).await,
        None => Ok(()),
    }
}

/// Ends a response and waits for it.
async fn end(live: &Live) {
    live.stop.cancel();
    live.log.finished().await;
}

/// A page of what it was asked.
pub(super) async fn input_items(
    inner: &Inner,
    caller: &Caller,
    id: ResponseId,
    page: Page,
) -> Result<Items, Error> {
    find(inner, caller, id).await?;
    let (asked, _) = row::asked(&inner.store, id).await?;
    let mut items = asked.items;
    if page.order == Order::Descending {
        items.reverse();
    }
    let start = match &page.after {
        None => 0,
        Some(after) => {
            let at = items.iter().position(|item| item.id() == after);
            at.ok_or_else(|| Error::UnknownItem(after.clone()))? + 1
        }
    };
    let limit = page.limit.clamp(1, MOST_ITEMS);
    let has_more = items.len() - start > limit;
    let items = items.into_iter().skip(start).take(limit).collect();
    Ok(Items { items, has_more })
}

fn unknown(id: ResponseId) -> Error {
    Error::Unknown(id.to_string())
}
