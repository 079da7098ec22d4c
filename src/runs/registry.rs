//! Every run there is, whatever started it, until it ends.

use super::driven::Driving;
use super::member::Member;
use crate::types::{AgentId, Caller, RunId, SessionKey, Surface};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shards; a power of two.
const SHARDS: usize = 32;

/// A map in pieces, each with a lock of its own.
#[derive(Debug)]
pub(super) struct Sharded<K, V>([Mutex<HashMap<K, V>>; SHARDS]);

impl<K: Hash + Eq, V> Sharded<K, V> {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(HashMap::new())))
    }

    /// The piece that has this key.
    pub(super) fn shard(&self, key: &K) -> MutexGuard<'_, HashMap<K, V>> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % SHARDS as u64).expect("a small number");
        self.0[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pieces, one after another.
    pub(super) fn shards(&self) -> impl Iterator<Item = MutexGuard<'_, HashMap<K, V>>> {
        self.0.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The runs that have not ended.
pub(super) type Registry = Sharded<RunId, Entry>;

/// A run that has not ended.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) described: Described,
    pub(super) life: Life,
}

/// What is known of a run.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) agent: AgentId,
    pub(super) session: Option<SessionKey>,
    pub(super) surface: Surface,
    /// The namespace of who asked; none for the operator's own.
    pub(super) owner: Option<&'static str>,
    /// Milliseconds since 1970.
    pub(super) started: i64,
}

/// What a run lives by.
#[derive(Debug, Clone)]
pub(super) enum Life {
    /// Its reader.
    Reader(Arc<Driving>),
    /// A task of its own, or a place in a lane.
    Task(Arc<Member>),
}

/// A run, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: RunId,
    /// Who answers.
    pub agent: AgentId,
    /// The session it is a turn of.
    pub session: Option<SessionKey>,
    /// What started it.
    pub surface: Surface,
    /// The namespace of who asked; none for the operator's own.
    pub owner: Option<&'static str>,
    /// When it was started, in milliseconds since 1970.
    pub started: i64,
    /// Whether its turn has come.
    pub stage: Stage,
}

/// Whether a run's turn has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It waits in its session's lane.
    Waiting,
    /// It is under way.
    Running,
}

/// Which runs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this agent's.
    pub agent: Option<AgentId>,
    /// Only turns of this session.
    pub session: Option<SessionKey>,
}

impl Entry {
    /// Whether a caller may know of it.
    pub(super) fn is_for(&self, caller: &Caller) -> bool {
        sees(caller, self.described.owner)
    }

    pub(super) fn fits(&self, filter: &Filter) -> bool {
        let Described { agent, session, .. } = &self.described;
        filter.agent.as_ref().is_none_or(|wanted| wanted == agent)
            && filter.session.as_ref().is_none_or(|wanted| session.as_ref() == Some(wanted))
    }

    pub(super) fn listed(&self, id: RunId) -> Listed {
        let Described { agent, session, surface, owner, started } = &self.described;
        Listed {
            id,
            agent: agent.clone(),
            session: session.clone(),
            surface: *surface,
            owner: *owner,
            started: *started,
            stage: match &self.life {
                Life::Task(member) if !member.has_begun() => Stage::Waiting,
                Life::Task(_) | Life::Reader(_) => Stage::Running,
            },
        }
    }
}

/// Whether a caller may see what belongs to this namespace.
pub(super) fn sees(caller: &Caller, owner: Option<&str>) -> bool {
    caller.namespace().is_none_or(|own| owner == Some(own))
}
