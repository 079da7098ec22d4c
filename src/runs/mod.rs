//! The waist of the house: every transport starts its work with [`Runs::start`] and reads one
//! [`Run`].
//!
//! A run is driven by whoever reads it, so a reader that goes away takes the run, and the upstream
//! request under it, along at once. Nothing here knows HTTP or a provider's dialect.

use crate::agents::{Agents, Turn};
use crate::secrets::Live;
use crate::types::{Failure, RunEvent, RunRequest};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tracing::Span;

/// Events a run may be ahead of its reader. A turn that is further ahead waits.
const EVENTS_AHEAD: usize = 32;

/// Starts runs.
#[derive(Debug, Clone)]
pub struct Runs {
    live: Live,
    agents: Agents,
}

/// A run under way, and its events. Dropping it cancels the run.
pub struct Run {
    turn: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    events: Receiver<RunEvent>,
    /// Where the run was started: what it logs belongs to that request, whoever polls it.
    span: Span,
}

impl Runs {
    /// Runs of these agents, over the config in force.
    pub fn new(live: Live, agents: Agents) -> Self {
        Self { live, agents }
    }

    /// Starts a run with the config as it is now; later changes do not reach it.
    ///
    /// # Errors
    /// A [`Failure`] when the request names an agent that does not exist.
    pub fn start(&self, request: RunRequest) -> Result<Run, Failure> {
        let snapshot = self.live.load_full();
        self.agents.resolve(&snapshot, request.agent.as_ref())?;
        let agents = self.agents.clone();
        Ok(Run::of(|events| agents.turn(Turn { snapshot, request }, events)))
    }
}

impl Run {
    /// A run of whatever sends its events.
    pub(crate) fn of<T>(turn: impl FnOnce(Sender<RunEvent>) -> T) -> Self
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        Self { turn: Some(Box::pin(turn(sender))), events, span: Span::current() }
    }

    /// The next event, or none after [`RunEvent::Finished`].
    pub async fn next(&mut self) -> Option<RunEvent> {
        poll_fn(|context| {
            let _entered = self.span.enter();
            loop {
                // `try_recv`, not `poll_recv`: the turn runs in this very task, so registering a
                // waker would only wake the task for what it is about to read anyway.
                if let Ok(event) = self.events.try_recv() {
                    return Poll::Ready(Some(event));
                }
                let Some(turn) = &mut self.turn else { return Poll::Ready(None) };
                match turn.as_mut().poll(context) {
                    Poll::Ready(()) => self.turn = None,
                    Poll::Pending => {
                        return self
                            .events
                            .try_recv()
                            .map_or(Poll::Pending, |event| Poll::Ready(Some(event)));
                    }
                }
            }
        })
        .await
    }

    /// An event that has already happened, without waiting for more.
    pub fn ready(&mut self) -> Option<RunEvent> {
        self.events.try_recv().ok()
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("finished", &self.turn.is_none()).finish_non_exhaustive()
    }
}
