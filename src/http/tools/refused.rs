//! The error shape of `POST /tools/invoke`, for everything that can go wrong on its path.

use super::wire::{ToolErrorBody, ToolErrorResponse};
use crate::http::{ApiError, JSON};
use crate::tools::Error;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};

/// Seconds after which a request that found too much under way may come again.
const RETRY_AFTER: u64 = 5;

/// An error on its way to the client. Its text is safe to show.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl Refused {
    /// 400: the request makes no sense, whatever the tool.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: "invalid_request", message: message.into() }
    }
}

impl From<Error> for Refused {
    /// The one table from a tool's error to its status and type.
    fn from(error: Error) -> Self {
        let (status, kind) = match &error {
            Error::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Error::Input(_) => (StatusCode::BAD_REQUEST, "tool_error"),
            Error::ApprovalRequired(_) => (StatusCode::FORBIDDEN, "approval_required"),
            Error::MissingScope(_) | Error::Refused { .. } => (StatusCode::FORBIDDEN, "forbidden"),
            Error::Unavailable(_) => (StatusCode::NOT_FOUND, "not_found"),
            Error::Conflict => (StatusCode::CONFLICT, "idempotency_conflict"),
            Error::Busy(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Error::TimedOut(_) | Error::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "tool_error"),
        };
        Self { status, kind, message: error.to_string() }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response =
            Response::builder().status(self.status).body(body(self.kind, self.message));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        response
    }
}

impl From<Refused> for poem::Error {
    fn from(refused: Refused) -> Self {
        poem::Error::from_response(refused.into_response())
    }
}

/// The reply to a request of this path that was refused on the way to it, in this path's shape.
/// Status and headers stay.
pub(in crate::http) fn in_own_shape(mut response: Response) -> Response {
    let Some(error) = response.extensions_mut().remove::<ApiError>() else { return response };
    response.set_body(body(kind_of(error.status), error.message));
    response
}

/// The type that goes with a status.
fn kind_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "invalid_request",
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "timeout",
        StatusCode::PAYLOAD_TOO_LARGE => "request_too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::TOO_MANY_REQUESTS => "rate_limited",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        _ => "internal_error",
    }
}

fn body(kind: &str, message: String) -> Vec<u8> {
    let error = ToolErrorBody { kind: kind.to_owned(), message };
    serde_json::to_vec(&ToolErrorResponse { ok: false, error }).expect("texts serialise")
}
