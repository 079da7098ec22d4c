//! Responses over a WebSocket: `GET /v1/responses` with `Upgrade: websocket`, then one
//! `response.create` frame for each response, answered by the events of a stream.

mod connection;
mod farewell;
mod frame;
mod memory;
mod terms;
#[cfg(test)]
mod tests;
mod turn;

use super::Handles;
use crate::config::ResponsesEndpoint;
use crate::http::ApiError;
use crate::http::security::{self, Writer};
use crate::types::{Failure, FailureKind};
use connection::{Connection, Patience};
use memory::Store;
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{Request, Response, Upgraded};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use turn::Turn;

/// The one version there is.
const VERSION: &str = "13";
/// Buffers of a connection; the library's own are thirty times larger.
const BUFFER_BYTES: usize = 4 * 1024;
/// What waits to be written may be larger than what may be sent here by this factor: events repeat
/// what a request brought.
const WRITE_FACTOR: usize = 4;
/// Connections open at once.
const MAX_CONNECTIONS: usize = 4 * 1024;

/// The room for connections.
#[derive(Debug, Clone)]
pub(in crate::http) struct Sockets {
    free: Arc<Semaphore>,
    /// What all of them hold together.
    store: Store,
}

impl Default for Sockets {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(MAX_CONNECTIONS)), store: Store::default() }
    }
}

/// Answers a request for a WebSocket, and serves the connection once it is one.
pub(super) fn accept(handles: &Handles, request: &Request) -> Result<Response, ApiError> {
    let headers = request.headers();
    if !has_token(headers, header::UPGRADE, "websocket") {
        return Err(no_upgrade());
    }
    let Writer { caller, meter } = security::admit_worker(request)?;
    let snapshot = handles.live.load();
    let http = &snapshot.config.gateway.http;
    check_origin(headers, &http.cors.allowed_origins)?;
    let accepted = handshake(headers)?;
    terms::of(caller, headers)?;
    let config = config(&http.endpoints.responses);
    let Ok(slot) = handles.sockets.free.clone().try_acquire_owned() else {
        let message = "Too many WebSockets are open. Close some, or try again later.";
        return Err(Failure::new(FailureKind::Busy, message).into());
    };
    let upgrade = request.take_upgrade().map_err(|_| no_upgrade())?;
    let made_with = handles.clone();
    let connection = Connection {
        begin: move |asked, needs| Turn::begin(asked, needs, made_with.clone()),
        caller,
        headers: headers.clone(),
        max_bytes: http.endpoints.responses.max_body_bytes,
        patience: Patience::default(),
        store: handles.sockets.store.clone(),
    };
    let stopping = handles.tasks.stopping();
    handles.tasks.spawn(async move {
        let upgraded: Upgraded = match upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => return tracing::debug!(%error, "a WebSocket did not come about"),
        };
        let socket = WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config)).await;
        connection.serve(socket, meter, stopping).await;
        drop(slot);
    });
    Ok(Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accepted)
        .finish())
}

fn config(limits: &ResponsesEndpoint) -> WebSocketConfig {
    let max = limits.max_body_bytes;
    WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(max.saturating_mul(WRITE_FACTOR).max(BUFFER_BYTES * 2))
        .max_message_size(Some(max))
        .max_frame_size(Some(max))
}

/// The same words whether the header is missing or HTTP's version knows no upgrade.
fn no_upgrade() -> ApiError {
    let message = "GET /v1/responses is for WebSockets: send `Upgrade: websocket`, over HTTP/1.1. \
                   To create a response use POST; to read one use GET /v1/responses/{id}.";
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let error = ApiError::new(status, "invalid_request_error", "method_not_allowed", message);
    ApiError { allow: Some("POST".into()), ..error }
}

/// Browsers say which page opens a WebSocket, and let every page do it: only pages that may call
/// the API at all may.
fn check_origin(headers: &HeaderMap, allowed: &[String]) -> Result<(), ApiError> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    if allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
        return Ok(());
    }
    let message = "Pages of this origin may not open WebSockets here. \
                   `gateway.http.cors.allowedOrigins` lists those that may.";
    let status = StatusCode::FORBIDDEN;
    Err(ApiError::new(status, "permission_error", "origin_not_allowed", message))
}

/// The value of `Sec-WebSocket-Accept` for a handshake that is in order.
fn handshake(headers: &HeaderMap) -> Result<HeaderValue, ApiError> {
    let wrong = |name: &str, message: String| ApiError::invalid("invalid_value", name, message);
    if !has_token(headers, header::CONNECTION, "upgrade") {
        return Err(wrong("connection", "`Connection` must hold `upgrade`.".to_owned()));
    }
    let version = headers.get(header::SEC_WEBSOCKET_VERSION);
    if version.is_none_or(|version| version.as_bytes() != VERSION.as_bytes()) {
        let message = format!("`Sec-WebSocket-Version` must be {VERSION}.");
        return Err(wrong("sec-websocket-version", message));
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
        let message = "`Sec-WebSocket-Key` is missing.".to_owned();
        return Err(wrong("sec-websocket-key", message));
    };
    let accepted = derive_accept_key(key.as_bytes());
    Ok(HeaderValue::try_from(accepted).expect("base64 fits a header"))
}

/// Whether a header's list holds a word, in whatever case it is written.
fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let mut words = values.flat_map(|value| value.split(','));
    words.any(|word| word.trim().eq_ignore_ascii_case(token))
}
