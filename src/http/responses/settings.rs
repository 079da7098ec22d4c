//! How an answer is wanted: from OpenAI's fields to the waist's, refusing what cannot be.

use super::wire::{CreateResponse, ReasoningParam, ResponseTextFormat, ResponseTextParam};
use crate::http::form::{self, SchemaParam};
use crate::http::ignored::Ignored;
use crate::http::strict::Object;
use crate::http::{ApiError, hints as words, range};
use crate::responses::Echo;
use crate::types::{Hints, ResponseFormat, Sampling};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// OpenAI's limits on `metadata`.
const MAX_NOTES: usize = 16;
const MAX_NOTE_NAME_CHARS: usize = 64;
const MAX_NOTE_CHARS: usize = 512;

/// The value of `include` that asks for the scores of the answer's tokens.
const LOGPROBS: &str = "message.output_text.logprobs";
/// Values of `include` that ask for what is always there.
const ALWAYS: [&str; 1] = ["message.input_image.image_url"];

const SUMMARIES: &[&str] = &["auto", "concise", "detailed"];
const TRUNCATIONS: &[&str] = &["auto", "disabled"];

/// The form of the text: for the model, and as the response repeats it.
#[derive(Debug, Default)]
pub(super) struct TextSettings {
    pub(super) format: Option<ResponseFormat>,
    pub(super) echo: Value,
    pub(super) verbosity: Option<String>,
}

/// How the model thinks.
#[derive(Debug, Default)]
pub(super) struct Thinking {
    pub(super) effort: Option<String>,
    pub(super) summary: Option<String>,
}

/// A `json_schema` as providers of chat completions want it.
#[derive(Serialize)]
struct NamedSchema<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

pub(super) fn sampling(request: &CreateResponse) -> Result<Sampling, ApiError> {
    range::at_least_one("max_tool_calls", request.max_tool_calls)?;
    Ok(Sampling {
        temperature: range::within("temperature", request.temperature, 0.0..=2.0)?,
        top_p: range::within("top_p", request.top_p, 0.0..=1.0)?,
        frequency_penalty: range::within(
            "frequency_penalty",
            request.frequency_penalty,
            -2.0..=2.0,
        )?,
        presence_penalty: range::within("presence_penalty", request.presence_penalty, -2.0..=2.0)?,
        seed: None,
        stop: Vec::new(),
        max_tokens: range::at_least_one("max_output_tokens", request.max_output_tokens)?,
    })
}

/// What goes on to the provider; names what of `include` is not used.
pub(super) fn hints(
    request: &CreateResponse,
    thinking: &Thinking,
    ignored: &mut Ignored,
) -> Result<Hints, ApiError> {
    let mut scores = words::top_logprobs(request.top_logprobs.map(u32::from))?;
    for (at, wanted) in request.include.iter().flatten().enumerate() {
        match wanted.as_str() {
            LOGPROBS => scores = scores.or(Some(0)),
            wanted if ALWAYS.contains(&wanted) => {}
            _ => ignored.note(format!("include[{at}]")),
        }
    }
    Ok(Hints {
        logprobs: scores,
        reasoning_effort: thinking.effort.clone(),
        service_tier: words::service_tier(request.service_tier.clone())?,
        safety_identifier: request.safety_identifier.clone(),
        ..Hints::default()
    })
}

/// The name that a hint has in this API, for one that the provider is not sent; the response does
/// not repeat it as if it were in force.
pub(super) fn untaken(hint: &'static str, echo: &mut Echo) -> &'static str {
    match hint {
        "verbosity" => {
            echo.verbosity = None;
            "text.verbosity"
        }
        "reasoning_effort" => {
            echo.reasoning_effort = None;
            "reasoning.effort"
        }
        "service_tier" => {
            echo.service_tier.clear();
            hint
        }
        "logprobs" => match echo.top_logprobs.take() {
            Some(_) => "top_logprobs",
            None => "include",
        },
        _ => hint,
    }
}

pub(super) fn truncation(request: &CreateResponse) -> Result<Option<String>, ApiError> {
    range::one_of("truncation", request.truncation.clone(), TRUNCATIONS)
}

pub(super) fn thinking(param: Option<Object<ReasoningParam>>) -> Result<Thinking, ApiError> {
    let Some(Object(ReasoningParam { effort, summary, generate_summary })) = param else {
        return Ok(Thinking::default());
    };
    Ok(Thinking {
        effort: words::effort("reasoning.effort", effort)?,
        summary: range::one_of("reasoning.summary", summary.or(generate_summary), SUMMARIES)?,
    })
}

pub(super) fn text(param: Option<Object<ResponseTextParam>>) -> Result<TextSettings, ApiError> {
    let Some(Object(ResponseTextParam { format, verbosity })) = param else {
        return Ok(TextSettings::default());
    };
    let verbosity = words::verbosity("text.verbosity", verbosity)?;
    let Some(Object(param)) = format else {
        return Ok(TextSettings { verbosity, ..TextSettings::default() });
    };
    let (format, echo) = match param.kind.as_str() {
        "text" => (None, json!({ "type": "text" })),
        "json_object" => (Some(ResponseFormat::JsonObject), json!({ "type": "json_object" })),
        "json_schema" => json_schema(&param)?,
        other => {
            let message = format!(
                "`text.format.type` must be text, json_object or json_schema, not '{other}'."
            );
            return Err(ApiError::invalid("unsupported_value", "text.format.type", message));
        }
    };
    Ok(TextSettings { format, echo, verbosity })
}

fn json_schema(param: &ResponseTextFormat) -> Result<(Option<ResponseFormat>, Value), ApiError> {
    const PATH: &str = "text.format";
    let (name, schema) = (param.name.as_deref(), param.schema.as_deref());
    form::check(&SchemaParam { path: PATH, name, schema })?;
    let schema = range::required(schema, || format!("{PATH}.schema"))?;
    let name = name.unwrap_or_default();
    let description = param.description.as_deref();
    let named = NamedSchema { name, description, schema, strict: param.strict };
    let raw = serde_json::value::to_raw_value(&named).expect("texts and JSON serialise");
    let mut echo = serde_json::to_value(&named).expect("texts and JSON serialise");
    echo["type"] = json!("json_schema");
    Ok((Some(ResponseFormat::JsonSchema(raw)), echo))
}

/// `metadata` within OpenAI's limits, its nulls left out.
pub(super) fn metadata(
    param: Option<BTreeMap<String, Option<String>>>,
) -> Result<Map<String, Value>, ApiError> {
    let param = param.unwrap_or_default();
    if param.len() > MAX_NOTES {
        let message = format!("`metadata` holds at most {MAX_NOTES} texts.");
        return Err(ApiError::invalid("invalid_value", "metadata", message));
    }
    let mut notes = Map::new();
    for (name, value) in param {
        let Some(value) = value else { continue };
        let long = value.chars().count() > MAX_NOTE_CHARS;
        if long || name.chars().count() > MAX_NOTE_NAME_CHARS {
            let message = format!(
                "Names in `metadata` have at most {MAX_NOTE_NAME_CHARS} characters, texts \
                 {MAX_NOTE_CHARS}."
            );
            return Err(ApiError::invalid("invalid_value", format!("metadata.{name}"), message));
        }
        notes.insert(name, Value::String(value));
    }
    Ok(notes)
}
