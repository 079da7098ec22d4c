//! The shape of `openclaw.json`, one file a section, no logic but defaults.

mod agents;
mod gateway;
mod logging;
mod memory;
mod models;

pub use agents::{AgentDefaults, AgentSettings, Agents, EmbeddingChoice, ModelChoice, SystemAgent};
pub use gateway::{AuthMode, Bind, Endpoint, Endpoints, Gateway, GatewayAuth, Http, Mode};
pub use logging::{ConsoleStyle, Level, Logging};
pub use memory::Memory;
pub use models::{Api, Model, Models, Provider};

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
    /// Log file and console.
    pub logging: Logging,
}
