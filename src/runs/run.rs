//! A run as its reader sees it.

use super::admission::Permit;
use super::driven::{Driven, Step};
use super::engine::Core;
use super::log::{Found, Left, ReaderId, too_slow};
use super::member::{Born, Member, interrupted_turn};
use crate::agents;
use crate::secrets::Snapshot;
use crate::sessions::Spent;
use crate::types::{Failure, ModelRef, OnDisconnect, Outcome, RunEvent, RunId, Usage};
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use tracing::Span;

/// A run under way, and its events.
///
/// What becomes of the run when this is dropped is its [`crate::types::OnDisconnect`]; one that
/// was started with `Cancel` and has no other reader ends at once, with its upstream request.
pub struct Run {
    id: RunId,
    source: Source,
}

/// Where the events come from.
enum Source {
    /// The turn itself, which goes on only while it is read.
    Turn(Driven, Option<Live>, Span),
    /// The log of a run that lives by itself.
    Log(Subscription),
}

/// What a run that lives by its reader holds while it is under way.
pub(super) struct Live {
    pub(super) core: Arc<Core>,
    pub(super) id: RunId,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) _permit: Permit,
    pub(super) model: Option<ModelRef>,
    pub(super) usage: Option<Usage>,
}

/// One reader of a log.
struct Subscription {
    core: Arc<Core>,
    member: Arc<Member>,
    reader: ReaderId,
    over: bool,
}

impl Run {
    /// A run that goes on while it is read.
    pub(super) fn driven(id: RunId, turn: Driven, live: Live) -> Self {
        // What it logs belongs to the request that started it, whoever polls it.
        Self { id, source: Source::Turn(turn, Some(live), Span::current()) }
    }

    /// A reader of a run that lives by itself, from this sequence on.
    pub(super) fn following(
        core: Arc<Core>,
        member: Arc<Member>,
        from: u64,
    ) -> Result<Self, Failure> {
        let reader = member.log.open(from)?;
        let id = member.id;
        Ok(Self { id, source: Source::Log(Subscription { core, member, reader, over: false }) })
    }

    /// A run that an earlier process left unfinished: one event tells.
    pub(super) fn interrupted(core: &Arc<Core>, id: RunId) -> Self {
        let born = Born {
            id,
            owner: None,
            session: None,
            repeat: None,
            on_disconnect: OnDisconnect::Detach,
        };
        let member = Arc::new(Member::new(born));
        member.finish(Outcome::Failed(interrupted_turn()));
        let reader = member.log.open(1).expect("its only event is the first");
        let core = core.clone();
        Self { id, source: Source::Log(Subscription { core, member, reader, over: false }) }
    }

    /// A run of whatever sends its events.
    #[cfg(test)]
    pub(crate) fn of<T>(turn: impl FnOnce(tokio::sync::mpsc::Sender<RunEvent>) -> T) -> Self
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let source = Source::Turn(Driven::of(turn), None, Span::none());
        Self { id: RunId::from_bits(0), source }
    }

    /// Its id.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// The next event, or none after [`RunEvent::Finished`].
    pub async fn next(&mut self) -> Option<RunEvent> {
        match &mut self.source {
            Source::Log(subscription) => subscription.next().await,
            Source::Turn(turn, live, span) => {
                poll_fn(|context| {
                    let _entered = span.enter();
                    match turn.poll_step(context) {
                        Poll::Ready(Step::Event(event)) => {
                            note(live, &event);
                            Poll::Ready(Some(event))
                        }
                        Poll::Ready(Step::Boundary(_) | Step::Over) => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                    }
                })
                .await
            }
        }
    }

    /// An event that has already happened, without waiting for more.
    pub fn ready(&mut self) -> Option<RunEvent> {
        match &mut self.source {
            Source::Log(subscription) => subscription.ready(),
            Source::Turn(turn, live, _) => {
                let event = turn.ready()?;
                note(live, &event);
                Some(event)
            }
        }
    }

    /// From where [`crate::runs::Runs::attach`] goes on after the last event this has given; none
    /// for a run that lives by its reader, or a reader that lost its events.
    pub fn next_sequence(&self) -> Option<u64> {
        match &self.source {
            Source::Log(subscription) => subscription.member.log.next_of(subscription.reader),
            Source::Turn(..) => None,
        }
    }

    /// Lets the run go on to its end whoever reads it, whatever was wanted when it was started.
    /// Says whether it does: a run without a session, an idempotency key or a wish to outlive its
    /// reader lives by its reader, and cannot.
    pub fn detach(&self) -> bool {
        match &self.source {
            Source::Log(subscription) => {
                subscription.member.detach();
                true
            }
            Source::Turn(..) => false,
        }
    }
}

/// Remembers what a run takes; once it has ended it is no longer under way, even where its
/// reader still holds it.
fn note(live: &mut Option<Live>, event: &RunEvent) {
    match (event, live.as_mut()) {
        (RunEvent::Started { model }, Some(live)) => live.model = Some(model.clone()),
        (RunEvent::Usage(usage), Some(live)) => live.usage = Some(*usage),
        (RunEvent::Finished(_), Some(_)) => *live = None,
        _ => {}
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let entry = self.core.registry.shard(&self.id).remove(&self.id);
        let (Some(entry), Some(model), Some(usage)) = (entry, self.model.take(), self.usage) else {
            return;
        };
        let microdollars = agents::price(&self.snapshot.config, &model, usage);
        let spent = Spent { agent: entry.described.agent, model, usage, microdollars };
        self.core.sessions.ledger().spent(spent);
    }
}

impl Subscription {
    async fn next(&mut self) -> Option<RunEvent> {
        if self.over {
            return None;
        }
        let found = self.member.log.next(self.reader).await;
        self.event(found)
    }

    fn ready(&mut self) -> Option<RunEvent> {
        if self.over {
            return None;
        }
        let found = self.member.log.take(self.reader);
        self.event(found)
    }

    fn event(&mut self, found: Found) -> Option<RunEvent> {
        let event = match found {
            Found::Event(event) => Some(event),
            Found::Lost => Some(RunEvent::Finished(Outcome::Failed(too_slow()))),
            Found::Nothing => return None,
            Found::End => None,
        };
        self.over = matches!(event, None | Some(RunEvent::Finished(_)));
        event
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Left::Alone(moment) = self.member.log.close(self.reader) {
            self.core.abandoned(&self.member, moment);
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("id", &self.id).finish_non_exhaustive()
    }
}
