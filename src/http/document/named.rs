//! Gives a name to everything that generators make a type of.
//!
//! A generator has to invent names for objects that have none, and what it invents collides.

use serde_json::{Map, Value, json};

/// Where the schemas lie.
const PLACE: &str = "#/components/schemas/";
/// Of any form, such as a JSON Schema.
const FREE: &str = "FreeObject";
/// Texts by name.
const TEXTS: &str = "TextMap";

/// What `type` is about in a choice.
const TYPE: &str = "Which of the choices it is.";

/// Rewrites the schemas: choices and free objects become schemas of their own, and words that never
/// change none.
pub(super) fn name_all(schemas: &mut Map<String, Value>) {
    let mut found = Map::new();
    for (name, schema) in &mut *schemas {
        name_choices(name, schema, &mut found);
    }
    for (name, schema) in found {
        let taken = schemas.insert(name.clone(), schema).is_some();
        assert!(!taken, "a choice has the name of the schema {name}");
    }
    let mut free = Map::new();
    for schema in schemas.values_mut() {
        for inner in schema.as_object_mut().into_iter().flat_map(Map::values_mut) {
            name_free(inner, &mut free);
        }
    }
    schemas.append(&mut free);
    place_words(schemas);
}

/// A type of one value stands where it is used, so that generators tell objects apart by it.
fn place_words(schemas: &mut Map<String, Value>) {
    let is_word = |schema: &Value| schema["enum"].as_array().is_some_and(|words| words.len() == 1);
    let names: Vec<String> = schemas
        .iter()
        .filter(|(_, schema)| is_word(schema))
        .map(|(name, _)| name.clone())
        .collect();
    for name in names {
        let word = schemas.remove(&name).unwrap_or_default();
        let reference = json!(format!("{PLACE}{name}"));
        schemas.values_mut().for_each(|schema| place_word(schema, &reference, &word));
    }
}

fn place_word(schema: &mut Value, reference: &Value, word: &Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| place_word(item, reference, word)),
        Value::Object(object) if object.get("$ref") == Some(reference) => {
            object.remove("$ref");
            for key in ["type", "enum"] {
                object.insert(key.to_owned(), word[key].clone());
            }
        }
        Value::Object(object) => {
            object.values_mut().for_each(|inner| place_word(inner, reference, word));
        }
        _ => {}
    }
}

/// The objects that a schema is one of, which their `type` tells apart, leave it.
///
/// No `discriminator` says so: from one, openapi-generator's Rust makes enums that take `type` away
/// from variants that want it. The one value that each `type` may have says the same.
fn name_choices(name: &str, schema: &mut Value, found: &mut Map<String, Value>) {
    let words = schema.get("description").cloned();
    let Some(choices) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else { return };
    let Some(kinds) = choices.iter().map(kind).collect::<Option<Vec<String>>>() else { return };
    if choices.len() == 1 {
        // One choice is none.
        let mut only = choices.remove(0);
        only["properties"]["type"]["description"] = json!(TYPE);
        if let Some(words) = words {
            only["description"] = words;
        }
        *schema = only;
        return;
    }
    for (choice, kind) in choices.iter_mut().zip(kinds) {
        let name = choice_name(name, &kind);
        let reference = json!({ "$ref": format!("{PLACE}{name}") });
        let mut named = std::mem::replace(choice, reference);
        named["properties"]["type"]["description"] = json!(TYPE);
        found.insert(name, named);
    }
}

/// The only value that an object's `type` may have.
fn kind(choice: &Value) -> Option<String> {
    match choice["properties"]["type"]["enum"].as_array()?.as_slice() {
        [Value::String(kind)] => Some(kind.clone()),
        _ => None,
    }
}

/// `response.output_item.added` of `ResponseEvent` is a `ResponseOutputItemAddedEvent`.
fn choice_name(of: &str, kind: &str) -> String {
    let words = kind.split(['.', '_']).map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    let last = of.rfind(|letter: char| letter.is_ascii_uppercase()).unwrap_or(0);
    words.collect::<String>() + &of[last..]
}

/// Objects without fields of their own become references. Where null may stand for one, the words
/// about it stay with it.
fn name_free(schema: &mut Value, found: &mut Map<String, Value>) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| name_free(item, found)),
        Value::Object(object) => {
            let Some(nullable) = free(object) else {
                let inner = object.iter_mut().filter(|(key, _)| *key != "enum");
                inner.for_each(|(_, value)| name_free(value, found));
                return;
            };
            let texts = object.get("additionalProperties") == Some(&json!({ "type": "string" }));
            let (name, plain) = if texts {
                let form = json!({ "type": "string" });
                (TEXTS, json!({ "description": "Texts by name.", "additionalProperties": form }))
            } else {
                (FREE, json!({ "description": "Any object.", "additionalProperties": true }))
            };
            let mut reference = json!({ "$ref": format!("{PLACE}{name}") });
            if let Some(words) = object.remove("description") {
                reference["description"] = words;
            }
            *schema = if nullable {
                json!({ "oneOf": [{ "type": "null" }, reference] })
            } else {
                reference
            };
            found.entry(name).or_insert(plain)["type"] = json!("object");
        }
        _ => {}
    }
}

/// Of an object whose fields are not told, whether null may stand for it.
fn free(schema: &Map<String, Value>) -> Option<bool> {
    if schema.contains_key("properties") {
        return None;
    }
    match schema.get("type")? {
        Value::Array(kinds) if kinds.contains(&json!("object")) && kinds.len() == 2 => {
            Some(kinds.contains(&json!("null")))
        }
        kind => (kind == "object").then_some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: Value, to: Value) {
        let Value::Object(mut schemas) = from else { panic!("{from}") };
        name_all(&mut schemas);
        assert_eq!(Value::Object(schemas), to);
    }

    fn variant(kind: &str) -> Value {
        json!({ "type": "object", "properties": { "type": { "type": "string", "enum": [kind] } } })
    }

    fn named(kind: &str) -> Value {
        let mut variant = variant(kind);
        variant["properties"]["type"]["description"] = json!(TYPE);
        variant
    }

    #[test]
    fn choices_leave_the_schema_they_were_in() {
        check(
            json!({ "TheEvent": { "oneOf": [variant("a.b_c"), variant("d")] } }),
            json!({
                "ABCEvent": named("a.b_c"),
                "DEvent": named("d"),
                "TheEvent": {
                    "oneOf": [
                        { "$ref": "#/components/schemas/ABCEvent" },
                        { "$ref": "#/components/schemas/DEvent" }
                    ]
                }
            }),
        );
        let mut only = named("a");
        only["description"] = json!("d");
        check(
            json!({ "X": { "oneOf": [variant("a")], "description": "d" } }),
            json!({ "X": only }),
        );
        let mixed = json!({ "X": { "oneOf": [variant("a"), { "type": "string" }] } });
        check(mixed.clone(), mixed);
    }

    #[test]
    fn a_word_that_never_changes_stands_where_it_is_used() {
        let field = json!({ "$ref": "#/components/schemas/Word", "description": "d" });
        let placed = json!({ "type": "string", "enum": ["a"], "description": "d" });
        check(
            json!({
                "Word": { "type": "string", "enum": ["a"], "description": "w" },
                "X": { "type": "object", "properties": { "kind": field } }
            }),
            json!({ "X": { "type": "object", "properties": { "kind": placed } } }),
        );
    }

    #[test]
    fn free_objects_have_a_name() {
        let fields = json!({
            "any": { "type": ["object", "null"], "description": "d" },
            "list": { "type": "array", "items": { "type": "object" } },
            "texts": { "type": "object", "additionalProperties": { "type": "string" } }
        });
        let free = json!({ "$ref": "#/components/schemas/FreeObject", "description": "d" });
        let named = json!({
            "any": { "oneOf": [{ "type": "null" }, free] },
            "list": { "type": "array", "items": { "$ref": "#/components/schemas/FreeObject" } },
            "texts": { "$ref": "#/components/schemas/TextMap" }
        });
        check(
            json!({ "X": { "type": "object", "properties": fields } }),
            json!({
                "FreeObject": {
                    "type": "object", "description": "Any object.", "additionalProperties": true
                },
                "TextMap": {
                    "type": "object",
                    "description": "Texts by name.",
                    "additionalProperties": { "type": "string" }
                },
                "X": { "type": "object", "properties": named }
            }),
        );
    }
}
