//! Items: what conversations are made of on `/v1/responses`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One item of a conversation, complete and in OpenAI's form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Item {
    /// Something said.
    Message {
        /// `msg_…`.
        id: String,
        /// How far it is.
        status: Status,
        /// Who speaks.
        role: Role,
        /// What is said.
        content: Vec<Part>,
        /// What it is in the answer, once that is known; only messages of models have it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phase: Option<Phase>,
    },
    /// A model's request to run a function.
    FunctionCall {
        /// `fc_…`.
        id: String,
        /// The provider's id for the call, by which its output refers to it.
        call_id: String,
        /// The function's name.
        name: String,
        /// Arguments as the model wrote them: JSON text, which may be malformed.
        arguments: String,
        /// How far it is.
        status: Status,
    },
    /// What a function answered.
    FunctionCallOutput {
        /// `fco_…`.
        id: String,
        /// The call it answers.
        call_id: String,
        /// The answer.
        output: Output,
        /// How far it is.
        status: Status,
    },
    /// What a model thought before it answered.
    Reasoning {
        /// `rs_…`.
        id: String,
        /// What the provider chose to show of it.
        summary: Vec<Summary>,
        /// How far it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<Status>,
    },
    /// A conversation made short.
    Compaction {
        /// `cmp_…`.
        id: String,
        /// What it was about, for this gateway to read again.
        encrypted_content: String,
    },
}

/// What a model's message is in its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ItemPhase)]
pub enum Phase {
    /// Said on the way, such as before a function is called.
    Commentary,
    /// The answer.
    FinalAnswer,
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ItemStatus)]
pub enum Status {
    /// It grows.
    InProgress,
    /// It is whole.
    Completed,
    /// It was cut short.
    Incomplete,
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ItemRole)]
pub enum Role {
    /// The person, or the program acting for them.
    User,
    /// The model.
    Assistant,
    /// Instructions.
    System,
    /// Instructions, under their newer name.
    Developer,
}

impl Item {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Message { id, .. }
            | Self::FunctionCall { id, .. }
            | Self::FunctionCallOutput { id, .. }
            | Self::Reasoning { id, .. }
            | Self::Compaction { id, .. } => id,
        }
    }

    /// Its id, to be changed.
    pub(super) fn id_mut(&mut self) -> &mut String {
        match self {
            Self::Message { id, .. }
            | Self::FunctionCall { id, .. }
            | Self::FunctionCallOutput { id, .. }
            | Self::Reasoning { id, .. }
            | Self::Compaction { id, .. } => id,
        }
    }
}

/// One part of a message, or of a function's output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ItemPart)]
pub enum Part {
    /// Text from outside.
    InputText {
        /// The text.
        text: String,
    },
    /// An image.
    InputImage {
        /// A `data:` URI.
        #[serde(skip_serializing_if = "Option::is_none")]
        image_url: Option<String>,
        /// `auto`, `low` or `high`.
        detail: String,
    },
    /// A file; its text is read when it comes and is not repeated here.
    InputFile {
        /// What the caller calls it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        filename: Option<String>,
        /// Where it came from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file_url: Option<String>,
    },
    /// A recording.
    InputAudio {
        /// Its bytes and what they are.
        input_audio: Audio,
    },
    /// Text of the model's.
    OutputText {
        /// The text.
        text: String,
        /// Always empty.
        #[serde(default)]
        #[schema(value_type = Vec<Object>, required)]
        annotations: [(); 0],
        /// Scores of its tokens, where they were asked for.
        #[serde(default)]
        #[schema(required)]
        logprobs: Vec<LogProb>,
    },
    /// The model declines, in its own words.
    Refusal {
        /// The words.
        refusal: String,
    },
}

impl Part {
    /// A text of the model's.
    pub(super) fn text(text: String) -> Self {
        Self::OutputText { text, annotations: [], logprobs: Vec::new() }
    }
}

/// A sound recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ItemAudio)]
pub struct Audio {
    /// Base64 of it.
    pub data: String,
    /// `wav` or `mp3`.
    pub format: String,
}

/// A token of an answer and how likely the model found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ItemLogProb)]
pub struct LogProb {
    /// The token's text.
    pub token: String,
    /// Natural logarithm of its probability.
    pub logprob: f64,
    /// Its UTF-8 bytes.
    pub bytes: Vec<u8>,
    /// The likeliest tokens at its place.
    pub top_logprobs: Vec<TopLogProb>,
}

/// A token that could have stood in another's place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ItemTopLogProb)]
pub struct TopLogProb {
    /// The token's text.
    pub token: String,
    /// Natural logarithm of its probability.
    pub logprob: f64,
    /// Its UTF-8 bytes.
    pub bytes: Vec<u8>,
}

/// What a function answered: a text, or parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = FunctionOutput)]
pub enum Output {
    /// One text.
    Text(String),
    /// Several parts.
    Parts(Vec<Part>),
}

/// A part of what is shown of a model's thoughts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ReasoningSummary)]
pub enum Summary {
    /// Text.
    SummaryText {
        /// The text.
        text: String,
    },
}
