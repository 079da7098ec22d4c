//! What happens while a response grows.

use super::item::LogProb;
use super::{Item, Part, ResponseObject, Summary};
use serde::Serialize;
use utoipa::ToSchema;

/// One event of a response, complete and in OpenAI's form; serialised, it is the `data` of a
/// server-sent event, a WebSocket frame. Numbers count from 0, without gaps.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type")]
#[schema(as = ResponseEvent)]
pub enum Event {
    /// The first event.
    #[serde(rename = "response.created")]
    Created {
        /// Its place in the stream.
        sequence_number: u64,
        /// The response as it is now.
        response: Box<ResponseObject>,
    },
    /// It waits to begin; only background responses do.
    #[serde(rename = "response.queued")]
    Queued {
        /// Its place in the stream.
        sequence_number: u64,
        /// The response as it is now.
        response: Box<ResponseObject>,
    },
    /// The model is at work.
    #[serde(rename = "response.in_progress")]
    InProgress {
        /// Its place in the stream.
        sequence_number: u64,
        /// The response as it is now.
        response: Box<ResponseObject>,
    },
    /// The last event of a response that was completed.
    #[serde(rename = "response.completed")]
    Completed {
        /// Its place in the stream.
        sequence_number: u64,
        /// The response, whole.
        response: Box<ResponseObject>,
    },
    /// The last event of a response that was cut short or cancelled.
    #[serde(rename = "response.incomplete")]
    Incomplete {
        /// Its place in the stream.
        sequence_number: u64,
        /// The response as far as it got.
        response: Box<ResponseObject>,
    },
    /// The last event of a response that failed.
    #[serde(rename = "response.failed")]
    Failed {
        /// Its place in the stream.
        sequence_number: u64,
        /// The response as far as it got.
        response: Box<ResponseObject>,
    },
    /// An item begins.
    #[serde(rename = "response.output_item.added")]
    ItemAdded {
        /// Its place in the stream.
        sequence_number: u64,
        /// The item's place in the output.
        output_index: u32,
        /// The item, so far empty.
        item: Item,
    },
    /// An item is as it will stay.
    #[serde(rename = "response.output_item.done")]
    ItemDone {
        /// Its place in the stream.
        sequence_number: u64,
        /// The item's place in the output.
        output_index: u32,
        /// The item.
        item: Item,
    },
    /// A part of a message begins.
    #[serde(rename = "response.content_part.added")]
    PartAdded {
        /// Its place in the stream.
        sequence_number: u64,
        /// The message.
        item_id: String,
        /// The message's place in the output.
        output_index: u32,
        /// The part's place in the message.
        content_index: u32,
        /// The part, so far empty.
        part: Part,
    },
    /// A part of a message is as it will stay.
    #[serde(rename = "response.content_part.done")]
    PartDone {
        /// Its place in the stream.
        sequence_number: u64,
        /// The message.
        item_id: String,
        /// The message's place in the output.
        output_index: u32,
        /// The part's place in the message.
        content_index: u32,
        /// The part.
        part: Part,
    },
    /// Text grows.
    #[serde(rename = "response.output_text.delta")]
    TextDelta {
        /// Its place in the stream.
        sequence_number: u64,
        /// The message.
        item_id: String,
        /// The message's place in the output.
        output_index: u32,
        /// The part's place in the message.
        content_index: u32,
        /// What comes next.
        delta: String,
        /// Scores of its tokens, where they were asked for.
        logprobs: Vec<LogProb>,
    },
    /// Text is as it will stay.
    #[serde(rename = "response.output_text.done")]
    TextDone {
        /// Its place in the stream.
        sequence_number: u64,
        /// The message.
        item_id: String,
        /// The message's place in the output.
        output_index: u32,
        /// The part's place in the message.
        content_index: u32,
        /// The text.
        text: String,
        /// Scores of its tokens, where they were asked for.
        logprobs: Vec<LogProb>,
    },
    /// A refusal grows.
    #[serde(rename = "response.refusal.delta")]
    RefusalDelta {
        /// Its place in the stream.
        sequence_number: u64,
        /// The message.
        item_id: String,
        /// The message's place in the output.
        output_index: u32,
        /// The part's place in the message.
        content_index: u32,
        /// What comes next.
        delta: String,
    },
    /// A refusal is as it will stay.
    #[serde(rename = "response.refusal.done")]
    RefusalDone {
        /// Its place in the stream.
        sequence_number: u64,
        /// The message.
        item_id: String,
        /// The message's place in the output.
        output_index: u32,
        /// The part's place in the message.
        content_index: u32,
        /// The refusal.
        refusal: String,
    },
    /// Arguments of a function call grow.
    #[serde(rename = "response.function_call_arguments.delta")]
    ArgumentsDelta {
        /// Its place in the stream.
        sequence_number: u64,
        /// The call.
        item_id: String,
        /// The call's place in the output.
        output_index: u32,
        /// What comes next.
        delta: String,
    },
    /// Arguments of a function call are as they will stay.
    #[serde(rename = "response.function_call_arguments.done")]
    ArgumentsDone {
        /// Its place in the stream.
        sequence_number: u64,
        /// The call.
        item_id: String,
        /// The call's place in the output.
        output_index: u32,
        /// The function.
        name: String,
        /// The arguments.
        arguments: String,
    },
    /// A part of what is shown of the model's thoughts begins.
    #[serde(rename = "response.reasoning_summary_part.added")]
    SummaryPartAdded {
        /// Its place in the stream.
        sequence_number: u64,
        /// The reasoning item.
        item_id: String,
        /// The item's place in the output.
        output_index: u32,
        /// The part's place in the summary.
        summary_index: u32,
        /// The part, so far empty.
        part: Summary,
    },
    /// A part of what is shown of the model's thoughts is as it will stay.
    #[serde(rename = "response.reasoning_summary_part.done")]
    SummaryPartDone {
        /// Its place in the stream.
        sequence_number: u64,
        /// The reasoning item.
        item_id: String,
        /// The item's place in the output.
        output_index: u32,
        /// The part's place in the summary.
        summary_index: u32,
        /// The part.
        part: Summary,
    },
    /// What is shown of the model's thoughts grows.
    #[serde(rename = "response.reasoning_summary_text.delta")]
    SummaryTextDelta {
        /// Its place in the stream.
        sequence_number: u64,
        /// The reasoning item.
        item_id: String,
        /// The item's place in the output.
        output_index: u32,
        /// The part's place in the summary.
        summary_index: u32,
        /// What comes next.
        delta: String,
    },
    /// What is shown of the model's thoughts is as it will stay.
    #[serde(rename = "response.reasoning_summary_text.done")]
    SummaryTextDone {
        /// Its place in the stream.
        sequence_number: u64,
        /// The reasoning item.
        item_id: String,
        /// The item's place in the output.
        output_index: u32,
        /// The part's place in the summary.
        summary_index: u32,
        /// The text.
        text: String,
    },
}

impl Event {
    /// Its `type`, such as `response.created`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "response.created",
            Self::Queued { .. } => "response.queued",
            Self::InProgress { .. } => "response.in_progress",
            Self::Completed { .. } => "response.completed",
            Self::Incomplete { .. } => "response.incomplete",
            Self::Failed { .. } => "response.failed",
            Self::ItemAdded { .. } => "response.output_item.added",
            Self::ItemDone { .. } => "response.output_item.done",
            Self::PartAdded { .. } => "response.content_part.added",
            Self::PartDone { .. } => "response.content_part.done",
            Self::TextDelta { .. } => "response.output_text.delta",
            Self::TextDone { .. } => "response.output_text.done",
            Self::RefusalDelta { .. } => "response.refusal.delta",
            Self::RefusalDone { .. } => "response.refusal.done",
            Self::ArgumentsDelta { .. } => "response.function_call_arguments.delta",
            Self::ArgumentsDone { .. } => "response.function_call_arguments.done",
            Self::SummaryPartAdded { .. } => "response.reasoning_summary_part.added",
            Self::SummaryPartDone { .. } => "response.reasoning_summary_part.done",
            Self::SummaryTextDelta { .. } => "response.reasoning_summary_text.delta",
            Self::SummaryTextDone { .. } => "response.reasoning_summary_text.done",
        }
    }

    /// Its place in the stream.
    pub fn sequence_number(&self) -> u64 {
        match self {
            Self::Created { sequence_number, .. }
            | Self::Queued { sequence_number, .. }
            | Self::InProgress { sequence_number, .. }
            | Self::Completed { sequence_number, .. }
            | Self::Incomplete { sequence_number, .. }
            | Self::Failed { sequence_number, .. }
            | Self::ItemAdded { sequence_number, .. }
            | Self::ItemDone { sequence_number, .. }
            | Self::PartAdded { sequence_number, .. }
            | Self::PartDone { sequence_number, .. }
            | Self::TextDelta { sequence_number, .. }
            | Self::TextDone { sequence_number, .. }
            | Self::RefusalDelta { sequence_number, .. }
            | Self::RefusalDone { sequence_number, .. }
            | Self::ArgumentsDelta { sequence_number, .. }
            | Self::ArgumentsDone { sequence_number, .. }
            | Self::SummaryPartAdded { sequence_number, .. }
            | Self::SummaryPartDone { sequence_number, .. }
            | Self::SummaryTextDelta { sequence_number, .. }
            | Self::SummaryTextDone { sequence_number, .. } => *sequence_number,
        }
    }

    /// The response, where this is the last event.
    pub fn last(&self) -> Option<&ResponseObject> {
        match self {
            Self::Completed { response, .. }
            | Self::Incomplete { response, .. }
            | Self::Failed { response, .. } => Some(response),
            _ => None,
        }
    }
}
