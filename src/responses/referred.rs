//! Items that a request refers to by their ids.

use super::{Error, Inner, Item, ResponseId, row};
use crate::types::{Caller, Failure, FailureKind};
use std::collections::{BTreeMap, HashMap};

/// Most bytes of the responses, with what they were asked, that are looked through for one request.
const BYTES: usize = 64 * 1024 * 1024;

/// The items with these ids, be they of a response's output or of its input. Each response is read
/// once, however many of its items are referred to.
pub(super) async fn items(
    inner: &Inner,
    caller: &Caller,
    ids: &[&str],
) -> Result<HashMap<String, Item>, Error> {
    let mut wanted: BTreeMap<ResponseId, Vec<&str>> = BTreeMap::new();
    for id in ids {
        let response = ResponseId::of_item(id).ok_or_else(|| unknown(id))?;
        wanted.entry(response).or_default().push(id);
    }
    let mut found = HashMap::with_capacity(ids.len());
    let mut bytes = 0;
    for (response, ids) in wanted {
        let (items, read) = all(inner, caller, response).await?.ok_or_else(|| unknown(ids[0]))?;
        bytes += read;
        if bytes > BYTES {
            return Err(too_much());
        }
        let by_id = |item: Item| (item.id().to_owned(), item);
        let mut items: HashMap<String, Item> = items.into_iter().map(by_id).collect();
        for id in ids {
            let item = items.remove(id).ok_or_else(|| unknown(id))?;
            found.insert(id.to_owned(), item);
        }
    }
    Ok(found)
}

/// All items of a response, what it was asked included, and the bytes that they take in the store.
async fn all(
    inner: &Inner,
    caller: &Caller,
    id: ResponseId,
) -> Result<Option<(Vec<Item>, usize)>, Error> {
    let (mut items, of_response) = match inner.lives.get(caller, id) {
        Some(live) => (live.object().output, 0),
        None => match row::read(&inner.store, id).await?.filter(|kept| kept.row.is_for(caller)) {
            Some(kept) => (kept.row.object.output, kept.record.value.len()),
            None => return Ok(None),
        },
    };
    let (asked, of_asked) = row::asked(&inner.store, id).await?;
    items.extend(asked.items);
    Ok(Some((items, of_response + of_asked)))
}

fn unknown(id: &str) -> Error {
    Error::UnknownItem(id.to_owned())
}

fn too_much() -> Error {
    let message = format!(
        "The responses whose items are referred to take more than {} MiB. Send the items \
         themselves, or continue with `previous_response_id`.",
        BYTES / (1024 * 1024)
    );
    Error::Failed(Failure::new(FailureKind::ContextLength, message))
}
