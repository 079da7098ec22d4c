//! Fields that come as a word or as an object that says more, each read in one pass.

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use utoipa::openapi::schema::{OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A word, or an object that says more.
#[derive(Debug)]
pub(crate) enum WordOr<T> {
    /// The word.
    Word(String),
    /// The object.
    Named(T),
}

/// An object that stands in the place of a word.
pub(crate) trait InPlaceOfWord: ToSchema {
    /// What the schema of both together is called.
    const BOTH: &'static str;
    /// Both, for whoever sent something else.
    const EXPECTED: &'static str;
}

impl<'de, T: InPlaceOfWord + Deserialize<'de>> Deserialize<'de> for WordOr<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Choice<T>(PhantomData<T>);
        impl<'de, T: InPlaceOfWord + Deserialize<'de>> Visitor<'de> for Choice<T> {
            type Value = WordOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<WordOr<T>, E> {
                Ok(WordOr::Word(word.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WordOr<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(WordOr::Named)
            }
        }
        input.deserialize_any(Choice(PhantomData))
    }
}

impl<T: ToSchema> PartialSchema for WordOr<T> {
    fn schema() -> RefOr<Schema> {
        let named = Ref::from_schema_name(T::name());
        OneOfBuilder::new().item(String::schema()).item(named).into()
    }
}

impl<T: InPlaceOfWord> ToSchema for WordOr<T> {
    fn name() -> Cow<'static, str> {
        T::BOTH.into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}
