//! From the JSON Schema that OpenAPI 3.1 uses, which utoipa writes, to the dialect of 3.0.

use serde_json::{Map, Value, json};

/// Rewrites a schema, and all schemas in it.
pub(super) fn to_3_0(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(to_3_0),
        Value::Object(object) => {
            object.values_mut().for_each(to_3_0);
            null_in_type(object);
            null_in_one_of(object);
            one_value(object);
            exclusive_bounds(object);
            // JSON has no other names than strings, and 3.0 no word for that.
            object.remove("propertyNames");
            reference_beside(object);
        }
        _ => {}
    }
}

/// `"type": ["string", "null"]` becomes `"type": "string", "nullable": true`.
fn null_in_type(object: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = object.get("type") else { return };
    let real: Vec<Value> = types.iter().filter(|kind| **kind != json!("null")).cloned().collect();
    let nullable = real.len() < types.len();
    if nullable {
        object.insert("nullable".to_owned(), json!(true));
    }
    match real.as_slice() {
        [kind] => drop(object.insert("type".to_owned(), kind.clone())),
        kinds => {
            let choices: Vec<Value> = kinds.iter().map(|kind| json!({ "type": kind })).collect();
            object.remove("type");
            object.insert("anyOf".to_owned(), Value::Array(choices));
        }
    }
}

/// `"const": X` becomes a choice of one.
fn one_value(object: &mut Map<String, Value>) {
    if let Some(value) = object.remove("const") {
        object.insert("enum".to_owned(), json!([value]));
    }
}

/// `"exclusiveMinimum": 0` becomes `"minimum": 0, "exclusiveMinimum": true`.
fn exclusive_bounds(object: &mut Map<String, Value>) {
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if object.get(exclusive).is_some_and(Value::is_number)
            && let Some(limit) = object.insert(exclusive.to_owned(), json!(true))
        {
            object.insert(bound.to_owned(), limit);
        }
    }
}

/// `"oneOf": [{"type": "null"}, X]` becomes X, nullable.
fn null_in_one_of(object: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = object.get("oneOf") else { return };
    let real: Vec<Value> =
        choices.iter().filter(|choice| **choice != json!({"type": "null"})).cloned().collect();
    if real.len() == choices.len() {
        return;
    }
    object.insert("nullable".to_owned(), json!(true));
    object.remove("oneOf");
    match real.as_slice() {
        // A schema of its own rather than a reference: its keys belong here.
        [Value::Object(only)] if !only.contains_key("$ref") => {
            for (key, value) in only {
                object.entry(key.clone()).or_insert(value.clone());
            }
        }
        [_] => drop(object.insert("allOf".to_owned(), Value::Array(real))),
        _ => drop(object.insert("oneOf".to_owned(), Value::Array(real))),
    }
}

/// A `$ref` with neighbours: 3.0 ignores the neighbours, so the reference moves into `allOf`.
fn reference_beside(object: &mut Map<String, Value>) {
    if object.len() > 1
        && let Some(reference) = object.remove("$ref")
    {
        object.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: Value, to: Value) {
        let mut schema = from;
        to_3_0(&mut schema);
        assert_eq!(schema, to);
    }

    #[test]
    fn null_becomes_nullable() {
        check(json!({"type": ["string", "null"]}), json!({"type": "string", "nullable": true}));
        check(
            json!({"oneOf": [{"type": "null"}, {"$ref": "#/x"}], "description": "d"}),
            json!({"allOf": [{"$ref": "#/x"}], "nullable": true, "description": "d"}),
        );
        check(
            json!({"oneOf": [{"type": "null"}, {"$ref": "#/x", "description": "d"}]}),
            json!({"allOf": [{"$ref": "#/x"}], "nullable": true, "description": "d"}),
        );
        check(
            json!({"properties": {"a": {"$ref": "#/x", "description": "d"}}}),
            json!({"properties": {"a": {"allOf": [{"$ref": "#/x"}], "description": "d"}}}),
        );
        check(json!({"$ref": "#/x"}), json!({"$ref": "#/x"}));
    }

    #[test]
    fn what_json_schema_says_in_one_word_takes_two() {
        check(
            json!({"type": ["string", "integer", "null"]}),
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": true}),
        );
        check(
            json!({"type": "object", "propertyNames": {"type": "string"}}),
            json!({"type": "object"}),
        );
        check(json!({"const": "list"}), json!({"enum": ["list"]}));
        check(
            json!({"type": "number", "exclusiveMaximum": 2}),
            json!({"type": "number", "maximum": 2, "exclusiveMaximum": true}),
        );
    }
}
