//! The published contract: poem-openapi declares the operations, utoipa the schemas.
//!
//! OpenAPI 3.0.3, because every client generator reads it, and beside it the same contract in
//! OpenAPI 3.1, whose schemas are JSON Schema. The committed copies are what is served; a test
//! holds them to the code. [`public`] is what the door serves of it.

mod assemble;
mod downgrade;
mod examples;
mod named;
mod page;
mod replies;
#[cfg(test)]
mod tests;
mod upgrade;

use super::JSON;
use super::chat::{
    ChatApi, CreateChatCompletionRequest, CreateChatCompletionResponse,
    CreateChatCompletionStreamResponse,
};
use super::embeddings::{CreateEmbeddingRequest, CreateEmbeddingResponse, EmbeddingsApi};
use super::error::ErrorResponse;
use super::models::{ListModelsResponse, ModelsApi};
use super::probes::{ProbeResponse, ProbesApi};
use super::responses::{
    CompactResponse, CompactedResponse, CreateResponse, DeletedResponse, ResponseItemList,
    ResponsesApi,
};
use super::tools::{InvokeToolRequest, InvokeToolResponse, ToolErrorResponse, ToolsApi};
use crate::responses::{Event, ResponseObject};
use assemble::{Schemas, collect};
use poem::http::{HeaderValue, Method, header};
use poem::{Body, Response};
use poem_openapi::OpenApi;

pub use assemble::{document, document_3_1};

/// The groups of the API, in the order they are described.
pub(super) type Groups = (ModelsApi, ChatApi, ResponsesApi, EmbeddingsApi, ToolsApi, ProbesApi);

/// Browsers and proxies may keep what is published for so long: it changes with the version.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The schemas of all bodies, from utoipa.
fn bodies() -> Schemas {
    let mut found = Schemas::new();
    collect::<ErrorResponse>(&mut found);
    collect::<ListModelsResponse>(&mut found);
    collect::<CreateChatCompletionRequest>(&mut found);
    collect::<CreateChatCompletionResponse>(&mut found);
    collect::<CreateChatCompletionStreamResponse>(&mut found);
    collect::<CreateResponse>(&mut found);
    collect::<ResponseObject>(&mut found);
    collect::<Event>(&mut found);
    collect::<DeletedResponse>(&mut found);
    collect::<ResponseItemList>(&mut found);
    collect::<CompactResponse>(&mut found);
    collect::<CompactedResponse>(&mut found);
    collect::<CreateEmbeddingRequest>(&mut found);
    collect::<CreateEmbeddingResponse>(&mut found);
    collect::<InvokeToolRequest>(&mut found);
    collect::<InvokeToolResponse>(&mut found);
    collect::<ToolErrorResponse>(&mut found);
    collect::<ProbeResponse>(&mut found);
    found
}

/// The document as committed, which is the document as served.
pub fn committed() -> &'static str {
    include_str!("../../../openapi/openapi.json")
}

/// The same in OpenAPI 3.1.
pub fn committed_3_1() -> &'static str {
    include_str!("../../../openapi/openapi-3.1.json")
}

/// What anybody may read of the contract, without a credential.
#[derive(Debug, Clone, Copy)]
pub(super) enum Public {
    /// A document.
    Document(&'static str),
    /// The reference page.
    Page,
}

/// What is published at a path, if anything is.
pub(super) fn public(path: &str) -> Option<Public> {
    match path {
        "/openapi.json" => Some(Public::Document(committed())),
        "/openapi-3.1.json" => Some(Public::Document(committed_3_1())),
        "/docs" => Some(Public::Page),
        _ => None,
    }
}

impl Public {
    /// The reply to a `GET` of it.
    pub(super) fn reply(self) -> Response {
        let builder = Response::builder().header(header::CACHE_CONTROL, CACHE_CONTROL);
        match self {
            Self::Document(text) => builder.content_type(JSON).body(text),
            Self::Page => {
                let page::Page { html, policy } = page::make(committed());
                let builder = builder.header(header::CONTENT_SECURITY_POLICY, policy);
                builder.content_type("text/html; charset=utf-8").body(Body::from_string(html))
            }
        }
    }
}

/// Paths and their methods, `{name}` standing for one segment.
pub(super) fn routes() -> Vec<(String, Vec<Method>)> {
    let paths = Groups::meta().into_iter().flat_map(|api| api.paths);
    paths
        .map(|path| {
            let methods = path.operations.iter().map(|operation| operation.method.clone());
            (path.path.clone(), methods.collect())
        })
        .collect()
}
