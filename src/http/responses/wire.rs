//! OpenAI's Responses request, as clients send it.

use super::items::InputParam;
use super::tools::{ToolChoiceParam, ToolParam};
use crate::http::ignored::Seen;
use crate::http::strict::Object;
use crate::http::word_or::{InPlaceOfWord, WordOr};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A request for a response. Fields that are not listed are accepted and not used.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct CreateResponse {
    /// The agent that answers: `openclaw`, `openclaw/default` or `openclaw/<agentId>`. Absent or
    /// empty means the default agent.
    #[serde(default)]
    pub model: Option<String>,
    /// What is new: a text of the user's, or items. Needed unless `previous_response_id` is there.
    #[serde(default)]
    #[schema(value_type = Option<InputParam>)]
    pub input: Option<InputParam>,
    /// Instructions for this response alone.
    #[serde(default)]
    pub instructions: Option<String>,
    /// The response that this one continues.
    #[serde(default)]
    pub previous_response_id: Option<String>,
    /// The conversation this is a turn of; the gateway keeps it.
    #[serde(default)]
    pub conversation: Option<ConversationParam>,
    /// Whether the response is kept, to be read again and continued; true by default.
    #[serde(default)]
    pub store: Option<bool>,
    /// Whether it is made without anybody waiting for it.
    #[serde(default)]
    pub background: Option<bool>,
    /// Whether to send the response as it grows, as server-sent events.
    #[serde(default)]
    pub stream: Option<bool>,
    /// What else the response shall hold.
    #[serde(default)]
    pub include: Option<Vec<String>>,
    /// Functions the client will run itself. Tools of other types are not used.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ToolParam>>)]
    pub tools: Option<Vec<Object<ToolParam>>>,
    /// How free the model is in calling them; `auto` by default.
    #[serde(default)]
    pub tool_choice: Option<ToolChoiceParam>,
    /// Whether the model may call several functions at once.
    #[serde(default)]
    pub parallel_tool_calls: Option<bool>,
    /// Tokens the answer may have, hidden reasoning included.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub max_output_tokens: Option<u32>,
    /// Accepted and not used.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub max_tool_calls: Option<u32>,
    /// Sampling temperature.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 2)]
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1)]
    pub top_p: Option<f64>,
    /// Penalty for tokens that came already.
    #[serde(default)]
    #[schema(minimum = -2, maximum = 2)]
    pub presence_penalty: Option<f64>,
    /// Penalty for tokens by how often they came already.
    #[serde(default)]
    #[schema(minimum = -2, maximum = 2)]
    pub frequency_penalty: Option<f64>,
    /// How many alternatives the scores of the answer's tokens tell; with it, or with
    /// `message.output_text.logprobs` in `include`, there are scores.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 20)]
    pub top_logprobs: Option<u8>,
    /// The form of the answer's text.
    #[serde(default)]
    #[schema(value_type = Option<ResponseTextParam>)]
    pub text: Option<Object<ResponseTextParam>>,
    /// How the model thinks.
    #[serde(default)]
    #[schema(value_type = Option<ReasoningParam>)]
    pub reasoning: Option<Object<ReasoningParam>>,
    /// Up to 16 texts by name, which the response repeats.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub metadata: Option<BTreeMap<String, Option<String>>>,
    /// `auto` or `disabled`; a conversation is never cut, so `auto` is not used.
    #[serde(default)]
    pub truncation: Option<String>,
    /// Which of the provider's queues the request goes to.
    #[serde(default)]
    pub service_tier: Option<String>,
    /// Names a person: calls with the same value are turns of one session.
    #[serde(default)]
    pub user: Option<String>,
    /// Names the end user to the provider's abuse checks.
    #[serde(default)]
    pub safety_identifier: Option<String>,
    /// Names a conversation: calls with the same value are turns of one session.
    #[serde(default)]
    pub prompt_cache_key: Option<String>,
    /// Accepted and not used.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub stream_options: Seen,
    /// Accepted and not used.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub prompt: Seen,
    /// Accepted and not used.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub client_metadata: Seen,
    /// Accepted and not used.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    pub context_management: Seen,
    /// Accepted and not used.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub prompt_cache_retention: Seen,
    /// Accepted and not used.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub prompt_cache_options: Seen,
    /// Accepted and not used.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub moderation: Seen,
    /// Accepted and not used.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub access_programs: Seen,
}

/// A conversation: its id, or an object with it.
pub(crate) type ConversationParam = WordOr<ConversationObject>;

/// A conversation that the gateway keeps.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ConversationObject {
    /// Its id: any name that the client gives it.
    pub id: String,
}

/// The form of an answer's text.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ResponseTextParam {
    /// Free text, any JSON object, or JSON that fits a schema.
    #[serde(default)]
    #[schema(value_type = Option<ResponseTextFormat>)]
    pub format: Option<Object<ResponseTextFormat>>,
    /// How much the model says: `low`, `medium` or `high`.
    #[serde(default)]
    pub verbosity: Option<String>,
}

/// The form an answer must take.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct ResponseTextFormat {
    /// `text`, `json_object` or `json_schema`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `json_schema`: the schema's name.
    #[serde(default)]
    pub name: Option<String>,
    /// For `json_schema`: what it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// For `json_schema`: the schema.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub schema: Option<Box<RawValue>>,
    /// For `json_schema`: whether the model is held to it.
    #[serde(default)]
    pub strict: Option<bool>,
}

/// How a model thinks.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ReasoningParam {
    /// How much: `none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`.
    #[serde(default)]
    pub effort: Option<String>,
    /// What of it is told: `auto`, `concise` or `detailed`. Whatever the provider shows is told.
    #[serde(default)]
    pub summary: Option<String>,
    /// The older name of `summary`, which wins where both are given.
    #[serde(default)]
    pub generate_summary: Option<String>,
}

impl InPlaceOfWord for ConversationObject {
    const BOTH: &'static str = "ConversationParam";
    const EXPECTED: &'static str = "a string or an object with an id";
}

impl ConversationParam {
    /// The id.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Word(id) | Self::Named(ConversationObject { id }) => id,
        }
    }
}
