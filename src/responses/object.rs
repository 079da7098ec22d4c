//! The response itself.

use super::{Echo, ErrorBody, IncompleteDetails, Item, ResponseId, Tokens};
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
    #[schema(value_type = std::collections::HashMap<String, String>)]
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
    /// Always null: there are no access programs here.
    #[serde(default)]
    #[schema(required, value_type = Option<Object>)]
    pub access_programs: Option<Value>,
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
            access_programs: None,
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
