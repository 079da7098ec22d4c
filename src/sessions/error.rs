//! Why a session could not be used.

use crate::store;
use crate::types::{Failure, FailureKind, SessionKey};

/// Why a session could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A newer writer has claimed the session.
    #[error("session {0} has a newer writer: this one's claim is stale")]
    Stale(SessionKey),
    /// A run is under way in it.
    #[error("a run is under way in session {0}; cancel it or wait for its end")]
    Running(SessionKey),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used in session {0} for another request")]
    Conflict(SessionKey),
    /// What is stored of it cannot be read.
    #[error("session {key}: {what}")]
    Damaged {
        /// The session.
        key: SessionKey,
        /// What cannot be read.
        what: String,
    },
    /// A record beside the transcripts cannot be read.
    #[error(
        "the record {0} of the session index cannot be read: the store is damaged, or a newer \
         openclaw wrote it; use that, or restore a backup"
    )]
    Index(String),
}

impl Error {
    /// What the store's answer to a claim on a session means.
    pub(super) fn of_claim(error: store::Error, key: &SessionKey) -> Self {
        match error {
            store::Error::Fenced { .. } => Self::Stale(key.clone()),
            store::Error::Held { .. } => Self::Running(key.clone()),
            other => Self::Store(other),
        }
    }

    /// Whether somebody else changed what a change was based on: worth another try.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(store::Error::Conflict { .. }))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Store(store::Error::Conflict { .. }) => FailureKind::Busy,
            Error::Store(_) => FailureKind::StoreUnavailable,
            Error::Stale(_) | Error::Running(_) => FailureKind::Busy,
            Error::Conflict(_) => FailureKind::Conflict,
            Error::Damaged { .. } | Error::Index(_) => FailureKind::Internal,
        };
        Failure::new(kind, error.to_string())
    }
}
