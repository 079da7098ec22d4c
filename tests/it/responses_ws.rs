//! Responses over a WebSocket, on real sockets with a real client.

use crate::support::gateway::{Gateway, TOKEN};
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Upstream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

/// A client of one connection.
struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn open(gateway: &Gateway) -> Self {
        Self::with(gateway, &[]).await.expect("a connection")
    }

    /// Opens a connection with these headers beside the credential.
    async fn with(gateway: &Gateway, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let bearer = format!("Bearer {TOKEN}");
        Self::bare(gateway, &[headers, &[("authorization", &bearer)]].concat()).await
    }

    /// Opens a connection with exactly these headers.
    async fn bare(gateway: &Gateway, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let address = gateway.url.trim_start_matches("http://");
        let url = format!("ws://{address}/v1/responses");
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        let stream = TcpStream::connect(address).await.expect("it listens");
        let opened = soon(tokio_tungstenite::client_async(request, stream)).await;
        opened.map(|(socket, _)| Self(socket))
    }

    async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("it is taken");
    }

    async fn create(&mut self, fields: Value) {
        let mut frame = json!({"type": "response.create", "model": "openclaw"});
        crate::support::gateway::merge(&mut frame, fields);
        self.send(frame).await;
    }

    async fn message(&mut self) -> Message {
        soon(self.0.next()).await.expect("the connection stays").expect("in order")
    }

    async fn event(&mut self) -> Value {
        loop {
            match self.message().await {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not an event: {other:?}"),
            }
        }
    }

    /// Reads to the end of a response, or to an error.
    async fn events(&mut self) -> Vec<Value> {
        let ends = ["response.completed", "response.incomplete", "response.failed", "error"];
        let mut events = Vec::new();
        loop {
            let event = self.event().await;
            let over = ends.iter().any(|end| event["type"] == *end);
            events.push(event);
            if over {
                return events;
            }
        }
    }

    /// The response that a request gets.
    async fn response(&mut self, fields: Value) -> Value {
        self.create(fields).await;
        let last = self.events().await.pop().expect("events");
        assert_eq!(last["type"], "response.completed", "{last}");
        last["response"].clone()
    }

    /// The error that a frame gets.
    async fn error(&mut self, frame: Value) -> Value {
        self.send(frame).await;
        let events = self.events().await;
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["type"], "error", "{events:?}");
        events[0].clone()
    }

    /// The code that the connection is closed with, after what else is said.
    async fn close_code(&mut self) -> (CloseCode, Vec<Value>) {
        let mut said = Vec::new();
        loop {
            match self.message().await {
                Message::Text(text) => said.push(serde_json::from_str(&text).expect("JSON")),
                Message::Close(frame) => return (frame.expect("a reason").code, said),
                _ => {}
            }
        }
    }
}

/// A provider that answers with what it was told last, and how many messages it was told.
async fn echo() -> Upstream {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen| {
        let messages = seen.body["messages"].as_array().expect("messages");
        let last = messages.last().expect("a message")["content"].clone();
        let text = format!("{} of {}", last.as_str().unwrap_or("?"), messages.len());
        if seen.body["stream"] == true {
            return answer(&text);
        }
        let message = json!({"role": "assistant", "content": text});
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        Reply::json(200, &json!({"id": "c", "choices": [choice]}))
    });
    upstream
}

fn chunk(delta: Value, finish: Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    format!("data: {}\n\n", json!({"id": "c", "choices": [choice]}))
}

fn answer(text: &str) -> Reply {
    Reply::stream()
        .then(chunk(json!({"role": "assistant", "content": text}), Value::Null))
        .then(chunk(json!({}), json!("stop")))
        .then("data: [DONE]\n\n")
}

/// An agent without instructions of its own, so that what the model is told can be counted.
fn plain() -> Value {
    json!({"agents": {"defaults": {"systemPrompt": ""}}})
}

fn text_of(response: &Value) -> &str {
    let content = response.pointer("/output/0/content/0/text");
    content.and_then(Value::as_str).unwrap_or_else(|| panic!("no text: {response}"))
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

#[tokio::test]
async fn a_frame_gets_the_events_of_a_stream() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    client.create(json!({"input": "Hello"})).await;
    let events = client.events().await;
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(kinds(&events), expected);
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], at, "{event}");
    }
    let response = &events[8]["response"];
    assert_eq!(text_of(response), "Hello of 1");
    // It is kept, as one over HTTP is.
    let id = response["id"].as_str().expect("an id");
    let kept: Value = gateway.get(&format!("/v1/responses/{id}")).await.json().await.expect("JSON");
    assert_eq!(&kept, response);
}

#[tokio::test]
async fn a_response_continues_one_that_only_its_connection_knows() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    let first = client.response(json!({"input": "One", "store": false})).await;
    assert_eq!((text_of(&first), &first["previous_response_id"]), ("One of 1", &Value::Null));
    let second = json!({"input": "Two", "store": false, "previous_response_id": first["id"]});
    let second = client.response(second).await;
    assert_eq!(text_of(&second), "Two of 3");
    assert_eq!(second["previous_response_id"], first["id"]);
    let third = json!({"input": "Three", "store": false, "previous_response_id": second["id"]});
    assert_eq!(text_of(&client.response(third).await), "Three of 5");
    // Only the latest is remembered, and no other connection knows it.
    for mut client in [client, Client::open(&gateway).await] {
        let frame = json!({"type": "response.create", "input": "Four",
            "previous_response_id": first["id"]});
        let error = client.error(frame).await;
        assert_eq!(error["status"], 404);
        assert_eq!(error["error"]["code"], "previous_response_not_found");
        assert_eq!(error["error"]["param"], "previous_response_id");
        // The connection stays.
        assert_eq!(text_of(&client.response(json!({"input": "Five"})).await), "Five of 1");
    }
    let path = format!("/v1/responses/{}", first["id"].as_str().expect("an id"));
    assert_eq!(gateway.get(&path).await.status(), 404);
}

#[tokio::test]
async fn a_response_continues_a_kept_one_and_goes_on_from_there() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let kept = json!({"model": "openclaw", "input": "One"});
    let kept: Value = gateway.post("/v1/responses", kept).await.json().await.expect("JSON");
    let mut client = Client::open(&gateway).await;
    let second = json!({"input": "Two", "store": false, "previous_response_id": kept["id"]});
    let second = client.response(second).await;
    assert_eq!(text_of(&second), "Two of 3");
    let third = json!({"input": "Three", "previous_response_id": second["id"]});
    let third = client.response(third).await;
    assert_eq!(text_of(&third), "Three of 5");
    // The third is kept, with all that is kept nowhere else.
    let fourth = json!({"input": "Four", "previous_response_id": third["id"]});
    assert_eq!(text_of(&Client::open(&gateway).await.response(fourth).await), "Four of 7");
}

#[tokio::test]
async fn a_request_can_be_prepared_without_asking_the_model() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    let warm = json!({"generate": false, "store": false, "instructions": "Be brief.",
        "input": [{"role": "user", "content": "Remember 4711."}]});
    client.create(warm).await;
    let events = client.events().await;
    let expected = ["response.created", "response.in_progress", "response.completed"];
    assert_eq!(kinds(&events), expected);
    let warm = &events[2]["response"];
    assert_eq!((&warm["status"], &warm["output"]), (&json!("completed"), &json!([])));
    assert_eq!(upstream.seen().len(), 0);
    let next = json!({"input": "What?", "store": false, "previous_response_id": warm["id"]});
    assert_eq!(text_of(&client.response(next).await), "What? of 2");
    // Prepared with nothing: there is nothing to continue either.
    let empty = client.response(json!({"generate": false})).await;
    let frame = json!({"type": "response.create", "previous_response_id": empty["id"]});
    assert_eq!(client.error(frame).await["error"]["code"], "missing_required_parameter");
}

#[tokio::test]
async fn a_wrong_frame_gets_an_error_that_says_where_and_the_connection_stays() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    let create = "response.create";
    for (frame, code, param) in [
        (json!({"type": "response.cancel"}), "unsupported_value", json!("type")),
        (json!({"input": "x"}), "missing_required_parameter", json!("type")),
        (json!([1]), "invalid_type", Value::Null),
        (json!({"type": create}), "missing_required_parameter", json!("input")),
        (
            json!({"type": create, "input": "x", "temperature": 9}),
            "invalid_value",
            json!("temperature"),
        ),
        (json!({"type": create, "generate": "no"}), "invalid_type", json!("generate")),
        (
            json!({"type": create, "input": [{"role": "user", "content": [{"type": "input_image",
            "image_url": 5}]}]}),
            "invalid_type",
            json!("input[0].content[0].image_url"),
        ),
        (
            json!({"type": create, "response": {"input": 5}}),
            "invalid_type",
            json!("response.input"),
        ),
        (json!({"type": create, "response": []}), "invalid_type", json!("response")),
        (
            json!({"type": create, "input": "x", "model": "gpt-4o"}),
            "model_not_found",
            json!("model"),
        ),
    ] {
        let error = client.error(frame.clone()).await;
        let error = &error["error"];
        assert_eq!((&error["code"], &error["param"]), (&json!(code), &param), "{frame}: {error}");
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
    }
    client.0.send(Message::text("{")).await.expect("taken");
    assert_eq!(client.event().await["error"]["code"], "invalid_json");
    client.0.send(Message::Binary(Bytes::from_static(b"{}"))).await.expect("taken");
    assert_eq!(client.event().await["error"]["code"], "invalid_type");
    let nested = json!({"type": create, "response": {"model": "openclaw", "input": "Nested"}});
    client.send(nested).await;
    let last = client.events().await.pop().expect("events");
    assert_eq!(text_of(&last["response"]), "Nested of 1");
}

#[tokio::test]
async fn a_failure_of_the_providers_is_an_error_before_and_an_event_after_the_first_token() {
    let refused = json!({"error": {"message": "top_k?", "type": "x", "code": null}});
    let replies =
        [Reply::json(400, &refused), Reply::fixture("cut.sse").then_cut(), answer("Back")];
    let upstream = Upstream::with(replies).await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    let frame = json!({"type": "response.create", "input": "x", "stream_id": "a"});
    let error = client.error(frame).await;
    assert_eq!((&error["status"], &error["stream_id"]), (&json!(400), &json!("a")));
    assert_eq!(error["error"]["code"], "upstream_rejected");
    client.create(json!({"input": "x", "stream_id": "b"})).await;
    let events = client.events().await;
    assert!(events.iter().all(|event| event["stream_id"] == "b"), "{events:?}");
    let last = events.last().expect("events");
    assert_eq!(
        (&last["type"], &last["response"]["status"]),
        (&json!("response.failed"), &json!("failed"))
    );
    assert_eq!(text_of(&client.response(json!({"input": "x"})).await), "Back");
}

#[tokio::test]
async fn one_response_at_a_time_and_further_ones_wait_their_turn() {
    let gate = Gate::default();
    let slow = Reply::stream()
        .then(chunk(json!({"role": "assistant", "content": "first"}), Value::Null))
        .then_gate(&gate)
        .then(chunk(json!({}), json!("stop")))
        .then("data: [DONE]\n\n");
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
    let gated = Reply::stream()
        .then(chunk(json!({"role": "assistant", "content": "so far"}), Value::Null))
        .then_gate(&gate)
        .then(chunk(json!({}), json!("stop")))
        .then("data: [DONE]\n\n");
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
    let gated = Reply::stream()
        .then(chunk(json!({"role": "assistant", "content": "so far"}), Value::Null))
        .then_gate(&gate)
        .then(chunk(json!({}), json!("stop")))
        .then("data: [DONE]\n\n");
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
