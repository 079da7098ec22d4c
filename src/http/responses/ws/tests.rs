use super::connection::{Connection, Patience};
use crate::agents::Agents;
use crate::config::{self, EmbeddingChoice, Env, Fallback, Loaded, Paths, ProfileChoice};
use crate::http::meter::Meter;
use crate::http::responses::{Handles, Sockets};
use crate::media::Media;
use crate::net::egress::Egress;
use crate::providers::Providers;
use crate::responses::Responses;
use crate::runs::Runs;
use crate::secrets::{self, Live};
use crate::sessions::Sessions;
use crate::store::{self, Clock, Store};
use crate::tasks::Tasks;
use crate::types::{Caller, ModelRef};
use arc_swap::ArcSwap;
use futures_util::{SinkExt, StreamExt};
use poem::http::HeaderMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

/// Handles over an empty config and a store of their own.
async fn handles(folder: &tempfile::TempDir) -> Handles {
    let state = folder.path().to_str().expect("UTF-8");
    let env = Env::of([("OPENCLAW_STATE_DIR", state)]);
    let paths = Paths::resolve(&env, ProfileChoice::Default).expect("paths");
    let config = config::Config::default();
    let loaded = Loaded { config, exists: true, warnings: Vec::new(), modified: None, env };
    let model = ModelRef::parse("p/m").expect("valid");
    let embedding = EmbeddingChoice { provider: "p".to_owned(), model: "e".to_owned() };
    let snapshot = secrets::resolve(loaded, &Fallback { model, embedding });
    let live: Live = Arc::new(ArcSwap::from_pointee(snapshot));
    let tasks = Tasks::new();
    let store = Store::open(&store::file_in(folder.path()), Clock::system()).expect("a store");
    let sessions = Sessions::open(store.clone(), &tasks).await.expect("sessions");
    let agents = Agents::new(Providers::new(&paths, &tasks));
    let runs = Runs::new(live.clone(), agents, sessions, &tasks);
    let responses = Responses::new(runs, store, &tasks);
    let media = Media::new(Egress::new(), None);
    Handles { live, responses, media, tasks, sockets: Sockets::default() }
}

/// A connection that is served, and its client's end. So many bytes fit between them.
async fn connected(
    folder: &tempfile::TempDir,
    bytes: usize,
) -> (WebSocketStream<DuplexStream>, JoinHandle<()>) {
    let (ours, theirs) = tokio::io::duplex(bytes);
    let handles = handles(folder).await;
    let stopping = handles.tasks.stopping();
    let connection = Connection {
        handles,
        caller: Caller::OPERATOR,
        headers: HeaderMap::new(),
        max_bytes: 1024,
        patience: Patience::default(),
    };
    let ours = WebSocketStream::from_raw_socket(ours, Role::Server, None).await;
    let served = tokio::spawn(connection.serve(ours, Meter::default(), stopping));
    (WebSocketStream::from_raw_socket(theirs, Role::Client, None).await, served)
}

fn about(begun: Instant, seconds: u64) {
    let past = begun.elapsed();
    let expected = Duration::from_secs(seconds);
    assert!(past >= expected && past < expected + Duration::from_secs(31), "{past:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_lives_for_an_hour_and_says_so() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let (mut client, served) = connected(&folder, 64 * 1024).await;
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
    let folder = tempfile::TempDir::new().expect("a folder");
    let (client, served) = connected(&folder, 64 * 1024).await;
    let begun = Instant::now();
    served.await.expect("it ends");
    about(begun, 90);
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_let_go() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let (mut client, served) = connected(&folder, 64).await;
    let begun = Instant::now();
    client.send(Message::text("{}")).await.expect("it fits");
    served.await.expect("it ends");
    about(begun, 30);
    drop(client);
}
