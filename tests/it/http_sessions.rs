//! Sessions as clients of the HTTP API meet them, beyond what the golden transcripts show.

use crate::support::gateway::Gateway;
use crate::support::upstream::{Gate, Reply, Seen, Upstream};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A provider that repeats what was said last.
async fn echo() -> Upstream {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen: &Seen| reply(&said_last(seen)));
    upstream
}

fn said_last(seen: &Seen) -> String {
    let messages = seen.body["messages"].as_array().expect("messages");
    messages.last().expect("one")["content"].as_str().expect("a text").to_owned()
}

fn reply(text: &str) -> Reply {
    let message = json!({"role": "assistant", "content": text});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    Reply::json(200, &json!({"id": "c", "choices": [choice]}))
}

fn chat(text: &str) -> Value {
    json!({"model": "openclaw", "messages": [{"role": "user", "content": text}]})
}

/// Every byte of every file below a folder, by name.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else if path.extension().is_none_or(|end| end != "log" && !end.eq("sqlite-shm")) {
            found.push((path.display().to_string(), fs::read(&path).expect("a readable file")));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_stateless_request_stays_off_the_disk() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let before = contents(gateway.state());
    for at in 0..20 {
        let answer = gateway.post("/v1/chat/completions", chat(&format!("number {at}"))).await;
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().get("x-openclaw-session-key").is_none());
    }
    let after = contents(gateway.state());
    let secret = b"number 7";
    let has = |(_, bytes): &(String, Vec<u8>)| bytes.windows(secret.len()).any(|w| w == secret);
    assert!(!after.iter().any(has), "what was said is on the disk");
    let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&before), names(&after));
}

#[tokio::test]
async fn two_calls_of_one_session_take_turns() {
    let upstream = Upstream::start().await;
    let gate = Gate::default();
    let held = gate.clone();
    upstream.otherwise(move |seen: &Seen| match said_last(seen).as_str() {
        "first" => Reply::empty().then_gate(&held).then("null"),
        other => reply(other),
    });
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let ask = |text: &str| {
        gateway
            .request("POST", "/v1/chat/completions")
            .header("x-openclaw-session-key", "one")
            .json(&chat(text))
            .send()
    };
    let first = tokio::spawn(ask("first"));
    upstream.requests(1).await;
    let second = tokio::spawn(ask("second"));
    // Another session is not held up by this one.
    let other = gateway
        .request("POST", "/v1/chat/completions")
        .header("x-openclaw-session-key", "two")
        .json(&chat("elsewhere"));
    assert_eq!(other.send().await.expect("an answer").status(), 200);
    assert_eq!(upstream.seen().len(), 2, "the second turn did not wait for the first");
    gate.open();
    // What the provider sent is no answer; the turn after it goes on all the same.
    assert_eq!(first.await.expect("joined").expect("an answer").status(), 502);
    let second: Value =
        second.await.expect("joined").expect("an answer").json().await.expect("JSON");
    assert_eq!(second["choices"][0]["message"]["content"], "second");
}

#[tokio::test]
async fn a_client_that_hangs_up_takes_its_turn_along_unless_it_said_otherwise() {
    let upstream = Upstream::start().await;
    let gate = Gate::default();
    let held = gate.clone();
    upstream.otherwise(move |seen: &Seen| match said_last(seen).as_str() {
        text if text.starts_with("wait") => {
            let answer = json!({"id": "c", "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "late"}}]});
            Reply::empty().then_gate(&held).then(answer.to_string())
        }
        other => reply(other),
    });
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    for policy in ["cancel", "detach"] {
        let request = gateway
            .request("POST", "/v1/chat/completions")
            .header("x-openclaw-session-key", policy)
            .header("x-openclaw-on-disconnect", policy)
            .json(&chat("wait for it"));
        let asked = upstream.seen().len();
        let waiting = tokio::spawn(request.send());
        upstream.requests(asked + 1).await;
        waiting.abort();
    }
    // Of the two requests that the clients gave up, one was closed.
    upstream.given_up(1).await;
    gate.open();
    for (session, said) in [
        ("cancel", vec!["wait for it", "and now?"]),
        ("detach", vec!["wait for it", "late", "and now?"]),
    ] {
        let request = gateway
            .request("POST", "/v1/chat/completions")
            .header("x-openclaw-session-key", session)
            .json(&chat("and now?"));
        assert_eq!(request.send().await.expect("an answer").status(), 200);
        let seen = upstream.seen().pop().expect("asked");
        let messages = seen.body["messages"].as_array().expect("messages").clone();
        let texts: Vec<_> = messages
            .iter()
            .map(|message| message["content"].as_str().expect("text").to_owned())
            .collect();
        assert_eq!(texts, said, "{session}");
    }
}

#[tokio::test]
async fn headers_of_a_turn_are_checked() {
    let gateway = Gateway::start("http://127.0.0.1:9/v1", json!({})).await;
    let long = "x".repeat(600);
    for (name, value) in [
        ("x-openclaw-on-disconnect", "sometimes"),
        ("x-openclaw-on-disconnect", "grace=0"),
        ("x-openclaw-on-disconnect", "grace=3601"),
        ("idempotency-key", &long),
        ("x-openclaw-session-key", &long),
        ("x-openwebui-chat-id", &long),
    ] {
        let request = gateway.request("POST", "/v1/chat/completions").header(name, value);
        let answer = request.json(&chat("Hello")).send().await.expect("an answer");
        assert_eq!(answer.status(), 400, "{name}: {value}");
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body["error"]["param"], name, "{body}");
    }
}
