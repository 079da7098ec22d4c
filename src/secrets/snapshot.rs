//! The config in force with its secrets resolved.

use super::Secret;
use crate::config::{Config, Fallback, Loaded, Roster};
use crate::types::SecretInput;
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

/// The one place the process reads its configuration from; a reload swaps it whole.
pub type Live = Arc<ArcSwap<Snapshot>>;

/// A config and its secrets, as of one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// The validated config, without its credentials.
    pub config: Config,
    /// The agents of that config.
    pub roster: Roster,
    /// When the config file was last written, or when it was found missing.
    pub modified: SystemTime,
    providers: HashMap<String, ProviderSecrets>,
}

/// What a provider is sent to prove who we are.
#[derive(Debug, Default)]
struct ProviderSecrets {
    key: Option<Secret>,
    headers: Vec<(String, Secret)>,
}

impl Snapshot {
    /// The API key of a provider, where it has one.
    pub fn provider_key(&self, provider: &str) -> Option<&Secret> {
        self.providers.get(provider)?.key.as_ref()
    }

    /// The further headers a provider is sent.
    pub fn provider_headers(&self, provider: &str) -> &[(String, Secret)] {
        self.providers.get(provider).map_or(&[], |secrets| &secrets.headers)
    }
}

/// Takes the credentials out of a loaded config, so that nothing but a [`Secret`] holds them.
/// Agents that choose no model get the `fallback`.
pub fn resolve(loaded: Loaded, fallback: &Fallback) -> Snapshot {
    let Loaded { mut config, modified, .. } = loaded;
    // How callers prove themselves is settled before; the gate keeps a digest of it.
    config.gateway.auth.token = None;
    config.gateway.auth.password = None;
    let mut providers = HashMap::new();
    for (id, provider) in &mut config.models.providers {
        let key = provider.api_key.take().map(secret);
        let headers = std::mem::take(&mut provider.headers);
        let headers = headers.into_iter().map(|(name, value)| (name, secret(value))).collect();
        providers.insert(id.clone(), ProviderSecrets { key, headers });
    }
    Snapshot {
        roster: Roster::of(&config, fallback),
        config,
        modified: modified.unwrap_or_else(SystemTime::now),
        providers,
    }
}

fn secret(input: SecretInput) -> Secret {
    Secret::new(input.into_text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{EmbeddingChoice, Env};
    use crate::types::ModelRef;

    #[test]
    fn the_credentials_leave_the_config() {
        let config = serde_json::json!({
            "gateway": {"auth": {"token": "t", "password": "p"}},
            "models": {"providers": {"up": {"apiKey": "k", "headers": {"X-A": "h"}}}},
        });
        let config: Config = serde_json::from_value(config).expect("a config");
        let (warnings, env) = (Vec::new(), Env::default());
        let loaded = Loaded { config, exists: true, warnings, modified: None, env };
        let embedding = EmbeddingChoice { provider: "p".to_owned(), model: "e".to_owned() };
        let model = ModelRef { provider: "p".to_owned(), model: "m".to_owned() };
        let snapshot = resolve(loaded, &Fallback { model: model.clone(), embedding });
        assert_eq!(snapshot.provider_key("up").map(Secret::expose), Some("k"));
        let [(name, value)] = snapshot.provider_headers("up") else { panic!("one header") };
        assert_eq!((name.as_str(), value.expose()), ("X-A", "h"));
        let provider = &snapshot.config.models.providers["up"];
        assert!(provider.api_key.is_none() && provider.headers.is_empty());
        let auth = &snapshot.config.gateway.auth;
        assert!(auth.token.is_none() && auth.password.is_none());
        assert_eq!(snapshot.roster.default_agent().model, model);
    }
}
