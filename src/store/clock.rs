//! What time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock: the system's, or one that stands still until it is told to go on.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Milliseconds since 1970, for a clock that is set by hand.
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that shows `millis` since 1970 until [`Clock::advance`].
    pub fn standing_at(millis: i64) -> Self {
        Self { set: Some(Arc::new(AtomicI64::new(millis))) }
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> i64 {
        match &self.set {
            Some(set) => set.load(Ordering::Acquire),
            None => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            }
        }
    }

    /// Moves a standing clock; the system's goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(set) = &self.set {
            let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            set.fetch_add(millis, Ordering::AcqRel);
        }
    }
}
