//! Looking through the index and the transcripts.

use super::index::{self, ROWS};
use super::{Error, Filter, Found, Listed, Row};
use crate::store::{Hit, Listing, Order, Record, Store};
use crate::types::SessionKey;
use std::collections::HashMap;

/// Most rows of a page.
pub(super) const MAX_ROWS: usize = 1_000;
/// Most hits that are looked through for those a filter lets through.
const MAX_HITS: usize = 2_000;

/// A page of rows.
pub(super) async fn list(store: &Store, filter: &Filter) -> Result<Listed, Error> {
    let listing = Listing {
        prefix: filter.agent.as_ref().map(|agent| format!("agent:{agent}:")).unwrap_or_default(),
        group: filter.owner.map(str::to_owned),
        order: Order::Newest,
        from_rank: filter.active_since,
        below_rank: None,
        skip: filter.skip,
        limit: filter.limit.min(MAX_ROWS),
    };
    let records = match listing.limit {
        0 => Vec::new(),
        _ => store.records(ROWS, listing.clone()).await?,
    };
    let rows = records.iter().filter_map(readable).collect();
    Ok(Listed { rows, total: store.count(ROWS, &listing).await? })
}

/// The row in a record; one that cannot be read must not hide the others.
fn readable(record: &Record) -> Option<Row> {
    match index::kept(record) {
        Ok(kept) => Some(kept.row),
        Err(error) => {
            tracing::warn!(%error, "a session is left out of a list");
            None
        }
    }
}

/// Messages that have all the words.
pub(super) async fn search(
    store: &Store,
    words: &str,
    filter: &Filter,
) -> Result<Vec<Found>, Error> {
    let prefix = match &filter.agent {
        Some(agent) => format!("session/agent:{agent}:"),
        None => "session/".to_owned(),
    };
    let wanted = filter.skip.saturating_add(filter.limit).min(MAX_HITS);
    let mut rows = HashMap::new();
    let mut asked = wanted.saturating_mul(2).clamp(1, MAX_HITS);
    loop {
        let hits = store.search(&prefix, words, asked).await?;
        let is_all = hits.len() < asked || asked == MAX_HITS;
        let mut found = Vec::new();
        for hit in hits {
            found.extend(visible(store, &mut rows, filter, hit).await?);
        }
        if is_all || found.len() >= wanted {
            return Ok(found.into_iter().skip(filter.skip).take(filter.limit).collect());
        }
        asked = (asked * 4).min(MAX_HITS);
    }
}

/// The hit, where it is in the current transcript of a session the filter lets through.
async fn visible(
    store: &Store,
    rows: &mut HashMap<SessionKey, Option<Row>>,
    filter: &Filter,
    hit: Hit,
) -> Result<Option<Found>, Error> {
    let Some((key, session_id)) = index::of_stream(&hit.stream) else { return Ok(None) };
    if !rows.contains_key(&key) {
        let record = store.record(ROWS, key.as_str()).await?;
        let row = record.as_ref().and_then(readable);
        rows.insert(key.clone(), row);
    }
    let row = rows.get(&key).and_then(Option::as_ref);
    let is_visible = row.is_some_and(|row| {
        row.session_id == session_id
            && filter.owner.is_none_or(|owner| row.owner.as_deref() == Some(owner))
            && filter.active_since.is_none_or(|since| row.updated_at >= since)
    });
    Ok(is_visible.then_some(Found { key, sequence: hit.sequence, snippet: hit.snippet }))
}
