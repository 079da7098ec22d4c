//! `POST /v1/embeddings`: texts in, vectors out, in input order. Not a run.

#[cfg(test)]
mod tests;
mod wire;

use super::json::Json;
use super::security::Writer;
use super::target::{self, Overrides};
use super::{ApiError, Tag};
use crate::agents::Agents;
use crate::providers::{EmbedCall, Providers};
use crate::secrets::Live;
use crate::types::{EmbeddingInput, Embeddings, Failure, ModelRef};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem_openapi::OpenApi;
use poem_openapi::param::Header;
use wire::{Embedding, EmbeddingInputParam, EmbeddingUsage, EmbeddingVector, EncodingFormat};

pub(super) use wire::{CreateEmbeddingRequest, CreateEmbeddingResponse};

/// OpenAI's limit on inputs.
const MAX_INPUTS: usize = 2048;

/// The embeddings API.
#[derive(Debug)]
pub(super) struct EmbeddingsApi {
    pub(super) live: Live,
    pub(super) agents: Agents,
    pub(super) providers: Providers,
}

#[OpenApi(tag = "Tag::Embeddings")]
impl EmbeddingsApi {
    /// Create embeddings
    ///
    /// Embeds one or more texts with the agent's embedding model.
    #[oai(path = "/v1/embeddings", method = "post", operation_id = "createEmbedding")]
    #[expect(clippy::too_many_arguments, reason = "each declared part of the request is one")]
    async fn create(
        &self,
        caller: Writer,
        /// Chooses the agent, whatever `model` says.
        #[oai(name = "x-openclaw-agent-id")]
        agent: Header<Option<String>>,
        /// Embeds with this model, `provider/model` or a bare model name, instead of the agent's.
        #[oai(name = "x-openclaw-model")]
        model: Header<Option<String>>,
        body: Json<CreateEmbeddingRequest>,
    ) -> poem::Result<Json<CreateEmbeddingResponse>> {
        let request = body.0;
        let overrides = Overrides::read(caller.caller, agent.0, model.0)?;
        let echo = request.model.filter(|model| !model.is_empty());
        let echo = echo.unwrap_or_else(|| target::OPENCLAW.to_owned());
        let input = input(request.input)?;
        if request.dimensions == Some(0) {
            let message = "`dimensions` must be at least 1.";
            return Err(ApiError::invalid("invalid_value", "dimensions", message).into());
        }
        let snapshot = self.live.load_full();
        let named = target::resolve(&snapshot, &echo)?;
        let agent = self
            .agents
            .resolve(&snapshot, overrides.agent.or(named.agent).as_ref())
            .map_err(ApiError::from)?;
        let model = match overrides.model.as_ref().or(named.model.as_ref()) {
            Some(text) => self.agents.overridden(&snapshot, text).map_err(ApiError::from)?,
            None => ModelRef::from(&agent.embedding),
        };
        let call = EmbedCall { model, input, dimensions: request.dimensions };
        let embeddings = self.providers.embed(&snapshot, call).await.map_err(Failure::from);
        let embeddings = embeddings.map_err(|f| ApiError::from(f).with_input("input"))?;
        let format = request.encoding_format.unwrap_or(EncodingFormat::Float);
        Ok(Json(reply(embeddings, echo, format)))
    }
}

/// The input as the waist has it, refusing what OpenAI refuses.
fn input(param: EmbeddingInputParam) -> Result<EmbeddingInput, ApiError> {
    let refuse = |message: String| Err(ApiError::invalid("invalid_value", "input", message));
    let input = match param {
        EmbeddingInputParam::Text(text) => EmbeddingInput::Texts(vec![text]),
        EmbeddingInputParam::Texts(texts) => EmbeddingInput::Texts(texts),
        EmbeddingInputParam::Tokens(tokens) => EmbeddingInput::Tokens(vec![tokens]),
        EmbeddingInputParam::TokenLists(lists) => EmbeddingInput::Tokens(lists),
        EmbeddingInputParam::Empty => {
            return refuse("`input` must hold at least one text or token list.".to_owned());
        }
    };
    if input.len() > MAX_INPUTS {
        let given = input.len();
        return refuse(format!("Too many inputs: {given}, at most {MAX_INPUTS} are accepted."));
    }
    let empty = match &input {
        EmbeddingInput::Texts(texts) => texts.iter().position(String::is_empty),
        EmbeddingInput::Tokens(lists) => lists.iter().position(Vec::is_empty),
    };
    match empty {
        Some(i) => refuse(format!("`input` cannot hold an empty text or token list (entry {i}).")),
        None => Ok(input),
    }
}

fn reply(embeddings: Embeddings, model: String, format: EncodingFormat) -> CreateEmbeddingResponse {
    let data = (0..)
        .zip(embeddings.vectors)
        .map(|(index, vector)| Embedding {
            object: "embedding",
            index,
            embedding: match format {
                EncodingFormat::Float => EmbeddingVector::Float(vector),
                EncodingFormat::Base64 => EmbeddingVector::Base64(base64(&vector)),
            },
        })
        .collect();
    let tokens = embeddings.usage.input;
    let usage = EmbeddingUsage { prompt_tokens: tokens, total_tokens: tokens };
    CreateEmbeddingResponse { object: "list", data, model, usage }
}

fn base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}
