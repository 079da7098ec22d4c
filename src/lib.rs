//! `openclaw`: an OpenAI-compatible API server whose models are agents.
//!
//! The library holds everything but the process itself; `docs/ARCHITECTURE.md` is the map.

pub mod agents;
pub mod auth;
pub mod cli;
pub mod config;
pub mod gateway;
pub mod health;
pub mod http;
pub mod media;
pub mod net;
pub mod providers;
pub mod responses;
pub mod runs;
pub mod secrets;
pub mod sessions;
pub mod store;
pub mod tasks;
pub mod telemetry;
pub mod tools;
pub mod types;
