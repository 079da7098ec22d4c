//! What of a request its response repeats.

use serde::Serialize;
use serde_json::{Map, Value};

/// What of a request its response repeats.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Echo {
    /// The model as the request named it.
    pub model: String,
    /// `instructions`.
    pub instructions: Option<String>,
    /// `metadata`, texts by name.
    pub metadata: Map<String, Value>,
    /// `tools` as they were sent, each an object.
    pub tools: Vec<Value>,
    /// `tool_choice` as it was sent; `auto` by default.
    pub tool_choice: Value,
    /// `parallel_tool_calls`; true by default.
    pub parallel_tool_calls: bool,
    /// `temperature`.
    pub temperature: Option<f64>,
    /// `top_p`.
    pub top_p: Option<f64>,
    /// `presence_penalty`.
    pub presence_penalty: Option<f64>,
    /// `frequency_penalty`.
    pub frequency_penalty: Option<f64>,
    /// `top_logprobs`.
    pub top_logprobs: Option<u8>,
    /// `max_output_tokens`.
    pub max_output_tokens: Option<u32>,
    /// `max_tool_calls`.
    pub max_tool_calls: Option<u32>,
    /// `text.format`, an object; `{"type": "text"}` by default.
    pub text_format: Value,
    /// `text.verbosity`.
    pub verbosity: Option<String>,
    /// `reasoning.effort`.
    pub reasoning_effort: Option<String>,
    /// `reasoning.summary`.
    pub reasoning_summary: Option<String>,
    /// `truncation`; `disabled` by default.
    pub truncation: String,
    /// `service_tier`; `default` by default.
    pub service_tier: String,
    /// `conversation`, its id.
    pub conversation: Option<String>,
    /// `user`.
    pub user: Option<String>,
    /// `safety_identifier`.
    pub safety_identifier: Option<String>,
    /// `prompt_cache_key`.
    pub prompt_cache_key: Option<String>,
}
