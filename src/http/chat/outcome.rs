//! How a run ended, in OpenAI's words.

use super::stream::Calls;
use super::wire_out::FinishReason;
use crate::http::ApiError;
use crate::types::{Failure, FailureKind, Outcome, StopReason};

/// OpenAI's word for how a run ended, or the error it ended with.
pub(super) fn finish_reason(outcome: Outcome, calls: Calls) -> Result<FinishReason, ApiError> {
    match outcome {
        Outcome::Completed(StopReason::Stop) => Ok(FinishReason::Stop),
        Outcome::Completed(StopReason::Length) => Ok(FinishReason::Length),
        Outcome::Completed(StopReason::ContentFilter) => Ok(FinishReason::ContentFilter),
        Outcome::Completed(StopReason::ToolCalls) | Outcome::ClientToolCalls => Ok(match calls {
            Calls::Tools => FinishReason::ToolCalls,
            Calls::Function => FinishReason::FunctionCall,
        }),
        Outcome::Aborted => Err(failed(cancelled())),
        Outcome::Failed(failure) => Err(failed(failure)),
    }
}

/// What is said of a run that ends without saying how: a fault of ours, told to the log as well.
pub(super) fn broke_off() -> Failure {
    tracing::error!("a run ended without an outcome");
    Failure::new(FailureKind::Internal, "The run broke off.")
}

pub(super) fn failed(failure: Failure) -> ApiError {
    ApiError::from(failure).with_input("messages")
}

fn cancelled() -> Failure {
    Failure::new(FailureKind::Aborted, "The run was cancelled. Ask again to run it anew.")
}
