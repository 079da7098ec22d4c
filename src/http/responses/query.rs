//! Query parameters, described by their types and refused in the API's own words.

use crate::http::ApiError;
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromParameter, ParseResult, Type};
use std::borrow::Cow;

/// An error quotes no more of a wrong value than this.
const MAX_SHOWN_CHARS: usize = 80;

/// A query parameter as it was said, right or wrong.
#[derive(Debug)]
pub(super) struct Said<T>(Result<T, String>);

impl<T: Type> Said<T> {
    /// Its value, if it was said.
    pub(super) fn get(said: Option<Self>, name: &str) -> Result<Option<T>, ApiError> {
        let Some(Self(said)) = said else { return Ok(None) };
        said.map(Some).map_err(|text| {
            let wanted = match T::name().as_ref() {
                "boolean" => "true or false",
                kind if kind.starts_with("integer") => "an integer, 0 or more",
                _ => "text",
            };
            let shown: String = text.chars().take(MAX_SHOWN_CHARS).collect();
            let message = format!("`{name}` must be {wanted}, not '{shown}'.");
            ApiError::invalid("invalid_type", name, message)
        })
    }
}

impl<T: Type> Type for Said<T> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl<T: ParseFromParameter> ParseFromParameter for Said<T> {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(T::parse_from_parameter(value).map_err(|_| value.to_owned())))
    }
}
