//! When responses that nothing keeps began and ended. Repeats of one under an idempotency key get
//! the same answer, so the same times too, for as long as their run is kept.

use crate::store::Clock;
use crate::types::RunId;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Most responses whose times are remembered; runs are not kept in greater number.
const REMEMBERED: usize = 1_000;

/// When one response began and ended.
#[derive(Debug, Clone)]
pub(super) struct Times {
    clock: Clock,
    began: i64,
    ended: Option<Arc<OnceLock<i64>>>,
}

/// The times of responses that may be asked for again.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    times: HashMap<RunId, Times>,
    order: VecDeque<RunId>,
}

impl Times {
    /// A response that begins now.
    pub(super) fn beginning(clock: &Clock) -> Self {
        Self { clock: clock.clone(), began: seconds(clock), ended: None }
    }

    /// When it began, in seconds since 1970.
    pub(super) fn began(&self) -> i64 {
        self.began
    }

    /// When it ended, which is now unless it had.
    pub(super) fn ended(&self) -> i64 {
        let now = || seconds(&self.clock);
        self.ended.as_ref().map_or_else(now, |ended| *ended.get_or_init(now))
    }
}

impl Remembered {
    /// The times of this run's response, which begins now unless it is known.
    pub(super) fn of(&self, run: RunId, clock: &Clock) -> Times {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = known.times.get(&run) {
            return times.clone();
        }
        let times = Times { ended: Some(Arc::default()), ..Times::beginning(clock) };
        known.times.insert(run, times.clone());
        known.order.push_back(run);
        if known.order.len() > REMEMBERED
            && let Some(oldest) = known.order.pop_front()
        {
            known.times.remove(&oldest);
        }
        times
    }
}

/// Seconds since 1970.
pub(super) fn seconds(clock: &Clock) -> i64 {
    clock.now().div_euclid(1_000)
}
