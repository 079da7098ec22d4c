//! The published contract: poem-openapi declares the operations, utoipa the schemas.
//!
//! OpenAPI 3.0.3, because every client generator reads it. The committed copy is what is served;
//! a test holds it to the code.

mod downgrade;

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
use super::tools::{self, InvokeToolRequest, InvokeToolResponse, ToolErrorResponse, ToolsApi};
use crate::responses::{Event, ResponseObject};
use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::registry::{MetaApi, Registry};
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::marker::PhantomData;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

/// The groups of the API, in the order they are described.
pub(super) type Groups = (ModelsApi, ChatApi, ResponsesApi, EmbeddingsApi, ToolsApi, ProbesApi);

/// The document as committed, which is the document as served.
pub fn committed() -> &'static str {
    include_str!("../../../openapi/openapi.json")
}

/// The document as the code says it is.
///
/// # Panics
/// When poem-openapi writes a document that is not JSON, which would be its defect.
pub fn document() -> String {
    let described = Described::<Groups>(PhantomData);
    let service = OpenApiService::new(described, "OpenClaw", env!("CARGO_PKG_VERSION"));
    let service = service.description(
        "An OpenAI-compatible API whose models are agents. Point any OpenAI client at `/v1`.",
    );
    let mut document: Value =
        serde_json::from_str(&service.spec()).expect("poem-openapi writes JSON");
    document["openapi"] = json!("3.0.3");
    document["servers"] = json!([{ "url": "http://127.0.0.1:18789" }]);
    document["components"]["schemas"] = Value::Object(schemas());
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            if path.starts_with("/v1/") {
                add_errors(method, operation);
            } else if path == tools::PATH {
                add_tool_errors(operation);
            }
        }
    }
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value serialises");
    text.push('\n');
    text
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

/// The schemas of all bodies, from utoipa, by name.
fn schemas() -> Map<String, Value> {
    let mut found: Vec<(String, RefOr<Schema>)> = Vec::new();
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
        .into_iter()
        .map(|(name, schema)| {
            let mut schema = serde_json::to_value(schema).expect("a schema serialises");
            downgrade::to_3_0(&mut schema);
            (name, schema)
        })
        .collect()
}

fn collect<T: ToSchema + PartialSchema>(found: &mut Vec<(String, RefOr<Schema>)>) {
    found.push((T::name().into_owned(), T::schema()));
    T::schemas(found);
}

/// What can go wrong with any `/v1` operation, and with one that starts work.
fn add_errors(method: &str, operation: &mut Value) {
    let always = [
        ("401", "No or an incorrect credential."),
        ("403", "The caller lacks a scope."),
        ("404", "No such model or path."),
        ("500", "The gateway failed."),
    ];
    let with_body = [
        ("400", "The request is wrong; `param` says where, `code` which rule."),
        ("408", "The body did not arrive in time."),
        ("413", "The body is too large."),
        ("415", "The body is not declared as JSON."),
        ("429", "The provider is asked too often; `Retry-After` says when to try again."),
        ("502", "The provider cannot be reached, or fails."),
        ("503", "Overloaded; `Retry-After` says when to try again, where that is known."),
        ("504", "The provider did not answer in time."),
    ];
    let with_body = with_body.into_iter().filter(|_| method == "post");
    for (status, description) in always.into_iter().chain(with_body) {
        add_error(operation, (status, description), "ErrorResponse");
    }
}

/// What can go wrong with the use of a tool.
fn add_tool_errors(operation: &mut Value) {
    let errors = [
        ("400", "The request or the tool's arguments are wrong."),
        ("401", "No or an incorrect credential."),
        ("403", "The caller lacks a scope, or the tool needs approval."),
        ("404", "There is no such tool for this caller."),
        ("408", "The body did not arrive in time."),
        ("409", "The idempotency key was used for another request."),
        ("413", "The body is too large."),
        ("415", "The body is not declared as JSON."),
        ("429", "Too much is under way; `Retry-After` says when to try again."),
        ("500", "The tool failed."),
    ];
    for error in errors {
        add_error(operation, error, "ToolErrorResponse");
    }
}

fn add_error(operation: &mut Value, (status, description): (&str, &str), schema: &str) {
    operation["responses"][status] = json!({
        "description": description,
        "content": { "application/json": {
            "schema": { "$ref": format!("#/components/schemas/{schema}") }
        } }
    });
}

/// An API's description without the API: the document needs types, not handles.
struct Described<T>(PhantomData<T>);

impl<T: OpenApi> OpenApi for Described<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}
