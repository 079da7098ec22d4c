//! `POST /v1/embeddings`: texts in, vectors out, in input order. Not a run.

#[cfg(test)]
mod tests;
mod wire;

use super::ignored::Ignored;
use super::json::Json;
use super::security::Writer;
use super::target::{self, Overrides};
use super::{ApiError, Tag, always};
use crate::agents::Agents;
use crate::providers::{self, EmbedCall, Kind, Providers, Vocabulary, most_tokens};
use crate::secrets::{Live, Snapshot};
use crate::types::{EmbeddingInput, Embeddings, Failure, ModelRef};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem::{IntoResponse, Response};
use poem_openapi::param::Header;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::{ApiResponse, OpenApi};
use std::sync::Arc;
use wire::{Embedding, EmbeddingInputParam, EmbeddingUsage, EmbeddingVector, EncodingFormat};

pub(super) use wire::{CreateEmbeddingRequest, CreateEmbeddingResponse};

/// OpenAI's limit on inputs.
const MAX_INPUTS: usize = 2048;
/// OpenAI's limit on the tokens of all inputs.
const MAX_TOKENS: usize = 300_000;

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
    /// Embeds one or more texts with the agent's embedding model. At most 2048 inputs and 300,000
    /// tokens a request; what is more than the model's provider takes at once is split.
    #[oai(path = "/v1/embeddings", method = "post", operation_id = "createEmbedding")]
    #[expect(clippy::too_many_arguments, reason = "each declared part of the request is one")]
    async fn create(
        &self,
        mut caller: Writer,
        /// Chooses the agent, whatever `model` says.
        #[oai(name = "x-openclaw-agent-id")]
        agent: Header<Option<String>>,
        /// Embeds with this model, `provider/model` or a bare model name, instead of the agent's.
        #[oai(name = "x-openclaw-model")]
        model: Header<Option<String>>,
        body: Json<CreateEmbeddingRequest>,
    ) -> poem::Result<EmbeddingReply> {
        let request = body.0;
        let overrides = Overrides::read(caller.caller, agent.0, model.0)?;
        let format = request.encoding_format.unwrap_or(EncodingFormat::Float);
        let mut ignored = Ignored::default();
        if request.user.is_some() {
            ignored.note("user");
        }
        let echo = request.model.filter(|model| !model.is_empty());
        let echo = echo.unwrap_or_else(|| target::OPENCLAW.to_owned());
        if request.dimensions == Some(0) {
            let message = "`dimensions` must be at least 1.";
            return Err(ApiError::invalid("invalid_value", "dimensions", message).into());
        }
        let (input, vocabulary) = (Arc::new(input(request.input)?), Vocabulary::of(&echo));
        let snapshot = self.live.load_full();
        let model = self.model(&snapshot, overrides, &echo)?;
        check_tokens(vocabulary, &input).await?;
        let call = EmbedCall { model, input, dimensions: request.dimensions, vocabulary };
        let embeddings = self.providers.embed(&snapshot, call).await.map_err(failed)?;
        caller.meter.saw(embeddings.usage);
        check_length(&embeddings, request.dimensions)?;
        Ok(EmbeddingReply { body: Json(reply(embeddings, echo, format)), ignored })
    }
}

impl EmbeddingsApi {
    /// The model that embeds: the one the header names, else the one that `name` stands for, else
    /// the agent's.
    fn model(
        &self,
        snapshot: &Snapshot,
        overrides: Overrides,
        name: &str,
    ) -> Result<ModelRef, ApiError> {
        let named = target::resolve(snapshot, name)?;
        let agent = self.agents.resolve(snapshot, overrides.agent.or(named.agent).as_ref())?;
        match overrides.model.or(named.model) {
            Some(text) => Ok(self.agents.overridden(snapshot, &text)?),
            None => Ok(ModelRef::from(&agent.embedding)),
        }
    }
}

/// What of a failure is told. One that no provider has been asked for is the input's own.
fn failed(error: providers::Error) -> ApiError {
    if error.kind == Kind::Rejected && error.status.is_none() {
        return ApiError::invalid("invalid_value", "input", error.message);
    }
    ApiError::from(Failure::from(error)).with_input("input")
}

/// Refuses more tokens than OpenAI takes. Few bytes are few tokens, so most inputs are not counted.
async fn check_tokens(vocabulary: Vocabulary, input: &Arc<EmbeddingInput>) -> Result<(), ApiError> {
    if most_tokens(input).iter().sum::<usize>() <= MAX_TOKENS {
        return Ok(());
    }
    let tokens: usize = vocabulary.counts(input).await.iter().sum();
    if tokens <= MAX_TOKENS {
        return Ok(());
    }
    let message = format!(
        "Requested {tokens} tokens, at most {MAX_TOKENS} are accepted in one request: \
         send the inputs in several."
    );
    Err(ApiError::invalid("max_tokens_per_request", "input", message))
}

/// Vectors can be cut but not made longer.
fn check_length(embeddings: &Embeddings, wanted: Option<u32>) -> Result<(), ApiError> {
    let longest = embeddings.vectors.first().map_or(0, Vec::len);
    match wanted.and_then(|wanted| usize::try_from(wanted).ok()) {
        Some(wanted) if wanted > longest => {
            let message = format!(
                "The embedding model's vectors have {longest} dimensions: `dimensions` can be at \
                 most {longest}, not {wanted}."
            );
            Err(ApiError::invalid("invalid_value", "dimensions", message))
        }
        _ => Ok(()),
    }
}

/// The vectors, and which fields of the request were not used.
struct EmbeddingReply {
    body: Json<CreateEmbeddingResponse>,
    ignored: Ignored,
}

impl IntoResponse for EmbeddingReply {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        self.ignored.tell(&mut response);
        response
    }
}

impl ApiResponse for EmbeddingReply {
    fn meta() -> MetaResponses {
        <Json<CreateEmbeddingResponse> as ApiResponse>::meta()
    }

    fn register(registry: &mut Registry) {
        <Json<CreateEmbeddingResponse> as ApiResponse>::register(registry);
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
            object: always::EmbeddingWord::Always,
            index,
            embedding: match format {
                EncodingFormat::Float => EmbeddingVector::Float(vector),
                EncodingFormat::Base64 => EmbeddingVector::Base64(base64(&vector)),
            },
        })
        .collect();
    let tokens = embeddings.usage.input;
    let usage = EmbeddingUsage { prompt_tokens: tokens, total_tokens: tokens };
    CreateEmbeddingResponse { object: always::ListWord::Always, data, model, usage }
}

fn base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}
