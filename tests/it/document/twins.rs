//! The two documents say the same.

use super::{entries, items, newer, older, operations};
use serde_json::{Value, json};

/// What a schema says, whichever dialect it says it in.
fn meaning(schema: &Value) -> Value {
    let mut plain = schema.clone();
    let null = json!({ "type": "null" });
    let mut nullable = schema["nullable"] == true;
    if let Some(kinds) = schema["type"].as_array() {
        nullable |= kinds.contains(&json!("null"));
        let kinds: Vec<&Value> = kinds.iter().filter(|kind| **kind != "null").collect();
        if let [kind] = kinds.as_slice() {
            plain["type"] = (*kind).clone();
        } else {
            plain["anyOf"] = kinds.iter().map(|kind| json!({ "type": kind })).collect();
            plain["type"] = Value::Null;
        }
    }
    let choices: Vec<&Value> = items(&schema["oneOf"]).filter(|choice| **choice != null).collect();
    if choices.len() < items(&schema["oneOf"]).count() {
        nullable = true;
    }
    // A choice of one, or a reference with a neighbour, is what it names.
    let only = match (choices.as_slice(), items(&schema["allOf"]).collect::<Vec<_>>().as_slice()) {
        ([only], _) | ([], [only]) => Some((*only).clone()),
        _ => None,
    };
    if let Some(only) = only {
        let mut inner = meaning(&only);
        inner["nullable"] = json!(nullable || inner["nullable"] == true);
        return inner;
    }
    let fields = entries(&schema["properties"]).map(|(name, field)| (name.clone(), meaning(field)));
    let bound = |bound: &str, exclusive: &str| match (&schema[bound], &schema[exclusive]) {
        (limit, Value::Bool(true)) => json!({ "exclusive": limit }),
        (Value::Null, Value::Null) => Value::Null,
        (Value::Null, limit) => json!({ "exclusive": limit }),
        (limit, _) => limit.clone(),
    };
    let list = |key: &str| items(&schema[key]).map(meaning).collect::<Value>();
    json!({
        "type": plain["type"],
        "reference": schema["$ref"],
        "nullable": nullable,
        "values": if schema["const"].is_null() { schema["enum"].clone() } else { json!([schema["const"]]) },
        "required": schema["required"],
        "fields": fields.collect::<serde_json::Map<_, _>>(),
        "items": if schema["items"].is_null() { Value::Null } else { meaning(&schema["items"]) },
        "oneOf": choices.into_iter().map(meaning).collect::<Value>(),
        "anyOf": items(&plain["anyOf"]).map(meaning).collect::<Value>(),
        "allOf": list("allOf"),
        "least": bound("minimum", "exclusiveMinimum"),
        "most": bound("maximum", "exclusiveMaximum"),
        "counts": [&schema["minItems"], &schema["maxItems"], &schema["minLength"], &schema["maxLength"]],
        "open": schema["additionalProperties"],
    })
}

/// What an operation says.
fn contract(operation: &Value) -> Value {
    let parameters = items(&operation["parameters"]).map(|parameter| {
        let Value::Object(mut plain) = parameter.clone() else { panic!("{parameter}") };
        plain.insert("schema".to_owned(), meaning(&parameter["schema"]));
        Value::Object(plain)
    });
    let parameters = parameters.collect::<Value>();
    let mut plain = operation.clone();
    plain["parameters"] = parameters;
    plain
}

#[test]
fn both_documents_describe_the_same_contract() {
    let (older, newer) = (older(), newer());
    let (left, right) = (operations(&older), operations(&newer));
    assert!(left.len() > 10, "{} operations", left.len());
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(&right) {
        assert_eq!((left.0, left.1), (right.0, right.1));
        assert_eq!(contract(left.2), contract(right.2), "{} {}", left.1, left.0);
    }
    let schemas = |document: &Value| {
        let schemas = entries(&document["components"]["schemas"]);
        schemas.map(|(name, schema)| (name.clone(), meaning(schema))).collect::<Vec<_>>()
    };
    let (left, right) = (schemas(&older), schemas(&newer));
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(&right) {
        assert_eq!(left, right);
    }
    for key in ["headers", "examples", "securitySchemes"] {
        assert_eq!(older["components"][key], newer["components"][key], "{key}");
    }
}
