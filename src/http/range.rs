//! Numbers and words of a request that have a range, checked alike for chat and responses.

use super::ApiError;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// A number within its range, or none.
pub(super) fn within<T: PartialOrd + Display + Copy>(
    param: &str,
    value: Option<T>,
    range: RangeInclusive<T>,
) -> Result<Option<T>, ApiError> {
    if value.is_none_or(|value| range.contains(&value)) {
        return Ok(value);
    }
    let message = format!("`{param}` must be between {} and {}.", range.start(), range.end());
    Err(ApiError::invalid("invalid_value", param, message))
}

/// A count that means something, or none.
pub(super) fn at_least_one(param: &str, value: Option<u32>) -> Result<Option<u32>, ApiError> {
    match value {
        Some(0) => {
            let message = format!("`{param}` must be at least 1.");
            Err(ApiError::invalid("invalid_value", param, message))
        }
        value => Ok(value),
    }
}

/// One of these words, or none.
pub(super) fn one_of(
    param: &str,
    value: Option<String>,
    words: &[&str],
) -> Result<Option<String>, ApiError> {
    let Some(word) = value.as_deref().filter(|word| !words.contains(word)) else {
        return Ok(value);
    };
    let message = format!("`{param}` must be one of {}, not '{word}'.", words.join(", "));
    Err(ApiError::invalid("unsupported_value", param, message))
}

/// What must be there.
pub(super) fn required<T>(value: Option<T>, param: impl FnOnce() -> String) -> Result<T, ApiError> {
    value.ok_or_else(|| {
        let param = param();
        let message = format!("Missing required parameter: '{param}'.");
        ApiError::invalid("missing_required_parameter", param, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_range_belong_to_it() {
        for value in [None, Some(0.0), Some(2.0)] {
            assert_eq!(within("t", value, 0.0..=2.0).expect("within"), value);
        }
        for value in [-0.1, 2.1, f64::NAN] {
            let error = within("t", Some(value), 0.0..=2.0).expect_err("outside");
            assert_eq!((error.code, error.param.as_deref()), ("invalid_value", Some("t")));
        }
        assert!(at_least_one("n", Some(0)).is_err() && at_least_one("n", Some(1)).is_ok());
        let word = |text: &str| one_of("w", Some(text.to_owned()), &["low", "high"]);
        assert!(word("low").is_ok());
        assert_eq!(word("Low").expect_err("another word").code, "unsupported_value");
    }
}
