//! `providers` against a scripted upstream.

mod chat;
mod discovery;
mod embed;
mod failures;
mod retries;
mod scripted;

use crate::support::soon;
use crate::support::upstream::Upstream;
use openclaw::config::{EmbeddingChoice, Env, Fallback, Loaded, Paths, ProfileChoice};
use openclaw::providers::{Error, ModelCall, ModelEvent, ModelStream, Providers};
use openclaw::secrets::{self, Snapshot};
use openclaw::tasks::Tasks;
use openclaw::types::{Content, Hints, Message, ModelRef, Sampling, ToolChoice};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// A key that must never be seen again.
const KEY: &str = "sk-test-0123456789";

fn providers_at(folder: &Path) -> Providers {
    let paths = Paths {
        config_file: folder.join("openclaw.json"),
        state_dir: folder.to_owned(),
        home: folder.to_owned(),
        profile: ProfileChoice::Default,
    };
    Providers::new(&paths, &Tasks::new())
}

fn providers() -> Providers {
    providers_at(Path::new("/nonexistent"))
}

fn snapshot(config: Value) -> Arc<Snapshot> {
    let loaded = Loaded {
        config: serde_json::from_value(config).expect("a valid config"),
        exists: true,
        warnings: Vec::new(),
        modified: None,
        env: Env::default(),
    };
    let embedding = EmbeddingChoice { provider: "none".to_owned(), model: "embed".to_owned() };
    Arc::new(secrets::resolve(loaded, &Fallback { model: model("none/chat"), embedding }))
}

/// A snapshot whose provider `up` is at `base_url`, with some more settings.
fn pointing_to(base_url: &str, more: Value) -> Arc<Snapshot> {
    let mut provider = json!({"baseUrl": base_url, "apiKey": KEY});
    let settings = provider.as_object_mut().expect("an object");
    settings.extend(more.as_object().expect("an object").clone());
    snapshot(json!({"models": {"providers": {"up": provider}}}))
}

fn pointing_at(upstream: &Upstream) -> Arc<Snapshot> {
    pointing_to(&upstream.base_url(), json!({}))
}

fn model(text: &str) -> ModelRef {
    ModelRef::parse(text).expect("a model reference")
}

fn hello() -> ModelCall {
    ModelCall {
        model: model("up/some/model"),
        messages: vec![Message::User { content: Content::Text("hello".to_owned()), name: None }],
        sampling: Sampling::default(),
        hints: Hints::default(),
        response_format: None,
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        parallel_tool_calls: None,
    }
}

/// Everything a stream gives, up to its end or its error.
async fn drain(mut stream: ModelStream) -> (Vec<ModelEvent>, Option<Error>) {
    let mut events = Vec::new();
    while let Some(event) = soon(stream.next()).await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(soon(stream.next()).await.is_none(), "nothing follows an error");
                return (events, Some(error));
            }
        }
    }
    (events, None)
}
