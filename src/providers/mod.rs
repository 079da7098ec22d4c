//! Upstream models. [`Providers`] answers a [`ModelCall`] through whichever dialect the provider
//! speaks, and embeds texts.
//!
//! Each dialect's wire types stay in its own file. Nothing here knows agents, sessions or HTTP
//! routes, and no provider's failure touches another's requests.

mod call;
pub mod discovery;
mod endpoint;
mod error;
mod exchange;
pub mod local;
mod openai_chat;
mod openai_embed;
mod refusal;
mod resolve;
mod scripted;
mod stream;
mod vocabulary;

pub use call::{Completion, EmbedCall, ModelCall, ModelEvent};
pub use error::{Error, Kind};
pub use stream::ModelStream;
pub use vocabulary::{Vocabulary, most as most_tokens};

pub use crate::config::LOCAL;

use crate::config::{Api, Paths, Provider};
use crate::net;
use crate::secrets::Snapshot;
use crate::tasks::Tasks;
use crate::types::{Embeddings, Hints, ModelRef};
use endpoint::{Endpoint, Flavour};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long a caller waits at most for a local model's worker to start, be it the second start
/// after a failure.
const WORKER_START: Duration = Duration::from_secs(150);

/// All upstream models, and the connections to them. A clone shares both.
#[derive(Debug, Clone)]
pub struct Providers {
    client: net::Client,
    workers: local::Workers,
    /// Where files that the config names lie.
    paths: Arc<Paths>,
}

/// A provider by its id, and what is configured for it.
#[derive(Clone, Copy)]
struct Named<'a> {
    id: &'a str,
    settings: &'a Provider,
}

/// How one call reaches its model.
enum Route {
    Upstream(Endpoint),
    Scripted(scripted::Script),
}

impl Providers {
    /// No connection is made and no worker started before the first call needs one.
    pub fn new(paths: &Paths, tasks: &Tasks) -> Self {
        Self {
            client: net::Client::tcp(),
            workers: local::Workers::new(local::Settings::of(paths), tasks),
            paths: Arc::new(paths.clone()),
        }
    }

    /// Asks a model for an answer as it grows. Returns once the provider has accepted the
    /// request; dropping the stream gives the answer up and closes the connection.
    ///
    /// # Errors
    /// When no provider accepts it within `timeoutSeconds`, after at most three attempts.
    pub async fn stream(
        &self,
        snapshot: &Arc<Snapshot>,
        call: ModelCall,
    ) -> Result<ModelStream, Error> {
        match self.route(snapshot, &call.model).await? {
            Route::Upstream(endpoint) => openai_chat::stream(endpoint, &call).await,
            Route::Scripted(script) => script.stream(&call).await,
        }
    }

    /// Asks a model for a whole answer, which is the cheaper exchange when nobody watches it
    /// grow. Dropping the future gives it up and closes the connection.
    ///
    /// # Errors
    /// When none comes within `idleTimeoutSeconds`, after at most three attempts.
    pub async fn complete(
        &self,
        snapshot: &Arc<Snapshot>,
        call: ModelCall,
    ) -> Result<Completion, Error> {
        match self.route(snapshot, &call.model).await? {
            Route::Upstream(endpoint) => openai_chat::complete(endpoint, &call).await,
            Route::Scripted(script) => script.complete(&call).await,
        }
    }

    /// Embeds texts, in as many requests as the provider's limits ask for.
    ///
    /// # Errors
    /// When one of the requests fails; the answer is whole or not at all.
    pub async fn embed(
        &self,
        snapshot: &Arc<Snapshot>,
        call: EmbedCall,
    ) -> Result<Embeddings, Error> {
        match self.route(snapshot, &call.model).await? {
            Route::Upstream(endpoint) => openai_embed::embed(endpoint, call).await,
            Route::Scripted(script) => script.embed(call).await,
        }
    }

    /// The model that `text` names: `provider/model`, or a bare model name.
    ///
    /// # Errors
    /// Kind [`Kind::UnknownModel`] when no configured provider is known to have it.
    pub fn resolve(&self, snapshot: &Snapshot, text: &str) -> Result<ModelRef, Error> {
        resolve::resolve(snapshot, text)
    }

    /// The hints that this model's provider is not sent, by their names in OpenAI's API.
    pub fn untaken(
        &self,
        snapshot: &Snapshot,
        model: &ModelRef,
        hints: &Hints,
    ) -> Vec<&'static str> {
        let settings = snapshot.config.models.providers.get(&model.provider);
        let flavour = match settings.map(|settings| (settings.api, settings.base_url.as_deref())) {
            Some((Api::OpenAiCompletions, base)) => Flavour::of(base.unwrap_or_default()),
            Some((Api::Local, _)) | None => Flavour::Local,
            // It is there for tests and takes anything.
            Some((Api::Scripted, _)) => return Vec::new(),
        };
        hints.given().filter(|hint| !flavour.takes(hint)).collect()
    }

    async fn route(&self, snapshot: &Snapshot, model: &ModelRef) -> Result<Route, Error> {
        let id = &model.provider;
        let settings = snapshot.config.models.providers.get(id);
        resolve::check(id, settings, model)?;
        let implicit = Provider { api: Api::Local, ..Provider::default() };
        let named = Named { id, settings: settings.unwrap_or(&implicit) };
        match named.settings.api {
            Api::OpenAiCompletions => {
                Endpoint::remote(self.client.clone(), snapshot, named).map(Route::Upstream)
            }
            Api::Local => self.worker(&model.model, named).await.map(Route::Upstream),
            Api::Scripted => scripted::load(&self.paths, named).map(Route::Scripted),
        }
    }

    /// The worker of a local model, started if need be. That is part of the time its answer may
    /// take.
    async fn worker(&self, model: &str, named: Named<'_>) -> Result<Endpoint, Error> {
        let begun = Instant::now();
        let limit = endpoint::local_patience(named.settings).min(WORKER_START);
        let Ok(started) = timeout(limit, self.workers.endpoint(model)).await else {
            let (id, seconds) = (named.id, limit.as_secs_f64());
            let message = format!("The local model `{model}` did not start within {seconds} s.");
            return Err(Error::new(Kind::Timeout, id, message).logged(model));
        };
        let mut endpoint = Endpoint::local(started?, named, model);
        endpoint.begun = begun;
        Ok(endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, EmbeddingChoice, Env, Fallback, Loaded, ProfileChoice};
    use std::os::unix::fs::PermissionsExt;
    use std::{fs, path::Path};

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(path, text).expect("written");
    }

    #[tokio::test]
    async fn a_worker_that_does_not_start_in_time_is_a_time_out() {
        let state = tempfile::tempdir().expect("a folder");
        let manifest = r#"{"name": "tiny", "kind": "chat", "source": "", "licence": "",
            "created": 1, "files": []}"#;
        write(&state.path().join("models/chat/tiny/manifest.json"), manifest);
        let program = state.path().join("mute");
        write(&program, "#!/bin/sh\nexec sleep 600\n");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("executable");

        let (tasks, mut settings) = (Tasks::new(), local::Settings::new(state.path().to_owned()));
        settings.program = Some(program);
        let env = Env::of([("OPENCLAW_STATE_DIR", state.path().to_str().expect("UTF-8"))]);
        let paths = Paths::resolve(&env, ProfileChoice::Default).expect("paths");
        let workers = local::Workers::new(settings, &tasks);
        let providers = Providers { workers, ..Providers::new(&paths, &tasks) };

        let model = ModelRef { provider: LOCAL.to_owned(), model: "tiny".to_owned() };
        let config = serde_json::json!(
            {"models": {"providers": {"local": {"api": "local", "timeoutSeconds": 1}}}}
        );
        let config: Config = serde_json::from_value(config).expect("a config");
        let loaded = Loaded { config, exists: true, warnings: vec![], modified: None, env };
        let embedding = EmbeddingChoice { provider: LOCAL.to_owned(), model: "e".to_owned() };
        let snapshot =
            crate::secrets::resolve(loaded, &Fallback { model: model.clone(), embedding });
        let input = crate::types::EmbeddingInput::Texts(vec!["a".to_owned()]);
        let call = EmbedCall::new(model, input);
        let error = providers.embed(&Arc::new(snapshot), call).await.expect_err("late");
        assert_eq!(error.kind, Kind::Timeout, "{error}");
        assert_eq!(error.message, "The local model `tiny` did not start within 1 s.");
        assert!(tasks.drain(Duration::from_secs(60)).await, "the worker ends with the rest");
    }
}
