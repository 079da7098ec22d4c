//! OpenAI's Embeddings request and answer.

use crate::http::always;
use crate::http::strict::{Word, word};
use serde::Serialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A request for embeddings. Fields that are not listed are accepted and not used.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub(crate) struct CreateEmbeddingRequest {
    /// The agent whose embedding model is used: `openclaw`, `openclaw/default` or
    /// `openclaw/<agentId>`. Absent or empty means the default agent.
    #[serde(default)]
    pub model: Option<String>,
    /// A text, texts, token ids or lists of token ids; at most 2048 inputs and 300,000 tokens.
    /// Token ids are of `cl100k_base`, or of `o200k_base` where `model` is named like a model of
    /// that encoding, such as `gpt-4o`.
    pub input: EmbeddingInputParam,
    /// `float` (default) or `base64`: little-endian 32-bit floats.
    #[serde(default)]
    pub encoding_format: Option<EncodingFormat>,
    /// Length of the vectors. A model that cannot choose has its vectors cut and made unit vectors
    /// again; more than the model has is refused.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub dimensions: Option<u32>,
    /// Accepted and not used.
    #[serde(default)]
    pub user: Option<String>,
}

/// How vectors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum EncodingFormat {
    /// A JSON array of numbers.
    Float,
    /// Base64 of little-endian 32-bit floats.
    Base64,
}

impl Word for EncodingFormat {
    const WORDS: &'static [(&'static str, Self)] =
        &[("float", Self::Float), ("base64", Self::Base64)];
}

impl<'de> Deserialize<'de> for EncodingFormat {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        word(input)
    }
}

/// What shall be embedded.
#[derive(Debug, PartialEq)]
pub(crate) enum EmbeddingInputParam {
    /// One text.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// Token ids of one text.
    Tokens(Vec<u32>),
    /// Token ids of several texts.
    TokenLists(Vec<Vec<u32>>),
    /// An empty list, which could be any of them.
    Empty,
}

/// The vectors.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreateEmbeddingResponse {
    /// Always `list`.
    pub object: always::ListWord,
    /// One entry an input, in input order.
    pub data: Vec<Embedding>,
    /// The model as the request named it.
    pub model: String,
    /// Tokens read.
    pub usage: EmbeddingUsage,
}

/// One vector.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Embedding {
    /// Always `embedding`.
    pub object: always::EmbeddingWord,
    /// The input it belongs to, counted from 0.
    pub index: u32,
    /// The vector.
    pub embedding: EmbeddingVector,
}

/// A vector as numbers or as base64.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum EmbeddingVector {
    /// Numbers.
    Float(Vec<f32>),
    /// Base64 of little-endian 32-bit floats.
    Base64(String),
}

/// Tokens read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmbeddingUsage {
    /// Tokens read.
    pub prompt_tokens: u64,
    /// The same.
    pub total_tokens: u64,
}

/// One element of an `input` list; the first decides what all must be.
#[derive(Debug)]
enum Element {
    Text(String),
    Token(u32),
    Tokens(Vec<u32>),
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a token id or an array of token ids")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Element, E> {
                Ok(Element::Text(text.to_owned()))
            }

            fn visit_u64<E: de::Error>(self, token: u64) -> Result<Element, E> {
                let token = u32::try_from(token);
                token.map(Element::Token).map_err(|_| E::custom("a token id is too large"))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, tokens: A) -> Result<Element, A::Error> {
                Ok(Element::Tokens(Vec::deserialize(SeqAccessDeserializer::new(tokens))?))
            }
        }
        input.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for EmbeddingInputParam {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Input;
        impl<'de> Visitor<'de> for Input {
            type Value = EmbeddingInputParam;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, an array of strings, of token ids, or of token id arrays")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(EmbeddingInputParam::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
                let elements = Vec::<Element>::deserialize(SeqAccessDeserializer::new(elements))?;
                alike(elements)
                    .ok_or_else(|| de::Error::custom("mixed kinds of input in one array"))
            }
        }
        input.deserialize_any(Input)
    }
}

/// A list whose elements are all of one kind.
fn alike(elements: Vec<Element>) -> Option<EmbeddingInputParam> {
    let elements = elements.into_iter();
    match elements.as_slice().first() {
        None => Some(EmbeddingInputParam::Empty),
        Some(Element::Text(_)) => elements
            .map(|element| if let Element::Text(text) = element { Some(text) } else { None })
            .collect::<Option<_>>()
            .map(EmbeddingInputParam::Texts),
        Some(Element::Token(_)) => elements
            .map(|element| if let Element::Token(token) = element { Some(token) } else { None })
            .collect::<Option<_>>()
            .map(EmbeddingInputParam::Tokens),
        Some(Element::Tokens(_)) => elements
            .map(|element| if let Element::Tokens(list) = element { Some(list) } else { None })
            .collect::<Option<_>>()
            .map(EmbeddingInputParam::TokenLists),
    }
}

impl PartialSchema for EmbeddingInputParam {
    fn schema() -> RefOr<Schema> {
        let texts = ArrayBuilder::new().items(String::schema());
        let tokens = || ArrayBuilder::new().items(u32::schema());
        let token_lists = ArrayBuilder::new().items(tokens());
        let forms = OneOfBuilder::new().item(String::schema()).item(texts);
        forms.item(tokens()).item(token_lists).into()
    }
}

impl ToSchema for EmbeddingInputParam {
    fn name() -> Cow<'static, str> {
        "EmbeddingInput".into()
    }
}

impl PartialSchema for EmbeddingVector {
    fn schema() -> RefOr<Schema> {
        let numbers = ArrayBuilder::new().items(f32::schema());
        OneOfBuilder::new().item(numbers).item(String::schema()).into()
    }
}

impl ToSchema for EmbeddingVector {}
