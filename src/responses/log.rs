//! What has happened in the run of a kept response, in memory while it is under way: read by any
//! number of readers, each at its own place.

use crate::types::{Delta, OnDisconnect, Outcome, RunEvent, TokenScore};
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

/// Most bytes that the events of one response take, about. A response that grows beyond is ended.
pub(super) const BYTES: usize = 16 * 1024 * 1024;
/// What an event takes beside its texts, about.
const EVENT_BYTES: usize = 64;

/// The log of one response.
#[derive(Debug)]
pub(super) struct Log {
    state: Mutex<State>,
    /// Something came.
    grown: Notify,
    readers: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    /// Shared with those who read, so that nothing is copied while this is held.
    events: Vec<Arc<RunEvent>>,
    bytes: usize,
    end: Option<End>,
}

/// How a run ended, and when, in seconds since 1970.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) at: i64,
}

/// What a reader finds next.
#[derive(Debug)]
pub(super) enum Found {
    /// An event, never [`RunEvent::Finished`].
    Event(RunEvent),
    /// The end.
    End(End),
}

/// There is no more room.
#[derive(Debug)]
pub(super) struct Full;

impl Log {
    pub(super) fn new() -> Self {
        let (state, grown, readers) = (Mutex::default(), Notify::new(), watch::Sender::new(0));
        Self { state, grown, readers }
    }

    /// Appends what happened.
    ///
    /// # Errors
    /// [`Full`]; the event is not kept.
    pub(super) fn push(&self, event: RunEvent) -> Result<(), Full> {
        {
            let mut state = self.state();
            let bytes = weight(&event);
            if state.bytes.saturating_add(bytes) > BYTES {
                return Err(Full);
            }
            state.bytes += bytes;
            state.events.push(Arc::new(event));
        }
        self.grown.notify_waiters();
        Ok(())
    }

    /// Appends the end, once.
    pub(super) fn finish(&self, end: End) {
        self.state().end.get_or_insert(end);
        self.grown.notify_waiters();
    }

    /// What lies at this place, if it has come.
    pub(super) fn take(&self, at: usize) -> Option<Found> {
        let event = {
            let state = self.state();
            match state.events.get(at) {
                Some(event) => event.clone(),
                None => return state.end.clone().map(Found::End),
            }
        };
        Some(Found::Event(Arc::unwrap_or_clone(event)))
    }

    /// Waits for what comes to lie at this place.
    pub(super) async fn next(&self, at: usize) -> Found {
        loop {
            let grown = self.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            match self.take(at) {
                Some(found) => return found,
                None => grown.await,
            }
        }
    }

    /// Waits for the end.
    pub(super) async fn finished(&self) {
        loop {
            let grown = self.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            if self.is_finished() {
                return;
            }
            grown.await;
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.state().end.is_some()
    }

    /// What has come from this place on, and the end if it has.
    pub(super) fn since(&self, at: usize) -> (Vec<Arc<RunEvent>>, Option<End>) {
        let state = self.state();
        (state.events.get(at..).unwrap_or_default().to_vec(), state.end.clone())
    }

    /// A reader comes.
    pub(super) fn enter(&self) {
        self.readers.send_modify(|readers| *readers += 1);
    }

    /// A reader goes.
    pub(super) fn leave(&self) {
        self.readers.send_modify(|readers| *readers -= 1);
    }

    /// Waits until nobody has read for as long as may be.
    pub(super) async fn abandoned(&self, policy: OnDisconnect) {
        let patience = match policy {
            OnDisconnect::Detach => return pending().await,
            OnDisconnect::Cancel => Duration::ZERO,
            OnDisconnect::Grace(patience) => patience,
        };
        let mut readers = self.readers.subscribe();
        loop {
            let gone = readers.wait_for(|readers| *readers == 0).await.is_ok();
            if patience.is_zero() || !gone {
                return;
            }
            tokio::select! {
                _ = readers.wait_for(|readers| *readers > 0) => {}
                () = sleep(patience) => return,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an event takes in memory, about.
fn weight(event: &RunEvent) -> usize {
    let RunEvent::Delta(delta) = event else { return EVENT_BYTES };
    EVENT_BYTES
        + match delta {
            Delta::Text(text)
            | Delta::Reasoning(text)
            | Delta::Refusal(text)
            | Delta::ToolCallArguments { fragment: text, .. } => text.len(),
            Delta::ToolCallStart { id, name, .. } => id.len() + name.len(),
            Delta::Scores(scores) => scores.iter().map(bytes_of).sum(),
        }
}

fn bytes_of(score: &TokenScore) -> usize {
    let top = score.top.iter().map(|other| EVENT_BYTES + 2 * other.token.len());
    EVENT_BYTES + 2 * score.token.len() + top.sum::<usize>()
}
