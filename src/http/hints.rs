//! Words and bounds of what goes on to the provider, the same for chat and responses.

use super::{ApiError, range};

/// OpenAI's limit on the likeliest tokens told at each place.
const MAX_TOP_LOGPROBS: u8 = 20;
/// The longest name of a tier.
const MAX_TIER_CHARS: usize = 64;
/// OpenAI's words, `none` to `max`.
const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
const VERBOSITIES: [&str; 3] = ["low", "medium", "high"];

/// How much a model thinks.
pub(super) fn effort(param: &str, word: Option<String>) -> Result<Option<String>, ApiError> {
    range::one_of(param, word, &EFFORTS)
}

/// How much it says.
pub(super) fn verbosity(param: &str, word: Option<String>) -> Result<Option<String>, ApiError> {
    range::one_of(param, word, &VERBOSITIES)
}

/// How many of the likeliest tokens are told at each place.
pub(super) fn top_logprobs(count: Option<u32>) -> Result<Option<u8>, ApiError> {
    let count = range::within("top_logprobs", count, 0..=u32::from(MAX_TOP_LOGPROBS))?;
    Ok(count.map(|count| u8::try_from(count).expect("within its range")))
}

/// Which of its queues the provider puts a request into. Which there are is the provider's to
/// say: new ones come without notice, so every name goes on.
pub(super) fn service_tier(word: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(tier) = &word else { return Ok(None) };
    let length = tier.chars().take(MAX_TIER_CHARS + 1).count();
    if length == 0 || length > MAX_TIER_CHARS {
        let message = format!("`service_tier` must have 1 to {MAX_TIER_CHARS} characters.");
        return Err(ApiError::invalid("invalid_value", "service_tier", message));
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_any_name_that_is_no_essay() {
        let check = |tier: &str| service_tier(Some(tier.to_owned())).map_err(|error| error.code);
        for tier in ["auto", "fast", "ultrafast", "one of next year"] {
            assert_eq!(check(tier).expect("a name").as_deref(), Some(tier));
        }
        for tier in ["", &"ä".repeat(65)] {
            assert_eq!(check(tier), Err("invalid_value"), "{tier}");
        }
        assert!(check(&"ä".repeat(64)).is_ok());
    }
}
