//! Why a local model cannot answer.

use std::time::Duration;

/// A local model that cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What the caller branches on.
    pub kind: ErrorKind,
    /// Safe to show to a client; holds no path.
    pub message: String,
    /// When it is worth trying again, if that is known.
    pub retry_after: Option<Duration>,
}

/// The kinds of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The model was never pulled.
    NotInstalled,
    /// Its worker does not start, has died, or is stopping.
    Unavailable,
    /// Its worker failed several times in a row and is given a rest.
    Overloaded,
}

impl Error {
    /// `advice` is what to run, in words.
    pub(super) fn not_installed(model: &str, advice: &str) -> Error {
        let message = format!("The local model {model:?} is not installed: {advice}.");
        Error { kind: ErrorKind::NotInstalled, message, retry_after: None }
    }

    pub(super) fn unavailable(message: impl Into<String>) -> Error {
        Error { kind: ErrorKind::Unavailable, message: message.into(), retry_after: None }
    }

    pub(super) fn resting(message: impl Into<String>, rest: Duration) -> Error {
        Error { kind: ErrorKind::Overloaded, message: message.into(), retry_after: Some(rest) }
    }
}
