//! Looking up the items that a request refers to.

use super::failed;
use super::input::Drafted;
use crate::http::ApiError;
use crate::responses::{Item, Responses};
use crate::types::Caller;
use std::collections::HashMap;

/// Items that one request may refer to.
const MAX_REFERENCES: usize = 1_000;

/// The items of a request, with those in their places that it only refers to.
pub(super) async fn look_up(
    responses: &Responses,
    caller: &Caller,
    drafted: Vec<Drafted>,
) -> Result<Vec<Item>, ApiError> {
    let places = places(&drafted)?;
    if places.is_empty() {
        return Ok(drafted.into_iter().filter_map(Drafted::into_item).collect());
    }
    let ids: Vec<&str> = places.keys().copied().collect();
    let found = responses.items(caller, &ids).await;
    let mut found = found.map_err(|error| {
        let place = match &error {
            crate::responses::Error::UnknownItem(id) => places.get(id.as_str()).copied(),
            _ => None,
        };
        failed(error, place.unwrap_or("input"))
    })?;
    let item = |drafted| match drafted {
        Drafted::Item(item) => Some(item),
        Drafted::Reference { id, .. } => found.remove(&id),
    };
    Ok(drafted.into_iter().filter_map(item).collect())
}

/// What is referred to, and where; each may be only once.
fn places(drafted: &[Drafted]) -> Result<HashMap<&str, &str>, ApiError> {
    let mut places = HashMap::new();
    for drafted in drafted {
        let Drafted::Reference { id, path } = drafted else { continue };
        if places.len() == MAX_REFERENCES {
            let message = format!("At most {MAX_REFERENCES} items are referred to in one request.");
            return Err(ApiError::invalid("too_many", path.as_str(), message));
        }
        if places.insert(id.as_str(), path.as_str()).is_some() {
            let message = format!("The item '{id}' is referred to twice.");
            return Err(ApiError::invalid("invalid_value", path.as_str(), message));
        }
    }
    Ok(places)
}
