//! What the HTTP side hands to the engine's thread, and what comes back.

use super::wire::Refusal;
use tokio::sync::{mpsc, oneshot};

/// Jobs that may wait while one is being answered; more are refused as overloaded.
pub(super) const MAX_WAITING: usize = 32;

/// Who speaks a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    System,
    User,
    Assistant,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) role: Role,
    pub(super) text: String,
}

/// How to sample; an absent value is the engine's own default.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sampling {
    pub(super) temperature: Option<f32>,
    pub(super) top_p: Option<f32>,
    pub(super) frequency_penalty: Option<f32>,
    pub(super) presence_penalty: Option<f32>,
    pub(super) seed: Option<u32>,
    pub(super) stop: Vec<String>,
    pub(super) max_tokens: Option<u32>,
    /// The JSON schema the answer must fit, if any.
    pub(super) schema: Option<String>,
}

/// A conversation to continue. Dropping the receiver of `reply` cancels it.
pub(super) struct ChatJob {
    pub(super) turns: Vec<Turn>,
    pub(super) sampling: Sampling,
    /// Tokens that conversation and answer may have together, if the gateway says.
    pub(super) window: Option<u32>,
    pub(super) reply: mpsc::Sender<Answer>,
}

/// The answer, in order: `Begun` once, then text, then `Done`; or `Refused` and nothing more.
#[derive(Debug)]
pub(super) enum Answer {
    /// The prompt fits and generation begins.
    Begun,
    /// The next piece of text.
    Text(String),
    /// The end.
    Done { finish: Finish, prompt_tokens: u64, completion_tokens: u64 },
    /// The job cannot be done.
    Refused(Refusal),
}

/// Why the answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    Stop,
    Length,
}

impl Finish {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Finish::Stop => "stop",
            Finish::Length => "length",
        }
    }
}

/// Texts to embed. Dropping the receiver of `reply` cancels it.
pub(super) struct EmbedJob {
    pub(super) texts: Vec<String>,
    pub(super) reply: oneshot::Sender<Result<Vectors, Refusal>>,
}

/// One unit vector a text, in order, and the tokens read.
#[derive(Debug)]
pub(super) struct Vectors {
    pub(super) vectors: Vec<Vec<f32>>,
    pub(super) tokens: u64,
}
