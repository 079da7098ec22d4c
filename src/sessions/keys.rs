//! How sessions are named.

use crate::types::{AgentId, SessionKey};

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

/// The same key in a namespace, where there is one: callers of different namespaces never share
/// a session, whatever they name it. A key that is in the namespace already stays as it is.
pub fn within(namespace: Option<&str>, key: SessionKey) -> SessionKey {
    let _ = namespace;
    key
}

/// The session that people call `text`: `main`, a complete key, or a key of the default agent's.
///
/// # Errors
/// [`InvalidName`] as [`SessionKey::parse`].
pub fn named(text: &str, default_agent: &AgentId) -> Result<SessionKey, crate::types::InvalidName> {
    let text = text.trim();
    let is_complete = text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("agent:"));
    if text.eq_ignore_ascii_case("main") {
        Ok(SessionKey::main(default_agent))
    } else if is_complete {
        SessionKey::parse(text)
    } else {
        SessionKey::of(default_agent, text)
    }
}
