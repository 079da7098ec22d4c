//! Reads a [`Config`] out of a [`Node`] tree and reports everything that does not fit, not only
//! the first: whatever is refused is taken out of the tree and the rest is read again.

use super::finding::Finding;
use super::key_path::{KeyPath, Step};
use super::node::Node;
use super::{Config, wording};
use serde::de::value::StrDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Expected, IntoDeserializer};
use serde::de::{MapAccess, SeqAccess, Unexpected, Visitor};
use std::fmt;

/// After so many misfits the rest of the tree is not looked at.
pub(super) const MAX_FINDINGS: usize = 50;

/// The config as far as the tree fits, and what does not.
pub(super) fn read(mut tree: Node) -> (Config, Vec<Finding>) {
    let mut findings = Vec::new();
    loop {
        let misfit = match Config::deserialize(&tree) {
            Ok(config) => return (config, findings),
            Err(misfit) => misfit,
        };
        let path = misfit.path();
        let finding = wording::finding(&path, misfit.kind);
        // A key that was taken out for what it says must not be called missing as well.
        if !findings.iter().any(|earlier: &Finding| earlier.path == finding.path) {
            findings.push(finding);
        }
        if findings.len() == MAX_FINDINGS || tree.remove(&path).is_none() {
            return (Config::default(), findings);
        }
    }
}

/// Why a value is not what the schema asks for.
pub(super) enum Kind {
    /// A key the schema does not have.
    UnknownKey(&'static [&'static str]),
    /// A required key is not there.
    MissingKey(&'static str),
    /// A word outside a fixed set.
    UnknownWord { found: String, allowed: &'static [&'static str] },
    /// A value of another type or out of range.
    WrongType { found: Found, expected: String },
    /// A rule of its own.
    Other(String),
}

/// What stands in the file, for a message.
pub(super) enum Found {
    /// A scalar, as its text and the name of its type.
    Scalar { text: String, kind: &'static str },
    /// Something larger.
    Other(String),
}

/// A [`Kind`] and where it was met.
pub(super) struct Misfit {
    kind: Kind,
    inside_out: Vec<Step>,
}

impl Misfit {
    fn new(kind: Kind) -> Self {
        Self { kind, inside_out: Vec::new() }
    }

    fn under(mut self, step: Step) -> Self {
        self.inside_out.push(step);
        self
    }

    fn path(&self) -> KeyPath {
        self.inside_out.iter().rev().cloned().collect()
    }
}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Kind::Other(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Kind::WrongType { found: Found::of(found), expected: expected.to_string() })
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(found: &str, allowed: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownWord { found: found.to_owned(), allowed })
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey(known))
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Kind::MissingKey(key))
    }
}

impl Found {
    fn of(found: Unexpected<'_>) -> Self {
        let scalar = |text: String, kind| Self::Scalar { text, kind };
        match found {
            Unexpected::Bool(value) => scalar(value.to_string(), "a truth value"),
            Unexpected::Unsigned(value) => scalar(value.to_string(), "a number"),
            Unexpected::Signed(value) => scalar(value.to_string(), "a number"),
            Unexpected::Float(value) => scalar(value.to_string(), "a number"),
            Unexpected::Str(value) => scalar(value.to_owned(), "a text"),
            Unexpected::Unit | Unexpected::Option => Self::Other("null".to_owned()),
            Unexpected::Map => Self::Other("an object".to_owned()),
            Unexpected::Seq => Self::Other("a list".to_owned()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "misfit at {}", self.path())
    }
}

impl fmt::Debug for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Misfit {}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Unsigned(value) => visitor.visit_u64(*value),
            Node::Signed(value) => visitor.visit_i64(*value),
            Node::Float(value) => visitor.visit_f64(*value),
            Node::Text(value) => visitor.visit_borrowed_str(value),
            Node::List(elements) => visitor.visit_seq(Elements(elements.iter())),
            Node::Object(members) => {
                visitor.visit_map(Members { rest: members.iter(), current: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Node::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        allowed: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self {
            Node::Text(word) => visitor.visit_enum(word.as_str().into_deserializer()),
            _ => self.deserialize_any(Word(allowed)).map(|never| match never {}),
        }
    }

    /// Derived structs would also read a list as their fields in order; a config never means that.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self {
            Node::List(_) => Err(de::Error::invalid_type(Unexpected::Seq, &"a map")),
            _ => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// Refuses whatever is not a word, naming the words there are.
struct Word(&'static [&'static str]);

/// No value at all.
enum Never {}

impl Visitor<'_> for Word {
    type Value = Never;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {}", self.0.join(", "))
    }
}

struct Elements<'de>(std::slice::Iter<'de, (usize, Node)>);

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        let Some((index, node)) = self.0.next() else { return Ok(None) };
        seed.deserialize(node).map(Some).map_err(|misfit| misfit.under(Step::Index(*index)))
    }
}

struct Members<'de> {
    rest: std::slice::Iter<'de, (String, Node)>,
    current: Option<&'de (String, Node)>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        self.current = self.rest.next();
        let Some((key, _)) = self.current else { return Ok(None) };
        let name: StrDeserializer<'de, Misfit> = key.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|misfit| misfit.under(Step::Key(key.clone())))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Misfit> {
        let (key, node) = self.current.expect("serde asks for a value after its key");
        seed.deserialize(node).map_err(|misfit| misfit.under(Step::Key(key.clone())))
    }
}
