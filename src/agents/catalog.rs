//! Which agent answers, and with which model.

use super::Agents;
use crate::config::AgentEntry;
use crate::secrets::Snapshot;
use crate::types::{AgentId, Failure, FailureKind, ModelRef};

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

    /// The model that a caller names instead of the agent's.
    ///
    /// # Errors
    /// [`FailureKind::UnknownModel`] when the name means nothing we have.
    pub fn overridden(&self, snapshot: &Snapshot, text: &str) -> Result<ModelRef, Failure> {
        Ok(self.providers.resolve(snapshot, text)?)
    }
}
