//! OpenAI's Chat Completions answer: the whole one and its chunks.

use crate::types::{Delta, Usage};
use serde::Serialize;
use utoipa::ToSchema;

/// A chat completion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreateChatCompletionResponse {
    /// `chatcmpl_…`; its random part is that of the reply's `x-request-id`.
    id: String,
    /// Always `chat.completion`.
    object: &'static str,
    /// When it was made, in Unix seconds.
    created: u64,
    /// The model as the request named it.
    model: String,
    /// One answer.
    #[schema(value_type = Vec<ChatCompletionChoice>)]
    choices: [ChatCompletionChoice; 1],
    /// Tokens spent.
    usage: CompletionUsage,
}

/// One answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatCompletionChoice {
    /// Always 0.
    index: u32,
    /// What the model said.
    message: ResponseMessage,
    /// Always null.
    #[schema(required, value_type = Option<Object>)]
    logprobs: Option<()>,
    /// `stop`, `length`, `tool_calls` or `content_filter`.
    finish_reason: &'static str,
}

/// What the model said.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatCompletionResponseMessage)]
pub(crate) struct ResponseMessage {
    /// Always `assistant`.
    role: &'static str,
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
    kind: &'static str,
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

/// One event of a streamed completion.
pub(crate) type CreateChatCompletionStreamResponse = Chunk<'static>;

/// One event of a streamed completion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreateChatCompletionStreamResponse)]
pub(crate) struct Chunk<'a> {
    /// The same on every chunk.
    id: &'a str,
    /// Always `chat.completion.chunk`.
    object: &'static str,
    /// The same on every chunk, in Unix seconds.
    created: u64,
    /// The model as the request named it.
    model: &'a str,
    /// One change, or none in the chunk that reports usage.
    #[schema(value_type = Vec<ChunkChoice>)]
    choices: Option1<ChunkChoice<'a>>,
    /// With `stream_options.include_usage`: the tokens spent, null but in the last chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CompletionUsage>, required = false)]
    usage: Option<Option<CompletionUsage>>,
}

/// One change of a streamed completion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatCompletionChunkChoice)]
pub(crate) struct ChunkChoice<'a> {
    /// Always 0.
    index: u32,
    /// What is new.
    delta: ChunkDelta<'a>,
    /// Always null.
    #[schema(required, value_type = Option<Object>)]
    logprobs: Option<()>,
    /// Null, and in the last change `stop`, `length`, `tool_calls` or `content_filter`.
    #[schema(required)]
    finish_reason: Option<&'static str>,
}

/// What is new in a chunk.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ChatCompletionChunkDelta)]
pub(crate) struct ChunkDelta<'a> {
    /// `assistant`, in the first chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    /// More of the visible text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a str>,
    /// More of the reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<&'a str>,
    /// More of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    /// A tool call that begins, or more of its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<StreamedToolCall>>)]
    pub(super) tool_calls: Option<[StreamedToolCall<'a>; 1]>,
}

/// A tool call that begins, or more of its arguments.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatCompletionChunkToolCall)]
pub(crate) struct StreamedToolCall<'a> {
    /// Which call, counted from 0.
    index: u32,
    /// The call's id, once, when it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// `function`, once, when it begins.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// What is new.
    function: StreamedFunction<'a>,
}

/// What is new of a called function.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatCompletionChunkFunction)]
pub(crate) struct StreamedFunction<'a> {
    /// Its name, once, when the call begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    /// The next piece of the JSON text.
    pub(super) arguments: &'a str,
}

/// None or one of something, written as a list.
#[derive(Debug)]
struct Option1<T>(Option<T>);

impl<T: Serialize> Serialize for Option1<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl Default for ResponseMessage {
    fn default() -> Self {
        Self {
            role: "assistant",
            content: None,
            refusal: None,
            reasoning_content: None,
            tool_calls: Vec::new(),
            annotations: [],
        }
    }
}

impl ResponseMessage {
    /// Adds a piece of the answer.
    pub(super) fn grow(&mut self, delta: Delta) {
        match delta {
            Delta::Text(text) => append(&mut self.content, text),
            Delta::Reasoning(text) => append(&mut self.reasoning_content, text),
            Delta::Refusal(text) => append(&mut self.refusal, text),
            Delta::Scores(_) => {}
            Delta::ToolCallStart { id, name, .. } => {
                let function = ResponseFunction { name, arguments: String::new() };
                self.tool_calls.push(ResponseToolCall { id, kind: "function", function });
            }
            Delta::ToolCallArguments { index, fragment } => {
                let call = usize::try_from(index).ok().and_then(|i| self.tool_calls.get_mut(i));
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

impl CreateChatCompletionResponse {
    /// An answer that has ended.
    pub(super) fn new(
        heading: Heading,
        mut message: ResponseMessage,
        finish_reason: &'static str,
        usage: Usage,
    ) -> Self {
        let Heading { id, created, model } = heading;
        // OpenAI sends null beside tool calls and a refusal, text otherwise, empty or not.
        if message.content.is_none() && message.tool_calls.is_empty() && message.refusal.is_none() {
            message.content = Some(String::new());
        }
        let choices = [ChatCompletionChoice { index: 0, message, logprobs: None, finish_reason }];
        Self { id, object: "chat.completion", created, model, choices, usage: usage.into() }
    }
}

impl<'a> Chunk<'a> {
    /// A chunk with a change, or without one; `usage` is the field's value where there is one.
    pub(super) fn new(
        heading: &'a Heading,
        change: Option<ChunkChoice<'a>>,
        usage: Option<Option<CompletionUsage>>,
    ) -> Self {
        let Heading { id, created, model } = heading;
        let (object, choices) = ("chat.completion.chunk", Option1(change));
        Self { id, object, created: *created, model, choices, usage }
    }
}

impl<'a> ChunkChoice<'a> {
    /// More of the answer.
    pub(super) fn more(delta: ChunkDelta<'a>) -> Self {
        Self { index: 0, delta, logprobs: None, finish_reason: None }
    }

    /// Its end.
    pub(super) fn end(finish_reason: &'static str) -> Self {
        let finish_reason = Some(finish_reason);
        Self { index: 0, delta: ChunkDelta::default(), logprobs: None, finish_reason }
    }
}

impl ChunkDelta<'_> {
    /// The first change: who speaks.
    pub(super) fn opening() -> Self {
        Self { role: Some("assistant"), content: Some(""), ..Self::default() }
    }
}

impl<'a> StreamedToolCall<'a> {
    /// A call that begins when it has an id, else more of one.
    pub(super) fn new(index: u32, id: Option<&'a str>, function: StreamedFunction<'a>) -> Self {
        Self { index, id, kind: id.map(|_| "function"), function }
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
