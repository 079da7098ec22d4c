//! OpenAI's Chat Completions answer, whole.

use super::each::Each;
use super::logprobs::Logprobs;
use super::stream::Calls;
use crate::http::always;
use crate::types::{Delta, Usage};
use serde::Serialize;
use utoipa::ToSchema;

/// A chat completion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreateChatCompletionResponse {
    /// `chatcmpl_…`; its random part is that of the reply's `x-request-id`.
    id: String,
    /// Always `chat.completion`.
    object: always::CompletionWord,
    /// When it was made, in Unix seconds.
    created: u64,
    /// The model as the request named it.
    model: String,
    /// The answers, as many as were asked for.
    #[schema(value_type = Vec<ChatCompletionChoice>)]
    choices: Each<ChatCompletionChoice>,
    /// Tokens spent on all of them.
    usage: CompletionUsage,
}

/// One answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatCompletionChoice {
    /// Which of the answers, counted from 0.
    index: u32,
    /// What the model said.
    message: ResponseMessage,
    /// How likely the model found each token; null unless asked for and told by the provider.
    #[schema(required)]
    logprobs: Option<Logprobs>,
    /// `stop`, `length`, `tool_calls`, `content_filter` or, in the older form, `function_call`.
    finish_reason: FinishReason,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChatCompletionFinishReason)]
pub(crate) enum FinishReason {
    /// The model came to its end, or to a text that ends it.
    Stop,
    /// It had no more tokens.
    Length,
    /// It calls tools.
    ToolCalls,
    /// The provider kept the rest back.
    ContentFilter,
    /// It calls a function, in the older form.
    FunctionCall,
}

/// What the model said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatCompletionResponseMessage)]
pub(crate) struct ResponseMessage {
    /// Always `assistant`.
    role: always::AssistantWord,
    /// The visible text; null when the model only called tools.
    #[schema(required)]
    content: Option<String>,
    /// The model's words where it declines.
    #[schema(required)]
    refusal: Option<String>,
    /// Reasoning the provider chose to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    /// Tools the model asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    tool_calls: Vec<ResponseToolCall>,
    /// The function the model asks for, where the request offered `functions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<ResponseFunction>,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    annotations: [(); 0],
}

/// A tool the model asks for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatCompletionResponseToolCall)]
pub(crate) struct ResponseToolCall {
    /// The provider's id for the call.
    id: String,
    /// Always `function`.
    #[serde(rename = "type")]
    kind: always::FunctionWord,
    /// What to call.
    function: ResponseFunction,
}

/// A function's name and the arguments the model wrote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatCompletionResponseFunction)]
pub(crate) struct ResponseFunction {
    /// The function's name.
    name: String,
    /// JSON text.
    arguments: String,
}

/// Tokens spent.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct CompletionUsage {
    /// Tokens read.
    prompt_tokens: u64,
    /// Tokens written.
    completion_tokens: u64,
    /// Both together.
    total_tokens: u64,
    /// Of the tokens read.
    prompt_tokens_details: PromptTokensDetails,
    /// Of the tokens written.
    completion_tokens_details: CompletionTokensDetails,
}

/// Of the tokens read.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct PromptTokensDetails {
    /// Those the provider had cached.
    cached_tokens: u64,
}

/// Of the tokens written.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct CompletionTokensDetails {
    /// Those spent on hidden reasoning.
    reasoning_tokens: u64,
}

impl Default for ResponseMessage {
    fn default() -> Self {
        Self {
            role: always::AssistantWord::Always,
            content: None,
            refusal: None,
            reasoning_content: None,
            tool_calls: Vec::new(),
            function_call: None,
            annotations: [],
        }
    }
}

/// A message as far as it has grown.
#[derive(Debug, Default)]
pub(super) struct Grown {
    message: ResponseMessage,
    logprobs: Logprobs,
}

impl Grown {
    /// Adds a piece of the answer.
    pub(super) fn take(&mut self, delta: Delta) {
        let message = &mut self.message;
        match delta {
            Delta::Text(text) => {
                self.logprobs.are_of_text();
                append(&mut message.content, text);
            }
            Delta::Refusal(text) => {
                self.logprobs.are_of_refusal();
                append(&mut message.refusal, text);
            }
            Delta::Reasoning(text) => append(&mut message.reasoning_content, text),
            Delta::Scores(scores) => self.logprobs.hold(scores),
            Delta::ToolCallStart { id, name, .. } => {
                let function = ResponseFunction { name, arguments: String::new() };
                let kind = always::FunctionWord::Always;
                message.tool_calls.push(ResponseToolCall { id, kind, function });
            }
            Delta::ToolCallArguments { index, fragment } => {
                let call = usize::try_from(index).ok().and_then(|i| message.tool_calls.get_mut(i));
                if let Some(call) = call {
                    call.function.arguments.push_str(&fragment);
                }
            }
        }
    }
}

/// Most answers come in one piece, which is kept instead of copied.
fn append(text: &mut Option<String>, piece: String) {
    match text {
        Some(text) => text.push_str(&piece),
        None => *text = Some(piece),
    }
}

/// What every piece of one answer repeats.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) id: String,
    pub(super) created: u64,
    pub(super) model: String,
}

impl ChatCompletionChoice {
    /// An answer that has ended.
    pub(super) fn new(index: u32, grown: Grown, finish_reason: FinishReason, calls: Calls) -> Self {
        let Grown { mut message, logprobs } = grown;
        if calls == Calls::Function && !message.tool_calls.is_empty() {
            // The older form has room for one.
            message.function_call = Some(message.tool_calls.swap_remove(0).function);
            message.tool_calls.clear();
        }
        // OpenAI sends null beside calls and a refusal, text otherwise, empty or not.
        let calls = !message.tool_calls.is_empty() || message.function_call.is_some();
        if message.content.is_none() && message.refusal.is_none() && !calls {
            message.content = Some(String::new());
        }
        Self { index, message, logprobs: logprobs.told(), finish_reason }
    }
}

impl CreateChatCompletionResponse {
    /// Answers that have ended.
    pub(super) fn new(heading: Heading, choices: Each<ChatCompletionChoice>, usage: Usage) -> Self {
        let Heading { id, created, model } = heading;
        let object = always::CompletionWord::Always;
        Self { id, object, created, model, choices, usage: usage.into() }
    }
}

impl From<Usage> for CompletionUsage {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            // A provider's figures may be anything.
            total_tokens: usage.input.saturating_add(usage.output),
            prompt_tokens_details: PromptTokensDetails { cached_tokens: usage.cached_input },
            completion_tokens_details: CompletionTokensDetails {
                reasoning_tokens: usage.reasoning,
            },
        }
    }
}
