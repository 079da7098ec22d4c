//! The door of the HTTP API: what holds for every request and every reply.

use super::cors::Origin;
use super::document::{self, Groups};
use super::json::BodyLimit;
use super::rate::Counted;
use super::request_id::RequestId;
use super::{
    ApiError, chat, embeddings, host, models, path, probes, responses, session, target, tools,
};
use crate::agents::Agents;
use crate::auth::Gate;
use crate::config::Endpoint as EndpointSettings;
use crate::health::Health;
use crate::media::Media;
use crate::providers::Providers;
use crate::responses::Responses;
use crate::runs::Runs;
use crate::secrets::Live;
use crate::tasks::Tasks;
use crate::tools::Toolbox;
use futures_util::FutureExt;
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, EndpointExt, IntoEndpoint, IntoResponse, Request, Response};
use poem_openapi::{OpenApi, OpenApiService};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;

/// The header that carries the request id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header in which OpenAI says how long an answer took, up to its first byte.
const PROCESSING_MS: HeaderName = HeaderName::from_static("openai-processing-ms");

/// Headers that decide who answers and where it is kept.
const READABLE_HEADERS: [&str; 5] = [
    target::AGENT_HEADER,
    target::MODEL_HEADER,
    session::KEY_HEADER,
    target::IDEMPOTENCY_HEADER,
    target::DISCONNECT_HEADER,
];

/// Sent with every reply: browsers shall not guess types, leak addresses or open devices.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(self), geolocation=()"),
    ),
];

/// What the HTTP API works with.
#[derive(Debug)]
pub struct Services {
    /// The config in force.
    pub live: Live,
    /// Lets callers in.
    pub gate: Arc<Gate>,
    /// Starts runs.
    pub runs: Runs,
    /// Makes and keeps responses.
    pub responses: Responses,
    /// Reads images and files.
    pub media: Media,
    /// Holds what outlives its request.
    pub tasks: Tasks,
    /// Says which model embeds.
    pub agents: Agents,
    /// Embeds.
    pub providers: Providers,
    /// Uses tools.
    pub toolbox: Toolbox,
    /// For the probes.
    pub health: Health,
}

/// The HTTP API as one endpoint.
pub fn endpoint(services: Services) -> BoxEndpoint<'static, Response> {
    let Services { live, gate, runs, responses, media, tasks, agents, providers, toolbox, health } =
        services;
    let sockets = responses::Sockets::default();
    let made_with = responses::Handles {
        live: live.clone(),
        agents: agents.clone(),
        responses,
        media: media.clone(),
        tasks,
        sockets,
    };
    let groups: Groups = (
        models::ModelsApi { live: live.clone() },
        chat::ChatApi { live: live.clone(), runs, agents: agents.clone(), media },
        responses::ResponsesApi { handles: made_with },
        embeddings::EmbeddingsApi { live: live.clone(), agents, providers },
        tools::ToolsApi { toolbox },
        probes::ProbesApi { health },
    );
    door(groups, live, gate)
}

/// The door in front of these groups of operations.
pub(super) fn door(
    groups: impl OpenApi + 'static,
    live: Live,
    gate: Arc<Gate>,
) -> BoxEndpoint<'static, Response> {
    let service = OpenApiService::new(groups, "OpenClaw", env!("CARGO_PKG_VERSION"));
    let inner = service.into_endpoint().map_to_response().boxed();
    Door { inner, live, gate, routes: document::routes() }.boxed()
}

/// Stands between the listener and the API's operations.
struct Door {
    inner: BoxEndpoint<'static, Response>,
    live: Live,
    gate: Arc<Gate>,
    routes: Vec<(String, Vec<Method>)>,
}

impl Endpoint for Door {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let id = RequestId::new();
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        // What is logged on the way, down to a provider's failure, carries the request's id.
        let span = tracing::info_span!("request", %id);
        let origin = Origin::of(request.headers(), &self.live.load().config.gateway.http.cors);
        let mut response = match origin.as_ref().and_then(|origin| origin.preflight(&request)) {
            Some(answer) => answer,
            None => self.answer(request, id).instrument(span.clone()).await,
        };
        let elapsed = started.elapsed();
        decorate(&mut response, id, elapsed);
        if let Some(origin) = origin {
            origin.tell(&mut response);
        }
        let status = response.status().as_u16();
        let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(parent: &span, %method, path, status, elapsed_us, "answered");
        Ok(response)
    }
}

impl Door {
    /// The reply, in the shape of its path.
    async fn answer(&self, mut request: Request, id: RequestId) -> Response {
        let known = host::check(&request, &self.live.load().config.gateway.allowed_hosts);
        if let Err(error) = known.and_then(|()| path::normalise(&mut request)) {
            return error.into_response();
        }
        let path = request.uri().path().to_owned();
        let response = self.routed(request, id, &path).await;
        if response.status().as_u16() >= 400 && path == tools::PATH {
            return tools::in_own_shape(response);
        }
        response
    }

    async fn routed(&self, mut request: Request, id: RequestId, path: &str) -> Response {
        let asked = request.method().clone();
        if asked == Method::HEAD {
            // The connection leaves the body of a HEAD reply out by itself.
            request.set_method(Method::GET);
        }
        if let Err(error) = check_overrides(request.headers()) {
            return error.into_response();
        }
        if let Some(public) = document::public(path) {
            return match *request.method() {
                Method::GET => public.reply(),
                _ => self.envelope(StatusCode::METHOD_NOT_ALLOWED, &asked, path).into_response(),
            };
        }
        let Some(limit) = self.body_limit(path) else {
            return ApiError::not_found(path).into_response();
        };
        request.extensions_mut().insert(BodyLimit(limit));
        request.extensions_mut().insert(id);
        request.extensions_mut().insert(self.gate.clone());
        let counted = Counted::wanted(&self.gate, &request);
        if let Some(counted) = &counted {
            request.extensions_mut().insert(counted.clone());
        }
        let answer = AssertUnwindSafe(self.inner.get_response(request)).catch_unwind();
        let response = answer.await.unwrap_or_else(|_| {
            tracing::error!(path, "the request's handler panicked");
            ApiError::internal().into_response()
        });
        let mut response = match response.status() {
            status if status.as_u16() < 400 || is_json(&response) => response,
            status => self.envelope(status, &asked, path).into_response(),
        };
        if let Some(counted) = counted {
            counted.tell(&mut response);
        }
        response
    }

    /// The endpoint's body limit, or none when the endpoint is switched off.
    fn body_limit(&self, path: &str) -> Option<usize> {
        let snapshot = self.live.load();
        let endpoints = &snapshot.config.gateway.http.endpoints;
        let (enabled, max_body_bytes) = match path {
            "/v1/chat/completions" => {
                let settings = &endpoints.chat_completions;
                (settings.enabled, settings.max_body_bytes)
            }
            "/v1/embeddings" => (endpoints.embeddings.enabled, endpoints.embeddings.max_body_bytes),
            tools::PATH => (true, tools::MAX_BODY_BYTES),
            path if below(path, "/v1/responses") => {
                (endpoints.responses.enabled, endpoints.responses.max_body_bytes)
            }
            path if below(path, "/v1/models") => {
                (endpoints.models.enabled, endpoints.models.max_body_bytes)
            }
            _ => (true, EndpointSettings::default().max_body_bytes),
        };
        enabled.then_some(max_body_bytes)
    }

    /// Our envelope for an error that poem answered in plain text.
    fn envelope(&self, status: StatusCode, method: &Method, path: &str) -> ApiError {
        match status {
            StatusCode::NOT_FOUND => ApiError::not_found(path),
            StatusCode::METHOD_NOT_ALLOWED if self.is_no_path(path) => ApiError::not_found(path),
            StatusCode::METHOD_NOT_ALLOWED => {
                let allow = self.allowed(path);
                let message = format!("{method} is not allowed on {path}; use {allow}.");
                let kind = "invalid_request_error";
                let error = ApiError::new(status, kind, "method_not_allowed", message);
                ApiError { allow: Some(allow.into()), ..error }
            }
            status if status.is_client_error() => {
                let message = "The request could not be read.";
                ApiError::new(status, "invalid_request_error", "invalid_value", message)
            }
            _ => {
                tracing::error!(path, %status, "the router failed");
                ApiError::internal()
            }
        }
    }

    /// Whether a path only fits a route because something stands where an id is.
    fn is_no_path(&self, path: &str) -> bool {
        self.routes.iter().all(|(route, _)| route != path) && responses::is_no_path(path)
    }

    /// The methods of a path, `HEAD` wherever there is `GET`.
    fn allowed(&self, path: &str) -> String {
        let methods = if document::public(path).is_some() {
            vec![Method::GET]
        } else {
            // A path of its own comes before one of `{any}`, as in the router.
            let literal = self.routes.iter().find(|(pattern, _)| pattern == path);
            let fits = || self.routes.iter().find(|(pattern, _)| path::fits(pattern, path));
            let route = literal.or_else(fits);
            route.map(|(_, methods)| methods.clone()).unwrap_or_default()
        };
        let names = methods.iter().map(|method| match *method {
            Method::GET => "GET, HEAD",
            _ => method.as_str(),
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Whether a path is this one or one below it.
fn below(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_json(response: &Response) -> bool {
    response.content_type().is_some_and(|kind| kind.starts_with("application/json"))
}

fn decorate(response: &mut Response, id: RequestId, elapsed: Duration) {
    let headers = response.headers_mut();
    for (name, value) in &SECURITY_HEADERS {
        headers.insert(name, value.clone());
    }
    let id = HeaderValue::try_from(id.to_string()).expect("hexadecimal digits fit a header");
    headers.insert(REQUEST_ID, id);
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    headers.insert(PROCESSING_MS, HeaderValue::from(millis));
}

/// An override that cannot be read must not be taken for one that was not given.
fn check_overrides(headers: &HeaderMap) -> Result<(), ApiError> {
    for name in READABLE_HEADERS {
        if headers.get(name).is_some_and(|value| value.to_str().is_err()) {
            let message = format!("`{name}` must be printable ASCII.");
            return Err(ApiError::invalid("invalid_value", name, message));
        }
    }
    Ok(())
}
