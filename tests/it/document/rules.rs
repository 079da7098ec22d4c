//! What generators of clients need, found by generating, building and calling.

use super::{entries, items, newer, older, operations};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The keys that a schema may have in OpenAPI 3.0.
const KEYS: [&str; 27] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "deprecated",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
];

#[test]
fn every_operation_says_what_it_is() {
    let document = older();
    assert_eq!(document["openapi"], "3.0.3");
    let mut ids = BTreeSet::new();
    let tags: BTreeSet<&str> =
        items(&document["tags"]).filter_map(|tag| tag["name"].as_str()).collect();
    for (path, method, operation) in operations(&document) {
        let place = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{place} has no id"));
        assert!(ids.insert(id.to_owned()), "{id} stands twice");
        assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{place}: summary");
        let one = items(&operation["tags"]).filter_map(Value::as_str).collect::<Vec<_>>();
        assert!(one.len() == 1 && tags.contains(one[0]), "{place} has the tags {one:?}");
        for parameter in items(&operation["parameters"]) {
            let text = parameter["description"].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{place} does not say what {} is", parameter["name"]);
        }
        let secured = operation["security"] == json!([{ "bearerAuth": [] }]);
        assert_eq!(secured, path.starts_with("/v1/") || path == "/tools/invoke", "{place}");
        replies(&place, path, operation);
    }
    assert_eq!(document["components"]["securitySchemes"]["bearerAuth"]["scheme"], "bearer");
}

fn replies(place: &str, path: &str, operation: &Value) {
    let statuses: Vec<&str> = entries(&operation["responses"]).map(|(s, _)| s.as_str()).collect();
    assert!(statuses.iter().any(|status| status.starts_with(['1', '2'])), "{place}: {statuses:?}");
    for (status, reply) in entries(&operation["responses"]) {
        assert!(!reply["description"].as_str().unwrap_or_default().is_empty(), "{place} {status}");
        assert!(reply["headers"]["x-request-id"].is_object(), "{place} {status}: x-request-id");
        let schema = &reply["content"]["application/json"]["schema"]["$ref"];
        if status.starts_with(['4', '5']) {
            let error = match path {
                "/tools/invoke" => "ToolErrorResponse",
                _ if path.starts_with("/v1/") => "ErrorResponse",
                _ => "ProbeResponse",
            };
            // There are generators that have room for one type of error in an operation.
            let error = format!("#/components/schemas/{error}");
            assert_eq!(*schema, error, "{place} {status}");
        }
        for header in [("429", "Retry-After"), ("503", "Retry-After"), ("401", "WWW-Authenticate")]
        {
            let wanted = status == header.0 && path.starts_with("/v1/");
            assert!(!wanted || reply["headers"][header.1].is_object(), "{place} {status}");
        }
    }
    if path.starts_with("/v1/") {
        for status in ["401", "403", "404", "429", "500", "503"] {
            assert!(statuses.contains(&status), "{place} does not say {status}");
        }
    }
    let body = operation["requestBody"]["content"].is_object();
    for status in ["400", "408", "413", "415"] {
        assert!(!body || statuses.contains(&status), "{place} does not say {status}");
    }
}

#[test]
fn no_schema_trips_a_generator() {
    let document = older();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for name in ["Response", "Request", "Client", "Error"] {
        assert!(!schemas.contains_key(name), "a generator would trip over a schema named {name}");
    }
    for (name, schema) in schemas {
        check(schema, schemas, name);
        for field in items(&schema["required"]).filter_map(Value::as_str) {
            assert!(schema["properties"][field].is_object(), "{name} requires {field}, unknown");
        }
    }
    for (path, method, operation) in operations(&document) {
        let place = format!("{method} {path}");
        for parameter in items(&operation["parameters"]) {
            check(&parameter["schema"], schemas, &place);
        }
        let replies = entries(&operation["responses"]).map(|(_, reply)| reply);
        for content in replies.chain([&operation["requestBody"]]) {
            for (kind, media) in entries(&content["content"]) {
                let reference = media["schema"]["$ref"].as_str();
                assert!(reference.is_some(), "{place}: the schema of {kind} has no name");
                check(&media["schema"], schemas, &place);
            }
        }
        let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        if let Some(name) = body.as_str().and_then(|body| body.rsplit('/').next()) {
            assert_eq!(schemas[name]["additionalProperties"], true, "{name} is closed");
        }
    }
}

/// 3.0's keys only, without `discriminator`, no free-form array in a choice, objects in a choice that
/// can be told apart, and references that lead somewhere.
fn check(schema: &Value, schemas: &Map<String, Value>, place: &str) {
    let Some(object) = schema.as_object() else {
        assert!(schema.is_boolean() || schema.is_null(), "no schema at {place}: {schema}");
        return;
    };
    for key in object.keys() {
        assert!(KEYS.contains(&key.as_str()), "`{key}` at {place} is not of OpenAPI 3.0");
    }
    if let Some(kind) = object.get("type") {
        assert!(kind.is_string() && kind != "null", "the type {kind} at {place}");
    }
    named(schema, place);
    if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
        assert_eq!(object.len(), 1, "3.0 reads nothing beside a reference, at {place}");
        let name = reference.strip_prefix("#/components/schemas/").unwrap_or_default();
        assert!(schemas.contains_key(name), "{reference} at {place} leads nowhere");
    }
    let choices = items(&schema["oneOf"]).filter_map(|choice| choice["$ref"].as_str());
    let choices = choices.filter_map(|path| path.rsplit('/').next()).collect::<Vec<_>>();
    if choices.len() > 1 {
        let mut kinds = BTreeSet::new();
        for name in choices {
            let required = items(&schemas[name]["required"]).any(|required| required == "type");
            assert!(required, "{name} at {place} may come without `type`");
            let kind = &schemas[name]["properties"]["type"]["enum"];
            assert!(kind.as_array().is_some_and(|kinds| kinds.len() == 1), "{name}: {kind}");
            assert!(kinds.insert(kind.to_string()), "{kind} stands twice at {place}");
        }
    }
    for (key, list) in [("oneOf", true), ("anyOf", true), ("allOf", false)] {
        for (i, choice) in items(&schema[key]).enumerate() {
            let item = &choice["items"];
            let free = item["type"] == "object" && item.get("properties").is_none();
            assert!(!(list && free), "an array of free-form objects in a choice at {place}");
            check(choice, schemas, &format!("{place}/{key}/{i}"));
        }
    }
    for (name, field) in entries(&schema["properties"]) {
        check(field, schemas, &format!("{place}.{name}"));
    }
    for key in ["items", "additionalProperties"] {
        check(&schema[key], schemas, &format!("{place}/{key}"));
    }
}

/// An object is a schema of its own, with fields or open: generators invent names for others, which
/// collide, and take one without fields for an object that has none.
fn named(schema: &Value, place: &str) {
    let open = !schema["properties"].is_null() || !schema["additionalProperties"].is_null();
    let within = place.contains(['.', '/', ' ']);
    assert!(schema["type"] != "object" || (open && !within), "an object without name at {place}");
}

#[test]
fn every_schema_and_field_has_words_and_is_used() {
    let document = newer();
    let text = document.to_string();
    for (name, schema) in entries(&document["components"]["schemas"]) {
        let reference = format!("\"#/components/schemas/{name}\"");
        assert!(text.contains(&reference), "nothing refers to {name}");
        for (field, schema) in entries(&schema["properties"]) {
            // Beside a null, the words are with what the field is otherwise.
            let choices = items(&schema["oneOf"]).chain([schema]);
            let words = choices.filter_map(|choice| choice["description"].as_str());
            assert!(words.count() > 0, "{name}.{field} does not say what it is");
        }
    }
}

#[test]
fn nothing_of_3_0_and_nothing_empty_is_left_in_3_1() {
    fn walk(value: &Value, place: &str) {
        for (i, item) in items(value).enumerate() {
            walk(item, &format!("{place}/{i}"));
        }
        for (key, item) in entries(value) {
            assert!(!(key == "nullable" && item.is_boolean()), "nullable at {place}");
            assert!(!item.is_null(), "{key} at {place} says nothing");
            let exclusive = key.starts_with("exclusive") && item.is_boolean();
            assert!(!exclusive, "{key} at {place}");
            if key != "examples" {
                walk(item, &format!("{place}/{key}"));
            }
        }
    }
    let document = newer();
    assert_eq!(document["openapi"], "3.1.0");
    walk(&document, "#");
}
