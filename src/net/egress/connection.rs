//! One connection to addresses that have been checked, and to no others.

use super::Error;
use super::target::Target;
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector, HttpInfo, dns::Name};
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{io, vec};
use tokio_util::task::AbortOnDropHandle;
use tower_service::Service;

/// A response's head may have so many bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A resolver that knows one answer, whatever the question.
#[derive(Debug, Clone)]
pub(super) struct Pinned(pub(super) Vec<SocketAddr>);

/// An exchange under way. Dropping it closes the connection.
pub(super) struct Exchange {
    pub(super) response: Response<Incoming>,
    _connection: AbortOnDropHandle<()>,
}

impl Pinned {
    /// Sends `request` to the target over a connection of its own.
    pub(super) async fn send(
        self,
        target: &Target,
        tls: Arc<rustls::ClientConfig>,
        request: Request<Empty<Bytes>>,
    ) -> Result<Exchange, Error> {
        let checked = self.0.clone();
        let mut plain = HttpConnector::new_with_resolver(self);
        plain.enforce_http(false);
        plain.set_nodelay(true);
        let uri: Uri = target.uri()?;
        let stream = HttpsConnector::from((plain, tls)).call(uri).await.map_err(|error| {
            // A failed handshake comes as an io::Error, a failed TCP connect as the connector's.
            let handshake = error.is::<io::Error>();
            Error::Unreachable(if handshake { "no TLS with its host" } else { UNREACHED })
        })?;
        let mut extras = http::Extensions::new();
        stream.connected().get_extras(&mut extras);
        let peer = extras.get::<HttpInfo>().map(HttpInfo::remote_addr);
        // Nothing should get past the resolver; if anything did, nothing is sent to it.
        if !peer.is_some_and(|peer| checked.iter().any(|known| known.ip() == peer.ip())) {
            return Err(Error::Unreachable(UNREACHED));
        }
        let mut builder = http1::Builder::new();
        builder.max_buf_size(MAX_HEAD_BYTES);
        let (mut sender, connection) = builder.handshake(stream).await.map_err(|_| broken())?;
        let connection = tokio::spawn(async move { drop(connection.await) });
        let _connection = AbortOnDropHandle::new(connection);
        let response = sender.send_request(request).await.map_err(|error| {
            let reason = "its host does not speak HTTP";
            if error.is_parse() { Error::Unreachable(reason) } else { broken() }
        })?;
        Ok(Exchange { response, _connection })
    }
}

const UNREACHED: &str = "its host cannot be reached";

/// What is said where the host closes the connection too early.
pub(super) fn broken() -> Error {
    Error::Unreachable("the answer broke off")
}

impl Service<Name> for Pinned {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}
