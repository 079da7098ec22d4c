//! How connections are let in, how requests wait on them, and how they end.

use super::{Client, answer, chunk, echo, gated, plain, text_of};
use crate::support::gateway::{Gateway, TOKEN};
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Upstream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

#[tokio::test]
async fn one_response_at_a_time_and_further_ones_wait_their_turn() {
    let gate = Gate::default();
    let slow = gated("first", &gate);
    let upstream = Upstream::with([slow]).await;
    upstream.otherwise(|_| answer("later"));
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    client.create(json!({"input": "0"})).await;
    while client.event().await["type"] != "response.output_text.delta" {}
    for at in 1..=9 {
        client.create(json!({"input": at.to_string()})).await;
    }
    let refused = client.event().await;
    assert_eq!(refused["error"]["code"], "too_many_queued", "{refused}");
    assert_eq!(refused["status"], 429);
    gate.open();
    for _ in 0..9 {
        let last = client.events().await.pop().expect("events");
        assert_eq!(last["type"], "response.completed", "{last}");
    }
    let asked = upstream.seen();
    let said: Vec<&str> = asked
        .iter()
        .filter_map(|seen| seen.body.pointer("/messages/0/content")?.as_str())
        .collect();
    assert_eq!(said, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_response_along_unless_it_said_otherwise() {
    let begun = || {
        Reply::stream()
            .then(chunk(json!({"role": "assistant", "content": "so far"}), Value::Null))
            .then_hang()
    };
    let upstream = Upstream::with([begun()]).await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    client.create(json!({"input": "x"})).await;
    while client.event().await["type"] != "response.output_text.delta" {}
    drop(client);
    soon(upstream.given_up(1)).await;

    let gate = Gate::default();
    let gated = gated("so far", &gate);
    let upstream = Upstream::with([gated]).await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let detached = [("x-openclaw-on-disconnect", "detach")];
    let mut client = Client::with(&gateway, &detached).await.expect("a connection");
    client.create(json!({"input": "x"})).await;
    let id = client.event().await["response"]["id"].as_str().expect("an id").to_owned();
    drop(client);
    gate.open();
    let followed = gateway.get(&format!("/v1/responses/{id}?stream=true")).await;
    let text = soon(followed.text()).await.expect("events");
    assert!(text.contains("event: response.completed"), "{text}");
}

#[tokio::test]
async fn a_connection_is_let_in_as_any_other_request_is() {
    let upstream = echo().await;
    let cors = json!({"gateway": {"http": {"cors": {"allowedOrigins": ["https://a.example"]}}}});
    let gateway = Gateway::start(&upstream.base_url(), cors).await;
    let status = |result: Result<Client, Error>| match result {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    };
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(status(Client::bare(&gateway, &[]).await), 401);
    assert_eq!(status(Client::bare(&gateway, &[("authorization", "Bearer no")]).await), 401);
    let credential = ("authorization", bearer.as_str());
    assert_eq!(status(Client::bare(&gateway, &[credential]).await), 101);
    for (origin, expected) in [
        ("https://a.example", 101),
        ("https://a.example:444", 403),
        ("http://127.0.0.1:18789", 403),
        ("null", 403),
    ] {
        let result = Client::bare(&gateway, &[credential, ("origin", origin)]).await;
        assert_eq!(status(result), expected, "{origin}");
    }
    let headers = [credential, ("x-openclaw-session-key", "cron:x")];
    let mut client = Client::bare(&gateway, &headers).await.expect("a connection");
    let error = client.error(json!({"type": "response.create", "input": "x"})).await;
    assert_eq!(error["error"]["param"], "x-openclaw-session-key");
    let headers = [credential, ("x-openclaw-on-disconnect", "maybe")];
    assert_eq!(status(Client::bare(&gateway, &headers).await), 400);
}

#[tokio::test]
async fn what_the_headers_say_holds_for_all_responses_of_a_connection() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let headers = [("x-openclaw-session-key", "s-1"), ("idempotency-key", "k")];
    let mut client = Client::with(&gateway, &headers).await.expect("a connection");
    assert_eq!(text_of(&client.response(json!({"input": "One"})).await), "One of 1");
    assert_eq!(text_of(&client.response(json!({"input": "Two"})).await), "Two of 3");
}

#[tokio::test]
async fn a_gateway_that_stops_tells_a_response_to_its_end_and_says_goodbye() {
    let gate = Gate::default();
    let gated = gated("so far", &gate);
    let upstream = Upstream::with([gated]).await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut idle = Client::open(&gateway).await;
    let mut busy = Client::open(&gateway).await;
    busy.create(json!({"input": "x"})).await;
    while busy.event().await["type"] != "response.output_text.delta" {}
    let stopping = tokio::spawn(gateway.stop());
    assert_eq!(idle.close_code().await.0, CloseCode::Away);
    gate.open();
    let (code, said) = busy.close_code().await;
    assert_eq!(code, CloseCode::Away);
    assert_eq!(said.last().expect("events")["type"], "response.completed");
    drop((idle, busy));
    assert!(soon(stopping).await.expect("it stops"));
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_the_connection_with_a_word() {
    let upstream = echo().await;
    let small = json!({"gateway": {"http": {"endpoints": {"responses": {"maxBodyBytes": 4096}}}}});
    let gateway = Gateway::start(&upstream.base_url(), small).await;
    let mut client = Client::open(&gateway).await;
    client.create(json!({"input": "x".repeat(5000)})).await;
    let (code, said) = client.close_code().await;
    assert_eq!(code, CloseCode::Size);
    assert_eq!(said[0]["error"]["code"], "request_too_large");
}

#[tokio::test]
async fn a_ping_is_answered() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    client.0.send(Message::Ping(Bytes::from_static(b"there?"))).await.expect("taken");
    assert_eq!(client.message().await, Message::Pong(Bytes::from_static(b"there?")));
}

#[tokio::test]
async fn a_client_that_closes_is_answered() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    assert_eq!(text_of(&client.response(json!({"input": "x"})).await), "x of 1");
    client.0.close(None).await.expect("sent");
    assert!(matches!(client.message().await, Message::Close(_)));
    // The connection ends in order, not by a reset.
    assert!(soon(client.0.next()).await.is_none());
}

#[tokio::test]
async fn a_gateway_that_stops_says_so_of_requests_that_wait() {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("so far", &gate)]).await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut idle = Client::open(&gateway).await;
    let mut busy = Client::open(&gateway).await;
    busy.create(json!({"input": "x"})).await;
    while busy.event().await["type"] != "response.output_text.delta" {}
    busy.create(json!({"input": "y", "stream_id": "second"})).await;
    let stopping = tokio::spawn(gateway.stop());
    assert_eq!(idle.close_code().await.0, CloseCode::Away);
    // It comes when the gateway stops already.
    busy.create(json!({"input": "z", "stream_id": "third"})).await;
    // Frames are read in their order: once this is answered, that one has been.
    busy.0.send(Message::Ping(Bytes::new())).await.expect("taken");
    while !matches!(busy.message().await, Message::Pong(_)) {}
    gate.open();
    let (code, said) = busy.close_code().await;
    assert_eq!(code, CloseCode::Away);
    let ended = said.iter().position(|event| event["type"] == "response.completed");
    let errors = &said[ended.expect("it is told to its end") + 1..];
    let told: Vec<_> = errors.iter().map(|event| (&event["type"], &event["stream_id"])).collect();
    let error = json!("error");
    assert_eq!(told, [(&error, &json!("second")), (&error, &json!("third"))], "{said:?}");
    assert!(errors.iter().all(|event| event["status"] == 503), "{errors:?}");
    drop((idle, busy));
    assert!(soon(stopping).await.expect("it stops"));
}
