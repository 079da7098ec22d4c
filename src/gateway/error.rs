//! Why a gateway does not start, in words for the terminal.

use crate::auth;
use crate::config::{self, Bind};
use crate::responses;
use crate::sessions;
use std::net::SocketAddr;

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The config file is wrong.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// There is no config file.
    #[error(
        "Gateway start blocked: no config found at {0}. Run `openclaw quickstart`, \
         or write one with gateway.mode=local (or pass --allow-unconfigured)."
    )]
    NoConfig(String),
    /// The config says another machine runs the gateway.
    #[error(
        "Gateway start blocked: set gateway.mode=local (current: remote) or pass \
         --allow-unconfigured."
    )]
    Remote,
    /// The config does not say that this machine runs the gateway.
    #[error(
        "Gateway start blocked: existing config is missing gateway.mode. The file {0} may be \
         damaged; if it is as you want it, set gateway.mode=local in it (or pass \
         --allow-unconfigured)."
    )]
    NoMode(String),
    /// The authentication settings contradict each other.
    #[error(transparent)]
    Auth(#[from] auth::Error),
    /// Another gateway has the state folder.
    #[error(
        "another gateway{} uses the state folder {folder}; stop it, or give this one a folder of \
         its own with --profile or OPENCLAW_STATE_DIR",
        pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
    )]
    Taken {
        /// The folder.
        folder: String,
        /// Its process.
        pid: Option<u32>,
    },
    /// Whether another gateway has the state folder cannot be told.
    #[error("cannot lock {0}: {1}; make the state folder writable")]
    Lock(String, std::io::Error),
    /// The store cannot be opened or read.
    #[error(transparent)]
    Sessions(#[from] sessions::Error),
    /// What an earlier process left of its responses cannot be read or written.
    #[error(transparent)]
    Responses(#[from] responses::Error),
    /// The token cannot be minted or read.
    #[error(
        "cannot mint a gateway token in {0}: {1}; make the folder writable, or set \
         gateway.auth.token or OPENCLAW_GATEWAY_TOKEN"
    )]
    Mint(String, std::io::Error),
    /// Others could reach the gateway and nobody would have to prove anything.
    #[error(
        "Refusing to bind gateway to {} without auth.\nrefusing to bind gateway to {address} \
         without auth (set gateway.auth.token/password, or set OPENCLAW_GATEWAY_TOKEN/\
         OPENCLAW_GATEWAY_PASSWORD, or pass --token/--password)",
        bind.as_str()
    )]
    Exposed {
        /// The bind setting.
        bind: Bind,
        /// The address that is not loopback.
        address: SocketAddr,
    },
    /// The port is taken.
    #[error(
        "Gateway failed to start: another gateway instance is already listening on ws://{0} | \
         listen EADDRINUSE: address already in use {0}. Stop it or pass --port."
    )]
    InUse(SocketAddr),
    /// The system refuses the socket.
    #[error("failed to bind gateway socket on ws://{0}: {1}; choose another with --port or --bind")]
    Bind(SocketAddr, std::io::Error),
}
