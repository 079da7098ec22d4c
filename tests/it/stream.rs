//! What holds while an answer streams: it comes as it grows, and it ends with its reader.

use crate::support::gateway::Gateway;
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Upstream};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn chunk(text: &str) -> String {
    let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": null});
    format!("data: {}\n\n", json!({"id": "c", "choices": [choice]}))
}

fn streamed() -> serde_json::Value {
    json!({"messages": [{"role": "user", "content": "Hello"}], "stream": true})
}

#[tokio::test]
async fn a_token_reaches_the_client_before_the_next_is_made() {
    let gate = Gate::default();
    let reply = Reply::stream().then(chunk("one")).then_gate(&gate).then(chunk("two"));
    let upstream = Upstream::with([reply.then("data: [DONE]\n\n")]).await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let mut reply = gateway.post("/v1/chat/completions", streamed()).await;
    let mut text = String::new();
    while !text.contains("\"one\"") {
        let bytes = soon(reply.chunk()).await.expect("a stream").expect("more");
        text.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
    }
    assert!(!text.contains("\"two\""), "{text}");
    gate.open();
    while let Some(bytes) = soon(reply.chunk()).await.expect("a stream") {
        text.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
    }
    assert!(text.contains("\"two\""), "{text}");
}

#[tokio::test]
async fn a_client_that_hangs_up_closes_the_upstream_request() {
    let upstream = Upstream::with([Reply::stream().then(chunk("one")).then_hang()]).await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let mut reply = gateway.post("/v1/chat/completions", streamed()).await;
    soon(reply.chunk()).await.expect("a stream").expect("the first token");
    drop(reply);
    upstream.given_up(1).await;
}

#[tokio::test]
async fn a_client_that_hangs_up_before_the_answer_closes_the_upstream_request() {
    // The gateway's own patience must not be what ends the wait.
    let patient = json!({"models": {"providers": {"fake": {"timeoutSeconds": 600}}}});
    for body in [json!({"messages": [{"role": "user", "content": "Hello"}]}), streamed()] {
        let upstream = Upstream::with([Reply::hang()]).await;
        let gateway = Gateway::start(&upstream.base_url(), patient.clone()).await;
        let asking = gateway.post("/v1/chat/completions", body);
        tokio::select! {
            _ = asking => panic!("nothing answers"),
            _ = upstream.requests(1) => {}
        }
        upstream.given_up(1).await;
        assert_eq!(gateway.get("/v1/models").await.status(), 200, "the gateway goes on");
    }
}

#[tokio::test]
async fn a_stop_lets_the_stream_under_way_finish() {
    let gate = Gate::default();
    let finish =
        json!({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    let reply = Reply::stream().then(chunk("one")).then_gate(&gate).then(chunk("two"));
    let upstream =
        Upstream::with([reply.then(format!("data: {finish}\n\ndata: [DONE]\n\n"))]).await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let mut reply = gateway.post("/v1/chat/completions", streamed()).await;
    let first = soon(reply.chunk()).await.expect("a stream").expect("the first token");
    let url = gateway.url.clone();
    let stopping = tokio::spawn(gateway.stop());
    // The listener is gone before the stream has ended.
    let address = url.trim_start_matches("http://").to_owned();
    soon(async { while TcpStream::connect(&address).await.is_ok() {} }).await;
    gate.open();
    let mut text = String::from_utf8(first.to_vec()).expect("UTF-8");
    while let Some(bytes) = soon(reply.chunk()).await.expect("a stream") {
        text.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
    }
    assert!(text.contains("\"two\"") && text.trim_end().ends_with("[DONE]"), "{text}");
    assert!(soon(stopping).await.expect("joined"), "the drain waited for the stream");
}

#[tokio::test]
async fn a_large_body_is_refused_without_resetting_the_connection() {
    let gateway = Gateway::start("http://127.0.0.1:9/v1", json!({})).await;
    let address = gateway.url.trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(&address).await.expect("it listens");
    let length = 21 * 1024 * 1024;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n",
        crate::support::gateway::TOKEN
    );
    socket.write_all(head.as_bytes()).await.expect("the head is taken");
    socket.write_all(&vec![b' '; length]).await.expect("the body is taken to its end");
    let mut reply = vec![0; 12];
    soon(socket.read_exact(&mut reply)).await.expect("an answer");
    assert_eq!(reply, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_client_that_waits_for_a_go_ahead_is_refused_before_it_uploads() {
    let gateway = Gateway::start("http://127.0.0.1:9/v1", json!({})).await;
    let address = gateway.url.trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(&address).await.expect("it listens");
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 30000000\r\n\r\n",
        crate::support::gateway::TOKEN
    );
    socket.write_all(head.as_bytes()).await.expect("the head is taken");
    let mut reply = vec![0; 12];
    soon(socket.read_exact(&mut reply)).await.expect("an answer");
    assert_eq!(reply, b"HTTP/1.1 413");
}
