//! `session`: how conversations are told apart, when they begin anew, and how long they are kept.

use super::amount::{Bytes, Span};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// `session`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SessionSettings {
    /// Whether senders have sessions of their own.
    pub scope: SessionScope,
    /// Which direct messages share a session.
    pub dm_scope: DmScope,
    /// Names of people, each with the channel peers that are them, such as `telegram:1`.
    pub identity_links: BTreeMap<String, Vec<String>>,
    /// When a session begins anew by itself.
    pub reset: Reset,
    /// The same for kinds of chats; wins over `reset`.
    pub reset_by_type: ResetByType,
    /// The same for channels; wins over `resetByType`.
    pub reset_by_channel: BTreeMap<String, Reset>,
    /// How long sessions are kept.
    pub maintenance: Maintenance,
}

/// `session.scope`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionScope {
    /// Each sender, or group of them, has their own.
    #[default]
    PerSender,
    /// One session for all.
    Global,
}

/// `session.dmScope`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DmScope {
    /// All direct messages are the agent's main session.
    #[default]
    Main,
    /// One session a person.
    PerPeer,
    /// One session a channel and person.
    PerChannelPeer,
    /// One session a channel account and person.
    PerAccountChannelPeer,
}

/// `session.reset` and its variants.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Reset {
    /// What makes a session begin anew.
    pub mode: ResetMode,
    /// For `daily`: the hour, 0 to 23, in the machine's time zone.
    pub at_hour: u8,
    /// Minutes without a message after which a session begins anew; with `daily` as well, where
    /// it is set.
    pub idle_minutes: Option<u32>,
}

/// `session.reset.mode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResetMode {
    /// Nothing does.
    #[default]
    None,
    /// An hour of the day.
    Daily,
    /// Silence.
    Idle,
}

/// `session.resetByType`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ResetByType {
    /// Chats with one person.
    pub direct: Option<Reset>,
    /// Groups and rooms.
    pub group: Option<Reset>,
    /// Threads.
    pub thread: Option<Reset>,
}

/// `session.maintenance`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Maintenance {
    /// Whether old sessions are removed or only reported.
    pub mode: MaintenanceMode,
    /// A session without a message for this long is removed.
    pub prune_after: Span,
    /// Only so many sessions are kept, those used last.
    pub max_entries: u64,
    /// Bytes the store may take on the disk.
    pub max_disk_bytes: Bytes,
}

/// `session.maintenance.mode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MaintenanceMode {
    /// They are removed.
    #[default]
    Enforce,
    /// They are only reported in the log.
    Warn,
}

impl Default for Reset {
    fn default() -> Self {
        Self { mode: ResetMode::None, at_hour: 4, idle_minutes: None }
    }
}

impl Default for Maintenance {
    fn default() -> Self {
        Self {
            mode: MaintenanceMode::Enforce,
            prune_after: Span(Duration::from_secs(30 * 86_400)),
            max_entries: 5_000,
            max_disk_bytes: Bytes(10 << 30),
        }
    }
}
