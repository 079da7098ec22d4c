//! What happens while a response grows.

use serde::Serialize;

/// One event of a response, complete and in OpenAI's form; serialised, it is the `data` of a
/// server-sent event, a WebSocket frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Such as `response.created`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// From 0, without gaps.
    pub sequence_number: u64,
}
