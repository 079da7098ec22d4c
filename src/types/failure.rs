//! Why a run could not give an answer, in words a client may see.

use std::time::Duration;

/// The one failure that transports convert to their own error shape.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What the client's program branches on.
    pub kind: FailureKind,
    /// What its person reads; never holds a secret, an upstream address or a file path.
    pub message: String,
    /// When it is worth trying again.
    pub retry_after: Option<Duration>,
}

/// The kinds of failure, each with one HTTP status and code in `http`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// No such agent.
    UnknownAgent,
    /// No such model or provider, or no model at all.
    UnknownModel,
    /// No such run, or one whose events are no longer kept.
    UnknownRun,
    /// Too much is under way; worth trying again.
    Busy,
    /// The idempotency key was used for another request.
    Conflict,
    /// The run took longer than it may.
    Timeout,
    /// Somebody ended the run.
    Aborted,
    /// The gateway stopped while the run was under way.
    Interrupted,
    /// What must be kept cannot be written: the disk is full, the file locked or damaged.
    StoreUnavailable,
    /// The provider refuses the gateway's credentials.
    UpstreamAuth,
    /// The provider says the gateway asks too often.
    UpstreamRateLimit,
    /// The provider says it is overloaded.
    UpstreamOverloaded,
    /// The provider did not answer in time.
    UpstreamTimeout,
    /// The provider refuses this request: the caller should change it.
    UpstreamRejected,
    /// The conversation is longer than the model can read.
    ContextLength,
    /// The provider cannot be reached, fails, or answers what is not an answer.
    UpstreamUnavailable,
    /// The model did not call the tool that `tool_choice` demands.
    ToolChoiceUnmet,
    /// Our own fault.
    Internal,
}

impl Failure {
    /// A failure that does not say when to try again.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }
}
