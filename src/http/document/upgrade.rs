//! From the dialect of OpenAPI 3.0, which poem-openapi writes, to the JSON Schema of 3.1.

use serde_json::{Value, json};

/// Rewrites a description, and all in it.
pub(super) fn to_3_1(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(to_3_1),
        Value::Object(object) => {
            object.values_mut().for_each(to_3_1);
            // `"type": "string", "nullable": true` becomes `"type": ["string", "null"]`.
            if object.remove("nullable") == Some(json!(true))
                && let Some(kind) = object.get_mut("type")
            {
                *kind = json!([kind, "null"]);
            }
            for (bound, exclusive) in
                [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")]
            {
                // There the limit was one key and whether it counts another; here they are two.
                if object.get(exclusive) == Some(&json!(true))
                    && let Some(limit) = object.remove(bound)
                {
                    object.insert(exclusive.to_owned(), limit);
                } else if object.get(exclusive).is_some_and(Value::is_boolean) {
                    object.remove(exclusive);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: Value, to: Value) {
        let mut schema = from;
        to_3_1(&mut schema);
        assert_eq!(schema, to);
    }

    #[test]
    fn what_3_0_has_keys_for_is_json_schema() {
        check(
            json!({"schema": {"type": "string", "nullable": true}}),
            json!({"schema": {"type": ["string", "null"]}}),
        );
        check(json!({"type": "string", "nullable": false}), json!({"type": "string"}));
        check(
            json!({"type": "number", "minimum": 0, "exclusiveMinimum": true}),
            json!({"type": "number", "exclusiveMinimum": 0}),
        );
        check(
            json!({"type": "number", "maximum": 1, "exclusiveMaximum": false}),
            json!({"type": "number", "maximum": 1}),
        );
    }
}
