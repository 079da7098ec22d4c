//! The fields of a chat request that come as text or as structure, each read in one pass.

use crate::http::strict::Object;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A message's content: text, or parts.
#[derive(Debug)]
pub(crate) enum ContentParam {
    /// One text.
    Text(String),
    /// Several parts.
    Parts(Vec<Object<ContentPart>>),
}

/// One part of a message.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub(crate) struct ContentPart {
    /// `text`, `refusal` or `image_url`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `text`: the text.
    #[serde(default)]
    pub text: Option<String>,
    /// For `refusal`: the model's words.
    #[serde(default)]
    pub refusal: Option<String>,
    /// For `image_url`: the image.
    #[serde(default)]
    #[schema(value_type = Option<ImageUrl>)]
    pub image_url: Option<Object<ImageUrl>>,
}

/// An image by address.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub(crate) struct ImageUrl {
    /// A `data:` URI, or an `https:` address that the provider fetches.
    pub url: String,
    /// `auto`, `low` or `high`.
    #[serde(default)]
    pub detail: Option<String>,
}

/// One text or several that end an answer.
#[derive(Debug)]
pub(crate) enum StopParam {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// How free the model is in calling tools: a word, or one function.
#[derive(Debug)]
pub(crate) enum ToolChoiceParam {
    /// `auto`, `none` or `required`.
    Word(String),
    /// This function.
    Named(NamedToolChoice),
}

/// A tool choice that names a function.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub(crate) struct NamedToolChoice {
    /// Only `function` is supported.
    #[serde(rename = "type")]
    pub kind: String,
    /// The function.
    #[serde(default)]
    #[schema(value_type = Option<NamedFunction>)]
    pub function: Option<Object<NamedFunction>>,
}

/// A function by name.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub(crate) struct NamedFunction {
    /// One of the request's tools.
    pub name: String,
}

impl<'de> Deserialize<'de> for ContentParam {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Content;
        impl<'de> Visitor<'de> for Content {
            type Value = ContentParam;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of content parts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ContentParam, E> {
                Ok(ContentParam::Text(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<ContentParam, E> {
                Ok(ContentParam::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> Result<ContentParam, A::Error> {
                let parts = SeqAccessDeserializer::new(parts);
                Ok(ContentParam::Parts(Vec::deserialize(parts)?))
            }
        }
        input.deserialize_any(Content)
    }
}

impl<'de> Deserialize<'de> for StopParam {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Stop;
        impl<'de> Visitor<'de> for Stop {
            type Value = StopParam;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<StopParam, E> {
                Ok(StopParam::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<StopParam, A::Error> {
                Ok(StopParam::Several(Vec::deserialize(SeqAccessDeserializer::new(texts))?))
            }
        }
        input.deserialize_any(Stop)
    }
}

impl<'de> Deserialize<'de> for ToolChoiceParam {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Choice;
        impl<'de> Visitor<'de> for Choice {
            type Value = ToolChoiceParam;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"auto\", \"none\", \"required\" or an object that names a function")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<ToolChoiceParam, E> {
                Ok(ToolChoiceParam::Word(word.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ToolChoiceParam, A::Error> {
                let map = MapAccessDeserializer::new(map);
                Ok(ToolChoiceParam::Named(NamedToolChoice::deserialize(map)?))
            }
        }
        input.deserialize_any(Choice)
    }
}

/// A schema as utoipa collects it: its name and itself.
type Named = (String, RefOr<Schema>);

impl PartialSchema for ContentParam {
    fn schema() -> RefOr<Schema> {
        let parts = ArrayBuilder::new().items(Ref::from_schema_name(ContentPart::name()));
        OneOfBuilder::new().item(String::schema()).item(parts).into()
    }
}

impl ToSchema for ContentParam {
    fn name() -> Cow<'static, str> {
        "ChatCompletionMessageContent".into()
    }

    fn schemas(schemas: &mut Vec<Named>) {
        schemas.push((ContentPart::name().into_owned(), ContentPart::schema()));
        ContentPart::schemas(schemas);
    }
}

impl PartialSchema for StopParam {
    fn schema() -> RefOr<Schema> {
        let several = ArrayBuilder::new().items(String::schema());
        OneOfBuilder::new().item(String::schema()).item(several).into()
    }
}

impl ToSchema for StopParam {}

impl PartialSchema for ToolChoiceParam {
    fn schema() -> RefOr<Schema> {
        let named = Ref::from_schema_name(NamedToolChoice::name());
        OneOfBuilder::new().item(String::schema()).item(named).into()
    }
}

impl ToSchema for ToolChoiceParam {
    fn name() -> Cow<'static, str> {
        "ChatCompletionToolChoice".into()
    }

    fn schemas(schemas: &mut Vec<Named>) {
        schemas.push((NamedToolChoice::name().into_owned(), NamedToolChoice::schema()));
        NamedToolChoice::schemas(schemas);
    }
}
