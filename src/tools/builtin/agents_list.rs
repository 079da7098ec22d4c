//! `agents_list`: who there is.

use super::Sheet;
use crate::tools::{Call, Failed, Group, Output, Spec, Tool};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use serde::Serialize;
use serde_json::json;

/// Lists the agents that the caller may address: all of the config's.
#[derive(Debug)]
pub(super) struct AgentsList {
    spec: Spec,
}

/// One agent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    model: String,
    default: bool,
}

impl AgentsList {
    pub(super) fn new() -> Self {
        let spec = Sheet {
            name: "agents_list",
            description: "Lists the agents of this gateway: their ids, names and models.",
            groups: &[Group::OpenClaw],
            properties: json!({}),
            required: &[],
        };
        Self { spec: spec.spec() }
    }
}

impl Tool for AgentsList {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Output, Failed>> {
        let roster = &call.context.snapshot.roster;
        let default = &roster.default_agent().id;
        let agents = roster.iter().map(|agent| Listed {
            id: agent.id.as_str(),
            name: agent.name.as_deref(),
            model: agent.model.to_string(),
            default: agent.id == *default,
        });
        let agents: Vec<_> = agents.collect();
        let details = json!({ "requester": call.context.agent.as_str(), "agents": agents });
        ready(Ok(Output::json(details))).boxed()
    }
}
