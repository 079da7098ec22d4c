//! The tools that the gateway brings along. Each sees what its caller may see and no more.

mod agents_list;
mod session_status;
mod sessions_history;
mod sessions_list;
#[cfg(test)]
mod tests;
mod transcript;
mod web_fetch;

use super::{Approval, Failed, Group, Limits, Services, Spec, Tool};
use serde_json::{Value, json};

/// All of them.
pub(super) fn all(services: &Services) -> Vec<Box<dyn Tool>> {
    let sessions = &services.sessions;
    let mut tools: Vec<Box<dyn Tool>> = vec![
        Box::new(session_status::SessionStatus::new(sessions.clone())),
        Box::new(agents_list::AgentsList::new()),
        Box::new(sessions_list::SessionsList::new(sessions.clone())),
        Box::new(sessions_history::SessionsHistory::new(sessions.clone())),
    ];
    if let Some(fetch) = web_fetch::WebFetchTool::new(services) {
        tools.push(Box::new(fetch));
    }
    tools
}

/// What one of them is called and does.
struct Sheet {
    name: &'static str,
    description: &'static str,
    groups: &'static [Group],
    /// The schema's `properties`.
    properties: Value,
    required: &'static [&'static str],
}

impl Sheet {
    /// A tool for everyone, that needs no approval and keeps to the usual limits.
    fn spec(self) -> Spec {
        Spec {
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            parameters: json!({
                "type": "object",
                "properties": self.properties,
                "required": self.required,
                "additionalProperties": false,
            }),
            groups: self.groups.to_vec(),
            owner_only: false,
            approval: Approval::Never,
            limits: Limits::default(),
        }
    }
}

/// The answer for a session that is not there, which is also the one for a session of others.
fn no_session(named: &str) -> Failed {
    let named = super::context::quoted(named);
    Failed::Input(format!("no session {named:?}; sessions_list shows those there are"))
}
