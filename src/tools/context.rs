//! Who uses a tool, where, and in whose name.

use super::Error;
use super::policy::Narrowed;
use crate::config::AgentEntry;
use crate::secrets::Snapshot;
use crate::sessions::{Row, keys};
use crate::types::{AgentId, Caller, ModelRef, Scope, SessionKey};
use std::sync::Arc;

/// The alias of an agent's main session.
const MAIN: &str = "main";
/// Names that are quoted in an error are cut after so many characters.
const MAX_QUOTED_CHARS: usize = 100;

/// Who uses tools, where, and in whose name.
#[derive(Debug, Clone)]
pub struct Context {
    /// The config, which does not change meanwhile.
    pub snapshot: Arc<Snapshot>,
    /// An agent of that config.
    pub agent: AgentId,
    /// The model in force.
    pub model: ModelRef,
    /// Who asks.
    pub caller: Caller,
    /// The session, in the caller's namespace; absent for a run that leaves no trace.
    pub session: Option<SessionKey>,
    /// What the session takes away.
    pub narrowed: Narrowed,
    /// The chat that the call belongs to.
    pub chat: Chat,
}

/// The chat that a call belongs to, as far as it is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Chat {
    /// The channel, such as `telegram`.
    pub channel: Option<String>,
    /// Which account of it.
    pub account: Option<String>,
    /// To whom an answer would go.
    pub to: Option<String>,
    /// The thread there.
    pub thread: Option<String>,
}

/// The agent and the session as a caller names them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// An agent's id; absent means the session's agent, else the default one.
    pub agent: Option<&'a str>,
    /// A session key, complete or without `agent:<id>:`; absent, empty and `main` mean the main
    /// session.
    pub session: Option<&'a str>,
}

impl Context {
    /// The context of a call for this agent and session.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such agent, the key is not one, the two do not fit, or
    /// the session is one that only the gateway itself and the operator may name.
    pub fn resolve(
        snapshot: Arc<Snapshot>,
        wanted: Wanted<'_>,
        caller: Caller,
    ) -> Result<Self, Error> {
        let agent = trimmed(wanted.agent).map(|id| known(&snapshot, id)).transpose()?;
        let fallback = agent.unwrap_or_else(|| snapshot.roster.default_agent());
        let key = key(&fallback.id, trimmed(wanted.session))?;
        if let Some(agent) = agent.filter(|agent| agent.id != *key.agent()) {
            let (agent, other) = (agent.id.as_str(), key.agent().as_str());
            let message = format!("agent {agent:?} does not match session key agent {other:?}");
            return Err(Error::Invalid(message));
        }
        let entry = known(&snapshot, key.agent().as_str())?;
        if key.is_reserved() && !caller.scopes.grants(Scope::Admin) {
            let message = "`sessionKey` cannot use reserved internal session namespaces.";
            return Err(Error::Invalid(message.to_owned()));
        }
        let (agent, model) = (entry.id.clone(), entry.model.clone());
        let session = Some(keys::within(caller.namespace(), key));
        let (narrowed, chat) = (Narrowed::default(), Chat::default());
        Ok(Self { snapshot, agent, model, caller, session, narrowed, chat })
    }

    /// The agent's entry in the roster.
    pub fn entry(&self) -> &AgentEntry {
        let roster = &self.snapshot.roster;
        roster.get(&self.agent).unwrap_or_else(|| roster.default_agent())
    }

    /// Whether a session is one that the caller may see.
    pub(super) fn owns(&self, row: &Row) -> bool {
        let namespace = self.caller.namespace();
        namespace.is_none() || row.owner.as_deref() == namespace
    }

    /// The key a tool's argument names, in the caller's namespace.
    pub(super) fn key(&self, text: &str) -> Result<SessionKey, Error> {
        let key = key(&self.agent, trimmed(Some(text)))?;
        Ok(keys::within(self.caller.namespace(), key))
    }
}

fn trimmed(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn known<'a>(snapshot: &'a Snapshot, id: &str) -> Result<&'a AgentEntry, Error> {
    let found = AgentId::parse(id).ok().and_then(|id| snapshot.roster.get(&id));
    found.ok_or_else(|| Error::Invalid(format!("Unknown agent id {:?}", quoted(id))))
}

fn key(agent: &AgentId, text: Option<&str>) -> Result<SessionKey, Error> {
    let text = text.unwrap_or(MAIN);
    keys::named(text, agent).map_err(|_| {
        let text = quoted(text);
        Error::Invalid(format!(
            "sessionKey {text:?} is not one: expected `main` or agent:<agentId>:<rest>, at most \
             512 characters without white space"
        ))
    })
}

/// The beginning of what a caller sent, for an error.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
