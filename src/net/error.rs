//! Why a request got no answer.

use std::error::Error as StdError;
use std::fmt;

/// A request that got no answer, or an answer that broke off. For the log, not for clients: the
/// source may name the address.
#[derive(Debug)]
pub struct Error {
    /// What to branch on.
    pub kind: Kind,
    source: Box<dyn StdError + Send + Sync>,
}

/// The kinds of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The name does not resolve, or nothing listens there.
    Connect,
    /// The TLS handshake failed, or this machine has no root certificates.
    Tls,
    /// The connection was not made in time.
    Timeout,
    /// The peer closed the connection before it had answered in full.
    Closed,
    /// The peer does not speak HTTP.
    Protocol,
}

impl Error {
    /// An error of `kind` with its cause.
    pub(super) fn new(kind: Kind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Connect => "cannot connect",
            Kind::Tls => "cannot set up TLS",
            Kind::Timeout => "connecting took too long",
            Kind::Closed => "the connection closed early",
            Kind::Protocol => "the peer does not speak HTTP",
        })?;
        // The chain is written out because the log has one field for an error.
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&*self.source);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {}

impl From<hyper::Error> for Error {
    fn from(error: hyper::Error) -> Self {
        Self::new(kind_of(&error), error)
    }
}

impl From<hyper_util::client::legacy::Error> for Error {
    fn from(error: hyper_util::client::legacy::Error) -> Self {
        let cause = error.source();
        let connecting = cause.and_then(|cause| cause.downcast_ref::<Error>()).map(|own| own.kind);
        let sending = cause.and_then(|cause| cause.downcast_ref::<hyper::Error>()).map(kind_of);
        let fallback = if error.is_connect() { Kind::Connect } else { Kind::Closed };
        Self::new(connecting.or(sending).unwrap_or(fallback), error)
    }
}

fn kind_of(error: &hyper::Error) -> Kind {
    if error.is_parse() || error.is_user() { Kind::Protocol } else { Kind::Closed }
}
