//! `net`: the client against real sockets.

use crate::support::soon;
use crate::support::upstream::{Reply, Upstream, refusing};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use openclaw::net::{Client, Kind, body};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn get(url: &str) -> Request<Full<Bytes>> {
    Request::get(url).body(Full::default()).expect("a valid request")
}

#[tokio::test]
async fn connections_are_used_again() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| Reply::json(200, &json!({"ok": true})));
    let client = Client::tcp();
    for _ in 0..3 {
        let response = client.send(get(&upstream.base_url())).await.expect("an answer");
        let body = body::collect(response.into_body(), 100).await.expect("a small body");
        assert_eq!(body, r#"{"ok":true}"#);
    }
    assert_eq!((upstream.seen().len(), upstream.connections()), (3, 1));
}

#[tokio::test]
async fn bodies_are_bounded() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| Reply::stream().then("12345").then("67890"));
    let client = Client::tcp();
    let mut collected = Vec::new();
    for limit in [9, 10] {
        let response = client.send(get(&upstream.base_url())).await.expect("an answer");
        collected.push(body::collect(response.into_body(), limit).await);
    }
    assert!(matches!(collected[0], Err(body::Error::TooLarge { limit: 9 })), "{collected:?}");
    assert!(matches!(&collected[1], Ok(body) if body == "1234567890"), "{collected:?}");
}

#[tokio::test]
async fn each_way_to_fail_has_its_kind() {
    let client = Client::tcp();
    let (_socket, nobody) = refusing();
    let upstream = Upstream::with([Reply::raw(""), Reply::raw("SSH-2.0-nobody\r\n\r\n")]).await;
    let there = upstream.base_url();
    for (url, expected) in [
        (nobody.as_str(), Kind::Connect),
        (&there, Kind::Closed),
        (&there, Kind::Protocol),
        ("http://no-such-host.invalid/", Kind::Connect),
        ("/no/host", Kind::Connect),
    ] {
        let error = soon(client.send(get(url))).await.expect_err(url);
        assert_eq!(error.kind, expected, "{url}: {error}");
    }
    // A listener that answers a TLS greeting with something else.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let speaking = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        stream.read_u8().await.expect("a greeting");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("it listens");
    });
    let error = soon(client.send(get(&format!("https://{address}/")))).await.expect_err("no TLS");
    assert_eq!(error.kind, Kind::Tls, "{error}");
    speaking.await.expect("no panic");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let reply = Reply::json(302, &json!(null)).header("location", "/elsewhere");
    let upstream = Upstream::with([reply]).await;
    let response = Client::tcp().send(get(&upstream.base_url())).await.expect("an answer");
    assert_eq!((response.status().as_u16(), upstream.seen().len()), (302, 1));
}

#[tokio::test]
async fn a_unix_socket_is_reached_whatever_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listener = tokio::net::UnixListener::bind(&path).expect("a socket");
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut head).await.expect("a request");
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.expect("sent");
        String::from_utf8(head).expect("ASCII")
    });
    let client = Client::unix(path);
    let response = client.send(get("http://local/v1/models")).await.expect("an answer");
    let body = body::collect(response.into_body(), 2).await.expect("a body");
    assert_eq!(body, "hi");
    let head = serving.await.expect("no panic");
    assert!(head.starts_with("GET /v1/models HTTP/1.1\r\nhost: local\r\n"), "{head}");
    let nobody = Client::unix(folder.path().join("nobody"));
    let error = nobody.send(get("http://local/")).await.expect_err("no such socket");
    assert_eq!(error.kind, Kind::Connect, "{error}");
}
