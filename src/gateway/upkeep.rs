//! Removes what is too old or too much, from time to time.

use crate::secrets::Live;
use crate::sessions::Sessions;
use crate::tasks::Tasks;
use std::time::Duration;

/// A start is not slowed down by it.
const FIRST_AFTER: Duration = Duration::from_secs(60);
/// Between two times.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Looks after the sessions until the gateway stops, by the rules in force at each time.
pub(super) fn start(sessions: Sessions, live: Live, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn(async move {
        let mut wait = FIRST_AFTER;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(wait) => wait = EVERY,
            }
            let rules = live.load().config.session.maintenance.clone();
            tokio::select! {
                () = stopping.cancelled() => return,
                done = sessions.maintain(&rules) => match done {
                    Ok(upkeep) => tracing::debug!(?upkeep, "looked after the sessions"),
                    Err(error) => tracing::warn!(%error, "cannot look after the sessions"),
                },
            }
        }
    });
}
