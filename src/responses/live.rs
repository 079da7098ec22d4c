//! The kept responses that are under way.

use super::audience::Nobody;
use super::draft::Draft;
use super::log::Log;
use super::object::ResponseObject;
use super::{Error, ResponseId};
use crate::types::{Caller, Failure, FailureKind, ModelRef, SessionKey};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio_util::sync::CancellationToken;

/// A kept response that is under way.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) id: ResponseId,
    pub(super) caller: Caller,
    pub(super) session: Option<SessionKey>,
    /// The response as it was before its first event.
    pub(super) beginning: ResponseObject,
    pub(super) log: Log,
    /// Ends it.
    pub(super) stop: CancellationToken,
    pub(super) model: OnceLock<ModelRef>,
    pub(super) claim: Option<Claim>,
}

/// An idempotency key, and what was asked under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// The key's record: the namespace of who asked, and the key.
    pub(super) key: String,
    /// A digest of what was asked.
    pub(super) asked: String,
}

impl Live {
    /// Whether a caller may know of it.
    pub(super) fn is_for(&self, caller: &Caller) -> bool {
        caller.namespace().is_none_or(|own| self.caller.namespace() == Some(own))
    }

    /// The response as it is now.
    pub(super) fn object(&self) -> ResponseObject {
        let (events, end) = self.log.all();
        let mut draft = Draft::new(self.id, self.beginning.clone());
        for event in events {
            draft.grow(event, &mut Nobody);
        }
        if let Some(end) = end {
            draft.finish(&end.outcome, end.at, &mut Nobody);
        }
        draft.into_object()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Lives(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    responses: HashMap<ResponseId, Arc<Live>>,
    /// What idempotency keys stand for.
    keys: HashMap<String, ResponseId>,
}

impl Lives {
    /// Adds a response, unless its idempotency key stands for another: then gives that.
    ///
    /// # Errors
    /// When the key was used for another request.
    pub(super) fn add(&self, live: &Arc<Live>) -> Result<Option<Arc<Live>>, Error> {
        let mut known = self.known();
        if let Some(claim) = &live.claim {
            if let Some(earlier) = known.under(claim)? {
                return Ok(Some(earlier));
            }
            known.keys.insert(claim.key.clone(), live.id);
        }
        known.responses.insert(live.id, live.clone());
        Ok(None)
    }

    /// The response that an idempotency key stands for.
    ///
    /// # Errors
    /// When the key was used for another request.
    pub(super) fn under(&self, claim: &Claim) -> Result<Option<Arc<Live>>, Error> {
        self.known().under(claim)
    }

    /// One that a caller may know of.
    pub(super) fn get(&self, caller: &Caller, id: ResponseId) -> Option<Arc<Live>> {
        self.known().responses.get(&id).filter(|live| live.is_for(caller)).cloned()
    }

    pub(super) fn remove(&self, live: &Live) {
        let mut known = self.known();
        known.responses.remove(&live.id);
        if let Some(claim) = &live.claim
            && known.keys.get(&claim.key) == Some(&live.id)
        {
            known.keys.remove(&claim.key);
        }
    }

    /// Those that have ended without their end being in the store.
    pub(super) fn unwritten(&self) -> Vec<Arc<Live>> {
        let known = self.known();
        known.responses.values().filter(|live| live.log.is_finished()).cloned().collect()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn under(&self, claim: &Claim) -> Result<Option<Arc<Live>>, Error> {
        let live = self.keys.get(&claim.key).and_then(|id| self.responses.get(id));
        // One that has ended failed, else it would be in the store: its key is free again.
        let Some(live) = live.filter(|live| !live.log.is_finished()) else { return Ok(None) };
        if live.claim.as_ref().is_some_and(|other| other.asked != claim.asked) {
            return Err(used_otherwise());
        }
        Ok(Some(live.clone()))
    }
}

pub(super) fn used_otherwise() -> Error {
    let message = "This idempotency key was used for another request. Send that request again, or \
                   use a new key.";
    Error::Failed(Failure::new(FailureKind::Conflict, message))
}
