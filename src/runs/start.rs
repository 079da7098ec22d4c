//! How a run begins: by its reader, or as a task of its own.

use super::drive::{limit, timed_out};
use super::driven::Driven;
use super::engine::{Core, Job};
use super::fingerprint;
use super::member::{Born, Member};
use super::registry::{Described, Entry, Life};
use super::repeats::{Claim, Repeat};
use super::run::{Live, Run};
use crate::agents::Turn;
use crate::secrets::Snapshot;
use crate::types::{AgentId, Failure, FailureKind, Outcome, RunEvent, RunId, RunRequest};
use std::sync::Arc;
use uuid::Uuid;

impl Core {
    /// Starts a run that lives by its reader: no task, no disk.
    pub(super) fn start_driven(
        self: &Arc<Self>,
        snapshot: Arc<Snapshot>,
        request: RunRequest,
    ) -> Result<Run, Failure> {
        let agent = self.agents.resolve(&snapshot, request.agent.as_ref())?;
        let permit = self.admission.enter(&snapshot, agent)?;
        let (id, described) = (new_id(), self.describe(&agent.id, &request));
        let (agents, limit) = (self.agents.clone(), limit(&snapshot, &request));
        let pinned = snapshot.clone();
        let turn = Driven::of(|events| async move {
            let turn = Turn { snapshot: pinned, request, boundaries: None };
            let turn = agents.turn(turn, events.clone());
            if tokio::time::timeout(limit, turn).await.is_err() {
                let late = Outcome::Failed(timed_out(limit));
                // A reader that is gone need not be told.
                let _ = events.send(RunEvent::Finished(late)).await;
            }
        });
        let life = Life::Reader(turn.driving().clone());
        self.registry.shard(&id).insert(id, Entry { described, life });
        let (core, model, usage) = (self.clone(), None, None);
        Ok(Run::driven(id, turn, Live { core, id, snapshot, _permit: permit, model, usage }))
    }

    /// Starts a run that lives by itself, or finds the one that its idempotency key stands for.
    pub(super) fn start_lasting(
        self: &Arc<Self>,
        snapshot: Arc<Snapshot>,
        request: RunRequest,
    ) -> Result<Run, Failure> {
        let agent = self.agents.resolve(&snapshot, request.agent.as_ref())?;
        let member = Arc::new(Member::new(born(&request)));
        if request.idempotency_key.is_some() {
            match self.repeats.claim(&member, fingerprint::of(&request)) {
                Claim::New => {}
                Claim::Same(earlier) => return Run::following(self.clone(), earlier, 1),
                Claim::Other => return Err(used_otherwise()),
            }
        }
        let (id, session) = (member.id, request.session.clone());
        let (described, life) = (self.describe(&agent.id, &request), Life::Task(member.clone()));
        self.registry.shard(&id).insert(id, Entry { described, life });
        // It is read before it begins, so that it never seems abandoned.
        let run = Run::following(self.clone(), member.clone(), 1)?;
        let span = tracing::info_span!(
            "run",
            run = %id,
            session = session.as_ref().map(tracing::field::display),
            agent = %agent.id
        );
        let alike = fingerprint::of_settings(&request);
        let job = Job { member: member.clone(), snapshot, request, alike, span };
        let begun = match session {
            Some(key) => self.enter_lane(&key, job),
            None => self.begin(job),
        };
        begun.inspect_err(|failure| self.take_back(&member, failure.clone()))?;
        Ok(run)
    }

    fn describe(&self, agent: &AgentId, request: &RunRequest) -> Described {
        Described {
            agent: agent.clone(),
            session: request.session.clone(),
            surface: request.origin.surface,
            owner: request.origin.caller.namespace(),
            started: self.sessions.clock().now(),
        }
    }
}

fn new_id() -> RunId {
    RunId::from_bits(Uuid::new_v4().as_u128())
}

fn born(request: &RunRequest) -> Born {
    let owner = request.origin.caller.namespace();
    let repeat = request.idempotency_key.as_ref().map(|key| Repeat {
        owner,
        session: request.session.clone(),
        key: key.clone(),
    });
    let (session, on_disconnect) = (request.session.clone(), request.on_disconnect);
    Born { id: new_id(), owner, session, repeat, on_disconnect }
}

pub(super) fn used_otherwise() -> Failure {
    let message = "This idempotency key was used for another request. Send that request again, or \
                   use a new key.";
    Failure::new(FailureKind::Conflict, message)
}
