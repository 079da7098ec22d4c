//! Which providers there are and which model answers, where the config leaves it open.

use crate::support::gateway::Gateway;
use crate::support::soon;
use crate::support::upstream::{Reply, Upstream, refusing};
use openclaw::config::{Config, Env};
use openclaw::providers::discovery::{self, Found, Nearby, Servers};
use openclaw::providers::local::Store;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;

fn env(pairs: &[(&str, &str)]) -> Env {
    Env::of(pairs.iter().copied())
}

fn config(config: Value) -> Config {
    serde_json::from_value(config).expect("a valid config")
}

/// Addresses where nothing listens while the sockets live.
fn nobody() -> (Vec<tokio::net::TcpSocket>, Servers) {
    let (sockets, addresses): (Vec<_>, Vec<SocketAddr>) = (0..3)
        .map(|_| {
            let (socket, _) = refusing();
            let address = socket.local_addr().expect("bound");
            (socket, address)
        })
        .unzip();
    let servers =
        Servers { ollama: addresses[0], lm_studio: addresses[1], llama_cpp: addresses[2] };
    (sockets, servers)
}

async fn look(config: Value, variables: &[(&str, &str)], servers: &Servers) -> Found {
    let (config, env) = (self::config(config), env(variables));
    let store = Store::at(Path::new("/nonexistent"));
    let near = Nearby { servers, store: &store };
    soon(discovery::find(&config, &env, near)).await.expect("nothing to complain about")
}

fn chat(found: &Found) -> String {
    found.fallback.model.to_string()
}

fn embedding(found: &Found) -> String {
    let choice = &found.fallback.embedding;
    format!("{}/{}", choice.provider, choice.model)
}

/// The added providers with their base URLs.
fn added(found: &Found) -> Vec<(&str, &str)> {
    found
        .providers
        .iter()
        .map(|(id, provider)| (id.as_str(), provider.base_url.as_deref().unwrap_or_default()))
        .collect()
}

fn models(ids: &[&str]) -> Reply {
    let data: Vec<Value> = ids.iter().map(|id| json!({"id": id, "object": "model"})).collect();
    Reply::json(200, &json!({"object": "list", "data": data}))
}

const OPENAI: (&str, &str) = ("openai", "https://api.openai.com/v1");
const LOCAL_EMBEDDING: &str = "local/all-minilm-l6-v2";

#[tokio::test]
async fn what_is_configured_comes_first() {
    let (_sockets, servers) = nobody();
    let agents = json!({"agents": {"defaults": {
        "model": "mine/m", "memorySearch": {"provider": "mine", "model": "e"},
    }}});
    let found = look(agents, &[("OPENAI_API_KEY", "k")], &servers).await;
    assert_eq!(found.why, "Using mine/m: the config names it for the default agent.");
    assert!(found.providers.is_empty() && found.warnings.is_empty(), "{found:?}");
}

#[tokio::test]
async fn then_come_keys_whose_dialect_is_spoken() {
    let (_sockets, servers) = nobody();
    let all = [
        ("ANTHROPIC_API_KEY", "a"),
        ("DEEPSEEK_API_KEY", "d"),
        ("MISTRAL_API_KEY", "m"),
        ("OPENROUTER_API_KEY", "r"),
        ("OPENAI_API_KEY", "o"),
    ];
    for (keys, model, embedder, provider) in [
        (5, "openai/gpt-5-mini", "openai/text-embedding-3-small", OPENAI),
        (
            4,
            "openrouter/openrouter/auto",
            LOCAL_EMBEDDING,
            ("openrouter", "https://openrouter.ai/api/v1"),
        ),
        (
            3,
            "mistral/mistral-small-latest",
            "mistral/mistral-embed",
            ("mistral", "https://api.mistral.ai/v1"),
        ),
        (2, "deepseek/deepseek-chat", LOCAL_EMBEDDING, ("deepseek", "https://api.deepseek.com/v1")),
    ] {
        let found = look(json!({}), &all[..keys], &servers).await;
        assert_eq!((chat(&found).as_str(), embedding(&found).as_str()), (model, embedder));
        assert_eq!(added(&found), [provider]);
        let key = found.providers[0].1.api_key.as_ref().expect("a key").expose();
        assert_eq!(key, all[keys - 1].1);
        assert!(found.why.contains(all[keys - 1].0), "{}", found.why);
    }
    let elsewhere = [("OPENAI_API_KEY", "o"), ("OPENAI_BASE_URL", "http://elsewhere/v1")];
    let found = look(json!({}), &elsewhere, &servers).await;
    assert_eq!(added(&found), [("openai", "http://elsewhere/v1")]);
    let found = look(json!({}), &[("OPENAI_API_KEY", "")], &servers).await;
    assert_eq!(found.fallback.model.provider, "local");
    // A provider that is configured with other models is not asked for this one.
    let other = json!({"models": {"providers": {"openai": {
        "baseUrl": "http://h/v1", "models": [{"id": "mine"}],
    }}}});
    let found = look(other, &[("OPENAI_API_KEY", "o")], &servers).await;
    assert_eq!((chat(&found).starts_with("local/"), added(&found)), (true, vec![]));
}

#[tokio::test]
async fn a_base_url_that_is_none_is_an_error_where_it_matters() {
    let (_sockets, servers) = nobody();
    let env = env(&[("OPENAI_API_KEY", "o"), ("OPENAI_BASE_URL", "http://u:hush@h/v1")]);
    let store = Store::at(Path::new("/nonexistent"));
    let near = Nearby { servers: &servers, store: &store };
    let error = discovery::find(&Config::default(), &env, near).await.expect_err("no base URL");
    let error = error.to_string();
    assert!(error.starts_with("OPENAI_BASE_URL: ") && !error.contains("hush"), "{error}");
    let elsewhere = config(json!({"agents": {"defaults": {"model": "local/m"}}}));
    discovery::find(&elsewhere, &env, near).await.expect("OpenAI is not used");
}

#[tokio::test]
async fn a_provider_that_an_agent_names_is_there() {
    let (_sockets, servers) = nobody();
    let keys = [("OPENAI_API_KEY", "o"), ("MISTRAL_API_KEY", "m")];
    let agents = json!({"agents": {
        "defaults": {"memorySearch": {"provider": "mistral", "model": "mistral-embed"}},
        "list": [{"id": "a", "model": "openai/gpt-4o"}],
    }});
    let found = look(agents.clone(), &keys, &servers).await;
    assert_eq!(added(&found), [OPENAI, ("mistral", "https://api.mistral.ai/v1")]);
    assert_eq!(found.why, "Using openai/gpt-4o: the config names it for the default agent.");
    assert_eq!(found.warnings, [""; 0]);
    let found = look(agents, &keys[1..], &servers).await;
    assert_eq!(
        found.warnings,
        [
            "agents or aliases name the provider `openai`, which is not configured: set OPENAI_API_KEY, or add \
          models.providers.openai"
        ]
    );
    // One that is configured is left as it is.
    let configured = json!({
        "agents": {"defaults": {"model": "openai/gpt-4o"}},
        "models": {"providers": {"openai": {"baseUrl": "http://h/v1"}}},
    });
    let found = look(configured, &keys, &servers).await;
    assert!(found.providers.is_empty() && found.warnings.is_empty(), "{found:?}");
}

#[tokio::test]
async fn a_model_server_that_an_agent_names_may_be_started_later() {
    let (_sockets, nobody) = nobody();
    let lm_studio = Upstream::start().await;
    lm_studio.otherwise(|_| models(&["qwen3-4b"]));
    let servers = Servers { lm_studio: lm_studio.address(), ..nobody };
    let agents = json!({"agents": {"list": [
        {"id": "a", "model": "lmstudio/qwen3-4b"}, {"id": "b", "model": "ollama/llama3"},
    ]}});
    let found = look(agents, &[("OPENAI_API_KEY", "o")], &servers).await;
    let ollama = format!("http://{}/v1", servers.ollama);
    assert_eq!(added(&found), [("ollama", ollama.as_str()), ("lmstudio", &lm_studio.base_url())]);
    let [warning] = found.warnings.as_slice() else { panic!("{:?}", found.warnings) };
    assert!(warning.contains("`ollama`"), "{warning}");
}

#[tokio::test]
async fn the_default_agents_model_stays_its_own() {
    let (_sockets, servers) = nobody();
    let agents = json!({"agents": {"list": [
        {"id": "a", "model": "local/mine"}, {"id": "b"},
    ]}});
    let found = look(agents.clone(), &[], &servers).await;
    assert_eq!(chat(&found), "local/gemma-3-270m");
    let found = look(agents, &[("OPENAI_API_KEY", "o")], &servers).await;
    assert_eq!((chat(&found).as_str(), added(&found)), ("openai/gpt-5-mini", vec![OPENAI]));
    let why = "Using local/mine: the config names it for the default agent. Agents without a \
               model use openai/gpt-5-mini: OPENAI_API_KEY is set.";
    assert_eq!(found.why, why);
}

#[tokio::test]
async fn then_model_servers_on_this_machine() {
    let (_sockets, nobody) = nobody();
    let ollama = Upstream::start().await;
    ollama.otherwise(|_| models(&["nomic-embed-text:latest", "llama3.2:3b"]));
    let lm_studio = Upstream::start().await;
    lm_studio.otherwise(|_| models(&["qwen3-4b", "text-embedding-nomic-embed-text-v1.5"]));
    let servers = Servers { ollama: ollama.address(), lm_studio: lm_studio.address(), ..nobody };
    let found = look(json!({}), &[], &servers).await;
    assert_eq!(chat(&found), "ollama/llama3.2:3b");
    assert_eq!(embedding(&found), "ollama/nomic-embed-text:latest");
    assert_eq!(added(&found), [("ollama", ollama.base_url().as_str())]);
    let seen = ollama.seen().remove(0);
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/v1/models"));
    let servers = Servers { ollama: nobody.ollama, ..servers };
    let found = look(json!({}), &[], &servers).await;
    assert_eq!(chat(&found), "lmstudio/qwen3-4b");
    assert!(found.why.contains("LM Studio"), "{}", found.why);
    // A key, or a config that leaves nothing open, asks nobody.
    let asked = lm_studio.seen().len();
    look(json!({}), &[("OPENAI_API_KEY", "o")], &servers).await;
    look(json!({"agents": {"defaults": {"model": "local/m"}}}), &[], &servers).await;
    assert_eq!(lm_studio.seen().len(), asked);
}

#[tokio::test]
async fn what_is_no_model_server_is_passed_over() {
    let hanging = Upstream::start().await;
    hanging.otherwise(|_| Reply::hang());
    let website = Upstream::start().await;
    website.otherwise(|_| Reply::stream().then("<html>"));
    let empty = Upstream::start().await;
    empty.otherwise(|_| models(&["mxbai-embed-large"]));
    let servers = Servers {
        ollama: hanging.address(),
        lm_studio: empty.address(),
        llama_cpp: website.address(),
    };
    let before = std::time::Instant::now();
    let found = look(json!({}), &[("GEMINI_API_KEY", "g")], &servers).await;
    assert!(before.elapsed().as_secs() < 3, "asked all at once, and not for long");
    assert_eq!((chat(&found).as_str(), added(&found)), ("local/gemma-3-270m", vec![]));
    assert_eq!(embedding(&found), LOCAL_EMBEDDING);
    assert!(found.why.contains("GEMINI_API_KEY"), "{}", found.why);
}

#[tokio::test]
async fn a_gateway_asks_the_provider_that_a_key_and_an_agent_name() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| Reply::json(200, &json!({"choices": [{"message": {"content": "a"}}]})));
    let token = crate::support::gateway::TOKEN;
    let config = json!({
        "gateway": {"mode": "local", "auth": {"token": token}},
        "agents": {"defaults": {"model": "openai/gpt-4o"}},
    });
    let base_url = upstream.base_url();
    let variables = [("OPENAI_API_KEY", "sk-found"), ("OPENAI_BASE_URL", base_url.as_str())];
    let gateway = Gateway::with_environment(config, &variables).await;
    let question = json!({"model": "openclaw", "messages": [{"role": "user", "content": "hi"}]});
    let answer = gateway.post("/v1/chat/completions", question).await;
    assert_eq!(answer.status(), 200, "{:?}", answer.text().await);
    let seen = upstream.seen().remove(0);
    assert_eq!(seen.body["model"], "gpt-4o");
    assert_eq!(seen.header("authorization"), Some("Bearer sk-found"));
}
