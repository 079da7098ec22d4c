//! Providers known by their key in the environment.

use super::Source;
use crate::config::{self, Env, Provider};
use crate::types::SecretInput;

struct Known {
    variable: &'static str,
    id: &'static str,
    base_url: &'static str,
    base_url_variable: Option<&'static str>,
    chat: &'static str,
    embedding: Option<&'static str>,
}

/// In order of preference.
const KNOWN: [Known; 4] = [
    Known {
        variable: "OPENAI_API_KEY",
        id: "openai",
        base_url: "https://api.openai.com/v1",
        base_url_variable: Some("OPENAI_BASE_URL"),
        chat: "gpt-5-mini",
        embedding: Some("text-embedding-3-small"),
    },
    Known {
        variable: "OPENROUTER_API_KEY",
        id: "openrouter",
        base_url: "https://openrouter.ai/api/v1",
        base_url_variable: None,
        chat: "openrouter/auto",
        embedding: None,
    },
    Known {
        variable: "MISTRAL_API_KEY",
        id: "mistral",
        base_url: "https://api.mistral.ai/v1",
        base_url_variable: None,
        chat: "mistral-small-latest",
        embedding: Some("mistral-embed"),
    },
    Known {
        variable: "DEEPSEEK_API_KEY",
        id: "deepseek",
        base_url: "https://api.deepseek.com/v1",
        base_url_variable: None,
        chat: "deepseek-chat",
        embedding: None,
    },
];

/// Keys whose owners will wonder why they are not used.
const UNSPOKEN: [&str; 3] = ["ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"];

/// The providers whose keys are set.
pub(super) fn sources(env: &Env) -> Vec<Source> {
    let source = |known: &Known| {
        Some(Source {
            id: known.id,
            settings: settings(known, env.get(known.variable)?, env),
            chat: Some(known.chat.to_owned()),
            embedding: known.embedding.map(str::to_owned),
            because: format!("{} is set", known.variable),
            warning: None,
        })
    };
    KNOWN.iter().filter_map(source).collect()
}

fn settings(known: &Known, key: &str, env: &Env) -> Result<Provider, config::Error> {
    let elsewhere = match known.base_url_variable {
        Some(variable) => config::base_url(env, variable)?,
        None => None,
    };
    Ok(Provider {
        base_url: Some(elsewhere.unwrap_or(known.base_url).to_owned()),
        api_key: Some(SecretInput::new(key)),
        ..Provider::default()
    })
}

/// The variable that holds the key of this provider.
pub(super) fn variable(id: &str) -> Option<&'static str> {
    KNOWN.iter().find(|known| known.id == id).map(|known| known.variable)
}

/// The ids of all of them.
#[cfg(test)]
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.id)
}

/// A sentence for each key that cannot be used.
pub(super) fn unspoken(env: &Env) -> String {
    let set = UNSPOKEN.iter().filter(|name| env.get(name).is_some());
    set.map(|name| format!(" {name} is set, but this build does not speak its dialect.")).collect()
}
