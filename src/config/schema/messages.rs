//! `messages`: what becomes of messages on their way to an agent.

use crate::types::QueueMode;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `messages`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Messages {
    /// What becomes of a message for a session in which a run is under way.
    pub queue: Queue,
}

/// `messages.queue`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Queue {
    /// The mode; `steer` by default. Calls of the HTTP API, each of which waits for an answer of
    /// its own, are `followup` whatever this says.
    pub mode: QueueMode,
    /// The mode for channels by their name.
    pub by_channel: BTreeMap<String, QueueMode>,
    /// For `collect`: milliseconds without a further message before the turn begins.
    pub debounce_ms: u64,
    /// Messages that may wait in one session.
    pub cap: usize,
    /// What gives way when more would wait.
    pub drop: Drop,
}

/// `messages.queue.drop`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Drop {
    /// The new message is refused; its sender is told.
    #[default]
    New,
    /// The oldest waiting message is; its sender is told.
    Old,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            mode: QueueMode::Steer,
            by_channel: BTreeMap::new(),
            debounce_ms: 500,
            cap: 20,
            drop: Drop::New,
        }
    }
}
