//! A gateway in this process, on a free port, with a state folder of its own.

use openclaw::config::{Env, ListenFlags, Paths, ProfileChoice};
use openclaw::gateway::{Gateway as Inner, Options, Prepared};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// The credential of every test gateway that does not choose its own.
pub(crate) const TOKEN: &str = "test-token-5d1f";
/// Guards against a hang; far above anything seen.
const LIMIT: Duration = Duration::from_secs(60);

/// A running gateway and a client for it.
pub(crate) struct Gateway {
    /// `http://127.0.0.1:<port>`.
    pub(crate) url: String,
    client: Client,
    inner: Inner,
    state: TempDir,
}

impl Gateway {
    /// Starts a gateway whose one provider, `fake`, is at the base URL `upstream`, answering with `fake/chat`
    /// and embedding with `fake/embed`; `extra` is merged over that config.
    pub(crate) async fn start(upstream: &str, extra: Value) -> Self {
        Self::with_config(usual_config(upstream, extra)).await
    }

    /// The same, with a state folder in which there may be something already.
    pub(crate) async fn start_in(state: TempDir, upstream: &str, extra: Value) -> Self {
        Self::launch(state, usual_config(upstream, extra), &[]).await
    }

    /// Starts a gateway with exactly this config.
    pub(crate) async fn with_config(config: Value) -> Self {
        Self::with_environment(config, &[]).await
    }

    /// Starts a gateway with exactly this config and these environment variables.
    pub(crate) async fn with_environment(config: Value, variables: &[(&str, &str)]) -> Self {
        let state = TempDir::new().expect("a temporary folder");
        Self::launch(state, config, variables).await
    }

    async fn launch(state: TempDir, config: Value, variables: &[(&str, &str)]) -> Self {
        let file = state.path().join("openclaw.json");
        std::fs::write(&file, config.to_string()).expect("the config is written");
        let state_dir = ("OPENCLAW_STATE_DIR", state.path().to_str().expect("UTF-8"));
        let env = Env::of(variables.iter().copied().chain([state_dir]));
        let paths = Paths::resolve(&env, ProfileChoice::Default).expect("paths");
        let listen = ListenFlags { port: Some(0), bind: None };
        let program = Some(env!("CARGO_BIN_EXE_openclaw").into());
        let options = Options { listen, env, program, ..Options::default() };
        let prepared = Prepared::load(&paths, options).await.expect("a config to start with");
        let inner = Inner::start(prepared).await.expect("the gateway starts");
        let url = format!("http://{}", inner.addresses()[0]);
        let client = Client::builder().no_proxy().timeout(LIMIT).build().expect("a client");
        Self { url, client, inner, state }
    }

    /// A request with the gateway's token.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(TOKEN)
    }

    /// A request without any credential.
    pub(crate) fn anonymous(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Posts JSON with the gateway's token.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        self.request("POST", path).json(&body).send().await.expect("an answer")
    }

    /// Gets a path with the gateway's token.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await.expect("an answer")
    }

    /// Its state folder.
    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    /// Stops it; says whether everything had ended in time.
    pub(crate) async fn stop(self) -> bool {
        self.inner.stop(LIMIT).await
    }
}

fn usual_config(upstream: &str, extra: Value) -> Value {
    let mut config = json!({
        "gateway": { "mode": "local", "auth": { "mode": "token", "token": TOKEN } },
        "models": { "providers": { "fake": {
            "baseUrl": upstream,
            "apiKey": "sk-upstream-secret",
            "timeoutSeconds": 5
        } } },
        "agents": { "defaults": {
            "model": "fake/chat",
            "memorySearch": { "provider": "fake", "model": "embed" }
        } }
    });
    merge(&mut config, extra);
    config
}

/// Puts `extra` over `base`: objects merge, everything else is replaced, null removes.
pub(crate) fn merge(base: &mut Value, extra: Value) {
    match (base, extra) {
        (Value::Object(base), Value::Object(extra)) => {
            for (key, value) in extra {
                if value.is_null() {
                    base.remove(&key);
                } else {
                    merge(base.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (base, extra) => *base = extra,
    }
}
