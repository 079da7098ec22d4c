//! Which agent answers, and with which model.

use super::Agents;
use crate::config::AgentEntry;
use crate::secrets::Snapshot;
use crate::types::{AgentId, Failure, FailureKind, ModelRef, RunKind, RunRequest};

impl Agents {
    /// The agent with this id, or the default one.
    ///
    /// # Errors
    /// [`FailureKind::UnknownAgent`] when there is none.
    pub fn resolve<'a>(
        &self,
        snapshot: &'a Snapshot,
        id: Option<&AgentId>,
    ) -> Result<&'a AgentEntry, Failure> {
        let Some(id) = id else { return Ok(snapshot.roster.default_agent()) };
        snapshot.roster.get(id).ok_or_else(|| {
            Failure::new(
                FailureKind::UnknownAgent,
                format!("There is no agent named '{id}'; GET /v1/models lists them."),
            )
        })
    }

    /// The model that answers a request.
    ///
    /// # Errors
    /// As [`Agents::resolve`] and [`Agents::overridden`].
    pub fn model(&self, snapshot: &Snapshot, request: &RunRequest) -> Result<ModelRef, Failure> {
        let agent = self.resolve(snapshot, request.agent.as_ref())?;
        match (&request.model, request.kind) {
            (Some(text), _) => self.overridden(snapshot, text),
            (None, RunKind::Turn) => Ok(agent.model.clone()),
            (None, RunKind::Utility) => Ok(agent.utility_model.clone()),
        }
    }

    /// The hints of a request that its model's provider is not sent, by their names in OpenAI's
    /// API. None of a request that will fail anyhow.
    pub fn untaken(&self, snapshot: &Snapshot, request: &RunRequest) -> Vec<&'static str> {
        if request.hints.given().next().is_none() {
            return Vec::new();
        }
        let model = self.model(snapshot, request);
        model.map_or_else(
            |_| Vec::new(),
            |model| self.providers.untaken(snapshot, &model, &request.hints),
        )
    }

    /// The model that a caller names instead of the agent's.
    ///
    /// # Errors
    /// [`FailureKind::UnknownModel`] when the name means nothing we have.
    pub fn overridden(&self, snapshot: &Snapshot, text: &str) -> Result<ModelRef, Failure> {
        Ok(self.providers.resolve(snapshot, text)?)
    }
}
