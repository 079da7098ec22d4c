//! What a transcript is made of.

use crate::types::{Message, ModelRef, RunId, Usage};

/// One entry of a transcript.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place in the transcript, from 1, without gaps.
    pub sequence: u64,
    /// When it was written, in milliseconds since 1970.
    pub at: i64,
    /// What it says.
    pub body: Body,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// The session begins, for the first time or anew.
    Opened {
        /// Its id; a new one each time.
        session: String,
        /// Why: `new`, `reset`, `daily` or `idle`.
        why: String,
    },
    /// Something was said.
    Message(Said),
    /// A run ended without an answer, or with a part of one that the next turn does not build on.
    Broken {
        /// The run.
        run: RunId,
        /// How.
        ending: Ending,
        /// Why, in words a client may see.
        why: String,
        /// The part of the answer that was there.
        partial: Option<String>,
    },
    /// Something the agent was told beside the conversation.
    Notice(String),
}

/// A message of a transcript.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The message.
    pub message: Message,
    /// The run it belongs to.
    pub run: RunId,
    /// For an answer: who gave it.
    pub model: Option<ModelRef>,
    /// For an answer: what it took.
    pub usage: Option<Usage>,
    /// For an answer: how it ended.
    pub ending: Option<Ending>,
}

/// How a run of a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The model was done.
    Stop,
    /// It ran into the token limit.
    Length,
    /// The provider withheld the rest.
    ContentFilter,
    /// It called the client's tools.
    ToolCalls,
    /// Somebody ended it.
    Aborted,
    /// Something went wrong.
    Failed,
    /// The provider would not take what was asked: asking it again, or after it, would go wrong
    /// again, so no later turn reads it.
    Refused,
    /// The gateway stopped meanwhile.
    Interrupted,
}

/// What to write at the end of a turn.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The answer, or the part of it that was there.
    pub answer: Option<Message>,
    /// How it ended.
    pub ending: Ending,
    /// For an ending without a whole answer: why, in words a client may see.
    pub why: String,
    /// Who answered.
    pub model: Option<ModelRef>,
    /// What it took.
    pub usage: Option<Usage>,
}
