//! Why a tool was not used, or did not succeed.

use crate::sessions;
use crate::types::Scope;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Why a tool was not used, or did not succeed. Its text may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What was asked makes no sense whatever the tool: the agent, the session, the form of the
    /// arguments.
    #[error("{0}")]
    Invalid(String),
    /// There is no such tool for this caller.
    #[error("Tool not available: {0}")]
    Unavailable(String),
    /// The arguments do not fit the tool, or name what is not there.
    #[error("{0}")]
    Input(String),
    /// Somebody has to agree first.
    #[error(
        "{0} needs approval: send \"confirm\": true, with a credential that has operator.approvals"
    )]
    ApprovalRequired(String),
    /// The caller may not agree to it.
    #[error("missing scope: {}", .0.as_str())]
    MissingScope(Scope),
    /// Nobody agreed.
    #[error("{tool} was not run: {why}")]
    Refused {
        /// The tool.
        tool: String,
        /// Why not.
        why: Refusal,
    },
    /// The idempotency key was used for another request.
    #[error(
        "the idempotency key was used for another request within the last 5 minutes; use a new one"
    )]
    Conflict,
    /// Too much is under way.
    #[error("{0}; try again later")]
    Busy(&'static str),
    /// The tool took too long.
    #[error("tool execution failed: no result within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// The tool failed, for a reason that the log has.
    #[error("tool execution failed")]
    Failed,
}

/// Why nobody agreed to the use of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody denied it.
    Denied,
    /// Nobody decided in time.
    Expired,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Denied => "its use was denied",
            Refusal::Expired => "nobody approved it in time",
        })
    }
}

/// Why a tool did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The arguments are the reason; who sent them reads this.
    #[error("{0}")]
    Input(String),
    /// Anything else; only the log gets to see it.
    #[error(transparent)]
    Fault(#[from] Box<dyn StdError + Send + Sync>),
}

impl From<sessions::Error> for Failed {
    fn from(error: sessions::Error) -> Self {
        Failed::Fault(error.into())
    }
}
