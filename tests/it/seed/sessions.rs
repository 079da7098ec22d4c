//! The promises again where conversations are kept.

use crate::support::gateway::{Gateway, TOKEN};
use crate::support::process::{Process, binary};
use crate::support::upstream::{Reply, Seen, Upstream};
use openclaw::store::{Batch, Clock, Store};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

/// A provider that answers with the name of the model it was asked for.
async fn provider() -> Upstream {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen: &Seen| {
        let message = json!({"role": "assistant", "content": seen.body["model"]});
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        Reply::json(200, &json!({"id": "c", "choices": [choice]}))
    });
    upstream
}

fn chat(text: &str) -> Value {
    json!({"model": "openclaw", "messages": [{"role": "user", "content": text}]})
}

#[tokio::test]
async fn oa_12_a_turn_without_the_header_is_the_agents_own_models_again() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    for (overriding, expected) in
        [(None, "chat"), (Some("fake/special"), "special"), (None, "chat")]
    {
        let mut request = gateway
            .request("POST", "/v1/chat/completions")
            .header("x-openclaw-session-key", "one")
            .json(&chat("Hello"));
        if let Some(model) = overriding {
            request = request.header("x-openclaw-model", model);
        }
        let answer: Value = request.send().await.expect("sent").json().await.expect("JSON");
        assert_eq!(answer["choices"][0]["message"]["content"], expected, "{answer}");
    }
    let last = upstream.seen().pop().expect("asked");
    let said = last.body["messages"].as_array().expect("messages").len();
    assert_eq!(said, 5, "the third turn carries the two before it");
}

#[tokio::test]
async fn oa_14_sessions_lie_behind_the_same_operator_boundary() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let list = json!({"tool": "sessions_list", "args": {}});
    let routes = [("/v1/chat/completions", chat("Hello")), ("/tools/invoke", list)];
    for (path, body) in &routes {
        // The shared credential is the operator: the header that narrows others has no say.
        for (bearer, status) in [(None, 401), (Some("wrong"), 401), (Some(TOKEN), 200)] {
            let mut request = gateway
                .anonymous("POST", path)
                .header("x-openclaw-session-key", "kept")
                .header("x-openclaw-scopes", "")
                .json(body);
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer);
            }
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), status, "{path} {bearer:?}");
        }
    }
    let listed = gateway.post("/tools/invoke", routes[1].1.clone()).await;
    let listed = listed.text().await.expect("a body");
    assert!(listed.contains("agent:main:kept"), "{listed}");
}

/// A message that waits while nobody can deliver it waits for ever: no command takes another way.
#[tokio::test]
async fn sg_2_what_waits_in_the_store_is_not_sent_another_way() {
    let channel = Upstream::start().await;
    let config = Some(r#"{gateway: {mode: "local"}}"#);
    let mut process = Process::start(&["gateway", "--port", "0"], &[], config);
    process.wait_for("ready");
    let file = process.state().join("state/openclaw.sqlite");
    let body = json!({"channel": "mock", "url": channel.base_url(), "text": "Hello"}).to_string();
    let store = Store::open_existing(&file, Clock::system()).expect("the gateway's store");
    let mut batch = Batch::new();
    batch.send("channel:mock", body.clone(), Some("message-1"));
    store.commit(batch).await.expect("accepted");
    store.close().await;
    process.signal("TERM");
    let (status, _, home) = tokio::task::spawn_blocking(|| process.wait()).await.expect("joined");
    assert!(status.success());

    // The gateway is down; these are all the commands that open its store.
    for arguments in [&["sessions"][..], &["sessions", "cleanup"], &["backup"]] {
        let mut command = Command::new(binary());
        command.args(arguments).env_clear().env("HOME", home.path());
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }
    assert_eq!(channel.connections(), 0, "something went to the channel directly");
    let store = Store::open_existing(&file, Clock::system()).expect("opens");
    let waiting = store.claim("channel:mock", 10, Duration::from_secs(1)).await.expect("claimed");
    let waiting: Vec<_> =
        waiting.into_iter().map(|parcel| (parcel.body, parcel.attempts)).collect();
    assert_eq!(waiting, [(body, 1)], "it still waits, and nobody tried");
}
