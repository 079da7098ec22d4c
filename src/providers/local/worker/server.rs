//! The socket, its connections, and the count of requests in hand.

use super::reply::ReplyBody;
use super::routes::Service;
use super::say;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections served at once; only the gateway connects, so this is never reached in peace.
const MAX_CONNECTIONS: usize = 512;
/// How long requests in hand may take to end once the worker shall stop.
const DRAIN: Duration = Duration::from_secs(2);

/// Serves `service` on `socket` until `stop`; the socket file is gone afterwards.
pub(super) async fn serve(
    socket: &Path,
    service: Service,
    stop: CancellationToken,
) -> io::Result<()> {
    let listener = UnixListener::bind(socket)?;
    fs::set_permissions(socket, Permissions::from_mode(0o600))?;
    let server = Server { service: Arc::new(service), in_hand: InHand::default(), stop };
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = TaskTracker::new();
    say("ready");
    loop {
        let accepted = tokio::select! {
            () = server.stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some(accepted) = accepted else { continue };
        let connection = server.clone().connection(accepted.stream);
        connections.spawn(async move {
            connection.await;
            drop(accepted.place);
        });
    }
    fs::remove_file(socket).ok();
    // The engine's thread ends with its last sender, once the connections let go of it.
    drop(server);
    connections.close();
    tokio::time::timeout(DRAIN, connections.wait()).await.ok();
    Ok(())
}

/// A connection and its place among those served at once.
struct Accepted {
    stream: UnixStream,
    place: OwnedSemaphorePermit,
}

async fn accept(listener: &UnixListener, places: &Arc<Semaphore>) -> Option<Accepted> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some(Accepted { stream, place }),
        Err(error) => {
            // Out of descriptors, most likely: wait for connections to end.
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Server {
    service: Arc<Service>,
    in_hand: InHand,
    stop: CancellationToken,
}

impl Server {
    /// Serves one connection; at `stop`, the request in hand is its last, and an idle one closes.
    async fn connection(self, stream: UnixStream) {
        let Server { service, in_hand, stop } = self;
        let serve = service_fn(move |request: Request<Incoming>| {
            let (service, held) = (service.clone(), in_hand.hold());
            async move {
                let response = service.handle(request).await;
                Ok::<Response<ReplyBody>, Infallible>(response.map(|body| {
                    // In hand until the last frame is sent or the client is gone.
                    body.map_frame(move |frame| {
                        let _held = &held;
                        frame
                    })
                    .boxed_unsync()
                }))
            }
        });
        let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
        tokio::pin!(serving);
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = stop.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// Counts requests in hand and tells the parent when the first comes and the last goes.
#[derive(Clone, Default)]
struct InHand(Arc<AtomicUsize>);

impl InHand {
    fn hold(&self) -> Held {
        if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            say("busy");
        }
        Held(self.0.clone())
    }
}

struct Held(Arc<AtomicUsize>);

impl Drop for Held {
    fn drop(&mut self) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            say("idle");
        }
    }
}
