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
    /// How the tools of the web work; only in `tools`, not in an agent's own settings.
    pub web: WebTools,
}

/// `tools.web`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct WebTools {
    /// `web_fetch`.
    pub fetch: WebFetch,
}

/// `tools.web.fetch`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct WebFetch {
    /// Off means that there is no such tool.
    pub enabled: bool,
    /// Characters of a page that are given where the call does not say how many.
    pub max_chars: usize,
    /// Characters that a call may ask for at most.
    pub max_chars_cap: usize,
    /// Bytes of a page that are read; the rest is left out.
    pub max_response_bytes: usize,
    /// Seconds a fetch may take, redirects included.
    pub timeout_seconds: u64,
    /// Redirects followed.
    pub max_redirects: u32,
    /// Minutes for which a page is not fetched again; 0 for none.
    pub cache_ttl_minutes: u64,
    /// What the fetch calls itself; `openclaw/<version>` by default.
    pub user_agent: Option<String>,
    /// When written, only these hosts: a name, or `*.name` for all below it.
    pub url_allowlist: Option<Vec<String>>,
    /// Hosts that may be asked although their addresses are private.
    pub allow_private_hosts: Vec<String>,
}

impl Default for WebFetch {
    fn default() -> Self {
        Self {
            enabled: true,
            max_chars: 50_000,
            max_chars_cap: 50_000,
            max_response_bytes: 2_000_000,
            timeout_seconds: 30,
            max_redirects: 3,
            cache_ttl_minutes: 15,
            user_agent: None,
            url_allowlist: None,
            allow_private_hosts: Vec::new(),
        }
    }
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
    /// Files, commands, the web, sessions and memory.
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
