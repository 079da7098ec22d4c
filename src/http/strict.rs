//! JSON taken at its word: where an object is asked for, serde would also take an array of its
//! fields, and for a word also an object with it as key. Clients get an error for both.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;
use std::marker::PhantomData;

/// A `T` that was written as a JSON object.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        T::deserialize(AsMap(input)).map(Self)
    }
}

/// Reads a struct as a map, and so from nothing but an object.
struct AsMap<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for AsMap<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A choice that is written as one of several words.
pub(super) trait Word: Copy + 'static {
    /// The words and what they mean.
    const WORDS: &'static [(&'static str, Self)];
}

/// Reads a word; for `#[serde(deserialize_with)]` or a `Deserialize` of the word's own.
pub(super) fn word<'de, T: Word, D: Deserializer<'de>>(input: D) -> Result<T, D::Error> {
    struct One<T>(PhantomData<T>);
    impl<T: Word> Visitor<'_> for One<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
            write!(f, "one of {}", words.join(", "))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            let found = T::WORDS.iter().find(|(word, _)| *word == text);
            // The prefix is serde's own, by which the error's code is told.
            let unknown = || E::custom(format_args!("unknown variant `{text}`, expected {self}"));
            found.map(|(_, meaning)| *meaning).ok_or_else(unknown)
        }
    }
    impl<T: Word> fmt::Display for One<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.expecting(f)
        }
    }
    // `deserialize_any`, because `deserialize_str` calls any other kind a fault of the syntax.
    input.deserialize_any(One(PhantomData))
}
