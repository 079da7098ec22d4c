//! The waist of the house: every transport starts its work with [`Runs::start`] and reads one
//! [`Run`].
//!
//! This room knows every run there is, whatever started it: it lets runs in, one turn of a session
//! at a time, keeps their events, ends them, and knows them again by their idempotency keys. Runs
//! of a session end in its transcript. Nothing here knows HTTP or a provider's dialect.

mod admission;
mod answer;
mod drive;
mod driven;
mod engine;
mod fingerprint;
mod fold;
mod grace;
mod kept;
mod lane;
mod lanes;
mod log;
mod member;
mod registry;
mod repeats;
mod run;
mod start;

pub use registry::{Filter, Listed, Stage};
pub use run::Run;

use crate::agents::Agents;
use crate::secrets::Live;
use crate::sessions::{self, Sessions};
use crate::tasks::Tasks;
use crate::types::{
    AgentId, Caller, Failure, FailureKind, OnDisconnect, RunId, RunKind, RunRequest, SessionKey,
};
use admission::Admission;
use engine::Core;
use kept::Kept;
use member::{Member, Stopped};
use registry::{Entry, Life, Sharded, sees};
use repeats::Repeats;
use std::sync::Arc;

/// Starts runs, and knows all there are. A cheap handle.
#[derive(Debug, Clone)]
pub struct Runs(Arc<Core>);

impl Runs {
    /// Runs of these agents, over the config in force. Runs that outlive their readers are tasks
    /// of `tasks`.
    pub fn new(live: Live, agents: Agents, sessions: Sessions, tasks: &Tasks) -> Self {
        Self(Arc::new(Core {
            live,
            agents,
            sessions,
            tasks: tasks.clone(),
            registry: Sharded::new(),
            admission: Admission::default(),
            lanes: Sharded::new(),
            repeats: Repeats::new(),
            kept: Kept::default(),
        }))
    }

    /// Starts a run with the config as it is now; later changes do not reach it.
    ///
    /// A run without a session, an idempotency key or a wish to outlive its reader lives by being
    /// read. Every other is a task of its own, and what this gives is a reader of its events.
    ///
    /// # Errors
    /// A [`Failure`]: no such agent, too much under way, or an idempotency key that was used for
    /// another request.
    pub fn start(&self, mut request: RunRequest) -> Result<Run, Failure> {
        let snapshot = self.0.live.load_full();
        if request.kind == RunKind::Utility {
            request.session = None;
        }
        if request.agent.is_none() {
            request.agent = request.session.as_ref().map(|key| key.agent().clone());
        }
        let lasting = request.session.is_some()
            || request.idempotency_key.is_some()
            || request.on_disconnect != OnDisconnect::Cancel;
        if lasting {
            self.0.start_lasting(snapshot, request)
        } else {
            self.0.start_driven(snapshot, request)
        }
    }

    /// Reads a run again, from the event with this sequence on (they count from 1): what a reader
    /// would have got who had never stopped. Of a long run only the latest events are kept as
    /// they were; read from 1 on, those before them come merged into fewer, and
    /// [`Run::next_sequence`] tells how far they reach. A run that has ended is kept for a while;
    /// who asks for more than it had gets its end.
    ///
    /// # Errors
    /// [`FailureKind::UnknownRun`] for a run that is not there, is another caller's, lives by its
    /// reader, or whose events from there on are no longer kept.
    pub fn attach(&self, caller: &Caller, id: RunId, from: u64) -> Result<Run, Failure> {
        let core = &self.0;
        let under_way = match core.registry.shard(&id).get(&id) {
            Some(entry) if entry.is_for(caller) => match &entry.life {
                Life::Task(member) => Some(member.clone()),
                Life::Reader(_) => None,
            },
            _ => None,
        };
        let kept = || core.kept.get(id).filter(|member| sees(caller, member.owner));
        if let Some(member) = under_way.or_else(kept) {
            return Run::following(core.clone(), member, from);
        }
        match core.kept.interrupted_owner(id) {
            Some(owner) if sees(caller, owner.as_deref()) => Ok(Run::interrupted(core, id)),
            _ => Err(unknown(id)),
        }
    }

    /// A run that has not ended.
    pub fn get(&self, caller: &Caller, id: RunId) -> Option<Listed> {
        let shard = self.0.registry.shard(&id);
        shard.get(&id).filter(|entry| entry.is_for(caller)).map(|entry| entry.listed(id))
    }

    /// The runs that have not ended, those that wait in a lane included, the oldest first.
    pub fn list(&self, caller: &Caller, filter: &Filter) -> Vec<Listed> {
        let mut all = Vec::new();
        for shard in self.0.registry.shards() {
            let seen = shard.iter().filter(|(_, run)| run.is_for(caller) && run.fits(filter));
            all.extend(seen.map(|(id, run)| run.listed(*id)));
        }
        all.sort_by_key(|run| (run.started, run.id));
        all
    }

    /// Runs of an agent that are under way; those that wait in a lane are not.
    pub fn under_way(&self, agent: &AgentId) -> usize {
        self.0.admission.running(agent)
    }

    /// All runs that are under way.
    pub fn all_under_way(&self) -> usize {
        self.0.admission.all()
    }

    /// Ends a run: its upstream request is closed at once and its readers get
    /// [`crate::types::Outcome::Aborted`]. One that waits in a lane leaves it. One that became a turn together
    /// with others leaves that; where it leads it, all of them end.
    ///
    /// # Errors
    /// [`FailureKind::UnknownRun`] for a run that is not there or is another caller's.
    pub fn cancel(&self, caller: &Caller, id: RunId) -> Result<(), Failure> {
        let life = {
            let shard = self.0.registry.shard(&id);
            let entry = shard.get(&id).filter(|entry| entry.is_for(caller));
            entry.map(|entry| entry.life.clone()).ok_or_else(|| unknown(id))?
        };
        match life {
            Life::Reader(turn) => turn.end(),
            Life::Task(member) => self.0.cancel(&[member], Stopped::Cancelled),
        }
        Ok(())
    }

    /// Ends the run under way in a session and all that wait there. Says how many there were.
    pub fn cancel_session(&self, caller: &Caller, session: &SessionKey) -> usize {
        let fits =
            |run: &Entry| run.is_for(caller) && run.described.session.as_ref() == Some(session);
        let runs = self.lasting(fits);
        self.0.cancel(&runs, Stopped::Cancelled);
        runs.len()
    }

    /// Ends every run that lives by itself because the gateway stops. They are written as
    /// interrupted, and whoever reads them is told.
    pub fn interrupt(&self) {
        self.0.cancel(&self.lasting(|_| true), Stopped::Interrupted);
    }

    /// The runs that live by themselves or wait in a lane, as far as they fit.
    fn lasting(&self, fits: impl Fn(&Entry) -> bool) -> Vec<Arc<Member>> {
        let mut all = Vec::new();
        for shard in self.0.registry.shards() {
            all.extend(shard.values().filter(|run| fits(run)).filter_map(|run| match &run.life {
                Life::Task(member) => Some(member.clone()),
                Life::Reader(_) => None,
            }));
        }
        all
    }

    /// Marks the runs that an earlier process left unfinished, and remembers them, so that whoever
    /// asks for one is told what happened. Gives their number.
    ///
    /// # Errors
    /// When the sessions' store cannot be used.
    pub async fn recover(&self) -> Result<usize, sessions::Error> {
        let interrupted = self.0.sessions.recover().await?;
        for run in &interrupted {
            let row = self.0.sessions.row(&run.key).await?;
            self.0.kept.interrupted(run.run, row.and_then(|row| row.owner));
        }
        Ok(interrupted.len())
    }
}

/// The same words for a run that is not there and for another caller's.
fn unknown(id: RunId) -> Failure {
    let message = format!(
        "There is no run {id} whose events could be read: it is not known, or its end was too \
         long ago."
    );
    Failure::new(FailureKind::UnknownRun, message)
}
