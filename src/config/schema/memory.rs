//! `memory`: what agents remember by.

use super::EmbeddingChoice;
use serde::Deserialize;

/// `memory`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Memory {
    /// The newer place of `agents.defaults.memorySearch`, which wins where both are written.
    pub search: Option<EmbeddingChoice>,
}
