//! What can be asked of responses, and what is answered.

use super::{Echo, Item, ResponseId};
use crate::types::{AgentId, ContextText, Origin, RunRequest, Usage};

/// A response that is wanted.
#[derive(Debug)]
pub struct Create {
    /// The run that makes it, for an agent that is named. Its `input` and `context` are what is new; what `previous` said is
    /// put before them here. Its `on_disconnect` says what becomes of the response when nobody
    /// follows it any more.
    pub run: RunRequest,
    /// What is new, as items.
    pub input: Vec<Item>,
    /// What of the request the response repeats.
    pub echo: Echo,
    /// The response that it continues.
    pub previous: Option<ResponseId>,
    /// Whether it is kept.
    pub keep: Keep,
    /// Whether it goes on without anybody following it.
    pub background: bool,
}

/// Whether a response is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// In the store: it can be read again and continued, also after a restart.
    Stored,
    /// Nowhere.
    Nothing,
}

/// A page of input items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most so many, 1 to 100.
    pub limit: usize,
    /// The id of the last item of the page before.
    pub after: Option<String>,
    /// Whether the newest come first.
    pub order: Order,
}

/// The order of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    Ascending,
    /// The newest first.
    Descending,
}

/// Input items, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Items {
    /// The page.
    pub items: Vec<Item>,
    /// Whether there are more after it.
    pub has_more: bool,
}

/// A conversation to be made short.
#[derive(Debug)]
pub struct Compact {
    /// The agent whose model writes the summary; none for the default agent.
    pub agent: Option<AgentId>,
    /// The model that writes instead of the agent's.
    pub model: Option<String>,
    /// Who asks, and where.
    pub origin: Origin,
    /// What the model reads with the conversation.
    pub context: Vec<ContextText>,
    /// The response whose conversation it is, with all it continues.
    pub previous: Option<ResponseId>,
    /// What comes after it, or the whole conversation.
    pub input: Vec<Item>,
}

/// A conversation made short.
#[derive(Debug, Clone, PartialEq)]
pub struct Compacted {
    /// What takes the place of the conversation: what people said last, and one
    /// [`Item::Compaction`] for the rest.
    pub output: Vec<Item>,
    /// Tokens spent.
    pub usage: Usage,
}
