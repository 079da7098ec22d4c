//! Idempotency keys: which response a caller's key stands for.

use super::live::{Claim, used_otherwise};
use super::object::State;
use super::{Create, Echo, Error, Inner, Item, ResponseId, row};
use crate::store::{self, Batch, Expect, Slot};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where keys lie.
pub(super) const KEYS: &str = "response_keys";

/// What lies under a key.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    response: String,
    asked: String,
}

/// What a key stands for in the store.
#[derive(Debug)]
pub(super) enum Stands {
    /// Nothing, or a response that gave no answer: it is free, if it still has this revision.
    Free(Expect),
    /// A response that was asked the same.
    For(ResponseId),
}

/// All that decides what a request is answered.
#[derive(Debug, Serialize)]
struct Digested<'a> {
    input: &'a [Item],
    echo: &'a Echo,
    previous: Option<String>,
    background: bool,
    agent: Option<&'a str>,
    session: Option<&'a str>,
    model: Option<&'a str>,
    context: Vec<&'a [u8; 32]>,
}

/// The claim that a request lays to its idempotency key.
pub(super) fn of(create: &Create) -> Option<Claim> {
    let key = create.run.idempotency_key.as_ref()?;
    let owner = create.run.origin.caller.namespace().unwrap_or_default();
    let digested = Digested {
        input: &create.input,
        echo: &create.echo,
        previous: create.previous.map(|id| id.to_string()),
        background: create.background,
        agent: create.run.agent.as_ref().map(|agent| agent.as_str()),
        session: create.run.session.as_ref().map(|key| key.as_str()),
        model: create.run.model.as_deref(),
        context: create.run.context.iter().map(|read| &read.digest).collect(),
    };
    let text = serde_json::to_vec(&digested).expect("what is asked is JSON");
    let digest = Sha256::digest(&text);
    let asked = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Claim { key: format!("{owner}:{key}"), asked })
}

/// What a key stands for in the store.
///
/// # Errors
/// When the key was used for another request, or the store cannot be read.
pub(super) async fn find(inner: &Inner, claim: &Claim) -> Result<Stands, Error> {
    let Some(record) = inner.store.record(KEYS, &claim.key).await? else {
        return Ok(Stands::Free(Expect::Absent));
    };
    let free = Stands::Free(Expect::Revision(record.revision));
    let known: Record = row::parsed(&record.value)?;
    let Ok(id) = ResponseId::parse(&known.response) else { return Ok(free) };
    let Some(kept) = row::read(&inner.store, id).await? else { return Ok(free) };
    let status = kept.row.object.status;
    if matches!(status, State::Failed | State::Cancelled) || !status.is_final() {
        // Nobody would want a failure repeated. One that is neither under way, where it was looked
        // for before, nor at its end is one that nobody makes any more.
        return Ok(free);
    }
    if known.asked != claim.asked {
        return Err(used_otherwise());
    }
    Ok(Stands::For(id))
}

/// Forgets a key, if it stands for this response, which is gone: after a failure it may have come
/// to stand for another.
///
/// # Errors
/// When the store cannot be read or written.
pub(super) async fn forget(inner: &Inner, key: &str, of: ResponseId) -> Result<(), Error> {
    let Some(record) = inner.store.record(KEYS, key).await? else { return Ok(()) };
    let known: Record = row::parsed(&record.value)?;
    if known.response != of.to_string() {
        return Ok(());
    }
    let mut batch = Batch::new();
    batch.delete(Slot { space: KEYS, key }, Expect::Revision(record.revision));
    match inner.store.commit(batch).await {
        // Somebody has claimed it meanwhile.
        Ok(_) | Err(store::Error::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What is written under a key.
///
/// # Errors
/// When it cannot be written as JSON.
pub(super) fn written(id: ResponseId, claim: &Claim) -> Result<String, Error> {
    row::text(&Record { response: id.to_string(), asked: claim.asked.clone() })
}
