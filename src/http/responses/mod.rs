//! `/v1/responses`: OpenAI's Responses API over the room that makes and keeps responses, as JSON,
//! as server-sent events, and over WebSockets.

mod answer;
mod api;
mod calls;
mod compact;
mod convert;
mod growth;
mod input;
mod items;
mod media;
mod query;
mod references;
mod reply;
mod settings;
mod tools;
mod wire;
mod ws;

pub(super) use api::ResponsesApi;
pub(super) use compact::CompactResponse;
pub(super) use reply::{CompactedResponse, DeletedResponse, ResponseItemList};
pub(super) use wire::CreateResponse;
pub(super) use ws::Sockets;

use super::ApiError;
use crate::agents::Agents;
use crate::media::Media;
use crate::responses::{self, Responses};
use crate::secrets::Live;
use crate::tasks::Tasks;
use crate::types::{Failure, FailureKind};
use poem::http::StatusCode;

/// What every response's id begins with.
const ID_PREFIX: &str = "resp_";

/// What responses are made with. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Handles {
    pub(super) live: Live,
    /// Says which hints a provider is not sent.
    pub(super) agents: Agents,
    pub(super) responses: Responses,
    pub(super) media: Media,
    pub(super) tasks: Tasks,
    pub(super) sockets: Sockets,
}

/// Whether a path below this API's cannot be one of a response's, such as one of an operation that
/// is not offered.
pub(super) fn is_no_path(path: &str) -> bool {
    let below = path.strip_prefix("/v1/responses/");
    below.is_some_and(|rest| !rest.starts_with(ID_PREFIX))
}

/// The one table from what the room says to a status, type and code. `place` is the field that
/// names an item.
fn failed(error: responses::Error, place: &str) -> ApiError {
    let not_found = |code, message: String, param: &str| {
        let error = ApiError::new(StatusCode::NOT_FOUND, "invalid_request_error", code, message);
        ApiError { param: Some(param.to_owned()), ..error }
    };
    match error {
        responses::Error::Unknown(id) => {
            let message = format!(
                "There is no response '{id}': it was never kept, was removed, or is another \
                 caller's."
            );
            not_found("not_found", message, "response_id")
        }
        responses::Error::UnknownPrevious(id) => {
            let message = format!(
                "There is no response '{id}' to continue: send the whole conversation as `input` \
                 instead."
            );
            not_found("previous_response_not_found", message, "previous_response_id")
        }
        responses::Error::PreviousUnfinished(id) => {
            let message = format!(
                "The response '{id}' is still under way and cannot be continued yet. Wait for its \
                 end, or cancel it."
            );
            ApiError::invalid("invalid_value", "previous_response_id", message)
        }
        responses::Error::PreviousTooLong(failure) => {
            ApiError::from(failure).with_input("previous_response_id")
        }
        responses::Error::UnknownItem(id) => {
            not_found("not_found", format!("There is no item '{id}'."), place)
        }
        responses::Error::Conflict(message) => {
            let status = StatusCode::BAD_REQUEST;
            ApiError::new(status, "invalid_request_error", "invalid_value", message)
        }
        responses::Error::Failed(failure) => ApiError::from(failure).with_input("input"),
        responses::Error::Store(error) => {
            tracing::error!(%error, "the response store cannot be used");
            let message = "Responses cannot be kept now. Try again later, or with `store: false`.";
            Failure::new(FailureKind::StoreUnavailable, message).into()
        }
    }
}

/// The error of a response that failed before anything of it was sent.
fn unanswered(failure: Option<&Failure>) -> ApiError {
    let Some(failure) = failure else {
        tracing::error!("a response failed without saying why");
        return ApiError::internal();
    };
    ApiError::from(failure.clone()).with_input("input")
}
