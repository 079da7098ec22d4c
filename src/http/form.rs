//! The form an answer must take, as chat's `response_format` and responses' `text.format` ask it.

use super::{ApiError, range};
use serde_json::value::RawValue;

/// OpenAI's limit on the name of a schema.
const MAX_NAME_CHARS: usize = 64;

/// What a request says of the JSON schema its answer must fit, and where.
#[derive(Debug)]
pub(super) struct SchemaParam<'a> {
    /// Where it stands, such as `response_format.json_schema`.
    pub(super) path: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) schema: Option<&'a RawValue>,
}

/// Checks what OpenAI holds a schema to. The schema's own words are the provider's to judge.
pub(super) fn check(param: &SchemaParam<'_>) -> Result<(), ApiError> {
    let path = param.path;
    let name = range::required(param.name, || format!("{path}.name"))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > MAX_NAME_CHARS || !name.chars().all(plain) {
        let message =
            format!("`{path}.name` must have 1 to {MAX_NAME_CHARS} of a-z, A-Z, 0-9, _ and -.");
        return Err(ApiError::invalid("invalid_value", format!("{path}.name"), message));
    }
    param.schema.map_or(Ok(()), |schema| object(schema, || format!("{path}.schema")))
}

/// What is passed on untouched must still be the object that the contract says it is.
pub(super) fn object(value: &RawValue, path: impl FnOnce() -> String) -> Result<(), ApiError> {
    if value.get().starts_with('{') {
        return Ok(());
    }
    let path = path();
    let message = format!("Invalid value for '{path}': expected an object.");
    Err(ApiError::invalid("invalid_type", path, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(name: Option<&str>, schema: &str) -> Option<(&'static str, String)> {
        let schema = RawValue::from_string(schema.to_owned()).expect("JSON");
        let param = SchemaParam { path: "f", name, schema: Some(&schema) };
        let error = check(&param).err()?;
        Some((error.code, error.param.expect("a place")))
    }

    #[test]
    fn a_schema_has_a_plain_name_and_is_an_object() {
        assert_eq!(fault(Some("a_b-C1"), "{}"), None);
        assert_eq!(fault(None, "{}"), Some(("missing_required_parameter", "f.name".to_owned())));
        for name in ["", "a b", "é", &"x".repeat(65)] {
            let expected = Some(("invalid_value", "f.name".to_owned()));
            assert_eq!(fault(Some(name), "{}"), expected, "{name}");
        }
        assert_eq!(fault(Some("a"), "[]"), Some(("invalid_type", "f.schema".to_owned())));
    }
}
