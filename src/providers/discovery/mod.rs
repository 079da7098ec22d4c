//! Which providers there are besides those configured, and which model answers for agents that
//! choose none.
//!
//! A provider that an agent names is taken from a key in the environment, or from a model server
//! on this machine. For agents that choose no model it is, in this order: a key whose dialect this
//! build speaks; a model server that runs; the embedded `local` models.

mod keys;
mod servers;

pub use servers::Servers;

use super::LOCAL;
use super::local::{Store, catalogue};
use crate::config::{self, Config, DISCOVERABLE, EmbeddingChoice, Env, Fallback, Provider};
use crate::types::ModelRef;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What agents use that choose no model.
    pub fallback: Fallback,
    /// Providers to add to `models.providers`; none of them is configured.
    pub providers: Vec<(String, Provider)>,
    /// For the log: which model answers, and why.
    pub why: String,
    /// What will not work as it stands, one text each.
    pub warnings: Vec<String>,
}

/// What of this machine is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Nearby<'a> {
    /// Where model servers may run.
    pub servers: &'a Servers,
    /// The models pulled so far.
    pub store: &'a Store,
}

/// A provider that needs no configuration.
struct Source {
    id: &'static str,
    settings: Result<Provider, config::Error>,
    /// The model to answer with, if it is known to have one.
    chat: Option<String>,
    /// The model behind embeddings, if it is known to have one.
    embedding: Option<String>,
    /// Why it is one.
    because: String,
    /// What agents that name it should know.
    warning: Option<String>,
}

/// Finds what the config leaves open. Servers are asked only where something depends on them.
///
/// # Errors
/// [`config::Error::Variable`] when the variable that says where a needed provider is says nonsense.
pub async fn find(config: &Config, env: &Env, near: Nearby<'_>) -> Result<Found, config::Error> {
    let wanted = Wanted::by(config);
    let mut sources = keys::sources(env);
    let keyed = sources.iter().any(|source| source.answers(config));
    if (wanted.fallback && !keyed) || servers::IDS.iter().any(|id| wanted.names(id)) {
        sources.extend(servers::sources(near.servers).await);
    }
    let picked = sources.iter().find(|source| wanted.fallback && source.answers(config));
    let mut found = Found {
        fallback: fallback(picked, near.store),
        providers: Vec::new(),
        why: String::new(),
        warnings: missing(&wanted, &sources),
    };
    found.why = why(&wanted, picked, &found.fallback.model);
    if wanted.fallback && !keyed {
        found.why.push_str(&keys::unspoken(env));
    }
    let picked = picked.map(|source| source.id);
    for source in sources {
        let needed = wanted.names(source.id) || picked == Some(source.id);
        if needed && !config.models.providers.contains_key(source.id) {
            found.providers.push((source.id.to_owned(), source.settings?));
            found.warnings.extend(source.warning);
        }
    }
    Ok(found)
}

/// What the agents of a config need beyond what is configured.
struct Wanted {
    /// The default agent's own model.
    chosen: Option<ModelRef>,
    /// Whether some agent chooses no model.
    fallback: bool,
    /// The providers that agents or aliases name and that are not configured.
    providers: Vec<&'static str>,
}

impl Wanted {
    fn by(config: &Config) -> Self {
        let choices = config::choices(config);
        let aliased = config::aliased_models(config);
        let names = |id: &str| {
            let by_agents = choices.iter().any(|choice| {
                choice.model.is_some_and(|model| model.provider == id)
                    || choice.embedding.is_some_and(|model| model.provider == id)
            });
            by_agents || aliased.iter().any(|model| model.provider == id)
        };
        let configured = &config.models.providers;
        let providers = DISCOVERABLE.into_iter().filter(|id| !configured.contains_key(*id));
        Self {
            chosen: choices.first().and_then(|choice| choice.model.cloned()),
            fallback: choices.iter().any(|choice| choice.model.is_none()),
            providers: providers.filter(|id| names(id)).collect(),
        }
    }

    fn names(&self, provider: &str) -> bool {
        self.providers.contains(&provider)
    }
}

impl Source {
    /// Whether agents that choose no model can use it: a provider that is configured too may list
    /// other models.
    fn answers(&self, config: &Config) -> bool {
        let Some(chat) = &self.chat else { return false };
        config.models.providers.get(self.id).is_none_or(|provider| {
            provider.models.is_empty() || provider.models.iter().any(|model| model.id == *chat)
        })
    }
}

/// The models of `source`, and in the place of one it lacks the local one pulled last, or that
/// `openclaw models pull` would fetch.
fn fallback(source: Option<&Source>, store: &Store) -> Fallback {
    let at = |source: &Source, model: &Option<String>| {
        model.clone().map(|model| (source.id.to_owned(), model))
    };
    let chat = source.and_then(|source| at(source, &source.chat)).unwrap_or_else(|| {
        let pulled = store.default_chat();
        (LOCAL.to_owned(), pulled.unwrap_or_else(|| catalogue::DEFAULT_CHAT.to_owned()))
    });
    let embedding = source.and_then(|source| at(source, &source.embedding)).unwrap_or_else(|| {
        let pulled = store.default_embedding();
        (LOCAL.to_owned(), pulled.unwrap_or_else(|| catalogue::DEFAULT_EMBEDDING.to_owned()))
    });
    Fallback {
        model: ModelRef { provider: chat.0, model: chat.1 },
        embedding: EmbeddingChoice { provider: embedding.0, model: embedding.1 },
    }
}

fn why(wanted: &Wanted, picked: Option<&Source>, fallback: &ModelRef) -> String {
    let because = picked.map_or("no key is set and no model server runs", |source| &source.because);
    match &wanted.chosen {
        Some(chosen) => {
            let why = format!("Using {chosen}: the config names it for the default agent.");
            match wanted.fallback {
                true => format!("{why} Agents without a model use {fallback}: {because}."),
                false => why,
            }
        }
        None => {
            format!("Using {fallback}: no model is configured for the default agent, {because}.")
        }
    }
}

/// A warning for each provider that agents or aliases name and nothing supplies.
fn missing(wanted: &Wanted, sources: &[Source]) -> Vec<String> {
    let supplied = |id: &str| sources.iter().any(|source| source.id == id);
    let lost = wanted.providers.iter().filter(|id| !supplied(id));
    lost.map(|id| {
        let key = keys::variable(id).map(|name| format!("set {name}, or ")).unwrap_or_default();
        format!("agents or aliases name the provider `{id}`, which is not configured: {key}add models.providers.{id}")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validation_knows_every_provider_that_can_be_found() {
        let ids: Vec<_> = keys::ids().chain(servers::IDS).collect();
        assert_eq!(ids, DISCOVERABLE);
    }
}
