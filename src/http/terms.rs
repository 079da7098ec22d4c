//! What the headers of a request say of the run it asks for.

use super::ApiError;
use super::session::{self, Found};
use super::target::{self, Overrides};
use crate::types::{AgentId, OnDisconnect, Origin};

/// What a request's headers say of the run it asks for.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) overrides: Overrides,
    pub(super) session_key: Option<String>,
    pub(super) origin: Origin,
    pub(super) idempotency_key: Option<String>,
    pub(super) on_disconnect: OnDisconnect,
}

/// Two headers that name two agents leave open which one shall answer.
pub(super) fn check_agent(
    demanded: Option<&AgentId>,
    session: Option<&Found>,
) -> Result<(), ApiError> {
    let (Some(agent), Some(found)) = (demanded, session) else { return Ok(()) };
    let other = found.key.agent();
    if agent == other {
        return Ok(());
    }
    let message = format!(
        "`{}` names the agent '{agent}', `{}` a session of '{other}': leave one of them out.",
        target::AGENT_HEADER,
        session::KEY_HEADER
    );
    Err(ApiError::invalid("invalid_value", session::KEY_HEADER, message))
}
