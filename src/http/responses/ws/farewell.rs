//! How a connection ends: what its client is told, and that it hears it.

use super::frame;
use crate::http::ApiError;
use crate::types::{Failure, FailureKind};
use poem::http::StatusCode;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// A client that sends nothing for so long is done sending.
const LULL: Duration = Duration::from_secs(1);

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The gateway stops.
    Stopping,
    /// It is too old.
    Age,
    /// A frame is larger than these bytes.
    TooLarge(usize),
    /// The client has closed it, and waits for that to be answered.
    Closed,
    /// The client is gone, or does not listen; there is nobody to be told.
    Gone,
}

impl End {
    /// The last frames, where there is somebody to be told. `waiting` are requests that were not
    /// begun.
    pub(super) fn words(self, waiting: impl Iterator<Item = Utf8Bytes>) -> Vec<Message> {
        let (code, reason) = match self {
            Self::Closed | Self::Gone => return Vec::new(),
            Self::Stopping => (CloseCode::Away, "the gateway stops"),
            Self::Age => (CloseCode::Normal, "the connection is too old"),
            Self::TooLarge(_) => (CloseCode::Size, "the frame is too large"),
        };
        let unbegun = waiting.map(|text| {
            let error = match self {
                Self::Age => too_old(),
                _ => stopping(),
            };
            frame::of_error(&error, frame::stream_id(&text).as_deref())
        });
        let last = match self {
            Self::Age => Some(too_old()),
            Self::TooLarge(most) => Some(too_large(most)),
            Self::Stopping | Self::Closed | Self::Gone => None,
        };
        let last = last.iter().map(|error| frame::of_error(error, None));
        let close = CloseFrame { code, reason: reason.into() };
        let said = unbegun.chain(last).map(Message::text);
        said.chain([Message::Close(Some(close))]).collect()
    }
}

/// Takes what comes until nothing does: a connection that is closed before is reset, and its client
/// never reads why.
pub(super) async fn drain(stream: &mut (impl AsyncRead + Unpin)) {
    let mut unread = [0; 4096];
    while let Ok(Ok(1..)) = timeout(LULL, stream.read(&mut unread)).await {}
}

fn too_old() -> ApiError {
    let message = "A connection lives for 60 minutes. Open another one and continue there.";
    let code = "websocket_connection_limit_reached";
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_request_error", code, message)
}

fn too_large(most: usize) -> ApiError {
    let message = format!("The frame is larger than the {most} bytes accepted here.");
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    ApiError::new(status, "invalid_request_error", "request_too_large", message)
}

/// A request that waits when the gateway stops was not begun, so that it can be sent anew.
fn stopping() -> ApiError {
    let message = "The gateway stops, and this request was not begun. Send it again on another \
                   connection.";
    Failure::new(FailureKind::Interrupted, message).into()
}
