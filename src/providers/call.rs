//! What a model is asked, and what it answers.

use super::vocabulary::Vocabulary;
use crate::types::{
    Delta, EmbeddingInput, Hints, Message, ModelRef, ResponseFormat, Sampling, StopReason,
    TokenScore, ToolCall, ToolChoice, ToolSpec, Usage,
};
use std::sync::Arc;

/// One question to one model.
#[derive(Debug, Clone)]
pub struct ModelCall {
    /// Which model, at which provider.
    pub model: ModelRef,
    /// The conversation, oldest first, instructions included.
    pub messages: Vec<Message>,
    /// How it samples.
    pub sampling: Sampling,
    /// What else the provider may make use of.
    pub hints: Hints,
    /// The form the answer must take.
    pub response_format: Option<ResponseFormat>,
    /// The functions it may call.
    pub tools: Vec<ToolSpec>,
    /// How free it is in calling them.
    pub tool_choice: ToolChoice,
    /// Whether it may call several at once; absent leaves it to the provider.
    pub parallel_tool_calls: Option<bool>,
}

/// What happens while an answer grows.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    /// It grew.
    Delta(Delta),
    /// Tokens spent, cumulative; the last one counts.
    Usage(Usage),
    /// It is complete; only usage may still come.
    Stop(StopReason),
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// The visible answer.
    pub text: Option<String>,
    /// Reasoning the provider chose to show.
    pub reasoning: Option<String>,
    /// The model's words when it declines.
    pub refusal: Option<String>,
    /// Scores of the tokens of the text, where they were asked for.
    pub scores: Vec<TokenScore>,
    /// The tools it asks for, in the order it asks.
    pub tool_calls: Vec<ToolCall>,
    /// Why it stopped.
    pub stop: StopReason,
    /// Tokens spent, when the provider says.
    pub usage: Option<Usage>,
}

/// One request for embeddings.
#[derive(Debug, Clone)]
pub struct EmbedCall {
    /// Which model, at which provider.
    pub model: ModelRef,
    /// What shall be embedded.
    pub input: Arc<EmbeddingInput>,
    /// How long the vectors shall be; longer ones are cut.
    pub dimensions: Option<u32>,
    /// What token ids stand for, and texts are counted with.
    pub vocabulary: Vocabulary,
}

impl EmbedCall {
    /// A call for vectors as the model makes them.
    pub fn new(model: ModelRef, input: EmbeddingInput) -> Self {
        let (input, vocabulary) = (Arc::new(input), Vocabulary::default());
        Self { model, input, dimensions: None, vocabulary }
    }
}
