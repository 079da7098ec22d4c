//! The HTTP API: OpenAI's contract over the waist, its error envelope, its events and its
//! published description.
//!
//! [`endpoint`] is the one thing it gives to `gateway`. Each API group gets only the handles it
//! uses; wire types stay in their group. It never calls an agent or a provider's chat itself.

mod always;
mod attachments;
mod chat;
mod cors;
mod document;
mod embeddings;
mod entry;
mod error;
mod form;
mod hints;
mod host;
mod ignored;
mod json;
mod meter;
mod models;
mod offer;
mod path;
mod probes;
mod range;
mod rate;
mod recording;
mod request_id;
mod responses;
mod security;
mod session;
mod side_task;
mod sse;
mod strict;
mod target;
mod terms;
mod tools;
mod word_or;

pub use document::{committed, committed_3_1, document, document_3_1};
pub use entry::{Services, endpoint};

use error::ApiError;
use poem_openapi::Tags;

/// The content type of every JSON reply.
const JSON: &str = "application/json; charset=utf-8";
/// The content type of every stream.
const SSE: &str = "text/event-stream; charset=utf-8";

/// The groups of the API.
#[derive(Tags)]
enum Tag {
    /// The agents, as models.
    Models,
    /// Chat completions.
    Chat,
    /// Responses.
    Responses,
    /// Embeddings.
    Embeddings,
    /// Tools.
    Tools,
    /// For supervisors.
    Probes,
}
