//! OpenAI's Chat Completions request, as clients send it.

use super::choice::{FunctionChoiceParam, StopParam, ToolChoiceParam};
use super::wire_message::ChatCompletionRequestMessage;
use super::wire_metadata::ChatCompletionMetadata;
use crate::http::ignored::Seen;
use crate::http::strict::Object;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A request for a chat completion. Fields that are not listed are accepted and not used; those
/// that are listed as not used are named in the reply's `x-openclaw-ignored-params`.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateChatCompletionRequest {
    /// The agent that answers: `openclaw`, `openclaw/default` or `openclaw/<agentId>`. Absent or
    /// empty means the default agent.
    #[serde(default)]
    pub model: Option<String>,
    /// The conversation so far, oldest first.
    #[schema(min_items = 1, value_type = Vec<ChatCompletionRequestMessage>)]
    pub messages: Vec<Object<ChatCompletionRequestMessage>>,
    /// Whether to send the answer as it grows, as server-sent events.
    #[serde(default)]
    pub stream: Option<bool>,
    /// Options of a streamed answer.
    #[serde(default)]
    #[schema(value_type = Option<ChatCompletionStreamOptions>)]
    pub stream_options: Option<Object<ChatCompletionStreamOptions>>,
    /// Functions the client will run itself. An empty list is the same as none.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ChatCompletionTool>>)]
    pub tools: Option<Vec<Object<ChatCompletionTool>>>,
    /// How free the model is in calling them; `auto` by default.
    #[serde(default)]
    pub tool_choice: Option<ToolChoiceParam>,
    /// Whether the model may call several functions at once.
    #[serde(default)]
    pub parallel_tool_calls: Option<bool>,
    /// The older form of `tools`; the answer then has `function_call` instead of `tool_calls`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<FunctionObject>>)]
    pub functions: Option<Vec<Object<FunctionObject>>>,
    /// The older form of `tool_choice`: `auto`, `none`, or a function by name.
    #[serde(default)]
    pub function_call: Option<FunctionChoiceParam>,
    /// The form the answer must take.
    #[serde(default)]
    #[schema(value_type = Option<ResponseFormatParam>)]
    pub response_format: Option<Object<ResponseFormatParam>>,
    /// How many answers to give. Each of several is a run and counts as a request of its own, and
    /// none of them is a turn of a session.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 128)]
    pub n: Option<u32>,
    /// Tokens the answer may have, hidden reasoning included.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub max_completion_tokens: Option<u32>,
    /// The older name of `max_completion_tokens`, which wins where both are given.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub max_tokens: Option<u32>,
    /// Sampling temperature.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 2)]
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1)]
    pub top_p: Option<f64>,
    /// Penalty for tokens by how often they came already.
    #[serde(default)]
    #[schema(minimum = -2, maximum = 2)]
    pub frequency_penalty: Option<f64>,
    /// Penalty for tokens that came already.
    #[serde(default)]
    #[schema(minimum = -2, maximum = 2)]
    pub presence_penalty: Option<f64>,
    /// Makes sampling repeatable where the provider can.
    #[serde(default)]
    pub seed: Option<i64>,
    /// Up to four texts that end the answer.
    #[serde(default)]
    pub stop: Option<StopParam>,
    /// Whether to tell how likely the model found each token, where the provider tells.
    #[serde(default)]
    pub logprobs: Option<bool>,
    /// With `logprobs`: how many of the likeliest tokens to tell at each place.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 20)]
    pub top_logprobs: Option<u32>,
    /// How much likelier tokens become, -100 to 100 by token id; for the provider.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub logit_bias: Option<Box<RawValue>>,
    /// A text that much of the answer is expected to repeat; for the provider.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub prediction: Option<Box<RawValue>>,
    /// How much the model thinks: `none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`;
    /// for the provider.
    #[serde(default)]
    pub reasoning_effort: Option<String>,
    /// How much the model says: `low`, `medium` or `high`; for the provider.
    #[serde(default)]
    pub verbosity: Option<String>,
    /// Which of the provider's queues the request goes to, such as `auto`, `default`, `flex` or
    /// `priority`; any name to 64 characters, for the provider.
    #[serde(default)]
    pub service_tier: Option<String>,
    /// Names the end user to the provider's abuse checks.
    #[serde(default)]
    pub safety_identifier: Option<String>,
    /// Names a person: calls with the same value are turns of one session.
    #[serde(default)]
    pub user: Option<String>,
    /// Names a conversation: calls with the same value are turns of one session.
    #[serde(default)]
    pub prompt_cache_key: Option<String>,
    /// Further facts about the request.
    #[serde(default)]
    pub metadata: Option<ChatCompletionMetadata>,
    /// Kinds of output; nothing but `text` is given.
    #[serde(default)]
    pub modalities: Option<Vec<String>>,
    /// Not used: answers are not spoken.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub audio: Seen,
    /// Not used: completions are not stored to be retrieved.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub store: Seen,
    /// Not used: agents search with their own tools.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub web_search_options: Seen,
    /// Not used.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub moderation: Seen,
    /// Not used: the provider decides how long it keeps a prompt.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub prompt_cache_retention: Seen,
    /// Not used.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub prompt_cache_options: Seen,
}

/// Options of a streamed answer.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatCompletionStreamOptions {
    /// Whether to add a last chunk with the tokens spent.
    #[serde(default)]
    pub include_usage: Option<bool>,
    /// Not used: chunks are not padded.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub include_obfuscation: Seen,
}

/// A function the client offers.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatCompletionTool {
    /// Only `function` is supported.
    #[serde(rename = "type")]
    pub kind: String,
    /// The function.
    #[serde(default)]
    #[schema(value_type = FunctionObject, required)]
    pub function: Option<Object<FunctionObject>>,
}

/// A function's name and arguments.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct FunctionObject {
    /// Unique among the request's functions.
    pub name: String,
    /// What the model reads to decide whether to call it.
    #[serde(default)]
    pub description: Option<String>,
    /// JSON Schema of the arguments.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Box<RawValue>>,
    /// Whether the model is held to the schema.
    #[serde(default)]
    pub strict: Option<bool>,
}

/// The form an answer must take.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ResponseFormatParam {
    /// `text`, `json_object` or `json_schema`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `json_schema`: its name and schema.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub json_schema: Option<Box<RawValue>>,
}
