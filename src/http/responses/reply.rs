//! Replies: a response, whole or as it grows, and what goes with it.

use crate::http::always;
use crate::http::ignored::Ignored;
use crate::http::json::{Json, register_schema};
use crate::http::session::Found;
use crate::http::{ApiError, SSE};
use crate::responses::{Event, Item, ResponseObject, Tokens};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use serde::Serialize;
use utoipa::ToSchema;

/// What a reply says of its request in headers.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) session: Option<Found>,
    pub(super) ignored: Ignored,
}

impl Notes {
    fn tell(&self, response: &mut Response) {
        if let Some(session) = &self.session {
            session.tell(response);
        }
        self.ignored.tell(response);
    }

    /// An error's reply, which says the same as an answer's.
    pub(super) fn failed(&self, error: ApiError) -> poem::Error {
        let mut response = error.into_response();
        self.tell(&mut response);
        poem::Error::from_response(response)
    }
}

/// A response, whole or as it grows.
#[derive(Debug)]
pub(super) struct ResponseReply {
    answer: Answer,
    notes: Notes,
}

#[derive(Debug)]
enum Answer {
    Whole(Box<ResponseObject>),
    Stream(Response),
}

impl ResponseReply {
    pub(super) fn whole(response: ResponseObject) -> Self {
        Self { answer: Answer::Whole(Box::new(response)), notes: Notes::default() }
    }

    pub(super) fn stream(response: Response) -> Self {
        Self { answer: Answer::Stream(response), notes: Notes::default() }
    }

    pub(super) fn with(self, notes: Notes) -> Self {
        Self { notes, ..self }
    }
}

impl IntoResponse for ResponseReply {
    fn into_response(self) -> Response {
        let mut response = match self.answer {
            Answer::Whole(whole) => Json(whole).into_response(),
            Answer::Stream(response) => response,
        };
        self.notes.tell(&mut response);
        response
    }
}

impl ApiResponse for ResponseReply {
    fn meta() -> MetaResponses {
        let media = |content_type, schema: String| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Reference(schema),
        };
        let whole = media("application/json", ResponseObject::name().into_owned());
        let events = SSE.split(';').next().unwrap_or(SSE);
        let grown = media(events, Event::name().into_owned());
        let ok = MetaResponse {
            description: "The response: whole, or with `stream` as server-sent events.",
            status: Some(200),
            status_range: None,
            content: vec![whole, grown],
            headers: vec![],
        };
        MetaResponses { responses: vec![ok] }
    }

    fn register(registry: &mut Registry) {
        register_schema::<ResponseObject>(registry);
        register_schema::<Event>(registry);
    }
}

/// The switch of a connection to another protocol.
#[derive(Debug)]
pub(super) struct Switched(pub(super) Response);

impl IntoResponse for Switched {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for Switched {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![] }
    }

    fn register(_registry: &mut Registry) {}
}

/// A response that was removed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedResponse {
    /// Its id.
    pub(super) id: String,
    /// Always `response`.
    pub(super) object: always::ResponseWord,
    /// Always true.
    pub(super) deleted: bool,
}

/// A page of what a response was asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResponseItemList {
    /// Always `list`.
    pub(super) object: always::ListWord,
    /// The items.
    pub(super) data: Vec<Item>,
    /// The id of the first of them.
    #[schema(required)]
    pub(super) first_id: Option<String>,
    /// The id of the last of them.
    #[schema(required)]
    pub(super) last_id: Option<String>,
    /// Whether there are more after it.
    pub(super) has_more: bool,
}

/// A conversation made short: its items take the conversation's place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompactedResponse {
    /// An id; it cannot be asked for.
    pub(super) id: String,
    /// Always `response.compaction`.
    pub(super) object: always::CompactionWord,
    /// When it was made, in Unix seconds.
    pub(super) created_at: u64,
    /// What people said last, and one item for all the rest.
    pub(super) output: Vec<Item>,
    /// Tokens spent.
    pub(super) usage: Tokens,
}
