//! Responses on the wire where time or a client that leaves plays a part.

use crate::support::gateway::Gateway;
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Upstream};
use futures_util::StreamExt;
use reqwest::Response;
use serde_json::{Value, json};

/// A provider's stream that says something and then nothing more.
fn begun() -> Reply {
    let delta = json!({"role": "assistant", "content": "so far"});
    let choice = json!({"index": 0, "delta": delta, "finish_reason": null});
    let chunk = json!({"id": "c", "choices": [choice]});
    Reply::stream().then(format!("data: {chunk}\n\n")).then_hang()
}

async fn create(gateway: &Gateway, fields: Value) -> Response {
    let mut body = json!({"model": "openclaw", "input": "Hello"});
    crate::support::gateway::merge(&mut body, fields);
    gateway.post("/v1/responses", body).await
}

async fn json_of(response: Response) -> Value {
    soon(response.json()).await.expect("JSON")
}

/// Reads a stream until this stands in it.
async fn until(response: Response, wanted: &str) -> (String, impl Drop + use<>) {
    struct Rest<T>(Option<T>);
    impl<T> Drop for Rest<T> {
        fn drop(&mut self) {
            drop(self.0.take());
        }
    }
    let mut bytes = Box::pin(response.bytes_stream());
    let mut text = String::new();
    while !text.contains(wanted) {
        let chunk = soon(bytes.next()).await.expect("more").expect("in order");
        text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
    }
    (text, Rest(Some(bytes)))
}

/// The id of the response that a stream tells of.
fn id_in(text: &str) -> &str {
    let at = text.find("resp_").expect("an id");
    &text[at..at + 37]
}

#[tokio::test]
async fn a_failure_after_the_commit_comes_in_the_stream_and_before_it_as_a_status() {
    let gate = Gate::default();
    let failing =
        Reply::stream().then_gate(&gate).then("data: {\"error\": {\"message\": \"no\"}}\n\n");
    let upstream = Upstream::with([failing]).await;
    let quick = json!({"gateway": {"http": {"sse": {"commitAfterMs": 20}}}});
    let gateway = Gateway::start(&upstream.base_url(), quick).await;
    let response = create(&gateway, json!({"stream": true})).await;
    assert_eq!(response.status(), 200);
    // The status left before anything was known; the gate opens only once it is here.
    gate.open();
    let text = soon(response.text()).await.expect("events");
    let kinds: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(kinds, ["response.created", "response.in_progress", "response.failed"], "{text}");
    assert!(text.starts_with(": ") && text.ends_with("data: [DONE]\n\n"), "{text}");

    let failing = Reply::stream().then("data: {\"error\": {\"message\": \"no\"}}\n\n");
    let upstream = Upstream::start().await;
    upstream.otherwise(move |_| failing.clone());
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let response = create(&gateway, json!({"stream": true})).await;
    assert_eq!(response.status(), 502);
    assert_eq!(json_of(response).await["error"]["type"], "upstream_error");
}

#[tokio::test]
async fn a_background_response_goes_on_alone_until_it_is_cancelled() {
    let upstream = Upstream::with([begun()]).await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let queued = json_of(create(&gateway, json!({"background": true})).await).await;
    assert_eq!((&queued["status"], &queued["background"]), (&json!("queued"), &json!(true)));
    let path = format!("/v1/responses/{}", queued["id"].as_str().expect("an id"));
    let followed = gateway.get(&format!("{path}?stream=true")).await;
    let (_, rest) = until(followed, "so far").await;
    // Who follows it may leave.
    drop(rest);
    assert_eq!(json_of(gateway.get(&path).await).await["status"], "in_progress");
    let cancelled = gateway.request("POST", &format!("{path}/cancel")).send().await.expect("sent");
    assert_eq!(cancelled.status(), 200);
    assert_eq!(json_of(cancelled).await["status"], "cancelled");
    soon(upstream.given_up(1)).await;
    let kept = json_of(gateway.get(&path).await).await;
    assert_eq!(kept["status"], "cancelled");
    assert_eq!(kept["output"][0]["content"][0]["text"], "so far");
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_its_response_unless_it_said_otherwise() {
    let upstream = Upstream::with([begun(), begun()]).await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let (text, rest) = until(create(&gateway, json!({"stream": true})).await, "so far").await;
    drop(rest);
    soon(upstream.given_up(1)).await;
    // What it had got is kept, with how it ended.
    let path = format!("/v1/responses/{}?stream=true", id_in(&text));
    let told = soon(gateway.get(&path).await.text()).await.expect("events");
    assert!(told.contains("\"status\":\"cancelled\"") && told.contains("so far"), "{told}");

    let body = json!({"model": "openclaw", "input": "Hello", "stream": true});
    let detached = gateway.request("POST", "/v1/responses").json(&body);
    let detached = detached.header("x-openclaw-on-disconnect", "detach").send().await;
    let (text, rest) = until(detached.expect("an answer"), "so far").await;
    drop(rest);
    let path = format!("/v1/responses/{}", id_in(&text));
    assert_eq!(json_of(gateway.get(&path).await).await["status"], "in_progress");
    // Removing it ends it.
    let removed = gateway.request("DELETE", &path).send().await.expect("sent");
    assert_eq!(removed.status(), 200);
    soon(upstream.given_up(2)).await;
    assert_eq!(gateway.get(&path).await.status(), 404);
}

#[tokio::test]
async fn a_stream_is_resumed_where_it_was_left_while_it_grows() {
    let gate = Gate::default();
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        format!("data: {}\n\n", json!({"id": "c", "choices": [choice]}))
    };
    let gated = Reply::stream()
        .then(chunk(json!({"role": "assistant", "content": "one "}), Value::Null))
        .then_gate(&gate)
        .then(chunk(json!({"content": "two"}), json!("stop")))
        .then("data: [DONE]\n\n");
    let upstream = Upstream::with([gated]).await;
    let quick = json!({"gateway": {"http": {"sse": {"commitAfterMs": 20}}}});
    let gateway = Gateway::start(&upstream.base_url(), quick).await;
    let body = json!({"stream": true, "background": true});
    let (text, rest) = until(create(&gateway, body).await, "one ").await;
    drop(rest);
    let last = text.rsplit("\"sequence_number\":").next().expect("a number");
    let last: u64 = last.split(',').next().and_then(|n| n.parse().ok()).expect("a number");
    let path = format!("/v1/responses/{}?stream=true&starting_after={last}", id_in(&text));
    let resumed = gateway.get(&path).await;
    gate.open();
    let text = soon(resumed.text()).await.expect("events");
    let first = text.lines().find(|line| line.starts_with("event: "));
    assert_eq!(first, Some("event: response.output_text.delta"), "{text}");
    assert!(text.contains("\"delta\":\"two\"") && !text.contains("\"delta\":\"one \""), "{text}");
    assert!(text.contains(&format!("\"sequence_number\":{}", last + 1)), "{text}");
    assert!(text.contains("\"text\":\"one two\""), "{text}");
}

#[tokio::test]
async fn a_request_refers_to_only_so_many_items() {
    let upstream = Upstream::start().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let refer = |at: usize| json!({"type": "item_reference", "id": format!("msg_{at:040x}")});
    let ask = async |most: usize| {
        let input: Vec<Value> = (0..most).map(refer).collect();
        let error = json_of(create(&gateway, json!({"input": input})).await).await;
        let error = &error["error"];
        [&error["code"], &error["param"]].map(|text| text.as_str().unwrap_or("?").to_owned())
    };
    assert_eq!(ask(1001).await, ["too_many", "input[1000].id"]);
    // So many are looked for, and none is there.
    assert_eq!(ask(1000).await[0], "not_found");
}
