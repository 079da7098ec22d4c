//! The names by which clients choose an agent, and the headers that override the choice.

use super::ApiError;
use crate::config::{self, AliasTarget, LOCAL, UnknownModel};
use crate::secrets::Snapshot;
use crate::types::{AgentId, Caller, ModelRef, OnDisconnect, Scope};
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
/// An error quotes no more of an unknown name than this.
const MAX_SHOWN_CHARS: usize = 80;
/// An error lists no more names than this.
const MAX_NAMED: usize = 8;

/// What a `model` stands for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The agent that answers; none means the default agent.
    pub(super) agent: Option<AgentId>,
    /// The backend model it answers with, `provider/model`, where the name stands for one.
    pub(super) model: Option<String>,
}

/// What a `model` value stands for by the config in force: an agent's name, an alias, or a
/// provider's model where those are exposed. An empty name is the default agent's.
///
/// An alias that names a backend model needs no scope, unlike [`MODEL_HEADER`]: the operator has
/// chosen what it stands for.
pub(super) fn resolve(snapshot: &Snapshot, name: &str) -> Result<Target, ApiError> {
    if name.is_empty() {
        return Ok(Target::default());
    }
    if let Some(part) = config::own_agent(name) {
        return of_agent(snapshot, part).ok_or_else(|| unknown(snapshot, name));
    }
    let settings = &snapshot.config.gateway.http.models;
    if let Some(alias) = settings.aliases.get(name) {
        return of_alias(snapshot, alias).ok_or_else(|| unknown(snapshot, name));
    }
    if settings.expose_providers && is_backend(snapshot, name) {
        return Ok(Target { agent: None, model: Some(name.to_owned()) });
    }
    match settings.unknown {
        UnknownModel::Default => Ok(Target::default()),
        UnknownModel::Reject => Err(unknown(snapshot, name)),
    }
}

/// The agent with this id. One that is not there is never another in its place.
fn of_agent(snapshot: &Snapshot, id: &str) -> Option<Target> {
    match AliasTarget::parse(&format!("agent:{id}")).ok()? {
        AliasTarget::Agent(None) => Some(Target::default()),
        AliasTarget::Agent(Some(id)) => snapshot
            .roster
            .get(&id)
            .map(|agent| Target { agent: Some(agent.id.clone()), model: None }),
        AliasTarget::Model(_) => None,
    }
}

/// What an alias stands for, which the config's validation has looked at.
fn of_alias(snapshot: &Snapshot, alias: &str) -> Option<Target> {
    match AliasTarget::parse(alias).ok()? {
        AliasTarget::Agent(None) => Some(Target::default()),
        AliasTarget::Agent(Some(id)) => of_agent(snapshot, id.as_str()),
        AliasTarget::Model(model) => Some(Target { agent: None, model: Some(model.to_string()) }),
    }
}

/// Whether a name is `provider/model` of a provider that is there and may have that model.
fn is_backend(snapshot: &Snapshot, name: &str) -> bool {
    let Ok(named) = ModelRef::parse(name) else { return false };
    match snapshot.config.models.providers.get(&named.provider) {
        Some(provider) => {
            provider.models.is_empty() || provider.models.iter().any(|m| m.id == named.model)
        }
        None => named.provider == LOCAL,
    }
}

/// The 404 for a model id that means nothing here: it says what there is instead.
pub(super) fn unknown(snapshot: &Snapshot, model: &str) -> ApiError {
    let shown: String = model.chars().take(MAX_SHOWN_CHARS).collect();
    let mut message = format!("The model '{shown}' does not exist. {}", there_is(snapshot));
    if is_backend(snapshot, model) {
        message.push_str(" To serve the providers' models by their own names, set ");
        message.push_str("`gateway.http.models.exposeProviders: true`.");
    } else if config::own_agent(model).is_none() {
        let stands_for = stand_in(snapshot, model);
        let hint = format!(
            " For a program that has this name built in, set \
             `gateway.http.models.aliases: {{\"{shown}\": \"{stands_for}\"}}`."
        );
        message.push_str(&hint);
    }
    ApiError::model_not_found(message)
}

/// The agents and aliases there are, as far as they fit a message.
fn there_is(snapshot: &Snapshot) -> String {
    let agents = snapshot.roster.iter().map(|agent| format!("`{OPENCLAW}/{}`", agent.id));
    let aliases = snapshot.config.gateway.http.models.aliases.keys();
    let all = agents.chain(aliases.map(|alias| format!("`{alias}`")));
    let named: Vec<String> = all.take(MAX_NAMED).collect();
    let list = named.join(", ");
    format!("There is `{OPENCLAW}` (the default agent), {list}; GET /v1/models lists all.")
}

/// What an alias of this name would most likely stand for: the names of embedding models all say
/// that they are.
fn stand_in(snapshot: &Snapshot, name: &str) -> String {
    let agent = snapshot.roster.default_agent();
    if name.contains("embed") {
        return ModelRef::from(&agent.embedding).to_string();
    }
    agent.id.to_string()
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

    fn snapshot(models: serde_json::Value) -> Snapshot {
        let config = serde_json::json!({
            "gateway": {"http": {"models": models}},
            "models": {"providers": {
                "open": {"baseUrl": "http://h/v1"},
                "listed": {"baseUrl": "http://h/v1", "models": [{"id": "a/b"}]},
            }},
            "agents": {"list": [{"id": "main"}, {"id": "beta"}]},
        });
        let config = serde_json::from_value(config).expect("a config");
        let (warnings, env) = (Vec::new(), config::Env::default());
        let loaded = config::Loaded { config, exists: true, warnings, modified: None, env };
        let model = ModelRef::parse("open/m").expect("valid");
        let embedding = config::EmbeddingChoice { provider: "open".into(), model: "e".into() };
        crate::secrets::resolve(loaded, &config::Fallback { model, embedding })
    }

    /// `agent` or `provider/model` that a name stands for.
    fn meant(snapshot: &Snapshot, name: &str) -> String {
        match resolve(snapshot, name) {
            Ok(Target { agent: None, model: None }) => "the default".to_owned(),
            Ok(Target { agent: Some(agent), model: None }) => agent.to_string(),
            Ok(Target { agent: None, model: Some(model) }) => model,
            Ok(both) => panic!("{both:?}"),
            Err(error) => {
                assert_eq!((error.status.as_u16(), error.code), (404, "model_not_found"), "{name}");
                error.message
            }
        }
    }

    #[test]
    fn models_are_agents() {
        let snapshot = snapshot(serde_json::json!({}));
        for default in ["", "openclaw", "openclaw/default", "openclaw:default", "agent:default"] {
            assert_eq!(meant(&snapshot, default), "the default", "{default}");
        }
        for named in ["openclaw/Beta", "openclaw:beta", "agent:beta"] {
            assert_eq!(meant(&snapshot, named), "beta", "{named}");
        }
        for bad in ["gpt-4o", "open/m", "openclaw/", "openclaw/../x", "agent:", "openclaw/gamma"] {
            assert!(meant(&snapshot, bad).contains("`openclaw/beta`"), "{bad}");
        }
        let hint = meant(&snapshot, "text-embedding-3-small");
        assert!(hint.contains(r#"aliases: {"text-embedding-3-small": "open/e"}`"#), "{hint}");
    }

    #[test]
    fn an_alias_is_what_the_operator_says() {
        let aliases = serde_json::json!({
            "gpt-4o": "beta", "gpt-4": "openclaw", "embed": "open/e-1", "gone": "nobody",
        });
        let snapshot = snapshot(serde_json::json!({ "aliases": aliases }));
        for (alias, expected) in
            [("gpt-4o", "beta"), ("gpt-4", "the default"), ("embed", "open/e-1")]
        {
            assert_eq!(meant(&snapshot, alias), expected, "{alias}");
        }
        assert!(meant(&snapshot, "gone").contains("does not exist"));
        assert!(meant(&snapshot, "GPT-4o").contains("does not exist"));
    }

    #[test]
    fn the_models_of_providers_are_there_where_they_are_exposed() {
        let snapshot = snapshot(serde_json::json!({ "exposeProviders": true }));
        for exposed in ["open/anything", "listed/a/b", "local/m"] {
            assert_eq!(meant(&snapshot, exposed), exposed);
        }
        for not in ["listed/c", "nowhere/m", "anything"] {
            assert!(meant(&snapshot, not).contains("does not exist"), "{not}");
        }
    }

    #[test]
    fn an_unknown_name_may_be_the_default_agent_but_never_for_another_agent() {
        let snapshot = snapshot(serde_json::json!({ "unknown": "default" }));
        assert_eq!(meant(&snapshot, "gpt-4o"), "the default");
        assert!(meant(&snapshot, "openclaw/gamma").contains("does not exist"));
    }
}
