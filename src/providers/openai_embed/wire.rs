//! The wire types of OpenAI's embeddings.

use super::super::call::EmbedCall;
use crate::types::EmbeddingInput;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: Input<'a>,
    /// A third of the bytes of decimal numbers, and far cheaper to read. OpenAI's own Python
    /// client always asks for it, so whoever imitates OpenAI must cope; both forms are read.
    encoding_format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Input<'a> {
    Texts(&'a [String]),
    Tokens(&'a [Vec<u32>]),
}

/// The request for some of a call's inputs.
pub(super) fn encode(call: &EmbedCall, range: Range<usize>) -> Bytes {
    let input = match &*call.input {
        EmbeddingInput::Texts(texts) => Input::Texts(&texts[range]),
        EmbeddingInput::Tokens(tokens) => Input::Tokens(&tokens[range]),
    };
    let request = Request {
        model: &call.model.model,
        input,
        encoding_format: "base64",
        dimensions: call.dimensions,
    };
    serde_json::to_vec(&request).expect("plain data always serialises").into()
}

/// What a provider answers.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(default)]
    pub(super) data: Vec<Item>,
    usage: Option<WireUsage>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

impl Answer<'_> {
    /// Tokens read, where the provider says how many.
    pub(super) fn tokens(&self) -> Option<u64> {
        let usage = self.usage.as_ref()?;
        Some(usage.prompt_tokens.max(usage.total_tokens)).filter(|tokens| *tokens > 0)
    }
}

/// One vector.
#[derive(Deserialize)]
pub(super) struct Item {
    index: Option<usize>,
    embedding: Vector,
}

#[derive(Deserialize)]
struct WireUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    total_tokens: u64,
}

/// The vectors in input order; `None` unless there is exactly one for each of `count` inputs, all
/// of one length and of finite numbers.
pub(super) fn in_order(items: Vec<Item>, count: usize) -> Option<Vec<Vec<f32>>> {
    let length = items.first().map_or(0, |item| item.embedding.0.len());
    let fits = |item: &Item| {
        let vector = &item.embedding.0;
        !vector.is_empty() && vector.len() == length && vector.iter().all(|n| n.is_finite())
    };
    if items.len() != count || !items.iter().all(fits) {
        return None;
    }
    let mut vectors = vec![None; count];
    for (place, item) in items.into_iter().enumerate() {
        // Without an index, the order is the inputs'.
        let slot = vectors.get_mut(item.index.unwrap_or(place))?;
        if slot.replace(item.embedding.0).is_some() {
            return None;
        }
    }
    vectors.into_iter().collect()
}

/// Numbers, or the same as base64 of little-endian 32-bit floats.
struct Vector(Vec<f32>);

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VectorVisitor)
    }
}

struct VectorVisitor;

impl<'de> Visitor<'de> for VectorVisitor {
    type Value = Vector;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers, or base64 of 32-bit floats")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vector, E> {
        let bytes = STANDARD.decode(text).map_err(E::custom)?;
        let (floats, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(E::custom("the embedding's length is not a multiple of four bytes"));
        }
        Ok(Vector(floats.iter().copied().map(f32::from_le_bytes).collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vector, A::Error> {
        let mut numbers = Vec::with_capacity(list.size_hint().unwrap_or(0));
        while let Some(number) = list.next_element()? {
            numbers.push(number);
        }
        Ok(Vector(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_ids_can_be_sent_as_they_are() {
        let model = crate::types::ModelRef { provider: "p".to_owned(), model: "m".to_owned() };
        let input = EmbeddingInput::Tokens(vec![vec![1, 2], vec![3], vec![]]);
        let call = EmbedCall { dimensions: Some(4), ..EmbedCall::new(model, input) };
        let expected =
            r#"{"model":"m","input":[[1,2],[3]],"encoding_format":"base64","dimensions":4}"#;
        assert_eq!(encode(&call, 0..2), expected);
    }

    #[test]
    fn vectors_are_put_in_input_order() {
        let check = |json: &str, expected: Option<Vec<Vec<f32>>>| {
            let items: Vec<Item> = serde_json::from_str(json).expect("items");
            assert_eq!(in_order(items, 2), expected, "{json}");
        };
        let both = Some(vec![vec![1.0], vec![2.0]]);
        check(r#"[{"index":1,"embedding":[2]},{"index":0,"embedding":[1.0]}]"#, both.clone());
        check(r#"[{"embedding":"AACAPw=="},{"embedding":"AAAAQA=="}]"#, both);
        check(r#"[{"index":0,"embedding":[1]},{"index":0,"embedding":[2]}]"#, None);
        check(r#"[{"index":0,"embedding":[1]},{"index":2,"embedding":[2]}]"#, None);
        check(r#"[{"index":0,"embedding":[1]}]"#, None);
    }

    #[test]
    fn a_vector_of_odd_length_is_refused() {
        assert!(serde_json::from_str::<Vector>(r#""AAA=""#).is_err());
        assert!(serde_json::from_str::<Vector>(r#""not base64""#).is_err());
    }
}
