//! Tools a model may call.

use serde_json::value::RawValue;

/// A function a model may ask for.
#[derive(Debug, Clone)]
pub struct ToolSpec {
    /// Unique among the tools of one run.
    pub name: String,
    /// What the model reads to decide whether to call it.
    pub description: Option<String>,
    /// JSON Schema of the arguments, passed on untouched.
    pub parameters: Option<Box<RawValue>>,
    /// Whether the provider shall hold the model to the schema.
    pub strict: Option<bool>,
}

/// How free a model is in calling tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// No calls.
    None,
    /// At least one call.
    Required,
    /// This function.
    Function(String),
}
