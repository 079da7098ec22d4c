//! What becomes of an answer whose client hangs up.

use super::{PATH, asking, chunk, end, events, read_rest, read_until, said};
use crate::support::gateway::Gateway;
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Upstream};
use reqwest::Response;
use serde_json::{Value, json};

/// A question with this policy, under a key by which it can be asked again.
async fn ask(gateway: &Gateway, policy: &str, body: Value) -> Response {
    let request = gateway.request("POST", PATH).header("x-openclaw-on-disconnect", policy);
    let request = request.header("idempotency-key", "the-same").json(&asking(body));
    soon(request.send()).await.expect("an answer")
}

fn patient() -> Value {
    json!({"models": {"providers": {"fake": {"timeoutSeconds": 600, "idleTimeoutSeconds": 600}}}})
}

/// A provider whose answer stops after its first piece until the gate opens.
async fn stalling(gate: &Gate) -> Upstream {
    let reply = Reply::stream().then(chunk("one")).then_gate(gate);
    Upstream::with([reply.then(chunk("two")).then(end())]).await
}

#[tokio::test]
async fn cancel_closes_every_upstream_request_before_its_next_chunk() {
    for (answers, key) in [(1, false), (3, false), (1, true)] {
        let hanging = || Reply::stream().then(chunk("one")).then_hang();
        let upstream = Upstream::with([hanging(), hanging(), hanging()]).await;
        let gateway = Gateway::start(&upstream.base_url(), patient()).await;
        let mut request =
            gateway.request("POST", PATH).header("x-openclaw-on-disconnect", "cancel");
        if key {
            request = request.header("idempotency-key", "k");
        }
        let body = asking(json!({"stream": true, "n": answers}));
        let mut reply = soon(request.json(&body).send()).await.expect("a stream");
        soon(reply.chunk()).await.expect("a stream").expect("the first token");
        upstream.requests(answers).await;
        drop(reply);
        upstream.given_up(answers).await;
        assert_eq!(gateway.get("/v1/models").await.status(), 200, "the gateway goes on");
    }
}

#[tokio::test]
async fn a_detached_answer_goes_on_and_is_read_again_from_its_beginning() {
    let gate = Gate::default();
    let upstream = stalling(&gate).await;
    let gateway = Gateway::start(&upstream.base_url(), patient()).await;
    let streamed = || json!({"stream": true});
    let mut reply = ask(&gateway, "detach", streamed()).await;
    read_until(&mut reply, &mut String::new(), "\"one\"").await;
    drop(reply);
    gate.open();
    let mut again = ask(&gateway, "detach", streamed()).await;
    let mut text = String::new();
    read_rest(&mut again, &mut text).await;
    let events = events(&text);
    assert_eq!(said(&events), "onetwo");
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(upstream.seen().len(), 1, "the model was asked once");
}

#[tokio::test]
async fn an_answer_within_its_grace_is_read_again() {
    let gate = Gate::default();
    let upstream = stalling(&gate).await;
    let gateway = Gateway::start(&upstream.base_url(), patient()).await;
    let streamed = || json!({"stream": true});
    let mut reply = ask(&gateway, "grace=600", streamed()).await;
    read_until(&mut reply, &mut String::new(), "\"one\"").await;
    drop(reply);
    let mut again = ask(&gateway, "grace=600", streamed()).await;
    let mut text = String::new();
    read_until(&mut again, &mut text, "\"one\"").await;
    gate.open();
    read_rest(&mut again, &mut text).await;
    assert_eq!(said(&events(&text)), "onetwo");
    assert_eq!(upstream.seen().len(), 1, "the model was asked once");
}

#[tokio::test]
async fn an_answer_beyond_its_grace_is_closed() {
    let gate = Gate::default();
    let upstream = stalling(&gate).await;
    let gateway = Gateway::start(&upstream.base_url(), patient()).await;
    let mut reply = ask(&gateway, "grace=1", json!({"stream": true})).await;
    read_until(&mut reply, &mut String::new(), "\"one\"").await;
    drop(reply);
    upstream.given_up(1).await;
}

#[tokio::test]
async fn another_request_under_the_same_key_is_a_conflict() {
    let gate = Gate::default();
    let upstream = stalling(&gate).await;
    let gateway = Gateway::start(&upstream.base_url(), patient()).await;
    let mut reply = ask(&gateway, "detach", json!({"stream": true})).await;
    read_until(&mut reply, &mut String::new(), "\"one\"").await;
    let other = ask(&gateway, "detach", json!({"stream": true, "logprobs": true})).await;
    assert_eq!(other.status(), 409);
    gate.open();
}
