//! The request and the answer of `POST /tools/invoke`.

use crate::http::always;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The use of one tool. Fields that are not listed are accepted and not used.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvokeToolRequest {
    /// The tool's name; wins over `tool`.
    pub name: Option<String>,
    /// The tool's name.
    pub tool: Option<String>,
    /// Becomes the argument `action` of a tool that has one, unless `args` has it.
    pub action: Option<String>,
    /// The tool's arguments.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub args: Value,
    /// The session the tool is used in, complete or without `agent:<agentId>:`. Absent or `main`:
    /// the agent's main session.
    pub session_key: Option<String>,
    /// The agent the tool is used for; by default the session's, else the default agent.
    pub agent_id: Option<String>,
    /// Repeats with this key and the same request within 5 minutes run once and get one answer.
    pub idempotency_key: Option<String>,
    /// Checks everything and runs nothing.
    pub dry_run: Option<bool>,
    /// Agrees to the use of a tool that needs approval.
    pub confirm: Option<bool>,
}

/// The tool's answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvokeToolResponse {
    /// Always `true`.
    pub ok: bool,
    /// `true` where nothing was run because the request said `dryRun`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub dry_run: bool,
    /// What the tool says.
    pub result: ToolResult,
}

/// What a tool says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolResult {
    /// Texts, in order.
    pub content: Vec<ToolContent>,
    /// The same for programs; what is in it depends on the tool.
    pub details: Value,
}

/// One text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolContent {
    /// Always `text`.
    #[serde(rename = "type")]
    pub kind: always::TextWord,
    /// The text.
    pub text: String,
}

/// The body of every error reply of this path.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolErrorResponse {
    /// Always `false`.
    pub ok: bool,
    /// What went wrong.
    pub error: ToolErrorBody,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToolErrorBody {
    /// The class of error, such as `not_found`; programs branch on it.
    #[serde(rename = "type")]
    pub kind: String,
    /// For a person: what was wrong and what to do.
    pub message: String,
}
