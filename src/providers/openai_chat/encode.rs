//! Our question in OpenAI's words, written once, straight from borrowed data.

use crate::providers::call::ModelCall;
use crate::providers::endpoint::Flavour;
use crate::types::{Content, Message, Part, ResponseFormat, ToolCall, ToolChoice, ToolSpec};
use bytes::Bytes;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;

/// The request for an answer as it grows.
pub(super) fn streamed(call: &ModelCall, flavour: Flavour) -> Bytes {
    body(&Request { call, flavour, stream: true })
}

/// The request for a whole answer.
pub(super) fn whole(call: &ModelCall, flavour: Flavour) -> Bytes {
    body(&Request { call, flavour, stream: false })
}

fn body(request: &Request<'_>) -> Bytes {
    serde_json::to_vec(request).expect("plain data always serialises").into()
}

struct Request<'a> {
    call: &'a ModelCall,
    flavour: Flavour,
    stream: bool,
}

impl Serialize for Request<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let call = self.call;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", &call.model.model)?;
        let audio = self.audio();
        map.serialize_entry(
            "messages",
            &Each(&call.messages, |message| OneMessage(message, audio)),
        )?;
        if self.stream {
            map.serialize_entry("stream", &true)?;
            map.serialize_entry("stream_options", &Entry("include_usage", true))?;
        }
        self.sampling(&mut map)?;
        self.hints(&mut map)?;
        if let Some(format) = &call.response_format {
            map.serialize_entry("response_format", &Format(format))?;
        }
        // OpenAI refuses both of the latter in a request without tools.
        if !call.tools.is_empty() {
            map.serialize_entry("tools", &Each(&call.tools, OneTool))?;
            if call.tool_choice != ToolChoice::Auto {
                map.serialize_entry("tool_choice", &Choice(&call.tool_choice))?;
            }
            optional(&mut map, "parallel_tool_calls", call.parallel_tool_calls)?;
        }
        map.end()
    }
}

impl Request<'_> {
    fn sampling<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let sampling = &self.call.sampling;
        optional(map, "temperature", sampling.temperature)?;
        optional(map, "top_p", sampling.top_p)?;
        optional(map, "frequency_penalty", sampling.frequency_penalty)?;
        optional(map, "presence_penalty", sampling.presence_penalty)?;
        optional(map, self.seed(), sampling.seed)?;
        optional(map, self.token_limit(), sampling.max_tokens)?;
        optional(map, "stop", (!sampling.stop.is_empty()).then_some(&sampling.stop))
    }

    /// What goes on as it came, to whoever takes it.
    fn hints<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let hints = &self.call.hints;
        if let Some(top) = hints.logprobs.filter(|_| self.flavour.takes("logprobs")) {
            map.serialize_entry("logprobs", &true)?;
            // No alternatives are what everybody gives without being told.
            optional(map, "top_logprobs", Some(top).filter(|top| *top > 0))?;
        }
        self.hint(map, "logit_bias", hints.logit_bias.as_deref())?;
        self.hint(map, "prediction", hints.prediction.as_deref())?;
        self.hint(map, "reasoning_effort", hints.reasoning_effort.as_deref())?;
        self.hint(map, "verbosity", hints.verbosity.as_deref())?;
        self.hint(map, "service_tier", hints.service_tier.as_deref())?;
        self.hint(map, "safety_identifier", hints.safety_identifier.as_deref())
    }

    fn hint<M: SerializeMap>(
        &self,
        map: &mut M,
        key: &'static str,
        value: Option<impl Serialize>,
    ) -> Result<(), M::Error> {
        optional(map, key, value.filter(|_| self.flavour.takes(key)))
    }

    fn audio(&self) -> AudioForm {
        match self.flavour {
            Flavour::Mistral => AudioForm::Text,
            Flavour::OpenAi | Flavour::Local | Flavour::Compatible => AudioForm::Object,
        }
    }

    /// OpenAI's reasoning models refuse `max_tokens`, while Mistral refuses and Ollama and others
    /// silently ignore `max_completion_tokens`. Everyone but OpenAI knows the older name.
    fn token_limit(&self) -> &'static str {
        match self.flavour {
            Flavour::OpenAi => "max_completion_tokens",
            Flavour::Mistral | Flavour::Local | Flavour::Compatible => "max_tokens",
        }
    }

    fn seed(&self) -> &'static str {
        match self.flavour {
            Flavour::Mistral => "random_seed",
            Flavour::OpenAi | Flavour::Local | Flavour::Compatible => "seed",
        }
    }
}

fn optional<M: SerializeMap>(
    map: &mut M,
    key: &'static str,
    value: Option<impl Serialize>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(key, &value))
}

/// An object with one entry.
struct Entry<T>(&'static str, T);

impl<T: Serialize> Serialize for Entry<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}

/// A list whose elements are written through a wrapper made on the spot.
struct Each<'a, T, F>(&'a [T], F);

impl<'a, T, W: Serialize, F: Fn(&'a T) -> W> Serialize for Each<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for item in self.0 {
            list.serialize_element(&self.1(item))?;
        }
        list.end()
    }
}

/// How a recording is written.
#[derive(Clone, Copy)]
enum AudioForm {
    /// An object with data and format.
    Object,
    /// The data alone, as Mistral wants it.
    Text,
}

struct OneMessage<'a>(&'a Message, AudioForm);

impl Serialize for OneMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Message::System { text } => {
                map.serialize_entry("role", "system")?;
                map.serialize_entry("content", text)?;
            }
            Message::User { content, name } => {
                map.serialize_entry("role", "user")?;
                map.serialize_entry("content", &Body(content, self.1))?;
                optional(&mut map, "name", name.as_deref())?;
            }
            Message::Assistant { text, tool_calls } => {
                map.serialize_entry("role", "assistant")?;
                // Only a message that calls tools may do without a text.
                let nothing = if tool_calls.is_empty() { Some("") } else { None };
                map.serialize_entry("content", &text.as_deref().or(nothing))?;
                let calls = (!tool_calls.is_empty()).then_some(Each(tool_calls, OneCall));
                optional(&mut map, "tool_calls", calls)?;
            }
            Message::Tool { call_id, content } => {
                map.serialize_entry("role", "tool")?;
                map.serialize_entry("tool_call_id", call_id)?;
                map.serialize_entry("content", &Body(content, self.1))?;
            }
        }
        map.end()
    }
}

/// A text stays a text, and so does a single text part: not every server reads parts.
struct Body<'a>(&'a Content, AudioForm);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Content::Text(text) => serializer.serialize_str(text),
            Content::Parts(parts) => match parts.as_slice() {
                [] => serializer.serialize_str(""),
                [Part::Text(text)] => serializer.serialize_str(text),
                parts => Each(parts, |part| OnePart(part, self.1)).serialize(serializer),
            },
        }
    }
}

struct OnePart<'a>(&'a Part, AudioForm);

impl Serialize for OnePart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self.0 {
            Part::Text(text) => {
                map.serialize_entry("type", "text")?;
                map.serialize_entry("text", text)?;
            }
            Part::Image { url, detail } => {
                map.serialize_entry("type", "image_url")?;
                map.serialize_entry("image_url", &Image { url, detail: detail.as_deref() })?;
            }
            Part::Audio { data, format } => {
                map.serialize_entry("type", "input_audio")?;
                match self.1 {
                    AudioForm::Object => {
                        map.serialize_entry("input_audio", &Audio { data, format })?;
                    }
                    AudioForm::Text => map.serialize_entry("input_audio", data)?,
                }
            }
        }
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Image<'a> {
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

#[derive(serde::Serialize)]
struct Audio<'a> {
    data: &'a str,
    format: &'a str,
}

struct OneCall<'a>(&'a ToolCall);

impl Serialize for OneCall<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ToolCall { id, name, arguments } = self.0;
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("id", id)?;
        map.serialize_entry("type", "function")?;
        map.serialize_entry("function", &Called { name, arguments })?;
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: &'a str,
}

struct OneTool<'a>(&'a ToolSpec);

impl Serialize for OneTool<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tool = self.0;
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", "function")?;
        let function = Function {
            name: &tool.name,
            description: tool.description.as_deref(),
            parameters: tool.parameters.as_deref(),
            strict: tool.strict,
        };
        map.serialize_entry("function", &function)?;
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

struct Choice<'a>(&'a ToolChoice);

impl Serialize for Choice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            ToolChoice::Auto => serializer.serialize_str("auto"),
            ToolChoice::None => serializer.serialize_str("none"),
            ToolChoice::Required => serializer.serialize_str("required"),
            ToolChoice::Function(name) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("type", "function")?;
                map.serialize_entry("function", &Entry("name", name))?;
                map.end()
            }
        }
    }
}

struct Format<'a>(&'a ResponseFormat);

impl Serialize for Format<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            ResponseFormat::JsonObject => map.serialize_entry("type", "json_object")?,
            ResponseFormat::JsonSchema(schema) => {
                map.serialize_entry("type", "json_schema")?;
                map.serialize_entry("json_schema", schema)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
