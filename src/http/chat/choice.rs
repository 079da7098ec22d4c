//! The fields of a chat request that come as a word or as structure, each read in one pass.

use crate::http::strict::Object;
use crate::http::word_or::{InPlaceOfWord, WordOr};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

/// One text or several that end an answer.
#[derive(Debug)]
pub(crate) enum StopParam {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
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
    #[schema(value_type = String, required)]
    pub mode: Option<String>,
    /// Which; only functions.
    #[serde(default)]
    #[schema(value_type = Vec<AllowedTool>, required)]
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
    #[schema(value_type = NamedFunction, required)]
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

impl InPlaceOfWord for NamedToolChoice {
    const BOTH: &'static str = "ChatCompletionToolChoice";
    const EXPECTED: &'static str = "a word such as \"auto\" or an object that names a function";
}

impl InPlaceOfWord for NamedFunction {
    const BOTH: &'static str = "ChatCompletionFunctionChoice";
    const EXPECTED: &'static str = "a word such as \"auto\" or an object that names a function";
}

impl PartialSchema for StopParam {
    fn schema() -> RefOr<Schema> {
        let several = ArrayBuilder::new().items(String::schema());
        OneOfBuilder::new().item(String::schema()).item(several).into()
    }
}

impl ToSchema for StopParam {}
