//! Generated documents are what the code says.

use crate::support::compare_file;
use serde_json::Value;

#[test]
fn the_committed_description_is_the_codes() {
    compare_file("openapi/openapi.json", &openclaw::http::document());
}

#[test]
fn the_command_reference_is_the_programs() {
    compare_file("docs/cli-reference.md", &openclaw::cli::reference());
}

#[test]
fn the_description_keeps_the_rules_that_generators_need() {
    let document: Value = serde_json::from_str(&openclaw::http::document()).expect("JSON");
    assert_eq!(document["openapi"], "3.0.3");
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for name in ["Response", "Request", "Client", "Error"] {
        assert!(!schemas.contains_key(name), "a generator would trip over a schema named {name}");
    }
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            assert!(operation["operationId"].is_string(), "{method} {path} has no operationId");
        }
    }
    check(&document, schemas, "#");
}

/// No 3.1 dialect, no free-form array in a choice, and every reference leads somewhere.
fn check(value: &Value, schemas: &serde_json::Map<String, Value>, place: &str) {
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                check(item, schemas, &format!("{place}/{i}"));
            }
        }
        Value::Object(object) => {
            assert!(!object.get("type").is_some_and(Value::is_array), "a list of types at {place}");
            assert_ne!(object.get("type"), Some(&"null".into()), "a null type at {place}");
            for choice in object.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
                let free = &choice["items"];
                let free = free["type"] == "object" && free.get("properties").is_none();
                assert!(!free, "an array of free-form objects in a choice at {place}");
            }
            if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                let name = reference.rsplit('/').next().expect("a name");
                assert!(schemas.contains_key(name), "{reference} at {place} leads nowhere");
            }
            for (key, item) in object {
                check(item, schemas, &format!("{place}/{key}"));
            }
        }
        _ => {}
    }
}
