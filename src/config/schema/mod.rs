//! The shape of `openclaw.json`, one file a section, no logic but defaults.

mod agents;
mod amount;
mod gateway;
mod http;
mod logging;
mod media;
mod memory;
mod messages;
mod models;
mod session;
mod tools;

pub use agents::{AgentDefaults, AgentSettings, Agents, EmbeddingChoice, ModelChoice, SystemAgent};
pub use amount::{Bytes, Span};
pub use gateway::{AuthMode, Bind, Gateway, GatewayAuth, Mode};
pub use http::{
    ChatEndpoint, Cors, Endpoint, Endpoints, Http, HttpModels, Limits, ResponsesEndpoint, Sse,
    UnknownModel,
};
pub use logging::{ConsoleStyle, Level, Logging};
pub use media::{Files, Images, Pdf};
pub use memory::Memory;
pub use messages::{Drop, Messages, Queue};
pub use models::{Api, Cost, EmbeddingCaps, Modality, Model, Models, Provider};
pub use session::{
    DmScope, Maintenance, MaintenanceMode, Reset, ResetByType, ResetMode, SessionScope,
    SessionSettings,
};
pub use tools::{HttpTools, ToolLimits, ToolProfile, ToolSettings, WebFetch, WebTools};

use serde::Deserialize;

/// The whole file. An absent section is its default.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Config {
    /// The listener, its authentication and its HTTP endpoints.
    pub gateway: Gateway,
    /// The agents and what they share.
    pub agents: Agents,
    /// The providers behind the agents.
    pub models: Models,
    /// What agents remember by.
    pub memory: Memory,
    /// How conversations are told apart and kept.
    pub session: SessionSettings,
    /// What becomes of messages on their way to an agent.
    pub messages: Messages,
    /// Which tools there are for whom.
    pub tools: ToolSettings,
    /// Log file and console.
    pub logging: Logging,
}
