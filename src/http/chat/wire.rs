//! OpenAI's Chat Completions request, as clients send it.

use super::content::{ContentParam, StopParam, ToolChoiceParam};
use crate::http::strict::{Object, Word, word};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A request for a chat completion. Fields that are not listed are accepted and not used.
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
    /// Functions the client will run itself.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ChatCompletionTool>>)]
    pub tools: Option<Vec<Object<ChatCompletionTool>>>,
    /// How free the model is in calling them; `auto` by default.
    #[serde(default)]
    pub tool_choice: Option<ToolChoiceParam>,
    /// Whether the model may call several functions at once.
    #[serde(default)]
    pub parallel_tool_calls: Option<bool>,
    /// The form the answer must take.
    #[serde(default)]
    #[schema(value_type = Option<ResponseFormatParam>)]
    pub response_format: Option<Object<ResponseFormatParam>>,
    /// How many answers to give; only 1 is supported.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1)]
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
    /// Names a person: calls with the same value are turns of one session.
    #[serde(default)]
    pub user: Option<String>,
    /// Names a conversation: calls with the same value are turns of one session.
    #[serde(default)]
    pub prompt_cache_key: Option<String>,
    /// Further facts about the request.
    #[serde(default)]
    #[schema(value_type = Option<ChatCompletionMetadata>)]
    pub metadata: Option<Object<ChatCompletionMetadata>>,
    /// Up to four texts that end the answer.
    #[serde(default)]
    pub stop: Option<StopParam>,
}

/// Further facts about a request. Other keys are accepted and not used.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ChatCompletionMetadata {
    /// The chat this is a turn of: calls with the same value share a session.
    #[serde(default)]
    pub chat_id: Option<String>,
    /// The same under another name; `chat_id` wins.
    #[serde(default)]
    pub conversation: Option<String>,
    /// The side task of a chat program that this is, such as `title_generation`; it is answered
    /// by the agent's utility model and leaves no trace in a session.
    #[serde(default)]
    pub task: Option<String>,
}

/// One message of the conversation.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatCompletionRequestMessage {
    /// Who speaks.
    pub role: MessageRole,
    /// What is said; may be null where an assistant only called tools.
    #[serde(default)]
    pub content: Option<ContentParam>,
    /// The speaker, where several share a role.
    #[serde(default)]
    pub name: Option<String>,
    /// For `assistant`: the tools it called.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ChatCompletionMessageToolCall>>)]
    pub tool_calls: Option<Vec<Object<ChatCompletionMessageToolCall>>>,
    /// For `tool`: the call this answers.
    #[serde(default)]
    pub tool_call_id: Option<String>,
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum MessageRole {
    /// Instructions.
    System,
    /// Instructions, under their newer name.
    Developer,
    /// The person, or the program acting for them.
    User,
    /// The model.
    Assistant,
    /// A tool's result.
    Tool,
}

impl Word for MessageRole {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("system", Self::System),
        ("developer", Self::Developer),
        ("user", Self::User),
        ("assistant", Self::Assistant),
        ("tool", Self::Tool),
    ];
}

impl<'de> Deserialize<'de> for MessageRole {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        word(input)
    }
}

/// Options of a streamed answer.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatCompletionStreamOptions {
    /// Whether to add a last chunk with the tokens spent.
    #[serde(default)]
    pub include_usage: Option<bool>,
}

/// A function the client offers.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatCompletionTool {
    /// Only `function` is supported.
    #[serde(rename = "type")]
    pub kind: String,
    /// The function.
    #[serde(default)]
    #[schema(value_type = Option<FunctionObject>)]
    pub function: Option<Object<FunctionObject>>,
}

/// A function's name and arguments.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct FunctionObject {
    /// Unique among the request's tools.
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

/// A call an assistant made earlier, as the client plays it back.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatCompletionMessageToolCall {
    /// The call's id.
    pub id: String,
    /// What was called.
    #[schema(value_type = FunctionCall)]
    pub function: Object<FunctionCall>,
}

/// A function's name and the arguments the model wrote.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct FunctionCall {
    /// The function's name.
    pub name: String,
    /// JSON text; may be malformed, as models write it.
    #[serde(default)]
    pub arguments: String,
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
