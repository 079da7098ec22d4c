//! Idempotency: which run a caller's key stands for.

use super::member::Member;
use super::registry::Sharded;
use crate::types::SessionKey;
use std::sync::{Arc, Weak};

/// What makes a key unique.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Repeat {
    pub(super) owner: Option<&'static str>,
    pub(super) session: Option<SessionKey>,
    pub(super) key: String,
}

/// The runs that have a key, while they are under way or kept.
#[derive(Debug)]
pub(super) struct Repeats(Sharded<Repeat, Known>);

#[derive(Debug)]
struct Known {
    fingerprint: [u8; 32],
    run: Weak<Member>,
}

/// What a key stands for.
#[derive(Debug)]
pub(super) enum Claim {
    /// Nothing yet: now for the run that asked.
    New,
    /// A run that was asked the same.
    Same(Arc<Member>),
    /// A run that was asked something else.
    Other,
}

impl Repeats {
    pub(super) fn new() -> Self {
        Self(Sharded::new())
    }

    /// Lets a key stand for `run` unless it stands for another one.
    pub(super) fn claim(&self, run: &Arc<Member>, fingerprint: [u8; 32]) -> Claim {
        let Some(repeat) = &run.repeat else { return Claim::New };
        let mut shard = self.0.shard(repeat);
        if let Some(known) = shard.get(repeat)
            && let Some(earlier) = known.run.upgrade()
        {
            return if known.fingerprint == fingerprint {
                Claim::Same(earlier)
            } else {
                Claim::Other
            };
        }
        shard.insert(repeat.clone(), Known { fingerprint, run: Arc::downgrade(run) });
        Claim::New
    }

    /// Forgets a run's key: it gave no answer, or is no longer kept.
    pub(super) fn forget(&self, run: &Member) {
        let Some(repeat) = &run.repeat else { return };
        let mut shard = self.0.shard(repeat);
        if shard.get(repeat).is_some_and(|known| std::ptr::eq(known.run.as_ptr(), run)) {
            shard.remove(repeat);
        }
    }
}
