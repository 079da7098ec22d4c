//! The task that owns one model's worker: none until asked, restarted after a crash with a
//! growing pause, stopped when idle.

use super::child::{Child, Word};
use super::{Settings, stopping};
use crate::net::Client;
use crate::providers::local::Error;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Where the answer to [`super::Workers::endpoint`] goes.
pub(super) type Ask = oneshot::Sender<Result<Client, Error>>;

/// Pause after the second failure in a row; it doubles with each further one. After the first
/// there is none.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a worker nobody uses is kept once the process shall stop: a caller may hold an
/// endpoint it has not used yet.
const LAST_CALL: Duration = Duration::from_millis(300);

/// One model's supervisor.
pub(super) struct Supervisor {
    model: String,
    settings: Settings,
    asks: mpsc::Receiver<Ask>,
    /// An ask that came when the worker was dead already: the next worker's first.
    pending: Option<Ask>,
    /// Failures since a request last came to its end.
    failures: u32,
    /// No start before this.
    paused_until: Instant,
}

/// Why a worker is no longer watched.
enum Ended {
    /// It is not needed any more.
    Unneeded,
    /// Its process is dead or dying.
    Died,
}

impl Supervisor {
    pub(super) fn new(model: String, settings: Settings, asks: mpsc::Receiver<Ask>) -> Supervisor {
        let paused_until = Instant::now();
        Supervisor { model, settings, asks, pending: None, failures: 0, paused_until }
    }

    /// Serves asks until `stop`; a request in hand then may still come to its end.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            let Some(ask) = self.next(&stop).await else { return };
            match self.start(&stop).await {
                Ok(child) => {
                    answer(ask, &child);
                    self.own(child, &stop).await;
                }
                Err(error) => {
                    ask.send(Err(error)).ok();
                }
            }
        }
    }

    /// The next ask; `None` when there will be no more.
    async fn next(&mut self, stop: &CancellationToken) -> Option<Ask> {
        if let Some(ask) = self.pending.take() {
            return Some(ask);
        }
        tokio::select! {
            () = stop.cancelled() => None,
            ask = self.asks.recv() => ask,
        }
    }

    /// Starts a worker and waits until it answers.
    async fn start(&mut self, stop: &CancellationToken) -> Result<Child, Error> {
        self.check_pause()?;
        let model = self.settings.look_up(&self.model).await?;
        let begun = Instant::now();
        let mut child = match Child::spawn(&self.settings, &model) {
            Ok(child) => child,
            Err(error) => return Err(self.failed(&format!("cannot be started: {error}"))),
        };
        let word = tokio::select! {
            () = stop.cancelled() => return Err(stopping()),
            word = tokio::time::timeout(self.settings.start_limit, child.listen()) => word,
        };
        match word {
            Ok(Word::Ready) => {
                tracing::info!(model = self.model, elapsed = ?begun.elapsed(), "model worker ready");
                Ok(child)
            }
            Ok(_) => {
                let cause = child.post_mortem().await;
                Err(self.failed(&cause))
            }
            Err(_) => {
                let limit = self.settings.start_limit;
                Err(self.failed(&format!("does not answer within {limit:?}")))
            }
        }
    }

    /// Keeps the worker until it is unneeded or dead.
    async fn own(&mut self, mut child: Child, stop: &CancellationToken) {
        match self.watch(&mut child, stop).await {
            Ended::Unneeded => {
                child.stop().await;
                tracing::info!(model = self.model, "model worker stopped");
            }
            Ended::Died => {
                let cause = child.post_mortem().await;
                self.failed(&cause);
            }
        }
    }

    async fn watch(&mut self, child: &mut Child, stop: &CancellationToken) -> Ended {
        let mut busy = false;
        let mut patience = self.settings.idle;
        let mut deadline = Instant::now() + patience;
        loop {
            tokio::select! {
                biased;
                word = child.listen() => match word {
                    Word::Silent => return Ended::Died,
                    Word::Ready => {}
                    Word::Busy => busy = true,
                    Word::Idle => {
                        busy = false;
                        self.failures = 0;
                        deadline = Instant::now() + patience;
                    }
                },
                () = stop.cancelled(), if patience > LAST_CALL => {
                    patience = LAST_CALL;
                    deadline = deadline.min(Instant::now() + patience);
                }
                Some(ask) = self.asks.recv() => {
                    if child.has_ended() {
                        self.pending = Some(ask);
                        return Ended::Died;
                    }
                    answer(ask, child);
                    deadline = Instant::now() + patience;
                }
                () = tokio::time::sleep_until(deadline), if !busy => return Ended::Unneeded,
            }
        }
    }

    /// Refuses while a pause after failures lasts.
    fn check_pause(&self) -> Result<(), Error> {
        let left = self.paused_until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let (model, failures, seconds) = (&self.model, self.failures, left.as_secs() + 1);
        let message = format!(
            "The worker of the local model {model:?} failed {failures} times in a row; it is tried \
             again in {seconds} s."
        );
        Err(Error::resting(message, left))
    }

    /// Counts and logs a failure; what a client may know of it is less than what the log says.
    fn failed(&mut self, cause: &str) -> Error {
        self.failures = self.failures.saturating_add(1);
        self.paused_until = Instant::now() + pause(self.failures);
        tracing::warn!(model = self.model, failures = self.failures, cause, "model worker failed");
        Error::unavailable(format!(
            "The worker of the local model {:?} failed; the gateway's log says why.",
            self.model
        ))
    }
}

fn answer(ask: Ask, child: &Child) {
    // Whoever asked may be gone; the worker is there for the next.
    ask.send(Ok(child.client())).ok();
}

fn pause(failures: u32) -> Duration {
    match failures {
        0 | 1 => Duration::ZERO,
        _ => FIRST_PAUSE.saturating_mul(1 << (failures - 2).min(16)).min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_bounded() {
        let ms = |failures| pause(failures).as_millis();
        assert_eq!([ms(0), ms(1), ms(2), ms(3), ms(4)], [0, 0, 500, 1000, 2000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
