//! The kept responses that are under way.

use super::audience::Nobody;
use super::draft::Draft;
use super::log::Log;
use super::object::ResponseObject;
use super::{Error, ResponseId};
use crate::types::{Caller, Failure, FailureKind, ModelRef, RunEvent, SessionKey};
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
    /// What those who ask for it are shown, once somebody has.
    pub(super) shown: Mutex<Option<Shown>>,
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

    /// The response as it is now. Whoever looks again and again pays for what has come since; the
    /// log is held for no longer than it takes to say what that is.
    pub(super) fn object(&self) -> ResponseObject {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = shown.get_or_insert_with(|| Shown {
            draft: Draft::new(self.id, self.beginning.clone()),
            seen: 0,
            over: false,
        });
        shown.catch_up(&self.log);
        shown.draft.object().clone()
    }
}

/// A response as far as somebody has looked at it.
#[derive(Debug)]
pub(super) struct Shown {
    draft: Draft,
    /// How many events it has taken in.
    seen: usize,
    /// Whether it has taken in the end.
    over: bool,
}

impl Shown {
    fn catch_up(&mut self, log: &Log) {
        if self.over {
            return;
        }
        let (events, end) = log.since(self.seen);
        self.seen += events.len();
        for event in events {
            self.draft.grow(RunEvent::clone(&event), &mut Nobody);
        }
        if let Some(end) = end {
            self.draft.finish(&end.outcome, end.at, &mut Nobody);
            self.over = true;
        }
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
    /// Keys under which something is about to begin, and what tells that it has, or will not.
    reserved: HashMap<String, CancellationToken>,
}

/// What comes of wanting an idempotency key.
#[derive(Debug)]
pub(super) enum Reserve<'a> {
    /// It is reserved for whoever asked.
    Ours(Reserved<'a>),
    /// Somebody else has reserved it. This tells when to ask again.
    Taken(CancellationToken),
    /// It stands for a response that is under way.
    For(Arc<Live>),
}

/// A key that nobody else begins anything under, for as long as this is held.
#[derive(Debug)]
pub(super) struct Reserved<'a> {
    lives: &'a Lives,
    key: String,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if let Some(freed) = self.lives.known().reserved.remove(&self.key) {
            freed.cancel();
        }
    }
}

impl Lives {
    /// Adds a response, whose idempotency key is reserved where it has one.
    pub(super) fn add(&self, live: &Arc<Live>) {
        let mut known = self.known();
        if let Some(claim) = &live.claim {
            known.keys.insert(claim.key.clone(), live.id);
        }
        known.responses.insert(live.id, live.clone());
    }

    /// Reserves an idempotency key, unless it stands for a response or is reserved.
    ///
    /// # Errors
    /// When the key was used for another request.
    pub(super) fn reserve(&self, claim: &Claim) -> Result<Reserve<'_>, Error> {
        let mut known = self.known();
        if let Some(live) = known.under(claim)? {
            return Ok(Reserve::For(live));
        }
        if let Some(freed) = known.reserved.get(&claim.key) {
            return Ok(Reserve::Taken(freed.clone()));
        }
        let key = claim.key.clone();
        known.reserved.insert(key.clone(), CancellationToken::new());
        Ok(Reserve::Ours(Reserved { lives: self, key }))
    }

    /// One that a caller is known to be allowed to know of.
    pub(super) fn any(&self, id: ResponseId) -> Option<Arc<Live>> {
        self.known().responses.get(&id).cloned()
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
