//! Ids of responses and of the items within them.

use crate::types::{InvalidName, RunId};
use std::fmt;

/// Input items are numbered from here on, output items from 0.
const FIRST_INPUT: usize = 0x8000_0000;
/// Hexadecimal digits of a response's id.
const DIGITS: usize = 32;
/// Hexadecimal digits of an item's number within its response.
const NUMBER_DIGITS: usize = 8;

/// The id of a response: `resp_` and 32 hexadecimal digits. The ids of the items that it makes
/// hold the same digits, so that an item leads to its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResponseId(u128);

impl ResponseId {
    /// The id with these 128 bits.
    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Parses what [`fmt::Display`] writes.
    ///
    /// # Errors
    /// [`InvalidName`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let digits = text.strip_prefix("resp_").filter(|digits| digits.len() == DIGITS);
        let invalid = || InvalidName::new("response id", "`resp_` and 32 hexadecimal digits", text);
        digits.and_then(bits).map(Self).ok_or_else(invalid)
    }

    /// The response that a run makes which nothing else keeps.
    pub(super) fn of_run(run: RunId) -> Self {
        let text = run.to_string();
        let digits = text.strip_prefix("run_").and_then(bits);
        Self(digits.expect("a run's id is `run_` and its digits"))
    }

    /// The response that an item's id leads to.
    pub(super) fn of_item(id: &str) -> Option<Self> {
        let (_, digits) = id.split_once('_')?;
        if digits.len() != DIGITS + NUMBER_DIGITS {
            return None;
        }
        digits.get(..DIGITS).and_then(bits).map(Self)
    }
}

/// Only what is written here is read: lower case, and no sign.
fn bits(digits: &str) -> Option<u128> {
    let hexadecimal = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let clean = digits.bytes().all(hexadecimal);
    clean.then(|| u128::from_str_radix(digits, 16).ok()).flatten()
}

impl fmt::Display for ResponseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "resp_{:032x}", self.0)
    }
}

/// The id of the item at this place of a response's output.
pub(super) fn output(prefix: &str, response: ResponseId, at: usize) -> String {
    format!("{prefix}_{:032x}{at:08x}", response.0)
}

/// The id of the item at this place of what a response was asked.
pub(super) fn input(prefix: &str, response: ResponseId, at: usize) -> String {
    output(prefix, response, FIRST_INPUT + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written_and_no_other_way() {
        let id = ResponseId::from_bits(0xab);
        assert_eq!(ResponseId::parse(&id.to_string()), Ok(id));
        for (at, item) in [(3, output("fc", id, 3)), (3, input("msg", id, 3))] {
            assert_eq!(ResponseId::of_item(&item), Some(id), "{at} {item}");
        }
        assert_ne!(output("msg", id, 3), input("msg", id, 3));
        let upper = id.to_string().to_uppercase();
        let signed = format!("resp_+{}", "0".repeat(31));
        for bad in ["", "resp_", "resp_0", &upper, &signed, "msg_1"] {
            assert!(ResponseId::parse(bad).is_err(), "{bad}");
            assert_eq!(ResponseId::of_item(bad), None, "{bad}");
        }
    }
}
