//! An answer as an HTTP reply.

use super::CreateChatCompletionStreamResponse;
use super::wire_out::{CreateChatCompletionResponse, Heading};
use crate::http::ignored::Ignored;
use crate::http::json::{Json, register_schema};
use crate::http::request_id::RequestId;
use crate::http::session::Found;
use crate::http::{ApiError, target};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use std::time::{SystemTime, UNIX_EPOCH};
use utoipa::ToSchema;

impl Heading {
    pub(super) fn new(request: RequestId, model: Option<&str>) -> Self {
        let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        let model = model.filter(|model| !model.is_empty()).unwrap_or(target::OPENCLAW).to_owned();
        Self { id: request.derive("chatcmpl"), created, model }
    }
}

/// What a reply's headers tell beside its body.
#[derive(Debug)]
pub(super) struct Told {
    /// The session it is a turn of.
    pub(super) session: Option<Found>,
    /// The fields that were not used.
    pub(super) ignored: Ignored,
}

impl Told {
    /// The same reply with these headers.
    pub(super) fn on(&self, mut response: Response) -> Response {
        if let Some(session) = &self.session {
            session.tell(&mut response);
        }
        self.ignored.tell(&mut response);
        response
    }
}

/// An answer: one completion, or a stream of chunks.
#[derive(Debug)]
pub(super) struct ChatReply(pub(super) Response);

/// A completion as a reply.
pub(super) fn whole(completion: CreateChatCompletionResponse) -> Response {
    Json(completion).into_response()
}

/// An error's reply, which tells of its request what an answer's does.
pub(super) fn failed(error: &ApiError, told: &Told) -> poem::Error {
    poem::Error::from_response(told.on(error.clone().into_response()))
}

impl IntoResponse for ChatReply {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for ChatReply {
    fn meta() -> MetaResponses {
        let media = |content_type, schema: String| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Reference(schema),
        };
        let whole = CreateChatCompletionResponse::name().into_owned();
        let chunk = CreateChatCompletionStreamResponse::name().into_owned();
        let ok = MetaResponse {
            description: "The answer: whole, or with `stream` as server-sent events.",
            status: Some(200),
            status_range: None,
            content: vec![media("application/json", whole), media("text/event-stream", chunk)],
            headers: vec![],
        };
        MetaResponses { responses: vec![ok] }
    }

    fn register(registry: &mut Registry) {
        register_schema::<CreateChatCompletionResponse>(registry);
        register_schema::<CreateChatCompletionStreamResponse>(registry);
    }
}
