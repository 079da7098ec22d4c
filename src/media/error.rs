//! Why an image or a file cannot be read.

use crate::net::egress;

/// Why an image or a file cannot be read, in words for the caller: what was wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What to branch on.
    pub kind: Kind,
    /// Safe to show; names no address that a look-up gave.
    pub message: String,
}

/// The kinds of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is not what it should be: no base64, no URL, not an image, no PDF.
    Invalid,
    /// Its media type is not accepted.
    Unsupported,
    /// It is larger than is accepted.
    TooLarge,
    /// The address must not be asked: no such addresses here, or a private one.
    Refused,
    /// The address did not answer, not in time, or not with the thing.
    Unreachable,
    /// Too much is being read at once; worth trying again.
    Busy,
    /// A fault of the gateway's; its log tells.
    Internal,
}

impl Error {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    /// What is said of a `what` that is larger than accepted.
    pub(super) fn too_large(what: &str, limit: usize) -> Self {
        let message = format!("The {what} has more than the {limit} bytes accepted here.");
        Self::new(Kind::TooLarge, message)
    }

    /// What is said of a `what` that could not be fetched.
    pub(super) fn fetching(what: &str, error: &egress::Error) -> Self {
        let kind = match error {
            egress::Error::Url => Kind::Invalid,
            egress::Error::Refused(_) => Kind::Refused,
            egress::Error::TooLarge { limit } => return Self::too_large(what, *limit),
            egress::Error::Busy => Kind::Busy,
            egress::Error::Timeout { .. }
            | egress::Error::Unreachable(_)
            | egress::Error::Status(_)
            | egress::Error::TooManyRedirects { .. } => Kind::Unreachable,
        };
        Self::new(kind, format!("The URL of the {what} cannot be fetched: {error}."))
    }
}
