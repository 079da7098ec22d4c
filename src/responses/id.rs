//! Ids of responses and of the items within them.

use crate::types::InvalidName;
use std::fmt;

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
        let digits = text.strip_prefix("resp_").filter(|digits| digits.len() == 32);
        let bits = digits.and_then(|digits| u128::from_str_radix(digits, 16).ok());
        let invalid = || InvalidName::new("response id", "`resp_` and 32 hexadecimal digits", text);
        bits.map(Self).ok_or_else(invalid)
    }
}

impl fmt::Display for ResponseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "resp_{:032x}", self.0)
    }
}
