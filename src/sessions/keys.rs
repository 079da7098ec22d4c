//! How sessions are named.

use crate::types::{AgentId, InvalidName, SessionKey};

/// The session of all calls that name this `user`: two users that differ by case are two.
pub fn of_user(agent: &AgentId, user: &str) -> SessionKey {
    let _ = (agent, user);
    todo!()
}

/// The session of a client's chat with this id.
pub fn of_chat(agent: &AgentId, chat: &str) -> SessionKey {
    let _ = (agent, chat);
    todo!()
}

/// The session that a caller names: `main` for the agent's main session, a complete
/// `agent:<agentId>:<rest>`, or a bare name under `agent`.
///
/// # Errors
/// [`InvalidName`] when it cannot be a key.
pub fn named(text: &str, agent: &AgentId) -> Result<SessionKey, InvalidName> {
    let _ = (text, agent);
    todo!()
}

/// The same key in a namespace, where there is one: callers of different namespaces never share
/// a session, whatever they name it. A key that is in the namespace already stays as it is.
pub fn within(namespace: Option<&str>, key: SessionKey) -> SessionKey {
    let _ = namespace;
    key
}
