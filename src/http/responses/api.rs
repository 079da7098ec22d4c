//! The operations of `/v1/responses`.

use super::compact::CompactResponse;
use super::convert::{Before, Circumstances};
use super::growth::Growth;
use super::query::Said;
use super::reply::{CompactedResponse, DeletedResponse, ResponseItemList, ResponseReply, Switched};
use super::wire::CreateResponse;
use super::{Handles, failed, ws};
use crate::http::json::Json;
use crate::http::meter::Meter;
use crate::http::request_id::RequestId;
use crate::http::security::{self, Keeper, Writer};
use crate::http::target::{self, Overrides};
use crate::http::terms::Terms;
use crate::http::{ApiError, Tag, always};
use crate::responses::{self, Order, Page, ResponseId, ResponseObject};
use crate::types::{Origin, Surface};
use poem::Request;
use poem::http::HeaderMap;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

/// Items on a page of input items: where nothing is said, and at most.
const PAGE: usize = 20;
const MAX_PAGE: u32 = 100;

/// The responses API.
#[derive(Debug)]
pub(in crate::http) struct ResponsesApi {
    pub(in crate::http) handles: Handles,
}

#[OpenApi(tag = "Tag::Responses")]
impl ResponsesApi {
    /// Create a response
    ///
    /// Lets an agent answer. With `stream` the response comes as server-sent events of
    /// `ResponseEvent` objects, closed by `data: [DONE]`. The same path takes WebSockets: `GET`
    /// with `Upgrade: websocket`, then a `response.create` frame for each response.
    #[oai(path = "/v1/responses", method = "post", operation_id = "createResponse")]
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
        /// `grace=<seconds>`. A `background` response always goes on.
        #[oai(name = "x-openclaw-on-disconnect")]
        on_disconnect: Header<Option<String>>,
        headers: &HeaderMap,
        body: Json<CreateResponse>,
    ) -> poem::Result<ResponseReply> {
        let Writer { caller, meter } = caller;
        let terms = Terms {
            overrides: Overrides::read(caller, agent.0, model.0)?,
            idempotency_key: target::idempotency_key(idempotency_key.0)?,
            on_disconnect: target::on_disconnect(on_disconnect.0.as_deref())?,
            origin: Origin { surface: Surface::Responses, caller },
            session_key: session_key.0,
        };
        let before = Before::of(&body.0)?;
        let circumstances = Circumstances { terms, headers, before };
        self.answer(body.0, circumstances, meter).await
    }

    /// Connect a WebSocket
    #[oai(path = "/v1/responses", method = "get", hidden = true)]
    async fn connect(&self, request: &Request) -> poem::Result<Switched> {
        Ok(Switched(ws::accept(&self.handles, request)?))
    }

    /// Retrieve a response
    ///
    /// With `stream` it is told again as server-sent events, and goes on to grow where it has not
    /// ended.
    #[oai(path = "/v1/responses/:response_id", method = "get", operation_id = "retrieveResponse")]
    #[expect(clippy::too_many_arguments, reason = "each declared part of the request is one")]
    async fn retrieve(
        &self,
        caller: security::Reader,
        /// The response's id.
        response_id: Path<String>,
        /// Whether to send it as server-sent events.
        stream: Query<Option<Said<bool>>>,
        /// With `stream`: the `sequence_number` of the last event that is known already.
        starting_after: Query<Option<Said<u64>>>,
    ) -> poem::Result<ResponseReply> {
        let id = id(&response_id.0)?;
        let stream = Said::get(stream.0, "stream")?.unwrap_or(false);
        let starting_after = Said::get(starting_after.0, "starting_after")?;
        if !stream {
            if starting_after.is_some() {
                let message = "`starting_after` needs `stream=true`.";
                let error = ApiError::invalid("invalid_value", "starting_after", message);
                return Err(error.into());
            }
            let found = self.handles.responses.get(&caller.caller, &id).await;
            return Ok(ResponseReply::whole(found.map_err(|error| failed(error, ""))?));
        }
        let reader = self.handles.responses.read(&caller.caller, &id, starting_after).await;
        let reader = reader.map_err(|error| failed(error, ""))?;
        Ok(self.stream(Growth::of_kept(reader, Meter::default())).await?)
    }

    /// Delete a response
    ///
    /// One that is under way is ended first.
    #[oai(path = "/v1/responses/:response_id", method = "delete", operation_id = "deleteResponse")]
    async fn delete(
        &self,
        caller: Keeper,
        /// The response's id.
        response_id: Path<String>,
    ) -> poem::Result<Json<DeletedResponse>> {
        let id = id(&response_id.0)?;
        let deleted = self.handles.responses.delete(&caller.caller, &id).await;
        deleted.map_err(|error| failed(error, ""))?;
        let (id, object) = (id.to_string(), always::ResponseWord::Always);
        Ok(Json(DeletedResponse { id, object, deleted: true }))
    }

    /// Cancel a background response
    ///
    /// One that has ended stays as it is.
    #[oai(
        path = "/v1/responses/:response_id/cancel",
        method = "post",
        operation_id = "cancelResponse"
    )]
    async fn cancel(
        &self,
        caller: Keeper,
        /// The response's id.
        response_id: Path<String>,
    ) -> poem::Result<Json<ResponseObject>> {
        let id = id(&response_id.0)?;
        let cancelled = self.handles.responses.cancel(&caller.caller, &id).await;
        Ok(Json(cancelled.map_err(|error| failed(error, ""))?))
    }

    /// List what a response was asked
    #[oai(
        path = "/v1/responses/:response_id/input_items",
        method = "get",
        operation_id = "listInputItems"
    )]
    #[expect(clippy::too_many_arguments, reason = "each declared part of the request is one")]
    async fn input_items(
        &self,
        caller: security::Reader,
        /// The response's id.
        response_id: Path<String>,
        /// How many items: 1 to 100, 20 by default.
        limit: Query<Option<Said<u32>>>,
        /// `desc`, the newest first, by default; or `asc`.
        order: Query<Option<Said<String>>>,
        /// The id of the last item of the page before.
        after: Query<Option<Said<String>>>,
    ) -> poem::Result<Json<ResponseItemList>> {
        let id = id(&response_id.0)?;
        let page = Page {
            limit: limit_of(Said::get(limit.0, "limit")?)?,
            after: Said::get(after.0, "after")?,
            order: order_of(Said::get(order.0, "order")?.as_deref())?,
        };
        let found = self.handles.responses.input_items(&caller.caller, &id, page).await;
        let responses::Items { items: data, has_more } =
            found.map_err(|error| failed(error, "after"))?;
        let name = |item: &responses::Item| item.id().to_owned();
        let (first_id, last_id) = (data.first().map(name), data.last().map(name));
        Ok(Json(ResponseItemList {
            object: always::ListWord::Always,
            data,
            first_id,
            last_id,
            has_more,
        }))
    }

    /// Make a conversation short
    ///
    /// Gives items that take the place of the conversation: what people said last, and a
    /// `compaction` for the rest, which only this gateway can read.
    #[oai(path = "/v1/responses/compact", method = "post", operation_id = "compactResponse")]
    async fn compact(
        &self,
        caller: Writer,
        request_id: Data<&RequestId>,
        body: Json<CompactResponse>,
    ) -> poem::Result<Json<CompactedResponse>> {
        let id = request_id.0.derive("resp");
        Ok(Json(self.handles.compact(caller, body.0, id).await?))
    }
}

/// The id of a response, as far as it can be one.
fn id(text: &str) -> Result<ResponseId, ApiError> {
    ResponseId::parse(text)
        .map_err(|_| failed(responses::Error::Unknown(text.to_owned()), "response_id"))
}

fn limit_of(limit: Option<u32>) -> Result<usize, ApiError> {
    match limit {
        None => Ok(PAGE),
        Some(limit) if (1..=MAX_PAGE).contains(&limit) => {
            Ok(usize::try_from(limit).unwrap_or(PAGE))
        }
        Some(_) => {
            let message = format!("`limit` must be between 1 and {MAX_PAGE}.");
            Err(ApiError::invalid("invalid_value", "limit", message))
        }
    }
}

fn order_of(order: Option<&str>) -> Result<Order, ApiError> {
    match order {
        None | Some("desc") => Ok(Order::Descending),
        Some("asc") => Ok(Order::Ascending),
        Some(other) => {
            let message = format!("`order` must be asc or desc, not '{other}'.");
            Err(ApiError::invalid("unsupported_value", "order", message))
        }
    }
}
