//! The HTTP client.

use super::connect::{Tcp, Unix};
use super::{Error, Kind};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Idle connections kept to one host; more are closed when their answer is read.
const IDLE_PER_HOST: usize = 256;

/// How long an idle connection is kept. Many servers close theirs after 60 to 120 seconds.
const IDLE_TIMEOUT: Duration = Duration::from_secs(55);

/// A pool of connections; a clone shares it.
///
/// HTTP/1.1 on purpose: one exchange a connection means that giving up an answer closes its
/// socket, which is what tells a model server to stop working on it.
#[derive(Clone)]
pub struct Client(Arc<Pool>);

enum Pool {
    Tcp(legacy::Client<Tcp, Full<Bytes>>),
    Unix(legacy::Client<Unix, Full<Bytes>>),
}

impl Client {
    /// A client for `http` and `https` addresses.
    pub fn tcp() -> Self {
        Self(Arc::new(Pool::Tcp(builder().build(Tcp::new()))))
    }

    /// A client whose every request goes to the Unix socket at `path`; the host in the address
    /// only fills the `Host` header.
    pub fn unix(path: PathBuf) -> Self {
        Self(Arc::new(Pool::Unix(builder().build(Unix::new(path)))))
    }

    /// Sends `request` and waits for the response's head. Dropping the future, or the response
    /// before its body has ended, closes the connection.
    ///
    /// # Errors
    /// When no response head comes. There is no limit on the wait but the one for connecting:
    /// the caller sets its own.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
        if request.uri().authority().is_none() {
            return Err(Error::new(Kind::Connect, "the address has no host"));
        }
        let response = match &*self.0 {
            Pool::Tcp(client) => client.request(request),
            Pool::Unix(client) => client.request(request),
        };
        Ok(response.await?)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self.0 {
            Pool::Tcp(_) => "Client(tcp)",
            Pool::Unix(_) => "Client(unix)",
        })
    }
}

fn builder() -> legacy::Builder {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    builder
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new());
    builder
}
