//! Where in the file a key stands. The parser tells positions only in errors, so this reads the
//! document again and stops at the key with an error.

use super::Position;
use super::finding::Finding;
use super::key_path::{KeyPath, Step};
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The place of the finding's key, or of the nearest value around it.
pub(super) fn locate(text: &str, finding: &Finding) -> Option<Position> {
    let mut path = finding.path.clone();
    let mut nth = finding.nth;
    loop {
        if let Some(found) = find(text, &path, nth) {
            return Some(found);
        }
        if path.steps().is_empty() {
            return None;
        }
        path = path.parent();
        nth = 0;
    }
}

fn find(text: &str, path: &KeyPath, nth: usize) -> Option<Position> {
    let seek = Seek { steps: path.steps(), nth };
    let error = seek.deserialize(&mut json5::Deserializer::from_str(text)).err()?;
    let at = error.position()?;
    Some(Position { line: at.line + 1, column: at.column + 1 })
}

/// What the reading stops with once it has arrived.
fn arrived<T, E: de::Error>() -> Result<T, E> {
    Err(E::custom("arrived"))
}

/// Follows `steps` into a value.
struct Seek<'a> {
    steps: &'a [Step],
    nth: usize,
}

impl Seek<'_> {
    fn end<E: de::Error>(&self) -> Result<(), E> {
        if self.steps.is_empty() { arrived() } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.end()
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.end()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.end()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.end()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.end()
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        self.end()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.end()?;
        if let Some((Step::Index(wanted), rest)) = self.steps.split_first() {
            for _ in 0..*wanted {
                list.next_element::<IgnoredAny>()?;
            }
            list.next_element_seed(Seek { steps: rest, nth: self.nth })?;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.end()?;
        let (wanted, rest) = match self.steps.split_first() {
            Some((Step::Key(wanted), rest)) => (Some(wanted.as_str()), rest),
            _ => (None, &[][..]),
        };
        let mut to_skip = if rest.is_empty() { self.nth } else { 0 };
        loop {
            let key = Key { wanted, stop: rest.is_empty() && to_skip == 0 };
            match map.next_key_seed(key)? {
                None => return Ok(()),
                Some(true) if !rest.is_empty() => {
                    map.next_value_seed(Seek { steps: rest, nth: self.nth })?;
                }
                Some(hit) => {
                    to_skip -= usize::from(hit);
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
    }
}

/// A member's key: answers whether it is the wanted one, or stops there.
struct Key<'a> {
    wanted: Option<&'a str>,
    stop: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<bool, E> {
        let hit = self.wanted == Some(key);
        if hit && self.stop { arrived() } else { Ok(hit) }
    }
}
