//! How many runs may be under way at once, in all and of each agent.

use crate::config::AgentEntry;
use crate::secrets::Snapshot;
use crate::types::{AgentId, Failure, FailureKind};
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// `agents.defaults.maxConcurrent`, where the config does not say.
const MAX_CONCURRENT: usize = 1024;
/// When who was refused may try again.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Counts the runs under way. A run on the hot path touches a few atomics and no lock.
#[derive(Debug, Default)]
pub(super) struct Admission {
    all: Arc<AtomicUsize>,
    /// One counter for every agent that ever ran; the roster bounds them.
    agents: ArcSwap<HashMap<AgentId, Arc<AtomicUsize>>>,
    freed: Arc<Freed>,
}

/// Tells those that wait for room that there may be some.
#[derive(Debug, Default)]
struct Freed {
    waiting: AtomicUsize,
    notify: Notify,
}

/// One that waits for room.
struct Waits<'a>(&'a Freed);

/// Leave to run, given back on drop.
#[derive(Debug)]
pub(super) struct Permit {
    all: Arc<AtomicUsize>,
    agent: Arc<AtomicUsize>,
    freed: Arc<Freed>,
}

impl Admission {
    /// Lets a run of this agent in.
    ///
    /// # Errors
    /// [`FailureKind::Busy`] when as many as may be are under way.
    pub(super) fn enter(&self, snapshot: &Snapshot, agent: &AgentEntry) -> Result<Permit, Failure> {
        let (counter, limit) =
            (self.counter(&agent.id), agent.max_concurrent.unwrap_or(usize::MAX));
        // The agent's first: a run that has no room there must not keep others out meanwhile.
        if !take(&counter, limit) {
            let id = &agent.id;
            return Err(busy(format!("Agent '{id}' is at its limit of {limit} runs at once.")));
        }
        let limit = snapshot.config.agents.defaults.max_concurrent.unwrap_or(MAX_CONCURRENT);
        if !take(&self.all, limit) {
            counter.fetch_sub(1, Ordering::SeqCst);
            return Err(busy(format!("The gateway is at its limit of {limit} runs at once.")));
        }
        Ok(Permit { all: self.all.clone(), agent: counter, freed: self.freed.clone() })
    }

    /// Lets a run of this agent in as soon as there is room.
    pub(super) async fn wait(&self, snapshot: &Snapshot, agent: &AgentEntry) -> Permit {
        let waits = Waits::begin(&self.freed);
        loop {
            let freed = waits.0.notify.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if let Ok(permit) = self.enter(snapshot, agent) {
                return permit;
            }
            freed.await;
        }
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

impl<'a> Waits<'a> {
    fn begin(freed: &'a Freed) -> Self {
        freed.waiting.fetch_add(1, Ordering::SeqCst);
        Self(freed)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::SeqCst);
        self.agent.fetch_sub(1, Ordering::SeqCst);
        // In one order with the counters: who waits has said so before it looked at them.
        if self.freed.waiting.load(Ordering::SeqCst) > 0 {
            self.freed.notify.notify_waiters();
        }
    }
}

/// What is said when there is no room.
pub(super) fn busy(what: String) -> Failure {
    let message = format!("{what} Try again in a moment.");
    Failure { retry_after: Some(RETRY_AFTER), ..Failure::new(FailureKind::Busy, message) }
}

fn take(counter: &AtomicUsize, limit: usize) -> bool {
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
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
