//! OpenAI's Chat Completions answer, as it grows.

use super::logprobs::Logprobs;
use super::stream::Calls;
use super::wire_out::{CompletionUsage, FinishReason, Heading};
use crate::http::always;
use crate::types::Delta;
use serde::Serialize;
use utoipa::ToSchema;

/// One event of a streamed completion.
pub(crate) type CreateChatCompletionStreamResponse = Chunk<'static>;

/// One event of a streamed completion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreateChatCompletionStreamResponse)]
pub(crate) struct Chunk<'a> {
    /// The same on every chunk.
    id: &'a str,
    /// Always `chat.completion.chunk`.
    object: always::ChunkWord,
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
    /// Which of the answers, counted from 0.
    index: u32,
    /// What is new.
    delta: ChunkDelta<'a>,
    /// How likely the model found the tokens of what is new; null unless asked for and told.
    #[schema(required)]
    logprobs: Option<Logprobs>,
    /// Null, and in the last change of an answer `stop`, `length`, `tool_calls`, `content_filter`
    /// or, in the older form, `function_call`.
    #[schema(required)]
    finish_reason: Option<FinishReason>,
}

/// What is new in a chunk.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ChatCompletionChunkDelta)]
pub(crate) struct ChunkDelta<'a> {
    /// `assistant`, in the first chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) role: Option<always::AssistantWord>,
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
    /// The same in the older form, where the request offered `functions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_call: Option<StreamedFunction<'a>>,
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
    #[schema(nullable = false)]
    kind: Option<always::FunctionWord>,
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

impl<'a> Chunk<'a> {
    /// A chunk with a change, or without one; `usage` is the field's value where there is one.
    pub(super) fn new(
        heading: &'a Heading,
        change: Option<ChunkChoice<'a>>,
        usage: Option<Option<CompletionUsage>>,
    ) -> Self {
        let Heading { id, created, model } = heading;
        let (object, choices) = (always::ChunkWord::Always, Option1(change));
        Self { id, object, created: *created, model, choices, usage }
    }
}

impl<'a> ChunkChoice<'a> {
    /// More of an answer.
    pub(super) fn more(index: u32, delta: ChunkDelta<'a>, logprobs: Option<Logprobs>) -> Self {
        Self { index, delta, logprobs, finish_reason: None }
    }

    /// Its end.
    pub(super) fn end(index: u32, finish_reason: FinishReason, logprobs: Option<Logprobs>) -> Self {
        Self { index, delta: ChunkDelta::default(), logprobs, finish_reason: Some(finish_reason) }
    }
}

impl ChunkDelta<'_> {
    /// The first change: who speaks.
    pub(super) fn opening() -> Self {
        Self { role: Some(always::AssistantWord::Always), content: Some(""), ..Self::default() }
    }
}

impl<'a> ChunkDelta<'a> {
    /// The change that a piece of an answer makes, if it makes one.
    pub(super) fn of(delta: &'a Delta, calls: Calls) -> Option<Self> {
        Some(match delta {
            Delta::Text(text) => Self { content: Some(text), ..Self::default() },
            Delta::Reasoning(text) => Self { reasoning_content: Some(text), ..Self::default() },
            Delta::Refusal(text) => Self { refusal: Some(text), ..Self::default() },
            Delta::Scores(_) => return None,
            Delta::ToolCallStart { index, id, name } => {
                let function = StreamedFunction { name: Some(name), arguments: "" };
                Self::call(StreamedToolCall::new(*index, Some(id.as_str()), function), calls)?
            }
            Delta::ToolCallArguments { index, fragment } => {
                let function = StreamedFunction { name: None, arguments: fragment };
                Self::call(StreamedToolCall::new(*index, None, function), calls)?
            }
        })
    }

    /// A call in its form; the older one has room for the first only.
    fn call(call: StreamedToolCall<'a>, calls: Calls) -> Option<Self> {
        match calls {
            Calls::Tools => Some(Self { tool_calls: Some([call]), ..Self::default() }),
            Calls::Function if call.index == 0 => {
                Some(Self { function_call: Some(call.function), ..Self::default() })
            }
            Calls::Function => None,
        }
    }
}

impl<'a> StreamedToolCall<'a> {
    /// A call that begins when it has an id, else more of one.
    pub(super) fn new(index: u32, id: Option<&'a str>, function: StreamedFunction<'a>) -> Self {
        Self { index, id, kind: id.map(|_| always::FunctionWord::Always), function }
    }
}
