//! The names by which clients choose an agent, and the headers that override the choice.

use super::ApiError;
use crate::secrets::Snapshot;
use crate::types::{AgentId, Caller, OnDisconnect, Scope};
use std::time::Duration;

/// The model id that is always there.
pub(super) const OPENCLAW: &str = "openclaw";
/// The stable alias of the default agent.
pub(super) const DEFAULT: &str = "openclaw/default";
/// Chooses the agent.
pub(super) const AGENT_HEADER: &str = "x-openclaw-agent-id";
/// Chooses the backend model.
pub(super) const MODEL_HEADER: &str = "x-openclaw-model";
/// Makes repeats of a request the same request.
pub(super) const IDEMPOTENCY_HEADER: &str = "idempotency-key";
/// Says what becomes of a run whose client hangs up.
pub(super) const DISCONNECT_HEADER: &str = "x-openclaw-on-disconnect";
/// A run may go on for so long without a reader.
const MAX_GRACE_SECONDS: u64 = 3_600;
/// Larger header values are not names.
const MAX_NAME_BYTES: usize = 256;

/// The agent a `model` value names; none means the default agent.
///
/// Accepts `openclaw`, `openclaw/default`, `openclaw/<agent>`, `openclaw:<agent>` and
/// `agent:<agent>`; an empty or missing model is the default agent.
fn agent_of(model: &str) -> Result<Option<AgentId>, ApiError> {
    if matches!(model, "" | OPENCLAW | DEFAULT | "openclaw:default") {
        return Ok(None);
    }
    let prefixes = ["openclaw/", "openclaw:", "agent:"];
    let named = prefixes.iter().find_map(|prefix| model.strip_prefix(prefix));
    match named.map(AgentId::parse) {
        Some(Ok(agent)) => Ok(Some(agent)),
        _ => Err(unknown(model)),
    }
}

/// What a `model` stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The agent that answers; none means the default agent.
    pub(super) agent: Option<AgentId>,
    /// The backend model it answers with, `provider/model`, where the name stands for one.
    pub(super) model: Option<String>,
}

/// What a `model` value stands for by the config in force.
pub(super) fn resolve(_snapshot: &Snapshot, name: &str) -> Result<Target, ApiError> {
    Ok(Target { agent: agent_of(name)?, model: None })
}

/// The 404 for a model id that names no agent.
pub(super) fn unknown(model: &str) -> ApiError {
    let shown: String = model.chars().take(MAX_NAME_BYTES).collect();
    ApiError::model_not_found(format!(
        "The model '{shown}' does not exist. Use `openclaw` or `openclaw/<agentId>`; \
         GET /v1/models lists them."
    ))
}

/// What a request's headers override.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    /// `x-openclaw-agent-id`.
    pub(super) agent: Option<AgentId>,
    /// `x-openclaw-model`.
    pub(super) model: Option<String>,
}

impl Overrides {
    /// Reads both headers; choosing a backend model takes the admin scope.
    pub(super) fn read(
        caller: Caller,
        agent: Option<String>,
        model: Option<String>,
    ) -> Result<Self, ApiError> {
        let filled = |value: Option<String>| {
            value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let agent = filled(agent)
            .map(|text| {
                AgentId::parse(&text).map_err(|error| {
                    let message = format!("Invalid `x-openclaw-agent-id`: {error}.");
                    ApiError::invalid("invalid_value", AGENT_HEADER, message)
                })
            })
            .transpose()?;
        let model = filled(model);
        if model.is_some() && !caller.scopes.grants(Scope::Admin) {
            return Err(ApiError::missing_scope(Scope::Admin.as_str()));
        }
        if model.as_ref().is_some_and(|text| text.len() > MAX_NAME_BYTES) {
            let message = format!("`x-openclaw-model` is longer than {MAX_NAME_BYTES} bytes.");
            return Err(ApiError::invalid("invalid_value", MODEL_HEADER, message));
        }
        Ok(Self { agent, model })
    }
}

/// The key of `idempotency-key`.
pub(super) fn idempotency_key(header: Option<String>) -> Result<Option<String>, ApiError> {
    let key = header.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if key.as_ref().is_some_and(|key| key.len() > MAX_NAME_BYTES) {
        let message = format!("`{IDEMPOTENCY_HEADER}` is longer than {MAX_NAME_BYTES} bytes.");
        return Err(ApiError::invalid("invalid_value", IDEMPOTENCY_HEADER, message));
    }
    Ok(key)
}

/// What `x-openclaw-on-disconnect` asks for.
pub(super) fn on_disconnect(header: Option<&str>) -> Result<OnDisconnect, ApiError> {
    let text = header.map_or("", str::trim).to_ascii_lowercase();
    let grace = text.strip_prefix("grace=").and_then(|seconds| seconds.parse::<u64>().ok());
    match (text.as_str(), grace) {
        ("" | "cancel", _) => Ok(OnDisconnect::Cancel),
        ("detach", _) => Ok(OnDisconnect::Detach),
        (_, Some(seconds)) if (1..=MAX_GRACE_SECONDS).contains(&seconds) => {
            Ok(OnDisconnect::Grace(Duration::from_secs(seconds)))
        }
        _ => {
            let message = format!(
                "`{DISCONNECT_HEADER}` must be cancel, detach, or grace=<seconds> with 1 to \
                 {MAX_GRACE_SECONDS} seconds."
            );
            Err(ApiError::invalid("invalid_value", DISCONNECT_HEADER, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_what_becomes_of_an_answer() {
        let read = |text| on_disconnect(text).expect("valid");
        for cancel in [None, Some(" "), Some("Cancel")] {
            assert_eq!(read(cancel), OnDisconnect::Cancel, "{cancel:?}");
        }
        assert_eq!(read(Some("detach")), OnDisconnect::Detach);
        assert_eq!(read(Some(" grace=30 ")), OnDisconnect::Grace(Duration::from_secs(30)));
        let too_long = format!("grace={}", MAX_GRACE_SECONDS + 1);
        for bad in ["grace=0", "grace=", "grace=x", "grace", "keep", &too_long] {
            assert!(on_disconnect(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn models_are_agents() {
        for default in ["", "openclaw", "openclaw/default", "openclaw:default"] {
            assert_eq!(agent_of(default).expect("valid"), None, "{default}");
        }
        for named in ["openclaw/Beta", "openclaw:beta", "agent:beta"] {
            let agent = agent_of(named).expect("valid").expect("named");
            assert_eq!(agent.as_str(), "beta", "{named}");
        }
        for bad in ["gpt-4o", "openai/gpt-4o", "openclaw/", "openclaw/../x", "agent:"] {
            let error = agent_of(bad).expect_err("must be refused");
            assert_eq!((error.status.as_u16(), error.code), (404, "model_not_found"), "{bad}");
        }
    }
}
