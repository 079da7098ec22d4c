//! What all handles share, and how runs begin and end in it.

use super::admission::{Admission, Permit};
use super::drive::Drive;
use super::kept::Kept;
use super::lanes::{Line, Seat};
use super::member::{Member, Stopped};
use super::registry::{Registry, Sharded};
use super::repeats::Repeats;
use crate::agents::Agents;
use crate::secrets::{Live, Snapshot};
use crate::sessions::Sessions;
use crate::tasks::Tasks;
use crate::types::{Failure, OnDisconnect, Outcome, RunRequest, SessionKey};
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument, Span};

/// What all handles share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) live: Live,
    pub(super) agents: Agents,
    pub(super) sessions: Sessions,
    pub(super) tasks: Tasks,
    pub(super) registry: Registry,
    pub(super) admission: Admission,
    pub(super) lanes: Sharded<SessionKey, Line>,
    pub(super) repeats: Repeats,
    pub(super) kept: Kept,
}

/// A run that has not begun.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) member: Arc<Member>,
    /// The config it sees from its beginning to its end.
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) request: RunRequest,
    /// What it asks apart from its messages.
    pub(super) alike: [u8; 32],
    pub(super) span: Span,
}

impl Core {
    /// Lets a run that is no turn of a session begin.
    pub(super) fn begin(self: &Arc<Self>, job: Job) -> Result<(), Failure> {
        let permit = self.permit(&job)?;
        self.spawn(vec![job], Some(permit), None);
        Ok(())
    }

    pub(super) fn permit(&self, job: &Job) -> Result<Permit, Failure> {
        let agent = self.agents.resolve(&job.snapshot, job.request.agent.as_ref())?;
        self.admission.enter(&job.snapshot, agent)
    }

    /// Lets a turn begin; without a permit, as soon as there is room.
    pub(super) fn spawn(
        self: &Arc<Self>,
        turn: Vec<Job>,
        permit: Option<Permit>,
        seat: Option<Seat>,
    ) {
        let span = turn.first().map_or_else(Span::none, |job| job.span.clone());
        let drive = Drive::new(self, &turn);
        self.tasks.spawn(drive.through(turn, permit, seat).instrument(span));
    }

    /// Cancels runs for whoever reads them: where they wait, where they follow, or with all that
    /// follow them where they lead.
    pub(super) fn cancel(self: &Arc<Self>, members: &[Arc<Member>], why: Stopped) {
        // Those that wait first, so that none of them takes the place of one under way.
        let under_way = members.iter().filter(|member| {
            let waited = self.take_waiting(member).is_some();
            if waited {
                self.end(member, &why.outcome());
            }
            !waited
        });
        let under_way: Vec<_> = under_way.collect();
        for member in under_way {
            if member.follows() && why == Stopped::Cancelled {
                self.leave(member);
            } else {
                // A leader that has left is listed no more; its followers still lead to it.
                self.in_lane(member, || member.stop_turn(why));
            }
        }
    }

    /// Takes out a run that nobody wants any more. A turn with other members goes on for them.
    fn leave(self: &Arc<Self>, member: &Arc<Member>) {
        let waited = self.take_waiting(member).is_some();
        if waited || self.in_lane(member, || member.leave()) {
            self.end(member, &Outcome::Aborted);
        }
    }

    /// The last reader of a run has left.
    pub(super) fn abandoned(self: &Arc<Self>, member: &Arc<Member>, moment: u64) {
        let patience = match member.policy() {
            OnDisconnect::Detach => return,
            OnDisconnect::Cancel => None,
            OnDisconnect::Grace(patience) => Some(patience),
        };
        // Without a runtime, as when the process ends, nobody could wait or read again.
        let (Some(patience), Ok(_)) = (patience, Handle::try_current()) else {
            if member.log.alone_since(moment) {
                self.leave(member);
            }
            return;
        };
        if member.grace.begin(Instant::now() + patience, moment) {
            self.watch_grace(member.clone());
        }
    }

    /// Ends a run once its readers have been away for as long as they may.
    fn watch_grace(self: &Arc<Self>, member: Arc<Member>) {
        let core = self.clone();
        self.tasks.spawn(async move {
            let stopping = core.tasks.stopping();
            loop {
                let until = match member.grace.look(Instant::now()) {
                    ControlFlow::Continue(until) => until,
                    ControlFlow::Break(moment) => {
                        if moment.is_some_and(|moment| member.log.alone_since(moment)) {
                            core.leave(&member);
                        }
                        return;
                    }
                };
                tokio::select! {
                    () = sleep_until(until) => {}
                    () = member.log.finished() => return,
                    () = stopping.cancelled() => return,
                }
            }
        });
    }

    /// A run has ended: it is kept, no longer listed, and its readers are told.
    pub(super) fn end(self: &Arc<Self>, member: &Arc<Member>, outcome: &Outcome) {
        self.shelve(member, outcome);
        member.finish(outcome.clone());
    }

    /// Moves a run from those under way to those kept. A key whose run gave no answer may be
    /// used again: nobody would want a failure repeated.
    pub(super) fn shelve(self: &Arc<Self>, member: &Arc<Member>, outcome: &Outcome) {
        if matches!(outcome, Outcome::Aborted | Outcome::Failed(_)) {
            self.repeats.forget(member);
        }
        let mut shard = self.registry.shard(&member.id);
        if !shard.contains_key(&member.id) {
            return;
        }
        // Kept first, so that who looks in both places finds it in one.
        let (gone, sweep) = self.kept.keep(member.clone());
        shard.remove(&member.id);
        drop(shard);
        for run in gone {
            self.repeats.forget(&run);
        }
        // Without a runtime the process ends, and what is kept with it.
        if sweep && Handle::try_current().is_ok() {
            self.sweep();
        }
    }

    /// Forgets a run that was refused before it began, or lost with its task. Does nothing to one
    /// that has ended.
    pub(super) fn take_back(&self, member: &Member, failure: Failure) {
        if member.finish(Outcome::Failed(failure)) {
            self.registry.shard(&member.id).remove(&member.id);
            self.repeats.forget(member);
        }
    }

    /// Lets go of kept runs as they grow old, until there are none.
    fn sweep(self: &Arc<Self>) {
        let core = self.clone();
        self.tasks.spawn(async move {
            let stopping = core.tasks.stopping();
            loop {
                let (gone, next) = core.kept.sweep();
                for run in gone {
                    core.repeats.forget(&run);
                }
                let Some(next) = next else { return };
                tokio::select! {
                    () = sleep_until(next) => {}
                    () = stopping.cancelled() => return,
                }
            }
        });
    }
}
