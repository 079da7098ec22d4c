//! `POST /v1/responses/compact`: a conversation made short.

use super::items::InputParam;
use super::reply::CompactedResponse;
use super::{Handles, failed};
use crate::http::security::Writer;
use crate::http::{ApiError, always, target};
use crate::responses::{self, Compact, ResponseId};
use crate::types::{ContextText, Origin, Surface};
use serde::Deserialize;
use std::time::{SystemTime, UNIX_EPOCH};
use utoipa::ToSchema;

/// A request to make a conversation short. Fields that are not listed are accepted and not used.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CompactResponse {
    /// The agent that writes the summary; absent or empty means the default agent.
    #[serde(default)]
    pub model: Option<String>,
    /// The conversation, or what came after `previous_response_id`.
    #[serde(default)]
    #[schema(value_type = Option<InputParam>)]
    pub input: Option<InputParam>,
    /// The response whose conversation it is.
    #[serde(default)]
    pub previous_response_id: Option<String>,
    /// What the summary shall pay heed to.
    #[serde(default)]
    pub instructions: Option<String>,
}

impl Handles {
    /// Makes a conversation short; `id` is the reply's.
    pub(super) async fn compact(
        &self,
        caller: Writer,
        request: CompactResponse,
        id: String,
    ) -> Result<CompactedResponse, ApiError> {
        let Writer { caller, mut meter } = caller;
        let snapshot = self.live.load_full();
        let limits = &snapshot.config.gateway.http.endpoints.responses;
        let target = target::resolve(&snapshot, request.model.as_deref().unwrap_or(""))?;
        let previous = request.previous_response_id.as_deref().map(|text| {
            let unknown = |_| failed(responses::Error::UnknownPrevious(text.to_owned()), "");
            ResponseId::parse(text).map_err(unknown)
        });
        let previous = previous.transpose()?;
        let input = match request.input {
            Some(param) => self.read(&caller, param, limits).await?,
            None if previous.is_some() => super::convert::Input::default(),
            None => {
                let message = "Missing required parameter: 'input'.";
                return Err(ApiError::invalid("missing_required_parameter", "input", message));
            }
        };
        let mut context = input.context;
        let instructions = request.instructions.filter(|text| !text.is_empty());
        context.extend(instructions.map(ContextText::from));
        let compact = Compact {
            agent: target.agent,
            model: target.model,
            origin: Origin { surface: Surface::Responses, caller },
            context,
            previous,
            input: input.items,
        };
        let compacted = self.responses.compact(compact).await;
        let compacted = compacted.map_err(|error| failed(error, "input"))?;
        meter.saw(compacted.usage);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        Ok(CompactedResponse {
            id,
            object: always::CompactionWord::Always,
            created_at: now,
            output: compacted.output,
            usage: compacted.usage.into(),
        })
    }
}
