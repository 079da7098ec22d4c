//! When a stream's status is sent, and what is sent while nothing happens.

use super::{PATH, asking, chunk, end, events, read_rest, read_until, said};
use crate::support::gateway::Gateway;
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Upstream};
use serde_json::{Value, json};

const COMMENT: &str = ": keep-alive\n\n";

fn pace(commit_after: u64) -> Value {
    let sse = json!({"commitAfterMs": commit_after, "keepAliveMs": 10});
    json!({"gateway": {"http": {"sse": sse}},
        "models": {"providers": {"fake": {"timeoutSeconds": 600}}}})
}

#[tokio::test]
async fn a_stalled_provider_is_filled_with_comments_before_and_after_the_first_token() {
    let (first, second) = (Gate::default(), Gate::default());
    let reply = Reply::stream().then_gate(&first).then(chunk("one")).then_gate(&second);
    let upstream = Upstream::with([reply.then(chunk("two")).then(end())]).await;
    let gateway = Gateway::start(&upstream.base_url(), pace(20)).await;
    let streamed = asking(json!({"stream": true}));
    let mut reply = soon(gateway.post(PATH, streamed)).await;
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["content-type"], "text/event-stream; charset=utf-8");
    let mut text = String::new();
    read_until(&mut reply, &mut text, &COMMENT.repeat(3)).await;
    assert_eq!(text.replace(COMMENT, ""), "", "nothing but comments before the first token");
    first.open();
    read_until(&mut reply, &mut text, "\"one\"").await;
    let mut silence = String::new();
    read_until(&mut reply, &mut silence, &COMMENT.repeat(3)).await;
    second.open();
    text.push_str(&silence);
    read_rest(&mut reply, &mut text).await;
    assert!(text.ends_with("data: [DONE]\n\n"), "nothing comes after the end: {text}");
    let events = events(&text);
    assert_eq!(said(&events), "onetwo");
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
}

#[tokio::test]
async fn a_failure_after_the_status_is_told_in_the_stream() {
    let gate = Gate::default();
    let upstream = Upstream::with([Reply::stream().then_gate(&gate).then_cut()]).await;
    let gateway = Gateway::start(&upstream.base_url(), pace(0)).await;
    let mut reply = soon(gateway.post(PATH, asking(json!({"stream": true})))).await;
    assert_eq!(reply.status(), 200);
    gate.open();
    let mut text = String::new();
    read_rest(&mut reply, &mut text).await;
    let events = events(&text);
    assert_eq!(events.len(), 1, "{text}");
    assert_eq!(events[0]["error"]["type"], "upstream_error", "{text}");
    assert!(events[0].get("choices").is_none(), "{text}");
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
}

#[tokio::test]
async fn a_failure_before_the_status_has_its_own() {
    let gate = Gate::default();
    let upstream = Upstream::with([Reply::stream().then_gate(&gate).then_cut()]).await;
    let gateway = Gateway::start(&upstream.base_url(), pace(600_000)).await;
    let asked = gateway.post(PATH, asking(json!({"stream": true})));
    let (reply, ()) = soon(async {
        tokio::join!(asked, async {
            upstream.requests(1).await;
            gate.open();
        })
    })
    .await;
    assert_eq!(reply.status(), 502);
    assert_eq!(reply.headers()["content-type"], "application/json; charset=utf-8");
    let body: Value = reply.json().await.expect("JSON");
    assert_eq!(body["error"]["type"], "upstream_error", "{body}");
}
