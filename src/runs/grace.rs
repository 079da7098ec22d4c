//! How long a run goes on that nobody reads: one deadline, and one task that watches it, however
//! often readers come and go.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// The deadline of one run; empty while nobody watches it.
#[derive(Debug, Default)]
pub(super) struct Grace(Mutex<Option<Wait>>);

#[derive(Debug)]
struct Wait {
    until: Instant,
    /// The moment, in the log's count, at which its last reader left.
    moment: u64,
}

impl Grace {
    /// The last reader has left. Says whether somebody must begin to watch.
    pub(super) fn begin(&self, until: Instant, moment: u64) -> bool {
        let mut wait = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wait.replace(Wait { until, moment }).is_none()
    }

    /// For who watches: until when to go on, or the moment whose time is over. Then nobody
    /// watches any more.
    pub(super) fn look(&self, now: Instant) -> ControlFlow<Option<u64>, Instant> {
        let mut wait = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*wait {
            Some(wait) if now < wait.until => ControlFlow::Continue(wait.until),
            _ => ControlFlow::Break(wait.take().map(|wait| wait.moment)),
        }
    }
}
