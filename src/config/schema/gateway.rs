//! `gateway`: the listener, its authentication and its HTTP endpoints.

use super::http::Http;
use super::tools::HttpTools;
use crate::types::SecretInput;
use serde::Deserialize;
use std::net::IpAddr;

/// `gateway`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Gateway {
    /// Must be `local` for a gateway to start; no default.
    pub mode: Option<Mode>,
    /// TCP port; 18789 when neither flag nor environment says otherwise.
    pub port: Option<u16>,
    /// Which addresses to listen on; loopback by default.
    pub bind: Option<Bind>,
    /// The address for `bind: "custom"`.
    pub custom_bind_host: Option<IpAddr>,
    /// Who may call.
    pub auth: GatewayAuth,
    /// Names under which browsers may reach the gateway, beside those of this machine and network.
    pub allowed_hosts: Vec<String>,
    /// The HTTP API.
    pub http: Http,
    /// What `POST /tools/invoke` may do.
    pub tools: HttpTools,
}

/// `gateway.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// This machine runs the gateway.
    Local,
    /// The gateway runs elsewhere; starting one here is refused.
    Remote,
}

/// `gateway.bind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Bind {
    /// 127.0.0.1 and ::1.
    Loopback,
    /// All IPv4 addresses of the machine.
    Lan,
    /// The machine's Tailscale address (100.64.0.0/10), else loopback.
    Tailnet,
    /// The same as loopback, which every machine has.
    Auto,
    /// `gateway.customBindHost`.
    Custom,
}

impl Bind {
    /// The word for it in config and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Bind::Loopback => "loopback",
            Bind::Lan => "lan",
            Bind::Tailnet => "tailnet",
            Bind::Auto => "auto",
            Bind::Custom => "custom",
        }
    }
}

/// `gateway.auth`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct GatewayAuth {
    /// How callers prove themselves; absent, it follows from the credential that is set.
    pub mode: Option<AuthMode>,
    /// The shared token.
    pub token: Option<SecretInput>,
    /// The shared password.
    pub password: Option<SecretInput>,
}

/// `gateway.auth.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum AuthMode {
    /// Nobody has to: only for private loopback use.
    None,
    /// `Authorization: Bearer <token>`.
    Token,
    /// `Authorization: Bearer <password>`.
    Password,
}
