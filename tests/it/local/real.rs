//! What the real models answer, through real workers.
//!
//! These run against the models pulled into the state directory that OPENCLAW_TEST_MODELS names
//! (`OPENCLAW_STATE_DIR=… openclaw models pull`), which `tests/run` does; a plain `cargo test`
//! leaves them out.

use super::{OPENCLAW, eventually, kill, lives};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use openclaw::net::Client;
use openclaw::providers::local::{BASE_URL, Settings, Workers};
use openclaw::tasks::Tasks;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

const CHAT: &str = "gemma-3-270m";
const EMBEDDING: &str = "all-minilm-l6-v2";

/// One test at a time: llama.cpp's threads spin, and two models on the same cores crawl.
static TURN: Mutex<()> = Mutex::const_new(());

/// Workers over the pulled models, in a state directory of their own.
struct Rig {
    workers: Workers,
    tasks: Tasks,
    state: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// A rig over the models that `tests/run` fetches.
async fn rig() -> Rig {
    let models = std::env::var_os("OPENCLAW_TEST_MODELS").expect(
        "OPENCLAW_TEST_MODELS must name a state directory with pulled models; `tests/run` fetches \
         them and sets it",
    );
    let models = PathBuf::from(models).join("models");
    for model in ["chat/gemma-3-270m", "embedding/all-minilm-l6-v2"] {
        assert!(models.join(model).is_dir(), "there is no {model} in {}", models.display());
    }
    let turn = TURN.lock().await;
    let state = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(models, state.path().join("models")).expect("a link");
    let tasks = Tasks::new();
    let mut settings = Settings::new(state.path().to_owned());
    settings.program = Some(PathBuf::from(OPENCLAW));
    let workers = Workers::new(settings, &tasks);
    Rig { workers, tasks, state, _turn: turn }
}

impl Rig {
    /// Ids of this rig's worker processes.
    fn pids(&self) -> Vec<u32> {
        let socket = self.state.path().join("workers");
        let socket = socket.to_str().expect("text");
        let processes = fs::read_dir("/proc").expect("the process list").flatten();
        processes
            .filter_map(|process| {
                let pid = process.file_name().to_str()?.parse().ok()?;
                let command = fs::read_to_string(process.path().join("cmdline")).ok()?;
                (command.contains("model-worker") && command.contains(socket)).then_some(pid)
            })
            .collect()
    }
}

fn post(path: &str, body: String) -> Request<Full<Bytes>> {
    let request = Request::post(format!("{BASE_URL}{path}"));
    let request = request.header("content-type", "application/json");
    request.body(Full::new(Bytes::from(body))).expect("a request")
}

async fn send(client: &Client, path: &str, body: &Value) -> Response<Incoming> {
    client.send(post(path, body.to_string())).await.expect("an answer")
}

async fn ask(workers: &Workers, path: &str, body: &Value) -> (StatusCode, Value) {
    let model = body["model"].as_str().expect("a model");
    let client = workers.endpoint(model).await.expect("an endpoint");
    let response = send(&client, path, body).await;
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).expect("JSON"))
}

fn question(text: &str) -> Value {
    let messages = json!([
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": text},
    ]);
    json!({"model": CHAT, "messages": messages, "temperature": 0, "max_tokens": 40})
}

fn content(reply: &Value) -> &str {
    reply["choices"][0]["message"]["content"].as_str().expect("a text")
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_chat_knows_the_capital_of_france() {
    let rig = rig().await;
    for text in ["The capital of France is", "What is the capital of France?"] {
        let (status, reply) = ask(&rig.workers, "/chat/completions", &question(text)).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        assert!(content(&reply).contains("Paris"), "{reply}");
        assert_eq!(content(&reply), content(&reply).trim());
        assert!(!content(&reply).contains("User:"), "{reply}");
        let usage = &reply["usage"];
        assert!(usage["prompt_tokens"].as_u64().expect("a count") > 5);
        assert!(usage["completion_tokens"].as_u64().expect("a count") > 0);
    }
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_chat_streams_what_it_would_say_whole() {
    let rig = rig().await;
    let mut request = question("Name three colours.");
    let (_, whole) = ask(&rig.workers, "/chat/completions", &request).await;
    request["stream"] = json!(true);
    request["stream_options"] = json!({"include_usage": true});
    let client = rig.workers.endpoint(CHAT).await.expect("an endpoint");
    let response = send(&client, "/chat/completions", &request).await;
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    let text = String::from_utf8(body.to_vec()).expect("text");
    let mut events: Vec<&str> = text.split_terminator("\n\n").collect();
    assert_eq!(events.pop(), Some("data: [DONE]"));
    let chunks: Vec<Value> = events
        .iter()
        .map(|event| serde_json::from_str(event.trim_start_matches("data: ")).expect("JSON"))
        .collect();
    let said: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(said, content(&whole));
    assert_eq!(chunks.last().expect("a chunk")["usage"], whole["usage"]);
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_chat_keeps_to_its_limits() {
    let rig = rig().await;
    let mut short = question("Tell me a long story about the sea.");
    short["max_tokens"] = json!(5);
    let (_, reply) = ask(&rig.workers, "/chat/completions", &short).await;
    assert_eq!(reply["choices"][0]["finish_reason"], "length");
    assert_eq!(reply["usage"]["completion_tokens"], 5);

    let mut seeded = question("Tell me something.");
    seeded["temperature"] = json!(1);
    seeded["seed"] = json!(7);
    let (_, first) = ask(&rig.workers, "/chat/completions", &seeded).await;
    let (_, again) = ask(&rig.workers, "/chat/completions", &seeded).await;
    assert_eq!(content(&first), content(&again), "a seed makes an answer repeatable");
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_chat_reads_up_to_its_window() {
    let rig = rig().await;
    let client = rig.workers.endpoint(CHAT).await.expect("an endpoint");
    // What the config sets, how long the conversation is, and the limit that is named.
    for (configured, words, limit) in [
        (None, 20_000, "maximum context length is 16384 tokens"),
        (Some("300"), 400, "maximum context length is 300 tokens"),
        (Some("1000000"), 40_000, "maximum context length is 32768 tokens"),
    ] {
        let body = question(&"word ".repeat(words)).to_string();
        let mut request = post("/chat/completions", body);
        if let Some(configured) = configured {
            let name = "x-openclaw-context-window";
            request.headers_mut().insert(name, configured.parse().expect("a value"));
        }
        let response = client.send(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        let reply: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(reply["error"]["code"], "context_length_exceeded");
        let message = reply["error"]["message"].as_str().expect("a text");
        assert!(message.contains(limit), "{message}");
        let read = message.split("conversation has ").nth(1).expect("the other number");
        let read = read.split(' ').next().and_then(|read| read.parse().ok());
        assert!(read.is_some_and(|read: usize| read > words), "{message}");
    }

    // As long as a coding agent's own instructions.
    let mut long = question(&"word ".repeat(4500));
    long["max_tokens"] = json!(1);
    let (status, reply) = ask(&rig.workers, "/chat/completions", &long).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert!(reply["usage"]["prompt_tokens"].as_u64().expect("a count") > 4500, "{reply}");
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_chat_can_be_held_to_json() {
    let rig = rig().await;
    let mut request = question("Give me a JSON object with the key city.");
    request["response_format"] = json!({"type": "json_object"});
    request["max_tokens"] = json!(200);
    let (status, reply) = ask(&rig.workers, "/chat/completions", &request).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert!(content(&reply).starts_with('{'), "{reply}");
    if reply["choices"][0]["finish_reason"] == "stop" {
        let object: Value = serde_json::from_str(content(&reply)).expect("JSON");
        assert!(object.is_object());
    }
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_chat_can_be_held_to_a_schema() {
    let rig = rig().await;
    let mut request = question("What is the capital of France?");
    let schema = json!({
        "type": "object",
        "properties": {
            "city": {"type": "string", "maxLength": 20},
            "size": {"enum": ["small", "large"]},
        },
        "required": ["city", "size"], "additionalProperties": false,
    });
    let format = |schema: &Value| json!({"name": "answer", "strict": true, "schema": schema});
    request["response_format"] = json!({"type": "json_schema", "json_schema": format(&schema)});
    request["max_tokens"] = json!(100);
    let (status, reply) = ask(&rig.workers, "/chat/completions", &request).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(reply["choices"][0]["finish_reason"], "stop", "{reply}");
    let object: Value = serde_json::from_str(content(&reply)).expect("JSON");
    assert!(object["city"].is_string(), "{object}");
    assert!(["small", "large"].contains(&object["size"].as_str().expect("a text")), "{object}");

    let impossible = format(&json!({"$ref": "#/$defs/nowhere"}));
    request["response_format"] = json!({"type": "json_schema", "json_schema": impossible});
    let (status, reply) = ask(&rig.workers, "/chat/completions", &request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{reply}");
    assert_eq!(reply["error"]["param"], "response_format");
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_chat_stops_when_nobody_listens() {
    let rig = rig().await;
    let mut endless = question("Count from 1 to 10000.");
    endless["max_tokens"] = json!(4000);
    endless["stream"] = json!(true);
    endless["frequency_penalty"] = json!(2);
    let client = rig.workers.endpoint(CHAT).await.expect("an endpoint");
    let mut response = send(&client, "/chat/completions", &endless).await;
    response.body_mut().frame().await.expect("a frame").expect("a frame");
    drop(response);
    // One answer at a time: this one comes soon only if the endless one was given up.
    let begun = std::time::Instant::now();
    let mut short = question("Hello");
    short["max_tokens"] = json!(1);
    let (status, _) = ask(&rig.workers, "/chat/completions", &short).await;
    assert_eq!(status, StatusCode::OK);
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_chat_survives_a_killed_worker() {
    let rig = rig().await;
    let mut endless = question("Count from 1 to 10000.");
    endless["max_tokens"] = json!(4000);
    endless["stream"] = json!(true);
    let client = rig.workers.endpoint(CHAT).await.expect("an endpoint");
    let mut response = send(&client, "/chat/completions", &endless).await;
    response.body_mut().frame().await.expect("a frame").expect("a frame");
    let pid = rig.pids()[0];
    kill(pid);
    let cut = loop {
        match response.body_mut().frame().await {
            Some(Ok(_)) => {}
            Some(Err(_)) => break true,
            None => break false,
        }
    };
    assert!(cut, "the answer in hand must not look complete");
    eventually("the end of the killed worker", || !lives(pid)).await;
    let (status, _) = ask(&rig.workers, "/chat/completions", &question("Hello")).await;
    assert_eq!(status, StatusCode::OK, "the next request gets a new worker");
    assert!(rig.tasks.drain(super::PATIENCE).await);
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_workers_stop_at_once_when_idle() {
    let rig = rig().await;
    // The client keeps its connection open for another request.
    let (status, _) = ask(&rig.workers, "/chat/completions", &question("Hello")).await;
    assert_eq!(status, StatusCode::OK);
    let begun = std::time::Instant::now();
    assert!(rig.tasks.drain(super::PATIENCE).await);
    assert!(begun.elapsed().as_secs() < 4, "{:?}", begun.elapsed());
    assert!(rig.pids().is_empty());
}

async fn vectors(workers: &Workers, input: Value) -> (Vec<Vec<f64>>, u64) {
    let body = json!({"model": EMBEDDING, "input": input});
    let (status, reply) = ask(workers, "/embeddings", &body).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let data = reply["data"].as_array().expect("a list");
    let vector = |item: &Value| serde_json::from_value(item["embedding"].clone()).expect("floats");
    (data.iter().map(vector).collect(), reply["usage"]["prompt_tokens"].as_u64().expect("a count"))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_embeddings_mean_something() {
    let rig = rig().await;
    let texts =
        json!(["A cat sits on the mat.", "A kitten rests on a rug.", "Stocks fell sharply."]);
    let (three, tokens) = vectors(&rig.workers, texts).await;
    assert!(tokens > 15);
    for vector in &three {
        assert_eq!(vector.len(), 384);
        assert!((dot(vector, vector) - 1.0).abs() < 1e-5);
    }
    assert!(dot(&three[0], &three[1]) > dot(&three[0], &three[2]) + 0.3);

    // The published value of this model for this sentence.
    let (one, _) = vectors(&rig.workers, json!("This is an example sentence")).await;
    for (found, published) in one[0].iter().zip([0.0677, 0.0635, 0.0487, 0.0793, 0.0374, 0.0027]) {
        assert!((found - published).abs() < 2e-4, "{found} is not {published}");
    }
}

#[tokio::test]
#[ignore = "needs models: tests/run fetches them"]
async fn real_embeddings_do_not_depend_on_their_batch() {
    let rig = rig().await;
    let texts: Vec<String> = (1..=20).map(|n| "many words ".repeat(n)).collect();
    let (many, _) = vectors(&rig.workers, json!(texts)).await;
    assert_eq!(many.len(), 20);
    for at in [0, 9, 19] {
        let (alone, _) = vectors(&rig.workers, json!(texts[at])).await;
        assert!(dot(&alone[0], &many[at]) > 0.99999);
    }
}
