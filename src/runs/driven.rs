//! A turn that lives in whatever polls it, and that anybody can end.

#[cfg(test)]
mod tests;

use crate::agents::Boundary;
use crate::types::{Outcome, RunEvent};
use futures_util::task::AtomicWaker;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::task::{Context, Poll};
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Events a turn may be ahead of who polls it. A turn that is further ahead waits.
const EVENTS_AHEAD: usize = 32;

type TurnFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A turn and the events it has sent. Dropping it drops the turn, and the upstream request with it.
#[derive(Debug)]
pub(super) struct Driven {
    driving: Arc<Driving>,
    events: Receiver<RunEvent>,
    boundaries: Option<Receiver<Boundary>>,
    /// Whether the last event has been given out.
    over: bool,
}

/// The turn itself, shared with who may end it.
pub(super) struct Driving {
    turn: Mutex<Option<TurnFuture>>,
    ended: AtomicBool,
    poller: AtomicWaker,
}

/// What a turn does next.
#[derive(Debug)]
pub(super) enum Step {
    Event(RunEvent),
    /// It could go on; only turns that were given a place for it tell.
    Boundary(Boundary),
    /// Nothing more.
    Over,
}

impl Driven {
    /// A turn of whatever sends its events.
    pub(super) fn of<T>(turn: impl FnOnce(Sender<RunEvent>) -> T) -> Self
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        let driving = Driving {
            turn: Mutex::new(Some(Box::pin(turn(sender)))),
            ended: AtomicBool::new(false),
            poller: AtomicWaker::new(),
        };
        Self { driving: Arc::new(driving), events, boundaries: None, over: false }
    }

    /// The same for a turn that also tells its boundaries.
    pub(super) fn with_boundaries<T>(
        turn: impl FnOnce(Sender<RunEvent>, Sender<Boundary>) -> T,
    ) -> Self
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let (sender, boundaries) = mpsc::channel(1);
        let driven = Self::of(|events| turn(events, sender));
        Self { boundaries: Some(boundaries), ..driven }
    }

    /// What ends it.
    pub(super) fn driving(&self) -> &Arc<Driving> {
        &self.driving
    }

    /// Lets the turn go on until something happens.
    pub(super) async fn step(&mut self) -> Step {
        poll_fn(|context| self.poll_step(context)).await
    }

    /// An event that has already happened.
    pub(super) fn ready(&mut self) -> Option<RunEvent> {
        // `try_recv`, not `poll_recv`: the turn runs in this very task, so registering a waker
        // would only wake the task for what it is about to read anyway.
        let event = if self.over { None } else { self.events.try_recv().ok() }?;
        self.over |= matches!(event, RunEvent::Finished(_));
        Some(event)
    }

    pub(super) fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        loop {
            if let Some(step) = self.happened() {
                return Poll::Ready(step);
            }
            if self.over {
                return Poll::Ready(Step::Over);
            }
            match self.driving.poll(context) {
                Polled::Goes => {
                    return self.happened().map_or(Poll::Pending, Poll::Ready);
                }
                Polled::Done if self.events.is_empty() => {
                    self.over = true;
                    return Poll::Ready(Step::Over);
                }
                Polled::Done => {}
                Polled::Ended => {
                    self.over = true;
                    return Poll::Ready(Step::Event(RunEvent::Finished(Outcome::Aborted)));
                }
            }
        }
    }

    fn happened(&mut self) -> Option<Step> {
        if let Some(event) = self.ready() {
            return Some(Step::Event(event));
        }
        let boundary = self.boundaries.as_mut()?.try_recv().ok()?;
        Some(Step::Boundary(boundary))
    }
}

/// How polling a turn went.
enum Polled {
    Goes,
    Done,
    /// Somebody has ended it.
    Ended,
}

impl Driving {
    /// Ends the turn at once, even where nobody polls it at the moment: its upstream request is
    /// closed when this returns, or as soon as the poll under way does.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        let turn = match self.turn.try_lock() {
            Ok(mut turn) => turn.take(),
            Err(TryLockError::Poisoned(turn)) => turn.into_inner().take(),
            // Whoever polls it looks at `ended` afterwards.
            Err(TryLockError::WouldBlock) => None,
        };
        drop(turn);
        self.poller.wake();
    }

    fn poll(&self, context: &mut Context<'_>) -> Polled {
        self.poller.register(context.waker());
        let mut slot = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.ended.load(Ordering::SeqCst) {
            *slot = None;
            return Polled::Ended;
        }
        let Some(turn) = slot.as_mut() else { return Polled::Done };
        if turn.as_mut().poll(context).is_ready() {
            *slot = None;
            return Polled::Done;
        }
        drop(slot);
        if self.ended.load(Ordering::SeqCst) {
            self.turn.lock().unwrap_or_else(PoisonError::into_inner).take();
            return Polled::Ended;
        }
        Polled::Goes
    }
}

impl fmt::Debug for Driving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driving").field("ended", &self.ended).finish_non_exhaustive()
    }
}
