//! Names the fields of a request that were accepted and not used.

use poem::Response;
use poem::http::HeaderValue;
use serde::de::{Deserialize, Deserializer, IgnoredAny};
use std::borrow::Cow;

/// On a reply: the fields that were not used, by comma.
const HEADER: &str = "x-openclaw-ignored-params";
/// More are not named one by one.
const MAX_NAMED: usize = 64;

/// A field that is accepted and not used: whether it said anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen(bool);

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Option::<IgnoredAny>::deserialize(input).map(|value| Self(value.is_some()))
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
