//! The frames of a connection: what clients send, and how they are told of errors.

use crate::http::responses::wire::CreateResponse;
use crate::http::{ApiError, json};
use crate::responses::Event;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The one type of frame that clients send.
const CREATE: &str = "response.create";
/// Where a request stands that is not flat.
const NESTED: &str = "response";

/// What a client asks for in one frame.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: CreateResponse,
    /// Whether the model is asked at all.
    pub(super) generate: bool,
    /// The client's own name for what belongs together; it comes back with every event.
    pub(super) stream_id: Option<String>,
}

/// What is read of a frame first.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    generate: Option<bool>,
    #[serde(default)]
    stream_id: Option<String>,
    #[serde(default)]
    response: Option<Box<RawValue>>,
}

/// A frame that says what went wrong.
#[derive(Serialize)]
struct ErrorFrame<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    status: u16,
    error: crate::http::error::ErrorBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_id: Option<&'a str>,
}

/// A frame's fields beside those of the event.
#[derive(Serialize)]
struct Marked<'a> {
    #[serde(flatten)]
    event: &'a Event,
    stream_id: &'a str,
}

/// A frame that is not taken, and what it says it belongs to.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: Box<ApiError>,
    pub(super) stream_id: Option<String>,
}

/// Reads a frame. An error comes with the frame's own name for what it belongs to, as far as that
/// could be read.
pub(super) fn read(text: &str) -> Result<Asked, Refused> {
    let envelope: Envelope = json::parse(text.as_bytes()).map_err(|error| refused(error, None))?;
    let Envelope { kind, generate, stream_id, response } = envelope;
    if kind != CREATE {
        let message = format!("Frames must be of type {CREATE}, not '{kind}'.");
        let error = ApiError::invalid("unsupported_value", "type", message);
        return Err(refused(error, stream_id));
    }
    let request = match response {
        None => json::parse(text.as_bytes()),
        Some(nested) => json::parse(nested.get().as_bytes()).map_err(within),
    };
    match request {
        Ok(request) => Ok(Asked { request, generate: generate.unwrap_or(true), stream_id }),
        Err(error) => Err(refused(error, stream_id)),
    }
}

fn refused(error: ApiError, stream_id: Option<String>) -> Refused {
    Refused { error: Box::new(error), stream_id }
}

/// The error of a request that stands within its frame.
fn within(error: ApiError) -> ApiError {
    let param = error.param.as_ref().map(|param| format!("{NESTED}.{param}"));
    ApiError { param: Some(param.unwrap_or_else(|| NESTED.to_owned())), ..error }
}

/// An event as a frame.
pub(super) fn of_event(event: &Event, stream_id: Option<&str>) -> String {
    let text = match stream_id {
        None => serde_json::to_string(event),
        Some(stream_id) => serde_json::to_string(&Marked { event, stream_id }),
    };
    text.expect("events hold only JSON-able values")
}

/// An error as a frame.
pub(super) fn of_error(error: &ApiError, stream_id: Option<&str>) -> String {
    let status = error.status.as_u16();
    let frame = ErrorFrame { kind: "error", status, error: error.body().error, stream_id };
    serde_json::to_string(&frame).expect("an envelope of strings serialises")
}
