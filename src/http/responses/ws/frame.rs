//! The frames of a connection: what clients send, and how they are told of errors.

use crate::http::responses::wire::CreateResponse;
use crate::http::strict::Object;
use crate::http::{ApiError, json, range};
use crate::responses::Event;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The one type of frame that clients send.
const CREATE: &str = "response.create";

/// What a client asks for in one frame.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: CreateResponse,
    /// Whether the model is asked at all.
    pub(super) generate: bool,
    /// The client's own name for what belongs together; it comes back with every event.
    pub(super) stream_id: Option<String>,
}

/// A frame as it comes: a request, with fields of the frame's own beside the request's.
struct Frame {
    own: Own,
    /// What stands beside them.
    flat: CreateResponse,
}

/// The fields of a frame that are not a request's.
#[derive(Debug, Default)]
struct Own {
    kind: Option<String>,
    generate: Option<bool>,
    stream_id: Option<String>,
    /// The request, where it is not flat.
    nested: Option<CreateResponse>,
}

/// What is read of a frame that cannot be read whole.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: Option<String>,
    stream_id: Option<String>,
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
    let Frame { own, flat } = match json::parse(text.as_bytes()) {
        Ok(frame) => frame,
        Err(error) => return Err(unread(text, error)),
    };
    let Own { kind, generate, stream_id, nested } = own;
    match checked(kind.as_deref()) {
        Ok(()) => {
            let request = nested.unwrap_or(flat);
            Ok(Asked { request, generate: generate.unwrap_or(true), stream_id })
        }
        Err(error) => Err(Refused { error: Box::new(error), stream_id }),
    }
}

/// The frame's own name for what it belongs to.
pub(super) fn stream_id(text: &str) -> Option<String> {
    serde_json::from_str(text).ok().and_then(|Envelope { stream_id, .. }| stream_id)
}

/// What is wrong with a frame that is no request: most of all that it is of another type.
fn unread(text: &str, error: ApiError) -> Refused {
    let Ok(Envelope { kind, stream_id }) = serde_json::from_str(text) else {
        return Refused { error: Box::new(error), stream_id: None };
    };
    let error = checked(kind.as_deref()).err().unwrap_or(error);
    Refused { error: Box::new(error), stream_id }
}

fn checked(kind: Option<&str>) -> Result<(), ApiError> {
    let kind = range::required(kind, || "type".to_owned())?;
    if kind == CREATE {
        return Ok(());
    }
    let message = format!("Frames must be of type {CREATE}, not '{kind}'.");
    Err(ApiError::invalid("unsupported_value", "type", message))
}

impl<'de> Deserialize<'de> for Frame {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Whole;
        impl<'de> Visitor<'de> for Whole {
            type Value = Frame;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Frame, A::Error> {
                let mut own = Own::default();
                let others = Others { map, own: &mut own };
                let flat = CreateResponse::deserialize(MapAccessDeserializer::new(others))?;
                Ok(Frame { own, flat })
            }
        }
        input.deserialize_map(Whole)
    }
}

/// The fields of a frame without its own, which are put aside on the way.
struct Others<'a, A> {
    map: A,
    own: &'a mut Own,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Others<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.map.next_key::<String>()? {
            match name.as_str() {
                "type" => self.own.kind = self.map.next_value()?,
                "generate" => self.own.generate = self.map.next_value()?,
                "stream_id" => self.own.stream_id = self.map.next_value()?,
                "response" => {
                    let nested: Option<Object<CreateResponse>> = self.map.next_value()?;
                    self.own.nested = nested.map(|Object(request)| request);
                }
                _ => return seed.deserialize(name.into_deserializer()).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
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
