//! Puts a document together: operations, schemas, what every reply has, and examples.

use super::{Groups, bodies, downgrade, examples, named, replies, upgrade};
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

/// The dialect that utoipa's schemas are written in.
const JSON_SCHEMA: &str = "https://json-schema.org/draft/2020-12/schema";

/// Schemas by name.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// The document as the code says it is, in OpenAPI 3.0.3.
///
/// # Panics
/// When poem-openapi writes a document that is not JSON, which would be its defect.
pub fn document() -> String {
    let mut document = exact();
    downgrade::to_3_0(&mut document);
    document["openapi"] = json!("3.0.3");
    finished(document)
}

/// The document as the code says it is, in OpenAPI 3.1.
///
/// # Panics
/// When poem-openapi writes a document that is not JSON, which would be its defect.
pub fn document_3_1() -> String {
    let mut document = exact();
    document["openapi"] = json!("3.1.0");
    document["jsonSchemaDialect"] = json!(JSON_SCHEMA);
    finished(document)
}

/// Adds a type's schema and those it refers to.
pub(super) fn collect<T: ToSchema + PartialSchema>(found: &mut Schemas) {
    found.push((T::name().into_owned(), T::schema()));
    T::schemas(found);
}

/// All of the document that depends on its version only by dialect, in that of 3.1.
fn exact() -> Value {
    let described = Described::<Groups>(PhantomData);
    let service = OpenApiService::new(described, "OpenClaw", env!("CARGO_PKG_VERSION"));
    let service = service.description(
        "An OpenAI-compatible API whose models are agents. Point any OpenAI client at `/v1`.",
    );
    let mut document: Value =
        serde_json::from_str(&service.spec()).expect("poem-openapi writes JSON");
    upgrade::to_3_1(&mut document);
    document["servers"] = json!([{ "url": "http://127.0.0.1:18789" }]);
    document["components"]["schemas"] = Value::Object(schemas());
    replies::complete(&mut document);
    open_requests(&mut document);
    plain_counts(&mut document["components"]["schemas"]);
    document
}

/// The document as text. Examples come last: what they hold is no schema to be rewritten.
fn finished(mut document: Value) -> String {
    examples::insert(&mut document);
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value serialises");
    text.push('\n');
    text
}

fn schemas() -> Map<String, Value> {
    let schema =
        |(name, schema)| (name, serde_json::to_value(schema).expect("a schema serialises"));
    let mut schemas = bodies().into_iter().map(schema).collect();
    named::name_all(&mut schemas);
    schemas
}

/// Takes the format from numbers that count: `int32` has no room for half of what is accepted.
fn plain_counts(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(plain_counts),
        Value::Object(object) => {
            let counts =
                object.get("minimum").and_then(Value::as_f64).is_some_and(|min| min >= 0.0);
            if counts && object.get("format") == Some(&json!("int32")) {
                object.remove("format");
            }
            object.values_mut().for_each(plain_counts);
        }
        _ => {}
    }
}

/// Says of every request body that fields beside those listed are accepted.
fn open_requests(document: &mut Value) {
    let operations = document["paths"].as_object().into_iter().flatten();
    let operations = operations.flat_map(|(_, methods)| methods.as_object().into_iter().flatten());
    let bodies = operations.filter_map(|(_, operation)| {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        Some(schema["$ref"].as_str()?.trim_start_matches('#').to_owned())
    });
    for pointer in bodies.collect::<Vec<_>>() {
        let schema = document.pointer_mut(&pointer).and_then(Value::as_object_mut);
        let schema = schema.expect("a body's schema is in the document");
        schema.insert("additionalProperties".to_owned(), json!(true));
    }
}

/// An API's description without the API: the document needs types, not handles.
pub(super) struct Described<T>(pub(super) PhantomData<T>);

impl<T: OpenApi> OpenApi for Described<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}
