//! Runs that have ended, for a while: whoever lost their connection can still read them.

#[cfg(test)]
mod tests;

use super::member::Member;
use crate::types::RunId;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Most runs kept.
const RUNS: usize = 1_000;
/// Most bytes of events kept.
const BYTES: usize = 16 * 1024 * 1024;
/// How long a run is kept.
pub(super) const KEPT_FOR: Duration = Duration::from_secs(5 * 60);
/// Most runs of an earlier process whose end is remembered.
const INTERRUPTED: usize = 10_000;

/// The runs kept.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    runs: HashMap<RunId, Arc<Member>>,
    /// When they are let go, the earliest first.
    order: VecDeque<(Instant, RunId, usize)>,
    bytes: usize,
    /// Runs that an earlier process left unfinished, and whose they were.
    interrupted: HashMap<RunId, Option<String>>,
    /// Whether a task lets go of what is too old.
    swept: bool,
}

impl Kept {
    /// Keeps an ended run. Gives what has to go for it, and whether somebody must begin to sweep.
    pub(super) fn keep(&self, run: Arc<Member>) -> (Vec<Arc<Member>>, bool) {
        let mut shelf = self.shelf();
        let bytes = run.log.bytes();
        shelf.order.push_back((Instant::now() + KEPT_FOR, run.id, bytes));
        shelf.bytes += bytes;
        shelf.runs.insert(run.id, run);
        let mut gone = Vec::new();
        while shelf.order.len() > RUNS || shelf.bytes > BYTES {
            gone.extend(shelf.drop_first());
        }
        let sweep = !std::mem::replace(&mut shelf.swept, true);
        (gone, sweep)
    }

    pub(super) fn get(&self, id: RunId) -> Option<Arc<Member>> {
        self.shelf().runs.get(&id).cloned()
    }

    /// Lets go of what is too old. Gives when to come again, if there is anything left.
    pub(super) fn sweep(&self) -> (Vec<Arc<Member>>, Option<Instant>) {
        let (mut shelf, now) = (self.shelf(), Instant::now());
        let mut gone = Vec::new();
        while shelf.order.front().is_some_and(|(until, ..)| *until <= now) {
            gone.extend(shelf.drop_first());
        }
        let next = shelf.order.front().map(|(until, ..)| *until);
        shelf.swept = next.is_some();
        (gone, next)
    }

    /// Remembers that an earlier process left a run of this namespace unfinished.
    pub(super) fn interrupted(&self, id: RunId, owner: Option<String>) {
        let mut shelf = self.shelf();
        if shelf.interrupted.len() < INTERRUPTED {
            shelf.interrupted.insert(id, owner);
        }
    }

    /// Whose run it was that an earlier process left unfinished.
    pub(super) fn interrupted_owner(&self, id: RunId) -> Option<Option<String>> {
        self.shelf().interrupted.get(&id).cloned()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn drop_first(&mut self) -> Option<Arc<Member>> {
        let (_, id, bytes) = self.order.pop_front()?;
        self.bytes -= bytes;
        self.runs.remove(&id)
    }
}
