//! A run that may outlive its reader: what it is known by, its log, and how it is stopped.

use super::grace::Grace;
use super::log::{BOUNDS, Log};
use super::repeats::Repeat;
use crate::types::{Failure, FailureKind, OnDisconnect, Outcome, RunId, SessionKey};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio_util::sync::CancellationToken;

/// One run with a log. Several may be members of one turn: the first leads it, those that were
/// collected with it or have joined it follow.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: RunId,
    /// The namespace of who asked; none for the operator's own.
    pub(super) owner: Option<&'static str>,
    pub(super) session: Option<SessionKey>,
    pub(super) log: Log,
    /// How repeats find it.
    pub(super) repeat: Option<Repeat>,
    /// What its reader wanted to happen when nobody reads it any more.
    pub(super) on_disconnect: Mutex<OnDisconnect>,
    /// How long it goes on with nobody reading it.
    pub(super) grace: Grace,
    /// Ends the turn it leads.
    pub(super) stop: Stop,
    /// For a follower: who leads.
    leader: OnceLock<Arc<Member>>,
    /// For a leader: members that still want the turn, itself included.
    wanted_by: AtomicUsize,
    /// Whether it has left its turn.
    left: AtomicBool,
    /// Whether it is part of a turn, be it one under way or about to be.
    begun: AtomicBool,
}

/// Tells a turn to end, and why. The first reason counts.
#[derive(Debug, Default)]
pub(super) struct Stop {
    why: OnceLock<Stopped>,
    token: CancellationToken,
}

/// Why a turn was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// Somebody cancelled it, or nobody wants it any more.
    Cancelled,
    /// The gateway stops.
    Interrupted,
}

/// What a run is made from.
#[derive(Debug)]
pub(super) struct Born {
    pub(super) id: RunId,
    pub(super) owner: Option<&'static str>,
    pub(super) session: Option<SessionKey>,
    pub(super) repeat: Option<Repeat>,
    pub(super) on_disconnect: OnDisconnect,
}

impl Member {
    pub(super) fn new(born: Born) -> Self {
        Self {
            id: born.id,
            owner: born.owner,
            session: born.session,
            log: Log::new(BOUNDS),
            repeat: born.repeat,
            on_disconnect: Mutex::new(born.on_disconnect),
            grace: Grace::default(),
            stop: Stop::default(),
            leader: OnceLock::new(),
            wanted_by: AtomicUsize::new(1),
            left: AtomicBool::new(false),
            begun: AtomicBool::new(false),
        }
    }

    /// Its turn has come.
    pub(super) fn begin(&self) {
        self.begun.store(true, Ordering::Release);
    }

    /// Whether its turn has come.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }

    /// Makes it a member of the turn that `leader` leads.
    pub(super) fn follow(&self, leader: &Arc<Member>) {
        self.begin();
        leader.wanted_by.fetch_add(1, Ordering::AcqRel);
        // Only who leaves a lane joins a turn, and that happens once.
        let _ = self.leader.set(leader.clone());
    }

    /// Ends the run for whoever reads it. Says whether it had not ended yet.
    pub(super) fn finish(&self, outcome: Outcome) -> bool {
        self.log.finish(outcome)
    }

    /// Takes it out of its turn: a turn that no member wants any more ends. Says whether the
    /// others go on without it.
    pub(super) fn leave(&self) -> bool {
        if self.left.swap(true, Ordering::AcqRel) {
            return false;
        }
        let turn = self.leader.get().map_or(self, |leader| leader);
        if turn.wanted_by.fetch_sub(1, Ordering::AcqRel) > 1 {
            return true;
        }
        turn.stop.tell(Stopped::Cancelled);
        false
    }

    /// Ends the turn it is a member of.
    pub(super) fn stop_turn(&self, why: Stopped) {
        self.leader.get().map_or(self, |leader| leader).stop.tell(why);
    }

    /// Whether it follows another run's turn.
    pub(super) fn follows(&self) -> bool {
        self.leader.get().is_some()
    }

    pub(super) fn policy(&self) -> OnDisconnect {
        *self.on_disconnect.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn detach(&self) {
        let mut policy = self.on_disconnect.lock().unwrap_or_else(PoisonError::into_inner);
        *policy = OnDisconnect::Detach;
    }
}

impl Stopped {
    /// How a run ends for it.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Cancelled => Outcome::Aborted,
            Self::Interrupted => Outcome::Failed(interrupted()),
        }
    }
}

/// What is said of a run that the end of a process cut short before it could claim a session, or
/// that has none.
pub(super) fn interrupted() -> Failure {
    let message = "The gateway stopped while the run was under way, and the answer was not \
                   completed. Please ask again.";
    Failure::new(FailureKind::Interrupted, message)
}

/// The same of a run that had claimed its session.
pub(super) fn interrupted_turn() -> Failure {
    let message = "The gateway stopped while the run was under way, and the answer was not \
                   completed. What was asked is in the session; ask again for the answer.";
    Failure::new(FailureKind::Interrupted, message)
}

impl Stop {
    pub(super) fn tell(&self, why: Stopped) {
        self.why.get_or_init(|| why);
        self.token.cancel();
    }

    /// Waits until the turn is told to end.
    pub(super) async fn told(&self) -> Stopped {
        self.token.cancelled().await;
        self.why.get().copied().unwrap_or(Stopped::Cancelled)
    }

    pub(super) fn is_told(&self) -> bool {
        self.token.is_cancelled()
    }
}
