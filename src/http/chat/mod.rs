//! `POST /v1/chat/completions`: one request, one run, one answer, whole or as it grows.

mod content;
mod convert;
mod reply;
pub(super) mod side_task;
#[cfg(test)]
mod tests;
mod wire;
mod wire_out;

use super::json::Json;
use super::request_id::RequestId;
use super::security::Writer;
use super::session::Found;
use super::target::{self, Overrides};
use super::terms::Terms;
use super::{ApiError, Tag};
use crate::runs::Runs;
use crate::secrets::Live;
use crate::types::{Delivery, Origin, Surface};
use poem::IntoResponse;
use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Header;
use reply::{ChatReply, Ending};

pub(super) use reply::{CreateChatCompletionResponse, CreateChatCompletionStreamResponse};
use wire_out::Heading;

pub(super) use wire::CreateChatCompletionRequest;

/// The chat completions API.
#[derive(Debug)]
pub(super) struct ChatApi {
    pub(super) live: Live,
    pub(super) runs: Runs,
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
        let request = body.0;
        let heading = Heading::new(*request_id.0, request.model.as_deref());
        let ending = Ending::from(request.stream_options.as_ref().map(|options| &options.0));
        let delivery = request.delivery();
        let Writer { caller, .. } = caller;
        let overrides = Overrides::read(caller, agent.0, model.0)?;
        let terms = Terms {
            idempotency_key: target::idempotency_key(idempotency_key.0)?,
            on_disconnect: target::on_disconnect(on_disconnect.0.as_deref())?,
            origin: Origin { surface: Surface::Chat, caller },
            session_key: session_key.0,
            overrides,
        };
        let snapshot = self.live.load();
        let default = &snapshot.roster.default_agent().id;
        let target = target::resolve(&snapshot, request.model.as_deref().unwrap_or(""))?;
        let (run, session) = request.into_run(terms, headers, target, default)?;
        drop(snapshot);
        let reply = match self.runs.start(run) {
            Err(failure) => Err(ApiError::from(failure)),
            Ok(run) if delivery == Delivery::Growing => reply::stream(run, heading, ending).await,
            Ok(run) => reply::complete(run, heading).await,
        };
        match reply {
            Ok(reply) => Ok(reply.of_session(session)),
            Err(error) => Err(failed(error, session)),
        }
    }
}

/// An error's reply, which tells the session of its request as an answer's does.
fn failed(error: ApiError, session: Option<Found>) -> poem::Error {
    let mut response = error.into_response();
    if let Some(session) = session {
        session.tell(&mut response);
    }
    poem::Error::from_response(response)
}
