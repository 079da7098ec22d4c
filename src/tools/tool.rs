//! What a tool is, what it is asked and what it answers.

use super::{Context, Failed};
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::time::Duration;

/// A tool. It never checks policy, arguments or limits: the toolbox has done so.
pub trait Tool: Send + Sync {
    /// What it is.
    fn spec(&self) -> &Spec;

    /// Does its work. Dropping the future ends the work.
    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Output, Failed>>;
}

/// What a tool is.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Its name, unique in a toolbox whatever the case of its letters.
    pub name: String,
    /// What a model reads to decide whether to call it.
    pub description: String,
    /// JSON Schema of its arguments, an object.
    pub parameters: Value,
    /// The groups by which a policy may name it.
    pub groups: Vec<Group>,
    /// Whether only the operator may use it.
    pub owner_only: bool,
    /// Whether each use needs somebody's consent.
    pub approval: Approval,
    /// How long it may take and how much it may say.
    pub limits: Limits,
}

/// A group of tools, `group:<name>` in a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Running commands.
    Runtime,
    /// Files.
    Fs,
    /// Sessions.
    Sessions,
    /// Memory.
    Memory,
    /// The web.
    Web,
    /// Browsers and canvases.
    Ui,
    /// Jobs and the gateway itself.
    Automation,
    /// Sending messages.
    Messaging,
    /// Paired machines.
    Nodes,
    /// Everything the gateway brings along.
    OpenClaw,
}

impl Group {
    /// All groups.
    pub const ALL: [Group; 10] = [
        Group::Runtime,
        Group::Fs,
        Group::Sessions,
        Group::Memory,
        Group::Web,
        Group::Ui,
        Group::Automation,
        Group::Messaging,
        Group::Nodes,
        Group::OpenClaw,
    ];

    /// The name after `group:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Group::Runtime => "runtime",
            Group::Fs => "fs",
            Group::Sessions => "sessions",
            Group::Memory => "memory",
            Group::Web => "web",
            Group::Ui => "ui",
            Group::Automation => "automation",
            Group::Messaging => "messaging",
            Group::Nodes => "nodes",
            Group::OpenClaw => "openclaw",
        }
    }
}

/// Whether a use of a tool needs consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// It does not.
    Never,
    /// Somebody with the approvals scope must agree.
    Ask,
}

/// What one use of a tool may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A use that takes longer is ended.
    pub time: Duration,
    /// Text beyond so many bytes is cut off.
    pub output_bytes: usize,
}

impl Default for Limits {
    /// Half a minute, 64 KiB.
    fn default() -> Self {
        Self { time: Duration::from_secs(30), output_bytes: 64 * 1024 }
    }
}

/// One use of a tool.
#[derive(Debug, Clone)]
pub struct Call {
    /// The arguments, which fit the tool's schema.
    pub args: Map<String, Value>,
    /// Who uses it, and where.
    pub context: Context,
}

impl Call {
    /// The arguments as the tool reads them.
    ///
    /// # Errors
    /// [`Failed::Input`] when they do not fit, which a schema that says the same rules out.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, Failed> {
        let args = Value::Object(self.args.clone());
        serde_json::from_value(args).map_err(|error| Failed::Input(error.to_string()))
    }
}

/// What a tool answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Output {
    /// Texts for the model, in order.
    pub content: Vec<String>,
    /// The same for programs.
    pub details: Value,
}

impl Output {
    /// An answer whose text is its details, written as JSON without a byte too many: it may be a
    /// model that reads it.
    pub fn json(details: Value) -> Self {
        let text = details.to_string();
        Self { content: vec![text], details }
    }
}
