//! Generated documents are what the code says, and what those who read them need.

mod api_page;
mod examples;
mod published;
mod rules;
mod twins;

use crate::support::compare_file;
use serde_json::Value;

#[test]
fn the_committed_description_is_the_codes() {
    compare_file("openapi/openapi.json", &openclaw::http::document());
}

#[test]
fn the_committed_description_in_3_1_is_the_codes() {
    compare_file("openapi/openapi-3.1.json", &openclaw::http::document_3_1());
}

#[test]
fn the_command_reference_is_the_programs() {
    compare_file("docs/cli-reference.md", &openclaw::cli::reference());
}

/// The document in OpenAPI 3.0.3.
fn older() -> Value {
    serde_json::from_str(&openclaw::http::document()).expect("JSON")
}

/// The document in OpenAPI 3.1.
fn newer() -> Value {
    serde_json::from_str(&openclaw::http::document_3_1()).expect("JSON")
}

/// Path, method and description of every operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().expect("operations");
        operations.iter().map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    methods.collect()
}

/// An object's entries, or none.
fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// A list's items, or none.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
