//! The accept loop: our own around hyper, because it owns time-outs, back-off and drain.

use crate::tasks::Tasks;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use poem::endpoint::BoxEndpoint;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Response};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Connections served at once; further ones wait in the system's backlog.
const MAX_CONNECTIONS: usize = 16 * 1024;
/// Streams one HTTP/2 connection may have open.
const MAX_H2_STREAMS: u32 = 256;
/// Wait after the system refuses a connection, doubled up to the limit: running out of file
/// descriptors must not become a busy loop.
const FIRST_BACKOFF: Duration = Duration::from_millis(10);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// Lets the process open as many files as the system allows it: a connection is one, and the usual
/// first limit of 1024 is far below what the listener can serve.
pub(super) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// The HTTP API, shared by all connections.
pub(super) type Shared = Arc<BoxEndpoint<'static, Response>>;

/// How patient the listener is with a silent client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// A connection that has not sent a whole request head by then is closed.
    pub(super) head: Duration,
    /// An HTTP/2 connection that is silent for this long is asked whether it lives, and closed
    /// when it does not say so in the same time.
    pub(super) ping: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(30), ping: Duration::from_secs(30) }
    }
}

/// Accepts connections until the group is told to stop.
pub(super) async fn serve(socket: TcpListener, endpoint: Shared, tasks: Tasks, patience: Patience) {
    let stopping = tasks.stopping();
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut backoff = FIRST_BACKOFF;
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = async {
                let slot = slots.clone().acquire_owned().await;
                let slot = slot.expect("the semaphore is never closed");
                socket.accept().await.map(|(stream, peer)| (stream, peer, slot))
            } => accepted,
        };
        match accepted {
            Ok((stream, peer, slot)) => {
                backoff = FIRST_BACKOFF;
                let connection = Connection { peer, endpoint: endpoint.clone(), patience };
                let stopping = stopping.clone();
                tasks.spawn(async move {
                    connection.serve(stream, stopping).await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, wait_ms = backoff.as_millis(), "cannot accept connections");
                tokio::select! {
                    () = stopping.cancelled() => return,
                    () = tokio::time::sleep(backoff) => {}
                }
                backoff = (backoff * 2).min(MAX_BACKOFF);
            }
        }
    }
}

/// One accepted connection.
struct Connection {
    peer: SocketAddr,
    endpoint: Shared,
    patience: Patience,
}

impl Connection {
    /// Serves it to its end; after `stopping`, the request under way is its last.
    async fn serve(self, stream: TcpStream, stopping: CancellationToken) {
        let Self { peer, endpoint, patience } = self;
        // Without it the kernel holds a stream's small writes back for up to 40 ms.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "TCP_NODELAY refused");
        }
        let Ok(local) = stream.local_addr() else { return };
        let begun = CancellationToken::new();
        let spoken = begun.clone();
        let service = hyper::service::service_fn(move |request| {
            spoken.cancel();
            let (local, remote) = (LocalAddr(local.into()), RemoteAddr(peer.into()));
            let request = poem::Request::from((request, local, remote, Scheme::HTTP));
            let endpoint = endpoint.clone();
            async move {
                let response = match endpoint.call(request).await {
                    Ok(response) => response,
                    Err(error) => error.into_response(),
                };
                Ok::<_, Infallible>(hyper::Response::from(response))
            }
        });
        let builder = builder(patience);
        let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
        tokio::pin!(serving);
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = stopping.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
            () = silence(&begun, patience.head) => return,
        };
        if let Err(error) = served {
            tracing::debug!(%peer, %error, "connection ended early");
        }
    }
}

fn builder(patience: Patience) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.head);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_H2_STREAMS)
        .keep_alive_interval(patience.ping)
        .keep_alive_timeout(patience.ping);
    builder
}

/// Ends when no request came in time. hyper's own limit begins only once it knows the protocol's
/// version, for which a client has to say something first.
async fn silence(begun: &CancellationToken, limit: Duration) {
    if tokio::time::timeout(limit, begun.cancelled()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use poem::EndpointExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// What a client gets that sends these bytes and nothing more.
    async fn answer_to(bytes: &[u8]) -> String {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("an address");
        let endpoint = poem::endpoint::make_sync(|_| Response::builder().body("hello")).boxed();
        let tasks = Tasks::new();
        let short = Duration::from_millis(50);
        let patience = Patience { head: short, ping: short };
        tasks.spawn(serve(socket, Arc::new(endpoint), tasks.clone(), patience));
        let mut client = TcpStream::connect(address).await.expect("it listens");
        client.write_all(bytes).await.expect("it reads");
        let mut answer = String::new();
        let limit = Duration::from_secs(60);
        let read = tokio::time::timeout(limit, client.read_to_string(&mut answer)).await;
        read.expect("the connection is closed").expect("in order");
        assert!(tasks.drain(limit).await);
        answer
    }

    #[tokio::test]
    async fn a_client_that_does_not_finish_a_head_is_let_go() {
        for unfinished in [&b""[..], b"PRI * HT", b"GET / HTTP/1.1\r\nhost: a\r\n"] {
            let answer = answer_to(unfinished).await;
            assert!(!answer.contains("hello"), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_client_that_asks_is_answered_and_let_go_when_it_falls_silent() {
        let answer = answer_to(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(answer.contains("hello"), "{answer}");
    }
}
