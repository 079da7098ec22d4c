//! Amounts as people write them: `"30d"` of time, `"10gb"` of bytes.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use std::fmt;
use std::time::Duration;

/// A span of time: `"90s"`, `"15m"`, `"12h"`, `"30d"`, or a number of milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// An amount of bytes: `"512kb"`, `"64mb"`, `"10gb"` in steps of 1024, or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// The units of time and their milliseconds; longer ones first, so that `ms` is not read as `s`.
const TIME: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
/// The units of size and their bytes.
const SIZE: [(&str, u64); 5] =
    [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30), ("tb", 1 << 40), ("b", 1)];

impl Span {
    /// Parses a number with a unit of time.
    pub fn parse(text: &str) -> Option<Self> {
        amount(text, &TIME).map(|millis| Self(Duration::from_millis(millis)))
    }
}

impl Bytes {
    /// Parses a number with a unit of size.
    pub fn parse(text: &str) -> Option<Self> {
        amount(text, &SIZE).map(Self)
    }
}

fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    number.trim_end().parse::<u64>().ok()?.checked_mul(factor)
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Words {
            parse: |text| amount(text, &TIME),
            expected: "a time such as \"30d\", \"12h\" or \"90s\", or milliseconds",
        };
        deserializer.deserialize_any(words).map(|millis| Self(Duration::from_millis(millis)))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Words {
            parse: |text| amount(text, &SIZE),
            expected: "a size such as \"10gb\" or \"512mb\", or bytes",
        };
        deserializer.deserialize_any(words).map(Self)
    }
}

/// Reads a number, or a text with a unit.
struct Words {
    parse: fn(&str) -> Option<u64>,
    expected: &'static str,
}

impl Visitor<'_> for Words {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<u64, E> {
        u64::try_from(number).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        (self.parse)(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_numbers_with_a_unit() {
        assert_eq!(Span::parse("30d"), Some(Span(Duration::from_secs(30 * 86_400))));
        assert_eq!(Span::parse("250ms"), Some(Span(Duration::from_millis(250))));
        assert_eq!(Span::parse(" 12 H "), Some(Span(Duration::from_secs(43_200))));
        assert_eq!(Bytes::parse("10gb"), Some(Bytes(10 << 30)));
        assert_eq!(Bytes::parse("7b"), Some(Bytes(7)));
        for bad in ["", "d", "-1d", "1.5h", "30", "30x", "99999999999999999999d"] {
            assert_eq!(Span::parse(bad), None, "{bad}");
        }
    }
}
