//! Why a provider gave no answer.

use super::local;
use crate::net;
use crate::types::{Failure, FailureKind};
use std::time::Duration;

/// A call that got no answer, or an answer that broke off.
///
/// The message is fit for clients: it names the provider by its id and never holds an address, a
/// credential or a header. The source is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What to branch on.
    pub kind: Kind,
    /// The provider's id.
    pub provider: String,
    /// The HTTP status it answered with, if it did.
    pub status: Option<u16>,
    /// When it says it is worth trying again.
    pub retry_after: Option<Duration>,
    /// What a person reads.
    pub message: String,
    /// The cause, for the log only.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The kinds of [`Error`]; a script names them in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No such provider, or no such model there.
    UnknownModel,
    /// The provider refuses our credentials.
    Auth,
    /// We ask too often, or have spent what was paid for.
    RateLimit,
    /// The provider says it is overloaded.
    Overloaded,
    /// It did not answer in time.
    Timeout,
    /// The conversation is longer than the model can read.
    ContextLength,
    /// It refuses this request.
    Rejected,
    /// It cannot be reached, fails, or broke off.
    Unavailable,
    /// What it answers is not an answer.
    Malformed,
    /// The local model was not fetched yet.
    NotInstalled,
}

impl Error {
    /// An error without status, wait or source.
    pub(super) fn new(kind: Kind, provider: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            provider: provider.to_owned(),
            status: None,
            retry_after: None,
            message: message.into(),
            source: None,
        }
    }

    /// The same with what caused it.
    pub(super) fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// A request that got no response.
    pub(super) fn unreachable(provider: &str, error: net::Error) -> Self {
        let what = match error.kind {
            net::Kind::Connect | net::Kind::Timeout => "cannot be reached",
            net::Kind::Tls => "cannot be reached: the TLS handshake with it failed",
            net::Kind::Closed => "closed the connection without an answer",
            net::Kind::Protocol => "does not answer in HTTP",
        };
        let kind = match error.kind {
            net::Kind::Protocol => Kind::Malformed,
            _ => Kind::Unavailable,
        };
        Self::new(kind, provider, format!("The provider `{provider}` {what}.")).caused_by(error)
    }

    /// An answer that did not come within `limit`.
    pub(super) fn late(provider: &str, limit: Duration) -> Self {
        let seconds = limit.as_secs_f64();
        let message = format!("The provider `{provider}` did not answer within {seconds} s.");
        Self::new(Kind::Timeout, provider, message)
    }

    /// An answer that stopped coming.
    pub(super) fn silent(provider: &str, limit: Duration) -> Self {
        let seconds = limit.as_secs_f64();
        let message = format!("The provider `{provider}` fell silent for {seconds} s.");
        Self::new(Kind::Timeout, provider, message)
    }

    /// An answer that cannot be read.
    pub(super) fn malformed(provider: &str, what: &str) -> Self {
        let message = format!("The provider `{provider}` sent {what}.");
        Self::new(Kind::Malformed, provider, message)
    }

    /// A stream that ended before the answer was complete.
    pub(super) fn ended_early(provider: &str) -> Self {
        let message = format!("The stream ended early: the provider `{provider}` broke off.");
        Self::new(Kind::Unavailable, provider, message)
    }
}

impl Error {
    /// Writes the error to the log with the cause that clients do not see.
    pub(super) fn log(&self, model: &str, attempt: Option<u32>) {
        tracing::warn!(
            provider = self.provider,
            model,
            status = self.status,
            attempt,
            error = self.message,
            // Debug escapes what a provider may put into its text to fool a terminal.
            cause = self.source.as_ref().map(|cause| format!("{:?}", cause.to_string())),
            "a model call failed"
        );
    }

    /// The same, logged.
    pub(super) fn logged(self, model: &str) -> Self {
        self.log(model, None);
        self
    }
}

impl From<local::Error> for Error {
    fn from(error: local::Error) -> Self {
        let kind = match error.kind {
            local::ErrorKind::NotInstalled => Kind::NotInstalled,
            local::ErrorKind::Unavailable => Kind::Unavailable,
            local::ErrorKind::Overloaded => Kind::Overloaded,
        };
        let retry_after = error.retry_after;
        Self { retry_after, ..Self::new(kind, super::LOCAL, error.message) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match error.kind {
            // A model that was never fetched is no model at all: trying again changes nothing.
            Kind::UnknownModel | Kind::NotInstalled => FailureKind::UnknownModel,
            Kind::Auth => FailureKind::UpstreamAuth,
            Kind::RateLimit => FailureKind::UpstreamRateLimit,
            Kind::Overloaded => FailureKind::UpstreamOverloaded,
            Kind::Timeout => FailureKind::UpstreamTimeout,
            Kind::ContextLength => FailureKind::ContextLength,
            Kind::Rejected => FailureKind::UpstreamRejected,
            Kind::Unavailable | Kind::Malformed => FailureKind::UpstreamUnavailable,
        };
        Self { kind, message: error.message, retry_after: error.retry_after }
    }
}
