//! Responses over a WebSocket, on real sockets with a real client.

mod frames;
mod life;

use crate::support::gateway::{Gateway, TOKEN};
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Upstream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

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

/// An answer whose end waits for the gate.
fn gated(text: &str, gate: &Gate) -> Reply {
    Reply::stream()
        .then(chunk(json!({"role": "assistant", "content": text}), Value::Null))
        .then_gate(gate)
        .then(chunk(json!({}), json!("stop")))
        .then("data: [DONE]\n\n")
}
