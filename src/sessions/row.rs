//! The index: one row a session.

use super::keys::ChatType;
use crate::types::{AgentId, SessionKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is known of a session without reading its transcript. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its key.
    pub key: String,
    /// The id of its current transcript.
    pub session_id: String,
    /// The namespace of the callers it belongs to; absent for the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Last change.
    pub updated_at: i64,
    /// When the current transcript began.
    pub session_started_at: i64,
    /// Last message of a person.
    pub last_interaction_at: i64,
    /// Where it lives: `openai`, or a channel's name.
    pub channel: String,
    /// `direct`, `group` or `thread`.
    pub chat_type: String,
    /// A name given by people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A model to use instead of the agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_override: Option<String>,
    /// Entries of the current transcript.
    pub entries: u64,
    /// Of these, messages.
    pub messages: u64,
    /// Bytes of text of the current transcript.
    pub bytes: u64,
    /// Tokens read over all turns of the current transcript.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Whether the last run did not come to its end.
    pub aborted_last_run: bool,
}

/// Which sessions to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this agent's.
    pub agent: Option<AgentId>,
    /// Only those of callers of this namespace.
    pub owner: Option<&'static str>,
    /// Only those changed since, in milliseconds since 1970.
    pub active_since: Option<i64>,
    /// Leaves out so many at the front.
    pub skip: usize,
    /// Most rows.
    pub limit: usize,
}

/// A page of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The rows.
    pub rows: Vec<Row>,
    /// How many there are in all.
    pub total: u64,
}

/// A message that a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its session.
    pub key: SessionKey,
    /// The sequence of its entry in the session's transcript.
    pub sequence: u64,
    /// A piece of its text around the words.
    pub snippet: String,
}

/// What people may change of a row; absent leaves it, an empty text removes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// The name.
    pub label: Option<String>,
    /// The model.
    pub model_override: Option<String>,
}

impl Row {
    /// Its key, parsed.
    pub fn session_key(&self) -> Option<SessionKey> {
        SessionKey::parse(&self.key).ok()
    }

    /// The row of a session that begins now.
    pub(super) fn new(key: &SessionKey, now: i64) -> Self {
        Self {
            key: key.to_string(),
            session_id: Uuid::new_v4().to_string(),
            owner: None,
            updated_at: now,
            session_started_at: now,
            last_interaction_at: now,
            channel: String::new(),
            chat_type: ChatType::of(key).as_str().to_owned(),
            label: None,
            model_override: None,
            entries: 0,
            messages: 0,
            bytes: 0,
            input_tokens: 0,
            output_tokens: 0,
            aborted_last_run: false,
        }
    }

    /// Begins a new transcript; what people set stays.
    pub(super) fn renew(&mut self, now: i64) {
        let fresh = Self {
            session_id: Uuid::new_v4().to_string(),
            updated_at: now,
            session_started_at: now,
            entries: 0,
            messages: 0,
            bytes: 0,
            input_tokens: 0,
            output_tokens: 0,
            aborted_last_run: false,
            ..self.clone()
        };
        *self = fresh;
    }
}

impl Patch {
    /// Makes the change.
    pub(super) fn apply(&self, row: &mut Row) {
        let set = |field: &mut Option<String>, value: &Option<String>| {
            if let Some(text) = value {
                *field = Some(text.clone()).filter(|text| !text.is_empty());
            }
        };
        set(&mut row.label, &self.label);
        set(&mut row.model_override, &self.model_override);
    }
}
