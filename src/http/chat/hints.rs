//! What a chat request says to the provider, checked and passed on.

use super::wire::CreateChatCompletionRequest;
use crate::http::{ApiError, form, hints, json, range};
use crate::types::Hints;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// OpenAI's limit on a bias, either way.
const MAX_BIAS: f64 = 100.0;

/// Takes the hints out of a request.
pub(super) fn take(request: &mut CreateChatCompletionRequest) -> Result<Hints, ApiError> {
    let (effort, verbosity) = (request.reasoning_effort.take(), request.verbosity.take());
    Ok(Hints {
        logprobs: logprobs(request.logprobs, request.top_logprobs)?,
        logit_bias: request.logit_bias.take().map_or(Ok(None), logit_bias)?,
        prediction: request.prediction.take().map(prediction).transpose()?,
        reasoning_effort: hints::effort("reasoning_effort", effort)?,
        verbosity: hints::verbosity("verbosity", verbosity)?,
        service_tier: hints::service_tier(request.service_tier.take())?,
        safety_identifier: request.safety_identifier.take(),
    })
}

fn logprobs(wanted: Option<bool>, top: Option<u32>) -> Result<Option<u8>, ApiError> {
    let top = hints::top_logprobs(top)?.unwrap_or(0);
    if wanted == Some(true) {
        return Ok(Some(top));
    }
    if top > 0 {
        let message = "`top_logprobs` needs `logprobs: true`.";
        return Err(ApiError::invalid("unsupported_value", "top_logprobs", message));
    }
    Ok(None)
}

/// No bias is none at all.
fn logit_bias(raw: Box<RawValue>) -> Result<Option<Box<RawValue>>, ApiError> {
    const PATH: &str = "logit_bias";
    form::object(&raw, || PATH.to_owned())?;
    let biases: BTreeMap<String, f64> = json::parse_at(&raw, PATH)?;
    for (token, bias) in &biases {
        range::within(&format!("{PATH}.{token}"), Some(*bias), -MAX_BIAS..=MAX_BIAS)?;
    }
    Ok((!biases.is_empty()).then_some(raw))
}

#[derive(Deserialize)]
struct PredictionParam<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    content: &'a RawValue,
}

fn prediction(raw: Box<RawValue>) -> Result<Box<RawValue>, ApiError> {
    const PATH: &str = "prediction";
    form::object(&raw, || PATH.to_owned())?;
    let PredictionParam { kind, content } = json::parse_at(&raw, PATH)?;
    range::one_of("prediction.type", Some(kind), &["content"])?;
    if !content.get().starts_with(['"', '[']) {
        let message = "Invalid value for 'prediction.content': expected a string or an array.";
        return Err(ApiError::invalid("invalid_type", "prediction.content", message));
    }
    Ok(raw)
}
