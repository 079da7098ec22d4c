//! OpenAI's error envelope, the one shape every failed `/v1` request is answered with.

use crate::types::{Failure, FailureKind};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// The code of a conversation that is longer than the model can read.
const CONTEXT_LENGTH: &str = "context_length_exceeded";
/// The code of an answer without the call that was demanded.
const TOOL_CHOICE_UNMET: &str = "upstream_tool_choice_unmet";
/// How long a client waits before it asks a gateway again that is too busy, that stops, or whose
/// store does not take writes.
const OWN_PAUSE: Duration = Duration::from_secs(5);
/// Messages quote what the client sent; a quote of megabytes helps nobody.
const MAX_MESSAGE_CHARS: usize = 600;

/// The body of every error reply.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorResponse {
    /// What went wrong.
    pub error: ErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// For a person: what was wrong and what to do.
    pub message: String,
    /// The class of error, such as `invalid_request_error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The request field it is about, such as `messages[0].content`.
    #[schema(required)]
    pub param: Option<String>,
    /// The rule that was broken, such as `invalid_type`; programs branch on it.
    #[schema(required)]
    pub code: Option<String>,
}

/// An error on its way to the client. Its text is safe to show.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) param: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) allow: Option<Box<str>>,
}

impl ApiError {
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let message = shortened(message.into());
        Self { status, kind, code, message, param: None, retry_after: None, allow: None }
    }

    /// 400: the request is wrong at `param`, by the rule `code`.
    pub(super) fn invalid(
        code: &'static str,
        param: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", code, message);
        Self { param: Some(param.into()), ..error }
    }

    /// 404 for a path that is not there.
    pub(super) fn not_found(path: &str) -> Self {
        let message =
            format!("There is nothing at {path}. The API's paths are listed in GET /openapi.json.");
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", "not_found", message)
    }

    /// 404 for a model that is not there.
    pub(super) fn model_not_found(message: impl Into<String>) -> Self {
        let error =
            Self::new(StatusCode::NOT_FOUND, "invalid_request_error", "model_not_found", message);
        Self { param: Some("model".to_owned()), ..error }
    }

    /// 403 for a caller that lacks a scope.
    pub(super) fn missing_scope(scope: &str) -> Self {
        let message = format!("missing scope: {scope}");
        Self::new(StatusCode::FORBIDDEN, "permission_error", "missing_scope", message)
    }

    /// The same error; where it is about the length of the conversation, `param` is what is long.
    pub(super) fn with_input(self, param: &str) -> Self {
        if self.code == CONTEXT_LENGTH {
            return Self { param: Some(param.to_owned()), ..self };
        }
        self
    }

    /// 500, with nothing of what happened inside.
    pub(super) fn internal() -> Self {
        let message = "The gateway failed to answer. Its log has the cause under this request id.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "internal_error", message)
    }

    /// The envelope.
    pub(super) fn body(&self) -> ErrorResponse {
        ErrorResponse {
            error: ErrorBody {
                message: self.message.clone(),
                kind: self.kind.to_owned(),
                param: self.param.clone(),
                code: Some(self.code.to_owned()),
            },
        }
    }
}

impl From<Failure> for ApiError {
    /// The one table from a failure to its status, type and code.
    fn from(failure: Failure) -> Self {
        use FailureKind as Kind;
        let (status, kind, code) = match failure.kind {
            Kind::UnknownAgent | Kind::UnknownModel => {
                (404, "invalid_request_error", "model_not_found")
            }
            Kind::UnknownRun => (404, "invalid_request_error", "not_found"),
            Kind::Busy => (503, "server_error", "overloaded"),
            Kind::Conflict => (409, "invalid_request_error", "idempotency_conflict"),
            Kind::Timeout => (504, "server_error", "timeout"),
            Kind::Aborted => (409, "invalid_request_error", "cancelled"),
            Kind::Interrupted => (503, "server_error", "interrupted"),
            Kind::StoreUnavailable => (503, "server_error", "store_unavailable"),
            Kind::UpstreamAuth => (502, "upstream_error", "upstream_auth"),
            Kind::UpstreamRateLimit => (429, "rate_limit_error", "rate_limit_exceeded"),
            Kind::UpstreamOverloaded => (503, "server_error", "overloaded"),
            Kind::UpstreamTimeout => (504, "upstream_error", "upstream_timeout"),
            Kind::UpstreamRejected => (400, "invalid_request_error", "upstream_rejected"),
            Kind::ContextLength => (400, "invalid_request_error", CONTEXT_LENGTH),
            Kind::UpstreamUnavailable => (502, "upstream_error", "upstream_unavailable"),
            Kind::ToolChoiceUnmet => (502, "upstream_error", TOOL_CHOICE_UNMET),
            Kind::Internal => (500, "server_error", "internal_error"),
        };
        let status = StatusCode::from_u16(status).expect("the table holds valid codes");
        let unknown = matches!(failure.kind, Kind::UnknownAgent | Kind::UnknownModel);
        Self {
            param: unknown.then(|| "model".to_owned()),
            retry_after: failure.retry_after.or_else(|| pause(failure.kind)),
            ..Self::new(status, kind, code, failure.message)
        }
    }
}

/// When it is worth trying again where whoever failed did not say.
fn pause(kind: FailureKind) -> Option<Duration> {
    use FailureKind as Kind;
    matches!(kind, Kind::Busy | Kind::Interrupted | Kind::StoreUnavailable).then_some(OWN_PAUSE)
}

impl IntoResponse for ApiError {
    /// The reply keeps the error beside its body, for the paths that have a shape of their own.
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).expect("an envelope of strings serialises");
        let mut response = Response::builder()
            .status(self.status)
            .header(header::CONTENT_TYPE, super::JSON)
            .body(body);
        response.extensions_mut().insert(self.clone());
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after {
            // Rounded up: a client that waits a little too long is right, one too short is not.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if let Some(value) = self.allow.and_then(|methods| HeaderValue::from_str(&methods).ok()) {
            headers.insert(header::ALLOW, value);
        }
        if self.status == StatusCode::CONFLICT || self.code == TOOL_CHOICE_UNMET {
            // OpenAI's clients take either for one that passes, and would ask again.
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<ApiError> for poem::Error {
    fn from(error: ApiError) -> Self {
        let mut wrapped = poem::Error::from_response(error.clone().into_response());
        // The response's own data does not survive the wrapping.
        wrapped.set_data(error);
        wrapped
    }
}

fn shortened(message: String) -> String {
    match message.char_indices().nth(MAX_MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message,
    }
}
