//! Why a response is no whole answer, as it tells that itself.

use crate::types::{Failure, FailureKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a response failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseErrorBody)]
pub struct ErrorBody {
    /// What a program branches on.
    pub code: ErrorCode,
    /// What its person reads.
    pub message: String,
}

/// The codes of OpenAI's closed set that are used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ResponseErrorCode)]
pub enum ErrorCode {
    /// The gateway or the provider failed.
    ServerError,
    /// The provider says it is asked too often.
    RateLimitExceeded,
    /// The provider refuses what was asked.
    InvalidPrompt,
}

impl From<&Failure> for ErrorBody {
    fn from(failure: &Failure) -> Self {
        let code = match failure.kind {
            FailureKind::UpstreamRateLimit => ErrorCode::RateLimitExceeded,
            FailureKind::UpstreamRejected | FailureKind::ContextLength => ErrorCode::InvalidPrompt,
            _ => ErrorCode::ServerError,
        };
        Self { code, message: failure.message.clone() }
    }
}

/// Why a response was cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseIncompleteDetails)]
pub struct IncompleteDetails {
    /// The reason.
    pub reason: Reason,
}

/// The reasons to cut a response short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ResponseIncompleteReason)]
pub enum Reason {
    /// It ran into the token limit.
    MaxOutputTokens,
    /// The provider withheld the rest.
    ContentFilter,
}
