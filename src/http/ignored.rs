//! Names the fields of a request that were accepted and not used.

use poem::Response;
use poem::http::HeaderValue;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// On a reply: the fields that were not used, by comma.
const HEADER: &str = "x-openclaw-ignored-params";
/// More are not named one by one.
const MAX_NAMED: usize = 64;

/// A field that is accepted and not used: whether it said anything. Null, `false`, an empty text,
/// list or object say nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen(bool);

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(Anything).map(Self)
    }
}

/// Reads any value as whether it says anything.
struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        Ok(!text.is_empty())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let mut says = false;
        while items.next_element::<IgnoredAny>()?.is_some() {
            says = true;
        }
        Ok(says)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<bool, A::Error> {
        let mut says = false;
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            says = true;
        }
        Ok(says)
    }
}

/// The fields of one request that were not used.
#[derive(Debug, Default)]
pub(super) struct Ignored(Vec<Cow<'static, str>>);

impl Ignored {
    /// Notes a field that has said something.
    pub(super) fn note(&mut self, field: impl Into<Cow<'static, str>>) {
        if self.0.len() < MAX_NAMED {
            self.0.push(field.into());
        }
    }

    /// Notes those of these fields that have said something.
    pub(super) fn note_seen(&mut self, fields: &[(&'static str, Seen)]) {
        for (name, _) in fields.iter().filter(|(_, seen)| seen.0) {
            self.note(*name);
        }
    }

    /// Notes a field of the message `i` that has said something.
    pub(super) fn note_seen_at(&mut self, i: usize, field: &str, seen: Seen) {
        if seen.0 {
            self.note(format!("messages[{i}].{field}"));
        }
    }

    /// Tells the client.
    pub(super) fn tell(&self, response: &mut Response) {
        if self.0.is_empty() {
            return;
        }
        // Names are the contract's own, or places such as `tools[3]`.
        if let Ok(value) = HeaderValue::from_str(&self.0.join(", ")) {
            response.headers_mut().insert(HEADER, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_is_not_named() {
        for nothing in ["null", "false", "\"\"", "[]", "{}"] {
            let seen: Seen = serde_json::from_str(nothing).expect("anything");
            assert_eq!(seen, Seen(false), "{nothing}");
        }
        for something in ["true", "0", "-1", "0.5", "\"x\"", "[null]", "{\"a\":{}}"] {
            let seen: Seen = serde_json::from_str(something).expect("anything");
            assert_eq!(seen, Seen(true), "{something}");
        }
        let mut ignored = Ignored::default();
        ignored.note_seen(&[("store", Seen(true)), ("audio", Seen(false))]);
        ignored.note(format!("messages[{}].name", 1));
        let mut response = Response::default();
        ignored.tell(&mut response);
        assert_eq!(response.headers()[HEADER], "store, messages[1].name");
    }
}
