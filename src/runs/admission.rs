//! How many runs may be under way at once, in all and of each agent.

use crate::config::AgentEntry;
use crate::secrets::Snapshot;
use crate::types::{AgentId, Failure, FailureKind};
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// `agents.defaults.maxConcurrent`, where the config does not say.
const MAX_CONCURRENT: usize = 1024;
/// When who was refused may try again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Counts the runs under way. A run on the hot path touches two atomics and no lock.
#[derive(Debug, Default)]
pub(super) struct Admission {
    all: Arc<AtomicUsize>,
    /// One counter for every agent that ever ran; the roster bounds them.
    agents: ArcSwap<HashMap<AgentId, Arc<AtomicUsize>>>,
}

/// Leave to run, given back on drop.
#[derive(Debug)]
pub(super) struct Permit {
    all: Arc<AtomicUsize>,
    agent: Arc<AtomicUsize>,
}

impl Admission {
    /// Lets a run of this agent in.
    ///
    /// # Errors
    /// [`FailureKind::Busy`] when as many as may be are under way.
    pub(super) fn enter(&self, snapshot: &Snapshot, agent: &AgentEntry) -> Result<Permit, Failure> {
        let limit = snapshot.config.agents.defaults.max_concurrent.unwrap_or(MAX_CONCURRENT);
        if !take(&self.all, limit) {
            return Err(busy(format!("The gateway is at its limit of {limit} runs at once.")));
        }
        let counter = self.counter(&agent.id);
        let limit = agent.max_concurrent.unwrap_or(usize::MAX);
        if !take(&counter, limit) {
            self.all.fetch_sub(1, Ordering::AcqRel);
            let id = &agent.id;
            return Err(busy(format!("Agent '{id}' is at its limit of {limit} runs at once.")));
        }
        Ok(Permit { all: self.all.clone(), agent: counter })
    }

    /// Runs of an agent that are under way.
    pub(super) fn running(&self, agent: &AgentId) -> usize {
        self.agents.load().get(agent).map_or(0, |counter| counter.load(Ordering::Acquire))
    }

    /// All runs under way.
    pub(super) fn all(&self) -> usize {
        self.all.load(Ordering::Acquire)
    }

    fn counter(&self, agent: &AgentId) -> Arc<AtomicUsize> {
        if let Some(counter) = self.agents.load().get(agent) {
            return counter.clone();
        }
        self.agents.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.entry(agent.clone()).or_default();
            known
        });
        self.agents.load().get(agent).cloned().expect("agents are only added")
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::AcqRel);
        self.agent.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What is said when there is no room.
pub(super) fn busy(what: String) -> Failure {
    let message = format!("{what} Try again in a moment.");
    Failure { retry_after: Some(RETRY_AFTER), ..Failure::new(FailureKind::Busy, message) }
}

fn take(counter: &AtomicUsize, limit: usize) -> bool {
    counter
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| {
            (count < limit).then(|| count + 1)
        })
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_limit_holds_whoever_comes_at_once() {
        let counter = AtomicUsize::new(0);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..1_000).filter(|_| take(&counter, 100)).count()))
                .collect();
            let taken: usize = threads.into_iter().map(|t| t.join().expect("counted")).sum();
            assert_eq!((taken, counter.load(Ordering::Acquire)), (100, 100));
        });
        assert!(!take(&AtomicUsize::new(0), 0));
    }
}
