//! Why a session could not be used.

use crate::store;
use crate::types::{Failure, FailureKind, SessionKey};
use std::time::Duration;

/// When a busy session is worth another try.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a session could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A newer writer has claimed the session.
    #[error(
        "another run has taken over session {0}: nothing more was written by this one; ask again"
    )]
    Stale(SessionKey),
    /// A run is under way in it.
    #[error("a run is under way in session {0}; cancel it or wait for its end")]
    Running(SessionKey),
    /// The idempotency key was used for another request.
    #[error(
        "the idempotency key was used in session {0} for another request; send this one under a \
         new key"
    )]
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
         openclaw wrote it; use that, restore a backup, or remove the row with `openclaw sessions \
         cleanup --fix-missing`"
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

    /// Whether the store may take by and by what it did not take now.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Store(store::Error::Locked(_) | store::Error::Full(_)))
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
        let message = match &error {
            // What changed is a record, whose name means nothing to who asked.
            Error::Store(store::Error::Conflict { .. }) => {
                "The session is busy: others change it at the same time. Try again.".to_owned()
            }
            _ => error.to_string(),
        };
        let retry_after = (kind == FailureKind::Busy).then_some(RETRY_AFTER);
        Failure { kind, message, retry_after }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_names_no_record() {
        let what = "agent:main:caller:anonymous:x of sessions".to_owned();
        let failure = Failure::from(Error::Store(store::Error::Conflict { what }));
        assert_eq!((failure.kind, failure.retry_after), (FailureKind::Busy, Some(RETRY_AFTER)));
        assert!(!failure.message.contains("agent:main"), "{failure}");
    }
}
