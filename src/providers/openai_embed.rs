//! OpenAI's embeddings, as OpenAI and those who imitate it speak them.
//!
//! Token ids are passed through to OpenAI's own hosts, whose models they were made for. Everyone
//! else has another vocabulary: for them, the ids are turned back into text with `cl100k_base`,
//! the encoding that clients which send ids use.

use super::call::EmbedCall;
use super::endpoint::{Endpoint, Flavour};
use super::error::{Error, Kind};
use super::exchange::{Ask, Budget};
use super::refusal::Refusal;
use crate::types::{EmbeddingInput, Embeddings, Usage};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

const PATH: &str = "/embeddings";
/// Requests of one call that are under way at once.
const CONCURRENT: usize = 4;

/// Embeds every input, in as many requests as the provider's limits ask for.
pub(super) async fn embed(endpoint: Endpoint, call: EmbedCall) -> Result<Embeddings, Error> {
    let call = match endpoint.flavour {
        Flavour::OpenAi => call,
        _ => EmbedCall { input: into_texts(&endpoint.provider, call.input).await?, ..call },
    };
    let budget = Budget::since(endpoint.begun, endpoint.idle);
    let batches = batches(call.input.len(), endpoint.embed_batch);
    let mut whole =
        Embeddings { vectors: Vec::with_capacity(call.input.len()), usage: Usage::default() };
    let (endpoint, call) = (&endpoint, &call);
    let mut parts = stream::iter(batches)
        .map(|range| request(endpoint, call, range, budget))
        .buffered(CONCURRENT);
    while let Some(part) = parts.try_next().await? {
        whole.vectors.extend(part.vectors);
        whole.usage.input += part.usage.input;
    }
    Ok(whole)
}

fn batches(inputs: usize, size: usize) -> Vec<Range<usize>> {
    (0..inputs).step_by(size).map(|start| start..inputs.min(start + size)).collect()
}

async fn request(
    endpoint: &Endpoint,
    call: &EmbedCall,
    range: Range<usize>,
    budget: Budget,
) -> Result<Embeddings, Error> {
    let count = range.len();
    let model = call.model.model.as_str();
    let ask = Ask { endpoint, path: PATH, model, body: encode(call, range), budget };
    let bytes = ask.fetch().await?;
    decode(&ask, &bytes, count).map_err(|error| error.logged(model))
}

/// Reads the answer, which must hold `count` vectors.
fn decode(ask: &Ask<'_>, answer: &[u8], count: usize) -> Result<Embeddings, Error> {
    let (endpoint, model) = (ask.endpoint, ask.model);
    let unreadable = |error| {
        Error::malformed(&endpoint.provider, "embeddings that cannot be read").caused_by(error)
    };
    let answer: Answer<'_> = serde_json::from_slice(answer).map_err(unreadable)?;
    if let Some(error) = answer.error {
        return Err(Refusal::of_error(error.get()).to_error(endpoint, model));
    }
    let usage = answer.usage.map_or(0, |usage| usage.prompt_tokens.max(usage.total_tokens));
    let vectors = in_order(answer.data, count).ok_or_else(|| {
        Error::malformed(&endpoint.provider, "other embeddings than it was asked for")
    })?;
    Ok(Embeddings { vectors, usage: Usage { input: usage, ..Usage::default() } })
}

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

fn encode(call: &EmbedCall, range: Range<usize>) -> Bytes {
    let input = match &call.input {
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

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default)]
    data: Vec<Item>,
    usage: Option<WireUsage>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Item {
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
fn in_order(items: Vec<Item>, count: usize) -> Option<Vec<Vec<f32>>> {
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

/// The input as text. The vocabulary is loaded when token ids first come, which takes a moment.
pub(super) async fn into_texts(
    provider: &str,
    input: EmbeddingInput,
) -> Result<EmbeddingInput, Error> {
    let EmbeddingInput::Tokens(lists) = input else { return Ok(input) };
    let decoded = tokio::task::spawn_blocking(move || {
        let encoding = tiktoken_rs::cl100k_base_singleton();
        let text = |ids: &Vec<u32>| {
            let bytes = encoding.decode_bytes(ids).map_err(|error| error.to_string())?;
            // A cut within a character leaves half of it, as it does for OpenAI's own models.
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        lists.iter().map(text).collect::<Result<Vec<_>, String>>()
    });
    let unknown = |error: String| {
        let message = "The input has token ids that the encoding cl100k_base does not know.";
        Error::new(Kind::Rejected, provider, message).caused_by(error)
    };
    let texts = decoded.await.map_err(|error| unknown(error.to_string()))?.map_err(unknown)?;
    Ok(EmbeddingInput::Texts(texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_cover_all_inputs_in_order() {
        assert_eq!(batches(5, 2), [0..2, 2..4, 4..5]);
        assert_eq!(batches(4, 2), [0..2, 2..4]);
        assert!(batches(0, 2).is_empty());
    }

    #[test]
    fn token_ids_can_be_sent_as_they_are() {
        let model = crate::types::ModelRef { provider: "p".to_owned(), model: "m".to_owned() };
        let input = EmbeddingInput::Tokens(vec![vec![1, 2], vec![3], vec![]]);
        let call = EmbedCall { model, input, dimensions: Some(4) };
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

    #[tokio::test]
    async fn token_ids_become_the_text_they_came_from() {
        let texts = ["The capital of France is Paris.", "naïve 東京"];
        let encoding = tiktoken_rs::cl100k_base_singleton();
        let tokens = texts.iter().map(|text| encoding.encode_ordinary(text)).collect();
        let decoded = into_texts("p", EmbeddingInput::Tokens(tokens)).await.expect("known ids");
        assert_eq!(decoded, EmbeddingInput::Texts(texts.map(str::to_owned).to_vec()));
        let unknown = into_texts("p", EmbeddingInput::Tokens(vec![vec![4_000_000]])).await;
        assert_eq!(unknown.expect_err("no such id").kind, Kind::Rejected);
    }
}
