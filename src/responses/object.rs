//! The response itself.

use super::{Item, ResponseId};
use crate::types::{Failure, FailureKind, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A response, complete and in OpenAI's form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResponseObject {
    /// `resp_…`.
    pub id: String,
    /// Always `response`.
    pub object: Kind,
    /// When it began, in seconds since 1970.
    pub created_at: i64,
    /// When it was completed, in seconds since 1970; null unless it was.
    #[schema(required)]
    pub completed_at: Option<i64>,
    /// How far it is.
    pub status: State,
    /// Whether it goes on without anybody following it.
    pub background: bool,
    /// Why it failed; null unless it did.
    #[schema(required)]
    pub error: Option<ErrorBody>,
    /// Why it was cut short; null unless it was.
    #[schema(required)]
    pub incomplete_details: Option<IncompleteDetails>,
    /// The instructions it was given.
    #[schema(required)]
    pub instructions: Option<String>,
    /// Tokens it may have, hidden reasoning included.
    #[schema(required)]
    pub max_output_tokens: Option<u32>,
    /// Calls to built-in tools it may make.
    #[schema(required)]
    pub max_tool_calls: Option<u32>,
    /// The caller's own notes, texts by name.
    pub metadata: Map<String, Value>,
    /// The model as the request named it.
    pub model: String,
    /// What the model said and asked for.
    pub output: Vec<Item>,
    /// Whether the model may call several functions at once.
    pub parallel_tool_calls: bool,
    /// The response that it continues.
    #[schema(required)]
    pub previous_response_id: Option<String>,
    /// The conversation that it is part of.
    #[schema(required)]
    pub conversation: Option<Conversation>,
    /// Groups requests that begin alike.
    #[schema(required)]
    pub prompt_cache_key: Option<String>,
    /// How the model thinks.
    pub reasoning: Reasoning,
    /// Names the end user to abuse checks.
    #[schema(required)]
    pub safety_identifier: Option<String>,
    /// The queue it went through.
    pub service_tier: String,
    /// Whether it is kept.
    pub store: bool,
    /// 0 to 2.
    pub temperature: f64,
    /// 0 to 1.
    pub top_p: f64,
    /// -2 to 2.
    pub presence_penalty: f64,
    /// -2 to 2.
    pub frequency_penalty: f64,
    /// How many alternatives each token's scores have.
    pub top_logprobs: u8,
    /// The form of its text.
    pub text: TextSettings,
    /// `auto`, `none`, `required`, or an object that names tools.
    pub tool_choice: Value,
    /// The tools the model may call.
    pub tools: Vec<Value>,
    /// What happens to a conversation that is too long: `auto` or `disabled`.
    pub truncation: String,
    /// Tokens spent; null until it has ended.
    #[schema(required)]
    pub usage: Option<Tokens>,
    /// Names the end user.
    #[schema(required)]
    pub user: Option<String>,
}

/// What kind of object it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ResponseKind)]
pub enum Kind {
    /// A response.
    #[default]
    Response,
}

/// How far a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ResponseStatus)]
pub enum State {
    /// It waits to begin.
    Queued,
    /// It grows.
    InProgress,
    /// The model came to its end.
    Completed,
    /// The model was cut short.
    Incomplete,
    /// Something went wrong.
    Failed,
    /// Somebody ended it, or nobody followed it any more.
    Cancelled,
}

impl State {
    /// Whether it will change no more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::InProgress)
    }
}

/// Why a response failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseErrorBody)]
pub struct ErrorBody {
    /// What a program branches on.
    pub code: ErrorCode,
    /// What its person reads.
    pub message: String,
}

/// The codes of OpenAI's closed set that are used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ResponseErrorCode)]
pub enum ErrorCode {
    /// The gateway or the provider failed.
    ServerError,
    /// The provider says it is asked too often.
    RateLimitExceeded,
    /// The provider refuses what was asked.
    InvalidPrompt,
}

impl From<&Failure> for ErrorBody {
    fn from(failure: &Failure) -> Self {
        let code = match failure.kind {
            FailureKind::UpstreamRateLimit => ErrorCode::RateLimitExceeded,
            FailureKind::UpstreamRejected | FailureKind::ContextLength => ErrorCode::InvalidPrompt,
            _ => ErrorCode::ServerError,
        };
        Self { code, message: failure.message.clone() }
    }
}

/// Why a response was cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseIncompleteDetails)]
pub struct IncompleteDetails {
    /// The reason.
    pub reason: Reason,
}

/// The reasons to cut a response short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ResponseIncompleteReason)]
pub enum Reason {
    /// It ran into the token limit.
    MaxOutputTokens,
    /// The provider withheld the rest.
    ContentFilter,
}

/// A conversation, by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseConversation)]
pub struct Conversation {
    /// Its id.
    pub id: String,
}

/// How a model thinks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseReasoning)]
pub struct Reasoning {
    /// How much, such as `low`.
    #[schema(required)]
    pub effort: Option<String>,
    /// How much of it is shown, such as `auto`.
    #[schema(required)]
    pub summary: Option<String>,
}

/// The form of a response's text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseText)]
pub struct TextSettings {
    /// `{"type": "text"}`, or what stands for JSON.
    pub format: Value,
    /// How much it says: `low`, `medium` or `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbosity: Option<String>,
}

/// Tokens that a response has taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseUsage)]
pub struct Tokens {
    /// Tokens read.
    pub input_tokens: u64,
    /// What they were.
    pub input_tokens_details: InputTokens,
    /// Tokens written.
    pub output_tokens: u64,
    /// What they were.
    pub output_tokens_details: OutputTokens,
    /// Both.
    pub total_tokens: u64,
}

/// What the tokens read were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseInputTokens)]
pub struct InputTokens {
    /// Served from the provider's cache.
    pub cached_tokens: u64,
    /// Written to it; providers do not tell, so always 0.
    pub cache_write_tokens: u64,
}

/// What the tokens written were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseOutputTokens)]
pub struct OutputTokens {
    /// Spent on hidden reasoning.
    pub reasoning_tokens: u64,
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input,
            input_tokens_details: InputTokens {
                cached_tokens: usage.cached_input,
                cache_write_tokens: 0,
            },
            output_tokens: usage.output,
            output_tokens_details: OutputTokens { reasoning_tokens: usage.reasoning },
            // What a provider says of tokens is not to be trusted.
            total_tokens: usage.input.saturating_add(usage.output),
        }
    }
}

impl From<Tokens> for Usage {
    fn from(tokens: Tokens) -> Self {
        Self {
            input: tokens.input_tokens,
            output: tokens.output_tokens,
            cached_input: tokens.input_tokens_details.cached_tokens,
            reasoning: tokens.output_tokens_details.reasoning_tokens,
        }
    }
}

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

/// A response about to begin.
#[derive(Debug)]
pub(super) struct Begin {
    pub(super) id: ResponseId,
    /// Seconds since 1970.
    pub(super) created_at: i64,
    pub(super) state: State,
    pub(super) background: bool,
    pub(super) store: bool,
    pub(super) previous: Option<ResponseId>,
}

impl ResponseObject {
    /// A response of which nothing is there yet.
    pub(super) fn new(begin: &Begin, echo: Echo) -> Self {
        Self {
            id: begin.id.to_string(),
            object: Kind::Response,
            created_at: begin.created_at,
            completed_at: None,
            status: begin.state,
            background: begin.background,
            error: None,
            incomplete_details: None,
            instructions: echo.instructions,
            max_output_tokens: echo.max_output_tokens,
            max_tool_calls: echo.max_tool_calls,
            metadata: echo.metadata,
            model: echo.model,
            output: Vec::new(),
            parallel_tool_calls: echo.parallel_tool_calls,
            previous_response_id: begin.previous.map(|id| id.to_string()),
            conversation: echo.conversation.map(|id| Conversation { id }),
            prompt_cache_key: echo.prompt_cache_key,
            reasoning: Reasoning { effort: echo.reasoning_effort, summary: echo.reasoning_summary },
            safety_identifier: echo.safety_identifier,
            service_tier: filled(echo.service_tier, "default"),
            store: begin.store,
            temperature: echo.temperature.unwrap_or(1.0),
            top_p: echo.top_p.unwrap_or(1.0),
            presence_penalty: echo.presence_penalty.unwrap_or(0.0),
            frequency_penalty: echo.frequency_penalty.unwrap_or(0.0),
            top_logprobs: echo.top_logprobs.unwrap_or(0),
            text: TextSettings { format: format(echo.text_format), verbosity: echo.verbosity },
            tool_choice: match echo.tool_choice {
                Value::Null => Value::from("auto"),
                choice => choice,
            },
            tools: echo.tools.into_iter().map(tool).collect(),
            truncation: filled(echo.truncation, "disabled"),
            usage: None,
            user: echo.user,
        }
    }
}

impl ResponseObject {
    /// A response that the model is not asked for: completed, and empty.
    pub fn unasked(id: ResponseId, created_at: i64, echo: Echo) -> Self {
        let state = State::Completed;
        let (background, store, previous) = (false, false, None);
        let begin = Begin { id, created_at, state, background, store, previous };
        let response = Self::new(&begin, echo);
        Self { completed_at: Some(created_at), usage: Some(Tokens::default()), ..response }
    }
}

fn filled(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

fn format(format: Value) -> Value {
    match format {
        Value::Null => serde_json::json!({"type": "text"}),
        format => format,
    }
}

/// Strict clients want all fields of a function, also those that a request may leave out.
fn tool(mut tool: Value) -> Value {
    if let Some(fields) = tool.as_object_mut()
        && fields.get("type").is_some_and(|kind| kind == "function")
    {
        for name in ["description", "parameters", "strict"] {
            fields.entry(name).or_insert(Value::Null);
        }
    }
    tool
}
