//! `tools`: which tools there are for whom.

use serde::Deserialize;
use std::collections::BTreeMap;

/// `tools`, `agents.list[].tools` and, without `byProvider`, each of the latter's entries.
///
/// Names are tools, `group:<name>`, or `*`. What is denied anywhere is denied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ToolSettings {
    /// The set to begin with; agents without one have no tools.
    pub profile: Option<ToolProfile>,
    /// When written, only these of the profile's.
    pub allow: Option<Vec<String>>,
    /// These as well, whatever the profile says.
    pub also_allow: Vec<String>,
    /// Never these.
    pub deny: Vec<String>,
    /// Further limits while a provider, or one `provider/model`, answers.
    pub by_provider: BTreeMap<String, ToolLimits>,
}

/// `tools.byProvider.<id>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ToolLimits {
    /// The set to stay within.
    pub profile: Option<ToolProfile>,
    /// When written, only these.
    pub allow: Option<Vec<String>>,
    /// Never these.
    pub deny: Vec<String>,
}

/// `tools.profile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolProfile {
    /// `session_status` only.
    Minimal,
    /// Files, commands, sessions and memory.
    Coding,
    /// Messages and sessions.
    Messaging,
    /// All there are.
    Full,
}

/// `gateway.tools`: what `POST /tools/invoke` may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct HttpTools {
    /// These although they are denied over HTTP by default.
    pub allow: Vec<String>,
    /// Never these.
    pub deny: Vec<String>,
}
