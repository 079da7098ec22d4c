//! Removes what is too old or too much, from time to time.

use crate::responses::Responses;
use crate::secrets::Live;
use crate::sessions::Sessions;
use crate::tasks::Tasks;
use std::time::Duration;

/// A start is not slowed down by it.
const FIRST_AFTER: Duration = Duration::from_secs(60);
/// Between two times.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// What is looked after.
pub(super) struct Kept {
    pub(super) sessions: Sessions,
    pub(super) responses: Responses,
}

/// Looks after what is kept until the gateway stops, by the rules in force at each time.
pub(super) fn start(kept: Kept, live: Live, tasks: &Tasks) {
    let stopping = tasks.stopping();
    tasks.spawn(async move {
        let mut wait = FIRST_AFTER;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(wait) => wait = EVERY,
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                () = look_after(&kept, &live) => {}
            }
        }
    });
}

async fn look_after(kept: &Kept, live: &Live) {
    let rules = live.load().config.session.maintenance.clone();
    match kept.sessions.maintain(&rules).await {
        Ok(upkeep) => tracing::debug!(?upkeep, "looked after the sessions"),
        Err(error) => tracing::warn!(%error, "cannot look after the sessions"),
    }
    match kept.responses.maintain().await {
        Ok(removed) => tracing::debug!(removed, "looked after the responses"),
        Err(error) => tracing::warn!(%error, "cannot look after the responses"),
    }
}
