use super::connection::{Connection, Patience};
use super::frame::Asked;
use super::memory::Store;
use super::turn::{Needs, Turn};
use crate::http::meter::Meter;
use crate::types::Caller;
use futures_util::{SinkExt, StreamExt};
use poem::http::HeaderMap;
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::CancellationToken;

/// A connection that is served, and its client's end. So many bytes fit between them.
async fn connected(bytes: usize) -> (WebSocketStream<DuplexStream>, JoinHandle<()>) {
    let (ours, theirs) = tokio::io::duplex(bytes);
    let connection = Connection {
        begin: |_: Asked, _: Needs| Turn::Idle,
        caller: Caller::OPERATOR,
        headers: HeaderMap::new(),
        max_bytes: 1024,
        patience: Patience::default(),
        store: Store::default(),
    };
    let ours = WebSocketStream::from_raw_socket(ours, Role::Server, None).await;
    let served = tokio::spawn(connection.serve(ours, Meter::default(), CancellationToken::new()));
    (WebSocketStream::from_raw_socket(theirs, Role::Client, None).await, served)
}

fn about(begun: Instant, seconds: u64) {
    let past = begun.elapsed();
    let expected = Duration::from_secs(seconds);
    assert!(past >= expected && past < expected + Duration::from_secs(31), "{past:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_lives_for_an_hour_and_says_so() {
    let (mut client, served) = connected(64 * 1024).await;
    let begun = Instant::now();
    let mut said = Vec::new();
    // Reading answers the pings.
    while let Some(Ok(message)) = client.next().await {
        if let Message::Text(text) = message {
            said.push(text.to_string());
        }
    }
    about(begun, 60 * 60);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("websocket_connection_limit_reached"), "{said:?}");
    served.await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_no_ping_is_let_go() {
    let (client, served) = connected(64 * 1024).await;
    let begun = Instant::now();
    served.await.expect("it ends");
    about(begun, 90);
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_let_go() {
    let (mut client, served) = connected(64).await;
    let begun = Instant::now();
    client.send(Message::text("{}")).await.expect("it fits");
    served.await.expect("it ends");
    about(begun, 30);
    drop(client);
}
