//! Which tools there are for whom: a pure function of every layer that has a say.
//!
//! A profile, or an allow-list where no profile is written, grants; every later layer only takes
//! away. What is denied in any layer is denied.

mod rules;
#[cfg(test)]
mod tests;

use super::Group;
use crate::config::{HttpTools, ToolLimits, ToolProfile, ToolSettings};
use crate::types::{ModelRef, Scope, Scopes};
use rules::{any_names, in_profile};
use std::fmt;

pub(super) use rules::unknown_group;

/// Tools that `POST /tools/invoke` refuses unless `gateway.tools.allow` names them: they run
/// commands, change files, start work or steer the gateway.
pub const HTTP_DENIED: [&str; 12] = [
    "exec",
    "spawn",
    "shell",
    "fs_write",
    "fs_delete",
    "fs_move",
    "apply_patch",
    "sessions_spawn",
    "sessions_send",
    "cron",
    "gateway",
    "nodes",
];

/// All that has a say in whether a tool may be used.
#[derive(Debug, Clone, Copy)]
pub struct Layers<'a> {
    /// `tools`.
    pub global: &'a ToolSettings,
    /// The agent's own `tools`.
    pub agent: &'a ToolSettings,
    /// The model in force, for `byProvider`.
    pub model: &'a ModelRef,
    /// What the chat or the parent of the session sets.
    pub narrowed: &'a Narrowed,
    /// `gateway.tools`, for a tool that a program asks for over HTTP; absent in an agent's turn.
    /// Without a profile a turn has no tools, a program all but those denied over HTTP.
    pub http: Option<&'a HttpTools>,
    /// What the caller may do.
    pub scopes: Scopes,
}

/// Further limits that belong to a session rather than to its agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// The limits of the chat group it lives in.
    pub chat_group: Option<ToolLimits>,
    /// The limits its parent gave it, for a sub-agent's session.
    pub sub_agent: Option<ToolLimits>,
}

/// What the policy looks at of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its name.
    pub name: &'a str,
    /// The groups it belongs to.
    pub groups: &'a [Group],
    /// Whether only the operator may use it.
    pub owner_only: bool,
}

/// The decision, and the layer that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The tool may be used; the layer granted it and none took it away.
    Allowed(Layer),
    /// It may not; the layer is the first, in the order of the chain, that says so.
    Denied(Layer),
}

/// The layers, in the order of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The agent's `tools.profile`, else the global one, with `alsoAllow`.
    Profile,
    /// `tools.byProvider`.
    Provider,
    /// `tools.allow`, `tools.alsoAllow` and `tools.deny`.
    Global,
    /// The agent's `allow`, `alsoAllow`, `deny` and `byProvider`.
    Agent,
    /// The limits of the chat group.
    ChatGroup,
    /// The limits of the sub-agent's session.
    SubAgent,
    /// [`HTTP_DENIED`] and `gateway.tools`.
    Http,
    /// The tool is the operator's.
    Owner,
}

/// Decides whether a tool may be used.
pub fn decide(layers: &Layers<'_>, tool: &Candidate<'_>) -> Verdict {
    let Some(granted) = grant(layers, tool) else { return Verdict::Denied(Layer::Profile) };
    let provider = |settings| by_provider(settings, layers.model).any(|l| l.refuses(tool));
    let optional = |limits: &Option<ToolLimits>| {
        limits.as_ref().is_some_and(|limits| Limit::from(limits).refuses(tool))
    };
    let agent = Limit::from(layers.agent);
    let refusals = [
        (Layer::Provider, provider(layers.global)),
        (Layer::Global, Limit::from(layers.global).refuses(tool)),
        (Layer::Agent, agent.refuses(tool) || provider(layers.agent)),
        (Layer::ChatGroup, optional(&layers.narrowed.chat_group)),
        (Layer::SubAgent, optional(&layers.narrowed.sub_agent)),
        (Layer::Http, layers.http.is_some_and(|settings| over_http(settings, tool))),
        (Layer::Owner, tool.owner_only && !layers.scopes.grants(Scope::Admin)),
    ];
    match refusals.into_iter().find(|(_, refused)| *refused) {
        Some((layer, _)) => Verdict::Denied(layer),
        None => Verdict::Allowed(granted),
    }
}

/// The layer that gives the tool in the first place.
fn grant(layers: &Layers<'_>, tool: &Candidate<'_>) -> Option<Layer> {
    let (global, agent) = (layers.global, layers.agent);
    // An agent's own profile stands in the place of the global one, as in OpenClaw.
    let written = agent.profile.or(global.profile);
    let by_profile = written.is_some_and(|profile| in_profile(profile, tool));
    let unwritten = written.is_none();
    // Where no profile is written, an allow-list is the set to begin with, not a limit to it.
    if by_profile || (unwritten && layers.http.is_some()) {
        Some(Layer::Profile)
    } else if any_names(&global.also_allow, tool) || (unwritten && global.allow.is_some()) {
        Some(Layer::Global)
    } else if any_names(&agent.also_allow, tool) || (unwritten && agent.allow.is_some()) {
        Some(Layer::Agent)
    } else {
        None
    }
}

/// Whether the tool is denied over HTTP.
fn over_http(settings: &HttpTools, tool: &Candidate<'_>) -> bool {
    let by_default = HTTP_DENIED.iter().any(|name| name.eq_ignore_ascii_case(tool.name));
    any_names(&settings.deny, tool) || (by_default && !any_names(&settings.allow, tool))
}

/// One layer that takes away.
struct Limit<'a> {
    profile: Option<ToolProfile>,
    allow: Option<&'a [String]>,
    also_allow: &'a [String],
    deny: &'a [String],
}

impl Limit<'_> {
    fn refuses(&self, tool: &Candidate<'_>) -> bool {
        let outside = self.profile.is_some_and(|profile| !in_profile(profile, tool));
        let listed = |allow| any_names(allow, tool) || any_names(self.also_allow, tool);
        let unlisted = self.allow.is_some_and(|allow| !listed(allow));
        outside || unlisted || any_names(self.deny, tool)
    }
}

impl<'a> From<&'a ToolSettings> for Limit<'a> {
    /// Without the profile, which grants.
    fn from(settings: &'a ToolSettings) -> Self {
        let ToolSettings { allow, also_allow, deny, .. } = settings;
        Self { profile: None, allow: allow.as_deref(), also_allow, deny }
    }
}

impl<'a> From<&'a ToolLimits> for Limit<'a> {
    fn from(limits: &'a ToolLimits) -> Self {
        let ToolLimits { profile, allow, deny } = limits;
        Self { profile: *profile, allow: allow.as_deref(), also_allow: &[], deny }
    }
}

/// The limits for a model: those of its provider, and those of the model itself.
fn by_provider<'a>(
    settings: &'a ToolSettings,
    model: &'a ModelRef,
) -> impl Iterator<Item = Limit<'a>> {
    let of_model = move |key: &str| match key.split_once('/') {
        None => key.eq_ignore_ascii_case(&model.provider),
        Some((provider, name)) => {
            provider.eq_ignore_ascii_case(&model.provider)
                && name.eq_ignore_ascii_case(&model.model)
        }
    };
    let entries = settings.by_provider.iter();
    entries.filter(move |(key, _)| of_model(key.trim())).map(|(_, limits)| Limit::from(limits))
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layer::Profile => "profile",
            Layer::Provider => "provider",
            Layer::Global => "global",
            Layer::Agent => "agent",
            Layer::ChatGroup => "chat group",
            Layer::SubAgent => "sub-agent",
            Layer::Http => "http",
            Layer::Owner => "owner",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Allowed(layer) => write!(f, "allowed by {layer}"),
            Verdict::Denied(layer) => write!(f, "denied by {layer}"),
        }
    }
}
