//! How an answer is wanted: from OpenAI's fields to the waist's, refusing what cannot be.

use super::wire::{CreateResponse, ReasoningParam, ResponseTextFormat, ResponseTextParam};
use crate::http::ApiError;
use crate::http::ignored::Ignored;
use crate::http::strict::Object;
use crate::types::{Hints, ResponseFormat, Sampling};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// OpenAI's limits on `metadata`.
const MAX_NOTES: usize = 16;
const MAX_NOTE_NAME_CHARS: usize = 64;
const MAX_NOTE_CHARS: usize = 512;
/// OpenAI's limit on `top_logprobs`.
const MAX_ALTERNATIVES: u8 = 20;

/// The value of `include` that asks for the scores of the answer's tokens.
const LOGPROBS: &str = "message.output_text.logprobs";
/// Values of `include` that ask for what is always there.
const ALWAYS: [&str; 1] = ["message.input_image.image_url"];

const EFFORTS: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const SUMMARIES: &[&str] = &["auto", "concise", "detailed"];
const VERBOSITIES: &[&str] = &["low", "medium", "high"];
const TRUNCATIONS: &[&str] = &["auto", "disabled"];
const TIERS: &[&str] = &["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"];

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
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

pub(super) fn sampling(request: &CreateResponse) -> Result<Sampling, ApiError> {
    for (param, value) in [
        ("max_output_tokens", request.max_output_tokens),
        ("max_tool_calls", request.max_tool_calls),
    ] {
        if value == Some(0) {
            let message = format!("`{param}` must be at least 1.");
            return Err(ApiError::invalid("invalid_value", param, message));
        }
    }
    Ok(Sampling {
        temperature: within("temperature", request.temperature, 0.0..=2.0)?,
        top_p: within("top_p", request.top_p, 0.0..=1.0)?,
        frequency_penalty: within("frequency_penalty", request.frequency_penalty, -2.0..=2.0)?,
        presence_penalty: within("presence_penalty", request.presence_penalty, -2.0..=2.0)?,
        seed: None,
        stop: Vec::new(),
        max_tokens: request.max_output_tokens,
    })
}

fn within(
    param: &str,
    value: Option<f64>,
    range: RangeInclusive<f64>,
) -> Result<Option<f64>, ApiError> {
    if value.is_none_or(|value| range.contains(&value)) {
        return Ok(value);
    }
    let message = format!("`{param}` must be between {} and {}.", range.start(), range.end());
    Err(ApiError::invalid("invalid_value", param, message))
}

/// A word, if it is one of these.
fn one_of(param: &str, value: Option<String>, words: &[&str]) -> Result<Option<String>, ApiError> {
    if value.as_deref().is_none_or(|value| words.contains(&value)) {
        return Ok(value);
    }
    let (got, words) = (value.unwrap_or_default(), words.join(", "));
    let message = format!("`{param}` must be one of {words}, not '{got}'.");
    Err(ApiError::invalid("unsupported_value", param, message))
}

/// What goes on to the provider; names what of `include` is not used.
pub(super) fn hints(
    request: &CreateResponse,
    thinking: &Thinking,
    ignored: &mut Ignored,
) -> Result<Hints, ApiError> {
    let mut scores = request.top_logprobs;
    if scores.is_some_and(|alternatives| alternatives > MAX_ALTERNATIVES) {
        let message = format!("`top_logprobs` must be between 0 and {MAX_ALTERNATIVES}.");
        return Err(ApiError::invalid("invalid_value", "top_logprobs", message));
    }
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
        service_tier: one_of("service_tier", request.service_tier.clone(), TIERS)?,
        safety_identifier: request.safety_identifier.clone(),
        ..Hints::default()
    })
}

pub(super) fn truncation(request: &CreateResponse) -> Result<Option<String>, ApiError> {
    one_of("truncation", request.truncation.clone(), TRUNCATIONS)
}

pub(super) fn thinking(param: Option<Object<ReasoningParam>>) -> Result<Thinking, ApiError> {
    let Some(Object(ReasoningParam { effort, summary, generate_summary })) = param else {
        return Ok(Thinking::default());
    };
    Ok(Thinking {
        effort: one_of("reasoning.effort", effort, EFFORTS)?,
        summary: one_of("reasoning.summary", summary.or(generate_summary), SUMMARIES)?,
    })
}

pub(super) fn text(param: Option<Object<ResponseTextParam>>) -> Result<TextSettings, ApiError> {
    let Some(Object(ResponseTextParam { format, verbosity })) = param else {
        return Ok(TextSettings::default());
    };
    let verbosity = one_of("text.verbosity", verbosity, VERBOSITIES)?;
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
    let missing = |field: &str| {
        let param = format!("text.format.{field}");
        let message = format!("Missing required parameter: '{param}'.");
        ApiError::invalid("missing_required_parameter", param, message)
    };
    let name = param.name.as_deref().ok_or_else(|| missing("name"))?;
    let schema = param.schema.as_deref().ok_or_else(|| missing("schema"))?;
    if !schema.get().starts_with('{') {
        let param = "text.format.schema";
        let message = format!("Invalid value for '{param}': expected an object.");
        return Err(ApiError::invalid("invalid_type", param, message));
    }
    let description = param.description.as_deref();
    let named = NamedSchema { name, description, schema: Some(schema), strict: param.strict };
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
