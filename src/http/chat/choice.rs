//! The fields of a chat request that come as a word or as structure, each read in one pass.

use crate::http::strict::Object;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// One text or several that end an answer.
#[derive(Debug)]
pub(crate) enum StopParam {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

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
}

/// How free the model is in calling tools: `auto`, `none`, `required`, one function, or a choice
/// of the request's tools.
pub(crate) type ToolChoiceParam = WordOr<NamedToolChoice>;
/// The same in the older form: `auto`, `none`, or one function.
pub(crate) type FunctionChoiceParam = WordOr<NamedFunction>;

/// A tool choice that names functions.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub(crate) struct NamedToolChoice {
    /// `function` or `allowed_tools`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `function`: the function.
    #[serde(default)]
    #[schema(value_type = Option<NamedFunction>)]
    pub function: Option<Object<NamedFunction>>,
    /// For `allowed_tools`: the tools that may be called.
    #[serde(default)]
    #[schema(value_type = Option<AllowedTools>)]
    pub allowed_tools: Option<Object<AllowedTools>>,
}

/// A function by name.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub(crate) struct NamedFunction {
    /// One of the request's functions.
    pub name: String,
}

/// The tools of a request that may be called.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ChatCompletionAllowedTools)]
pub(crate) struct AllowedTools {
    /// `auto`: the model may call them; `required`: it must call one or more.
    #[serde(default)]
    pub mode: Option<String>,
    /// Which; only functions.
    #[serde(default)]
    #[schema(value_type = Vec<AllowedTool>)]
    pub tools: Vec<Object<AllowedTool>>,
}

/// One tool that may be called.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ChatCompletionAllowedTool)]
pub(crate) struct AllowedTool {
    /// Only `function` is supported.
    #[serde(rename = "type")]
    pub kind: String,
    /// The function.
    #[serde(default)]
    #[schema(value_type = Option<NamedFunction>)]
    pub function: Option<Object<NamedFunction>>,
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

impl<'de, T: Deserialize<'de>> Deserialize<'de> for WordOr<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Choice<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Choice<T> {
            type Value = WordOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word such as \"auto\" or an object that names a function")
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

impl InPlaceOfWord for NamedToolChoice {
    const BOTH: &'static str = "ChatCompletionToolChoice";
}

impl InPlaceOfWord for NamedFunction {
    const BOTH: &'static str = "ChatCompletionFunctionChoice";
}

/// A schema as utoipa collects it: its name and itself.
type Named = (String, RefOr<Schema>);

impl PartialSchema for StopParam {
    fn schema() -> RefOr<Schema> {
        let several = ArrayBuilder::new().items(String::schema());
        OneOfBuilder::new().item(String::schema()).item(several).into()
    }
}

impl ToSchema for StopParam {}

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

    fn schemas(schemas: &mut Vec<Named>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}
