//! A run that lives by itself, from its claim on the session to the last word in the transcript.

use super::admission::{Permit, RETRY_AFTER, busy};
use super::answer::{self, Answer};
use super::driven::{Driven, Step};
use super::engine::{Core, Job};
use super::lanes::Seat;
use super::member::{Member, interrupted, interrupted_turn};
use super::start::used_otherwise;
use crate::agents::{self, Boundary, Turn};
use crate::secrets::Snapshot;
use crate::sessions::{self, Begin, Begun, Said, Spent, Writer, reset};
use crate::types::{
    AgentId, Failure, FailureKind, ModelRef, Outcome, RunEvent, RunRequest, SessionKey,
};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, interval_at};

/// `agents.defaults.timeoutSeconds`, where the config does not say.
const TIMEOUT: Duration = Duration::from_secs(172_800);
/// How often a long turn renews its claim on the session, well within the claim's term.
const RENEW_EVERY: Duration = Duration::from_secs(180);

/// One turn and the runs that are members of it.
pub(super) struct Drive {
    core: Arc<Core>,
    snapshot: Arc<Snapshot>,
    leader: Arc<Member>,
    /// The leader, and who follows it.
    members: Vec<Arc<Member>>,
    alike: [u8; 32],
    writer: Option<Box<Writer>>,
    answer: Answer,
}

impl Drive {
    /// A turn of these runs, at least one; the first leads.
    pub(super) fn new(core: &Arc<Core>, turn: &[Job]) -> Self {
        let first = turn.first().expect("a turn has a job");
        Self {
            core: core.clone(),
            snapshot: first.snapshot.clone(),
            leader: first.member.clone(),
            members: turn.iter().map(|job| job.member.clone()).collect(),
            alike: first.alike,
            writer: None,
            answer: Answer::default(),
        }
    }

    /// Runs the turn, which waits for room where it has no permit. Its end is in the transcript
    /// before anybody is told of it, and by then the next one may begin.
    pub(super) async fn through(
        mut self,
        turn: Vec<Job>,
        permit: Option<Permit>,
        seat: Option<Seat>,
    ) {
        let request = merged(turn);
        let agent = self.core.agents.resolve(&self.snapshot, request.agent.as_ref());
        let agent = agent.map(|agent| (agent.id.clone(), agent.model.clone()));
        let admitted = match (&agent, permit) {
            (Err(failure), _) => Err(Outcome::Failed(failure.clone())),
            (Ok(_), Some(permit)) => Ok(permit),
            (Ok(_), None) => self.admitted(&request).await,
        };
        let (outcome, permit) = match (&agent, admitted) {
            (Ok((_, model)), Ok(permit)) => {
                self.leader.begin();
                let work = AssertUnwindSafe(self.work(request, model.clone())).catch_unwind();
                let outcome = work.await.unwrap_or_else(|_| Outcome::Failed(panicked()));
                (outcome, Some(permit))
            }
            (_, Err(outcome)) => (outcome, None),
            (Err(failure), Ok(_)) => (Outcome::Failed(failure.clone()), None),
        };
        let outcome = self.write_end(outcome).await;
        if let Ok((agent, _)) = agent {
            self.count(agent);
        }
        drop(permit);
        for member in &self.members {
            self.core.shelve(member, &outcome);
        }
        if let Some(seat) = seat {
            seat.give_back();
        }
        for member in &self.members {
            member.finish(outcome.clone());
        }
    }

    /// Waits for room, at most for as long as the turn itself may take.
    async fn admitted(&self, request: &RunRequest) -> Result<Permit, Outcome> {
        let agent = self.core.agents.resolve(&self.snapshot, request.agent.as_ref());
        let agent = agent.map_err(Outcome::Failed)?;
        let limit = limit(&self.snapshot, request);
        let room = tokio::time::timeout(limit, self.core.admission.wait(&self.snapshot, agent));
        tokio::select! {
            biased;
            why = self.leader.stop.told() => Err(why.outcome()),
            room = room => room.map_err(|_| {
                let seconds = limit.as_secs_f64();
                let what = format!("The gateway was at its limit of runs for {seconds} s.");
                Outcome::Failed(busy(what))
            }),
        }
    }

    async fn work(&mut self, mut request: RunRequest, usual: ModelRef) -> Outcome {
        if let Some(key) = request.session.clone() {
            match self.claim(key, &mut request).await {
                Ok(None) => self.tell(RunEvent::Accepted).await,
                Ok(Some(said)) => return self.replay(*said, usual).await,
                Err(failure) => return Outcome::Failed(failure),
            }
        }
        let limit = limit(&self.snapshot, &request);
        let (agents, snapshot) = (self.core.agents.clone(), self.snapshot.clone());
        let mut driven = Driven::with_boundaries(|events, boundaries| {
            let boundaries = self.writer.as_ref().map(|_| boundaries);
            agents.turn(Turn { snapshot, request, boundaries }, events)
        });
        let leader = self.leader.clone();
        let deadline = tokio::time::sleep(limit);
        tokio::pin!(deadline);
        loop {
            let boundary = tokio::select! {
                biased;
                why = leader.stop.told() => return why.outcome(),
                () = &mut deadline => return Outcome::Failed(timed_out(limit)),
                reached = self.follow(&mut driven) => match reached {
                    Reached::Boundary(boundary) => boundary,
                    Reached::End(outcome) => return outcome,
                },
            };
            // Not to be dropped half-way: what it writes must be known to have been written.
            if let Err(failure) = self.join(boundary).await {
                return Outcome::Failed(failure);
            }
        }
    }

    /// Claims the session. What was asked is safe once this returns; an answer that was given
    /// earlier under the same idempotency key is given instead.
    async fn claim(
        &mut self,
        key: SessionKey,
        request: &mut RunRequest,
    ) -> Result<Option<Box<Said>>, Failure> {
        let channel = request.origin.surface.as_str();
        let begun = self.core.sessions.begin(Begin {
            reset: reset::rule(&self.snapshot.config.session, channel, &key),
            key,
            owner: self.leader.owner,
            channel: channel.to_owned(),
            run: self.leader.id,
            input: std::mem::take(&mut request.input),
            history: request.history,
            idempotency_key: request.idempotency_key.take(),
            fingerprint: self.alike,
        });
        match begun.await.map_err(told)? {
            Begun::Answered(said) => Ok(Some(said)),
            Begun::Turn(mut writer) => {
                request.input = writer.take_conversation();
                request.model =
                    request.model.take().or_else(|| writer.row().model_override.clone());
                self.writer = Some(writer);
                Ok(None)
            }
        }
    }

    /// Reads the turn until it could go on or ends.
    async fn follow(&mut self, driven: &mut Driven) -> Reached {
        let mut renewal = interval_at(Instant::now() + RENEW_EVERY, RENEW_EVERY);
        loop {
            let step = tokio::select! {
                biased;
                step = driven.step() => step,
                _ = renewal.tick() => {
                    if let Err(failure) = self.renew().await {
                        return Reached::End(Outcome::Failed(failure));
                    }
                    continue;
                }
            };
            match step {
                Step::Event(RunEvent::Finished(outcome)) => return Reached::End(outcome),
                Step::Event(event) => {
                    self.answer.grow(&event);
                    self.tell(event).await;
                }
                Step::Boundary(boundary) => return Reached::Boundary(boundary),
                Step::Over => return Reached::End(Outcome::Failed(panicked())),
            }
        }
    }

    /// Renews the claim on the session. Only one that was taken over ends the turn: a store that
    /// fails for a moment may be back before the claim runs out.
    async fn renew(&self) -> Result<(), Failure> {
        let Some(writer) = &self.writer else { return Ok(()) };
        match writer.renew().await {
            Err(error @ sessions::Error::Stale(_)) => Err(told(error)),
            Err(error) => {
                tracing::warn!(%error, "the claim on a session could not be renewed");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Lets those that wait to join the turn do so; with none, the turn ends.
    async fn join(&mut self, boundary: Boundary) -> Result<(), Failure> {
        let joining = self.core.take_steering(&self.leader, self.alike);
        if joining.is_empty() {
            return Ok(());
        }
        let mut messages: Vec<_> = self.answer.take_message().into_iter().collect();
        let before = self.members.len();
        for job in joining {
            self.members.push(job.member);
            messages.extend(sessions::turn_of(&job.request.input));
        }
        if let Some(writer) = &mut self.writer {
            writer.say(messages.clone()).await.map_err(told)?;
        }
        for member in &self.members[before..] {
            member.log.push(RunEvent::Accepted).await;
        }
        boundary.go_on(messages);
        Ok(())
    }

    /// Gives an answer that is stored already.
    async fn replay(&mut self, said: Said, usual: ModelRef) -> Outcome {
        let (events, outcome) = answer::replayed(said, usual);
        self.tell(RunEvent::Accepted).await;
        for event in events {
            self.tell(event).await;
        }
        outcome
    }

    async fn tell(&self, event: RunEvent) {
        let (last, others) = self.members.split_last().expect("the leader is a member");
        for member in others {
            member.log.push(event.clone()).await;
        }
        last.log.push(event).await;
    }

    /// Writes the end into the transcript. An answer that cannot be kept is a failure.
    async fn write_end(&mut self, outcome: Outcome) -> Outcome {
        let Some(writer) = self.writer.take() else { return outcome };
        let outcome = match outcome {
            Outcome::Failed(failure) if failure.kind == FailureKind::Interrupted => {
                Outcome::Failed(interrupted_turn())
            }
            outcome => outcome,
        };
        let Err(error) = writer.finish(self.answer.ended(&outcome)).await else { return outcome };
        let failure = told(error);
        match outcome {
            Outcome::Failed(_) => outcome,
            _ => Outcome::Failed(failure),
        }
    }

    /// Counts what the run took.
    fn count(&self, agent: AgentId) {
        let (Some(model), Some(usage)) = (self.answer.model.clone(), self.answer.usage) else {
            return;
        };
        let microdollars = agents::price(&self.snapshot.config, &model, usage);
        self.core.sessions.ledger().spent(Spent { agent, model, usage, microdollars });
    }
}

impl Drop for Drive {
    /// A turn that was dropped, as when the process ends, still tells its readers. One that came
    /// to its end has told them already.
    fn drop(&mut self) {
        let failure = self.writer.as_ref().map_or_else(interrupted, |_| interrupted_turn());
        for member in &self.members {
            self.core.take_back(member, failure.clone());
        }
    }
}

/// Where a turn has got to.
enum Reached {
    Boundary(Boundary),
    End(Outcome),
}

/// One request of all that became one turn: the first, with what the others ask after its own.
/// Earlier turns that those send along are in the session, or the first has sent them too. Only a turn of one has a key under which it could be repeated.
fn merged(turn: Vec<Job>) -> RunRequest {
    let mut jobs = turn.into_iter();
    let mut request = jobs.next().expect("a turn has a job").request;
    for job in jobs {
        request.input.extend(sessions::turn_of(&job.request.input));
        request.idempotency_key = None;
    }
    request
}

/// How long a run may take.
pub(super) fn limit(snapshot: &Snapshot, request: &RunRequest) -> Duration {
    let configured = snapshot.config.agents.defaults.timeout_seconds.map(Duration::from_secs);
    request.timeout.or(configured).unwrap_or(TIMEOUT)
}

pub(super) fn timed_out(limit: Duration) -> Failure {
    let seconds = limit.as_secs_f64();
    let message = format!(
        "The run took longer than the {seconds} s it may take. To give runs more time, raise \
         agents.defaults.timeoutSeconds in the config."
    );
    Failure::new(FailureKind::Timeout, message)
}

fn panicked() -> Failure {
    tracing::error!("a run broke off");
    Failure::new(FailureKind::Internal, "The run broke off. The gateway's log has the cause.")
}

/// A session's failure in words for whoever asked: what names a file is for the log alone.
fn told(error: sessions::Error) -> Failure {
    if let sessions::Error::Stale(key) = &error {
        let message = format!(
            "Another run has taken over session {key} meanwhile, so this answer is not part of \
             it. Ask again."
        );
        return again_later(Failure::new(FailureKind::Busy, message));
    }
    if matches!(error, sessions::Error::Conflict(_)) {
        return used_otherwise();
    }
    tracing::error!(%error, "a session could not be used");
    let failure = Failure::from(error);
    if failure.kind != FailureKind::StoreUnavailable {
        return again_later(failure);
    }
    let message = "The session cannot be written at the moment; the gateway's log has the cause. \
                   Try again later, with the same Idempotency-Key where there was one.";
    Failure::new(FailureKind::StoreUnavailable, message)
}

/// Who is told that something is busy is told when to come again.
fn again_later(failure: Failure) -> Failure {
    let soon = (failure.kind == FailureKind::Busy).then_some(RETRY_AFTER);
    Failure { retry_after: failure.retry_after.or(soon), ..failure }
}
