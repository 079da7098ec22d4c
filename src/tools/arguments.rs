//! Arguments held against a tool's schema, with errors that name the argument.

use super::context::quoted;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value};

/// Mistakes that one error names.
const MAX_MISTAKES: usize = 5;

/// Checks arguments; the error names each that is wrong, and what was expected.
pub(super) fn check(schema: &Validator, args: &Map<String, Value>) -> Result<(), String> {
    let args = Value::Object(args.clone());
    let mut found = schema.iter_errors(&args).map(|error| mistake(&error));
    let mut mistakes: Vec<String> = found.by_ref().take(MAX_MISTAKES).collect();
    if mistakes.is_empty() {
        return Ok(());
    }
    let more = found.count();
    if more > 0 {
        mistakes.push(format!("and {more} more"));
    }
    Err(mistakes.join("; "))
}

fn mistake(error: &ValidationError<'_>) -> String {
    let place = place(error.instance_path().as_str());
    let named = |name: &str| match place.as_str() {
        "" => name.to_owned(),
        outer => format!("{outer}.{name}"),
    };
    let at = if place.is_empty() { "the arguments" } else { &place };
    match error.kind() {
        Kind::Required { property } => {
            format!("{} required", named(property.as_str().unwrap_or_default()))
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let names: Vec<_> = unexpected.iter().map(|name| named(&quoted(name))).collect();
            format!("{} is not an argument of this tool", names.join(", "))
        }
        Kind::Type { kind } => {
            format!("{at}: expected {}, found {}", types(kind), found(error.instance()))
        }
        Kind::Enum { options } => format!("{at}: expected one of {options}"),
        Kind::Constant { expected_value } => format!("{at}: expected {expected_value}"),
        Kind::Minimum { limit } => format!("{at}: expected at least {limit}"),
        Kind::Maximum { limit } => format!("{at}: expected at most {limit}"),
        Kind::MinLength { limit } => format!("{at}: expected at least {limit} characters"),
        Kind::MaxLength { limit } => format!("{at}: expected at most {limit} characters"),
        Kind::MinItems { limit } => format!("{at}: expected at least {limit} items"),
        Kind::MaxItems { limit } => format!("{at}: expected at most {limit} items"),
        Kind::Pattern { pattern } => format!("{at}: expected text that fits {pattern}"),
        // The value is left out: it may be as long as the request.
        _ => format!("{at}: {}", error.masked()),
    }
}

/// A JSON pointer as an argument's name: `/items/0/size` is `items[0].size`.
fn place(pointer: &str) -> String {
    let mut place = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty() {
            place.push_str(&format!("[{part}]"));
        } else {
            if !place.is_empty() {
                place.push('.');
            }
            place.push_str(&part.replace("~1", "/").replace("~0", "~"));
        }
    }
    place
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => {
            let kinds: Vec<String> = kinds.iter().map(|kind| kind.to_string()).collect();
            kinds.join(" or ")
        }
    }
}

/// What kind of value was given.
pub(super) fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
