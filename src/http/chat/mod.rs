//! `POST /v1/chat/completions`: one request, one run, one answer, whole or as it grows.

mod choice;
mod content;
mod convert;
mod each;
mod functions;
mod hints;
mod logprobs;
mod messages;
mod outcome;
mod reply;
mod source;
mod stream;
#[cfg(test)]
mod tests;
mod whole;
mod wire;
mod wire_chunk;
mod wire_message;
mod wire_metadata;
mod wire_out;

use super::attachments::Allowed;
use super::json::Json;
use super::meter::Meter;
use super::request_id::RequestId;
use super::security::Writer;
use super::sse::{self, Pace};
use super::target::{self, Overrides};
use super::terms::Terms;
use super::{ApiError, Tag};
use crate::agents::Agents;
use crate::media::Media;
use crate::runs::Runs;
use crate::secrets::{Live, Snapshot};
use crate::types::{Delivery, Origin, Surface};
use convert::{Asked, Frame};
use poem::Response;
use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Header;
use reply::{ChatReply, Told};
use source::Source;
use stream::Chunks;
use wire_out::Heading;

pub(super) use wire::CreateChatCompletionRequest;
pub(super) use wire_chunk::CreateChatCompletionStreamResponse;
pub(super) use wire_out::CreateChatCompletionResponse;

/// The chat completions API.
#[derive(Debug)]
pub(super) struct ChatApi {
    pub(super) live: Live,
    pub(super) runs: Runs,
    pub(super) agents: Agents,
    pub(super) media: Media,
}

#[OpenApi(tag = "Tag::Chat")]
impl ChatApi {
    /// Create a chat completion
    ///
    /// Lets an agent answer a conversation. With `stream` the answer comes as server-sent events
    /// of `CreateChatCompletionStreamResponse` objects, closed by `data: [DONE]`.
    #[oai(path = "/v1/chat/completions", method = "post", operation_id = "createChatCompletion")]
    #[expect(clippy::too_many_arguments, reason = "each declared part of the request is one")]
    async fn create(
        &self,
        caller: Writer,
        /// Chooses the agent, whatever `model` says.
        #[oai(name = "x-openclaw-agent-id")]
        agent: Header<Option<String>>,
        /// Answers with this model, `provider/model` or a bare model name, instead of the agent's.
        #[oai(name = "x-openclaw-model")]
        model: Header<Option<String>>,
        /// Makes the request a turn of this session, `agent:<agentId>:<name>` or a bare name.
        #[oai(name = "x-openclaw-session-key")]
        session_key: Header<Option<String>>,
        /// A repeat with this key is the same request: it runs once and gets the same answer.
        #[oai(name = "idempotency-key")]
        idempotency_key: Header<Option<String>>,
        /// What becomes of the answer when the client hangs up: `cancel` (default), `detach`, or
        /// `grace=<seconds>`.
        #[oai(name = "x-openclaw-on-disconnect")]
        on_disconnect: Header<Option<String>>,
        headers: &HeaderMap,
        request_id: Data<&RequestId>,
        body: Json<CreateChatCompletionRequest>,
    ) -> poem::Result<ChatReply> {
        let Writer { caller, meter } = caller;
        let terms = Terms {
            overrides: Overrides::read(caller, agent.0, model.0)?,
            idempotency_key: target::idempotency_key(idempotency_key.0)?,
            on_disconnect: target::on_disconnect(on_disconnect.0.as_deref())?,
            origin: Origin { surface: Surface::Chat, caller },
            session_key: session_key.0,
        };
        let heading = Heading::new(*request_id.0, body.0.model.as_deref());
        let (asked, told) = self.asked(body.0, terms, headers)?;
        match self.answer(asked, heading, meter).await {
            Ok(response) => Ok(ChatReply(told.on(response))),
            Err(error) => Err(reply::failed(&error, &told)),
        }
    }
}

impl ChatApi {
    /// What a request asks by the config in force, and what its reply tells of it.
    fn asked(
        &self,
        request: CreateChatCompletionRequest,
        terms: Terms,
        headers: &HeaderMap,
    ) -> Result<(Asked, Told), ApiError> {
        let snapshot = self.live.load();
        let default = &snapshot.roster.default_agent().id;
        let target = target::resolve(&snapshot, request.model.as_deref().unwrap_or(""))?;
        let frame = Frame { terms, headers, target, default };
        let (asked, mut told) = request.into_asked(frame)?;
        for hint in self.agents.untaken(&snapshot, &asked.run) {
            told.ignored.note(hint);
        }
        Ok((asked, told))
    }

    /// Runs what is asked.
    async fn answer(
        &self,
        asked: Asked,
        heading: Heading,
        meter: Meter,
    ) -> Result<Response, ApiError> {
        let Asked { mut run, answers, attachments, style } = asked;
        meter.count_answers(answers)?;
        if !attachments.is_empty() {
            let snapshot = self.live.load_full();
            Box::pin(attachments.read(&self.media, allowed(&snapshot), &mut run)).await?;
        }
        let delivery = run.delivery;
        let source = Source::start(&self.runs, run, answers)?;
        if delivery == Delivery::Growing {
            let pace = Pace::from(&self.live.load().config.gateway.http.sse);
            return sse::reply(Chunks::new(source, heading, style, meter), pace).await;
        }
        whole::complete(source, heading, style, meter).await.map(reply::whole)
    }
}

/// What a chat request may bring.
fn allowed(snapshot: &Snapshot) -> Allowed<'_> {
    let settings = &snapshot.config.gateway.http.endpoints.chat_completions;
    Allowed {
        images: &settings.images,
        files: &settings.files,
        max_images: settings.max_image_parts,
        max_image_bytes: settings.max_total_image_bytes,
    }
}
