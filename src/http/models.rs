//! `GET /v1/models`: the agents, as models.

use super::json::Json;
use super::security::Reader;
use super::{Tag, target};
use crate::secrets::{Live, Snapshot};
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use serde::Serialize;
use std::time::UNIX_EPOCH;
use utoipa::ToSchema;

/// The models API. It never asks an upstream.
#[derive(Debug)]
pub(super) struct ModelsApi {
    pub(super) live: Live,
}

/// The models there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListModelsResponse {
    /// Always `list`.
    pub object: &'static str,
    /// `openclaw`, `openclaw/default`, then one entry an agent.
    pub data: Vec<Model>,
}

/// An agent, as a model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Model {
    /// What to send as `model`.
    pub id: String,
    /// Always `model`.
    pub object: &'static str,
    /// When the gateway's configuration was last changed, in Unix seconds.
    pub created: u64,
    /// Always `openclaw`.
    pub owned_by: &'static str,
    /// The agent's name for people.
    pub name: String,
    /// Always empty; clients of OpenAI's older API look for it.
    #[schema(value_type = Vec<String>)]
    pub permission: [&'static str; 0],
}

#[OpenApi(tag = "Tag::Models")]
impl ModelsApi {
    /// List models
    ///
    /// Lists the agents this gateway serves. `openclaw` and `openclaw/default` always stand for
    /// the configured default agent. Backend models are never listed.
    #[oai(path = "/v1/models", method = "get", operation_id = "listModels")]
    async fn list(&self, _caller: Reader) -> Json<ListModelsResponse> {
        let snapshot = self.live.load();
        Json(ListModelsResponse { object: "list", data: entries(&snapshot).collect() })
    }

    /// Retrieve a model
    ///
    /// Describes one entry of the list. The slash in an id may be sent as it is or as `%2F`.
    #[oai(path = "/v1/models/:model", method = "get", operation_id = "retrieveModel")]
    async fn retrieve(
        &self,
        _caller: Reader,
        /// The model's id, such as `openclaw/default`.
        model: Path<String>,
    ) -> poem::Result<Json<Model>> {
        let snapshot = self.live.load();
        let found = entries(&snapshot).find(|entry| entry.id == model.0);
        Ok(Json(found.ok_or_else(|| target::unknown(&snapshot, &model.0))?))
    }
}

fn entries(snapshot: &Snapshot) -> impl Iterator<Item = Model> {
    let created = snapshot.modified.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
    let entry = move |id: String, name: String| Model {
        id,
        object: "model",
        created,
        owned_by: "openclaw",
        name,
        permission: [],
    };
    let default = snapshot.roster.default_agent();
    let default_name = default.name.clone().unwrap_or_else(|| default.id.to_string());
    let aliases = [target::OPENCLAW, target::DEFAULT]
        .map(|alias| entry(alias.to_owned(), default_name.clone()));
    let agents: Vec<Model> = snapshot
        .roster
        .iter()
        .map(|agent| {
            let name = agent.name.clone().unwrap_or_else(|| agent.id.to_string());
            entry(format!("openclaw/{}", agent.id), name)
        })
        .collect();
    aliases.into_iter().chain(agents)
}
