//! How a connection is made: TCP with TLS where the address asks for it, or a Unix socket.

use super::{Error, Kind};
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tower_service::Service;

/// Name look-up, TCP and TLS handshake together may take this long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Connects over TCP. Root certificates are read at the first `https` address, so that a gateway
/// whose models are all local never pays for them.
#[derive(Clone)]
pub(super) struct Tcp {
    plain: HttpConnector,
    tls: Arc<OnceCell<HttpsConnector<HttpConnector>>>,
}

impl Tcp {
    pub(super) fn new() -> Self {
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_nodelay(true);
        Self { plain, tls: Arc::default() }
    }

    async fn connect(mut self, uri: Uri) -> Result<MaybeHttpsStream<TokioIo<TcpStream>>, Error> {
        if uri.scheme() != Some(&Scheme::HTTPS) {
            let stream = self.plain.call(uri).await.map_err(|e| Error::new(Kind::Connect, e))?;
            return Ok(MaybeHttpsStream::Http(stream));
        }
        let mut tls = self.tls.get_or_try_init(|| with_tls(self.plain.clone())).await?.clone();
        // A failed handshake comes as an io::Error, a failed TCP connect as the connector's own.
        tls.call(uri).await.map_err(|error| {
            let kind = if error.is::<io::Error>() { Kind::Tls } else { Kind::Connect };
            Error::new(kind, error)
        })
    }
}

async fn with_tls(plain: HttpConnector) -> Result<HttpsConnector<HttpConnector>, Error> {
    Ok(HttpsConnector::from((plain, tls_config().await?)))
}

/// TLS with this machine's root certificates.
pub(super) async fn tls_config() -> Result<rustls::ClientConfig, Error> {
    // Reading a few hundred certificates would hold up the other tasks of this thread.
    let config = tokio::task::spawn_blocking(|| {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_native_roots()?
            .with_no_client_auth();
        Ok::<_, io::Error>(config)
    });
    let config = config.await.map_err(|e| Error::new(Kind::Tls, e))?;
    config.map_err(|e| Error::new(Kind::Tls, e))
}

/// Connects to one Unix socket, whatever the address says.
#[derive(Clone)]
pub(super) struct Unix(Arc<Path>);

impl Unix {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path.into())
    }
}

impl Service<Uri> for Tcp {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Error;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(in_time(self.clone().connect(uri)))
    }
}

impl Service<Uri> for Unix {
    type Response = TokioIo<UnixStream>;
    type Error = Error;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let path = self.0.clone();
        Box::pin(in_time(async move {
            let stream = UnixStream::connect(path).await;
            stream.map(TokioIo::new).map_err(|error| Error::new(Kind::Connect, error))
        }))
    }
}

async fn in_time<T>(connecting: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let limited = timeout(CONNECT_TIMEOUT, connecting).await;
    limited.unwrap_or_else(|late| Err(Error::new(Kind::Timeout, late)))
}
