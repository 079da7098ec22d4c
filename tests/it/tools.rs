//! `POST /tools/invoke`: its goldens, and what does not fit into a golden.

use crate::support::gateway::Gateway;
use crate::support::golden::check_area;
use crate::support::process::Process;
use crate::support::seed::{self, Seed};
use crate::support::upstream::{Reply, Upstream};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// Nothing answers there: no tool of these tests asks a model.
const NOWHERE: &str = "http://127.0.0.1:9/v1";

#[tokio::test]
async fn goldens() {
    check_area("tools-invoke").await;
}

#[tokio::test]
async fn web_fetch_goldens() {
    check_area("web-fetch").await;
}

#[tokio::test]
async fn the_built_gateway_finds_its_own_binary_to_read_a_page() {
    let page = Reply::of(200, "text/html").then("<h1>Hi</h1>");
    let upstream = Upstream::with([page]).await;
    let home = TempDir::new().expect("a temporary folder");
    let state = home.path().join(".openclaw");
    fs::create_dir(&state).expect("the state folder");
    let config = json!({
        "gateway": {"mode": "local", "auth": {"token": "t"}},
        "models": {"providers": {"down": {"baseUrl": NOWHERE}}},
        "agents": {"defaults": {"model": "down/x"}},
        "tools": {"web": {"fetch": {"allowPrivateHosts": ["127.0.0.1"]}}},
    });
    fs::write(state.join("openclaw.json"), config.to_string()).expect("the config");
    let mut process = Process::start_in(home, &["gateway", "--port", "0"], &[]);
    let line = process.wait_for("listening on ws://");
    let address = line.split("ws://").nth(1).and_then(|rest| rest.split(' ').next());
    let url = format!("http://{}/tools/invoke", address.expect("an address"));
    let args = json!({"url": upstream.base_url()});
    let request = reqwest::Client::new().post(&url).bearer_auth("t");
    let reply = request.json(&json!({"tool": "web_fetch", "args": args})).send().await;
    let text = reply.expect("sent").text().await.expect("a body");
    assert!(text.contains("\\n# Hi\\n"), "{text}");
    process.signal("TERM");
    process.wait();
}

#[tokio::test]
async fn a_body_over_two_megabytes_is_a_413_in_this_shape() {
    let gateway = Gateway::start(NOWHERE, json!({})).await;
    let body = |bytes: usize| {
        let body = json!({"name": "agents_list", "padding": ""}).to_string();
        let padding = "x".repeat(bytes - body.len());
        json!({"name": "agents_list", "padding": padding})
    };
    let reply = gateway.post("/tools/invoke", body(2_000_000)).await;
    assert_eq!(reply.status().as_u16(), 200);
    for bytes in [2_000_001, 2 * 1024 * 1024] {
        let reply = gateway.post("/tools/invoke", body(bytes)).await;
        assert_eq!(reply.status().as_u16(), 413);
        let text: Value = reply.json().await.expect("JSON");
        let message = "The request body is larger than the 2000000 bytes accepted here.";
        let error = json!({"type": "request_too_large", "message": message});
        assert_eq!(text, json!({"ok": false, "error": error}));
    }
}

#[tokio::test]
async fn a_tool_tells_of_the_conversation_that_a_chat_has_had() {
    let message = json!({"role": "assistant", "content": "Forty-two."});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    let usage = json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12});
    let answer = json!({"id": "c", "choices": [choice], "usage": usage});
    let upstream = Upstream::with([Reply::json(200, &answer)]).await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let chat = json!({"messages": [{"role": "user", "content": "What is it?"}]});
    let request = gateway.request("POST", "/v1/chat/completions").json(&chat);
    let reply = request.header("x-openclaw-session-key", "deep-thought").send().await;
    assert_eq!(reply.expect("an answer").status().as_u16(), 200);

    let tell = async |body: Value| -> Value {
        let reply = gateway.post("/tools/invoke", body).await;
        reply.json::<Value>().await.expect("JSON")["result"]["details"].take()
    };
    let status = tell(json!({"name": "session_status", "sessionKey": "deep-thought"})).await;
    assert_eq!(status["sessionKey"], "agent:main:deep-thought", "{status}");
    assert_eq!((&status["inputTokens"], &status["outputTokens"]), (&json!(9), &json!(3)));
    let args = json!({"sessionKey": "deep-thought"});
    let history = tell(json!({"name": "sessions_history", "args": args})).await;
    let said = history["messages"].as_array().expect("messages").iter();
    let said: Vec<_> = said.map(|line| line["text"].as_str().expect("a text")).collect();
    assert_eq!(said, ["What is it?", "Forty-two."]);
}

#[tokio::test]
async fn a_fault_is_logged_once_under_the_request_s_id() {
    let home = TempDir::new().expect("a temporary folder");
    let state = home.path().join(".openclaw");
    fs::create_dir(&state).expect("the state folder");
    let config = json!({
        "gateway": {"mode": "local", "auth": {"token": "t"}},
        "models": {"providers": {"down": {"baseUrl": NOWHERE}}},
        "agents": {"defaults": {"model": "down/x"}},
    });
    fs::write(state.join("openclaw.json"), config.to_string()).expect("the config");
    let turn = json!([[{"role": "user", "content": "?"}, {"role": "assistant", "text": "!"}]]);
    let seed = json!({"key": "agent:main:main", "turns": turn, "damaged": true});
    let seed: Seed = serde_json::from_value(seed).expect("a seed");
    seed::sow(&state, vec![seed]).await;
    let mut process = Process::start_in(home, &["gateway", "--port", "0"], &[]);
    let line = process.wait_for("listening on ws://");
    let address = line.split("ws://").nth(1).and_then(|rest| rest.split(' ').next());
    let url = format!("http://{}/tools/invoke", address.expect("an address"));
    let mut ids = Vec::new();
    // With a key the tool runs in a task of its own.
    for key in [Value::Null, json!("k")] {
        let args = json!({"sessionKey": "main"});
        let body = json!({"name": "sessions_history", "args": args, "idempotencyKey": key});
        let request = reqwest::Client::new().post(&url).bearer_auth("t").json(&body);
        let reply = request.send().await.expect("sent");
        assert_eq!(reply.status(), 500);
        ids.push(reply.headers()["x-request-id"].to_str().expect("ASCII").to_owned());
    }
    process.signal("TERM");
    let (_, _, home) = process.wait();
    let folder = fs::read_dir(home.path().join(".openclaw/logs")).expect("logs");
    let log: String = folder
        .map(|file| fs::read_to_string(file.expect("an entry").path()).expect("text"))
        .collect();
    for id in ids {
        let told: Vec<&str> = log.lines().filter(|line| line.contains(&id)).collect();
        assert!(told.len() == 1 && told[0].contains("sessions_history"), "{id} in {log}");
        assert!(told[0].contains("agent:main:main"), "the cause is told: {}", told[0]);
    }
}
