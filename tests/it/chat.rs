//! What holds of chat on the wire while it happens, which a transcript does not show.

mod answers;
mod disconnects;
mod encoder;
mod images;
mod keep_alive;

use crate::support::soon;
use reqwest::Response;
use serde_json::{Value, json};

const PATH: &str = "/v1/chat/completions";

/// A piece of an upstream answer.
fn chunk(text: &str) -> String {
    upstream_event(json!({"content": text}), Value::Null)
}

/// The end of one.
fn end() -> String {
    upstream_event(json!({}), json!("stop")) + "data: [DONE]\n\n"
}

fn upstream_event(delta: Value, finish: Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    format!("data: {}\n\n", json!({"id": "c", "choices": [choice]}))
}

fn asking(more: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": "Hello"}]});
    crate::support::gateway::merge(&mut body, more);
    body
}

/// Reads on until what has come holds `wanted`.
async fn read_until(reply: &mut Response, text: &mut String, wanted: &str) {
    while !text.contains(wanted) {
        let bytes = soon(reply.chunk()).await.expect("a stream").expect("more");
        text.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
    }
}

/// Reads to the end.
async fn read_rest(reply: &mut Response, text: &mut String) {
    while let Some(bytes) = soon(reply.chunk()).await.expect("a stream") {
        text.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
    }
}

/// The events of a stream, which must end as streams do; comments are left out.
fn events(text: &str) -> Vec<Value> {
    let mut data: Vec<&str> =
        text.split_terminator("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
    assert_eq!(data.pop(), Some("[DONE]"), "{text}");
    data.into_iter().map(|event| serde_json::from_str(event).expect("JSON")).collect()
}

/// The text of an answer that came as events.
fn said(events: &[Value]) -> String {
    let content = |event: &Value| {
        event["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned()
    };
    events.iter().map(content).collect()
}
