//! What a name stands for that clients may send as `model`.

use super::Config;
use crate::types::{AgentId, InvalidName, ModelRef};

/// The agent id that always means the default agent.
pub(super) const DEFAULT_AGENT: &str = "default";
/// The name that is the default agent's, and the first part of every agent's.
const OPENCLAW: &str = "openclaw";
/// What stands before an agent's id in a name of the gateway's own.
const AGENT_PREFIXES: [&str; 3] = ["openclaw/", "openclaw:", "agent:"];

/// What an alias in `gateway.http.models.aliases` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AliasTarget {
    /// An agent; none is the default agent.
    Agent(Option<AgentId>),
    /// A model of a provider, asked by the default agent.
    Model(ModelRef),
}

impl AliasTarget {
    /// Parses an agent's id, a name of the gateway's own, or `provider/model`.
    ///
    /// # Errors
    /// [`InvalidName`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim();
        match own_agent(text) {
            Some(id) => agent(id),
            None if text.contains('/') => ModelRef::parse(text).map(Self::Model),
            None => agent(text),
        }
    }
}

fn agent(id: &str) -> Result<AliasTarget, InvalidName> {
    if id == DEFAULT_AGENT {
        return Ok(AliasTarget::Agent(None));
    }
    AgentId::parse(id).map(|id| AliasTarget::Agent(Some(id)))
}

/// The agent's part of a name of the gateway's own: `openclaw`, `openclaw/<agent>`,
/// `openclaw:<agent>` or `agent:<agent>`. No other name is ever taken for one of these.
pub fn own_agent(name: &str) -> Option<&str> {
    if name == OPENCLAW {
        return Some(DEFAULT_AGENT);
    }
    AGENT_PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix))
}

/// The models of providers that a validated config's aliases stand for.
pub fn aliased_models(config: &Config) -> Vec<ModelRef> {
    let targets = config.gateway.http.models.aliases.values();
    let models = targets.filter_map(|text| match AliasTarget::parse(text) {
        Ok(AliasTarget::Model(model)) => Some(model),
        _ => None,
    });
    models.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_names_an_agent_or_a_model() {
        let check = |text: &str, expected: AliasTarget| {
            assert_eq!(AliasTarget::parse(text).expect("valid"), expected, "{text}");
        };
        for default in ["openclaw", "default", "openclaw/default", "agent:default"] {
            check(default, AliasTarget::Agent(None));
        }
        let beta = || AliasTarget::Agent(AgentId::parse("beta").ok());
        for named in ["beta", "Beta", "openclaw/beta", "openclaw:beta", " agent:beta "] {
            check(named, beta());
        }
        let model = ModelRef::parse("openrouter/meta/llama").expect("valid");
        check("openrouter/meta/llama", AliasTarget::Model(model));
        for bad in ["", "openclaw/", "gpt 4", "/x", "x/"] {
            assert!(AliasTarget::parse(bad).is_err(), "{bad:?}");
        }
    }
}
