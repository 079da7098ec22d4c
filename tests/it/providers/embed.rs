//! Embeddings: split, merged in order, read in both forms.

use super::{model, pointing_at, providers};
use crate::support::upstream::{Reply, Seen, Upstream};
use openclaw::providers::{EmbedCall, Kind};
use openclaw::types::EmbeddingInput;
use serde_json::{Value, json};

fn call(input: EmbeddingInput) -> EmbedCall {
    EmbedCall { model: model("up/embedder"), input, dimensions: None }
}

fn texts(count: usize) -> EmbeddingInput {
    EmbeddingInput::Texts((0..count).map(|at| at.to_string()).collect())
}

/// Embeds the text "n" as [n], as numbers and in reverse order.
fn answer(seen: &Seen) -> Reply {
    let inputs = seen.body["input"].as_array().expect("a list");
    let item = |(index, text): (usize, &Value)| {
        let number: f32 = text.as_str().expect("a text").parse().expect("a number");
        json!({"object": "embedding", "index": index, "embedding": [number]})
    };
    let mut data: Vec<Value> = inputs.iter().enumerate().map(item).collect();
    data.reverse();
    let usage = json!({"prompt_tokens": inputs.len(), "total_tokens": inputs.len()});
    Reply::json(200, &json!({"object": "list", "data": data, "usage": usage}))
}

#[tokio::test]
async fn many_inputs_are_split_and_merged_in_order() {
    let upstream = Upstream::start().await;
    upstream.otherwise(answer);
    let count = 2048 * 2 + 5;
    let call = EmbedCall { dimensions: Some(1), ..call(texts(count)) };
    let embeddings = providers().embed(&pointing_at(&upstream), call).await.expect("vectors");
    let expected: Vec<Vec<f32>> = (0..count).map(|at| vec![at as f32]).collect();
    assert!(embeddings.vectors == expected, "in input order");
    assert_eq!(embeddings.usage.input, count as u64);
    let seen = upstream.seen();
    let mut sizes: Vec<_> =
        seen.iter().map(|seen| seen.body["input"].as_array().map(Vec::len)).collect();
    sizes.sort();
    assert_eq!(sizes, [Some(5), Some(2048), Some(2048)]);
    assert!(seen.iter().all(|seen| seen.path == "/v1/embeddings"));
    assert!(seen.iter().all(|seen| seen.body["dimensions"] == 1));
    assert!(seen.iter().all(|seen| seen.body["encoding_format"] == "base64"));
}

#[tokio::test]
async fn base64_is_read_and_an_index_is_not_needed() {
    let data = json!([{"embedding": "AACAPwAAAMA="}, {"embedding": [0.5, 3]}]);
    let upstream = Upstream::with([Reply::json(200, &json!({"data": data}))]).await;
    let embeddings = providers().embed(&pointing_at(&upstream), call(texts(2))).await;
    let embeddings = embeddings.expect("vectors");
    assert_eq!(embeddings.vectors, [[1.0, -2.0], [0.5, 3.0]]);
    assert_eq!(embeddings.usage.input, 0);
    assert!(upstream.seen()[0].body.get("dimensions").is_none());
}

#[tokio::test]
async fn token_ids_reach_strangers_as_text() {
    let upstream = Upstream::start().await;
    upstream.otherwise(answer);
    let ids = tiktoken_rs::cl100k_base_singleton().encode_ordinary("12345678");
    assert!(ids.len() > 1);
    let input = EmbeddingInput::Tokens(vec![ids]);
    let embeddings = providers().embed(&pointing_at(&upstream), call(input)).await;
    assert_eq!(embeddings.expect("vectors").vectors, [[12345678.0]]);
    assert_eq!(upstream.seen()[0].body["input"], json!(["12345678"]));
}

#[tokio::test]
async fn other_answers_are_errors() {
    let one = json!({"index": 0, "embedding": [1.0]});
    for (body, kind) in [
        (json!({"data": [one]}), Kind::Malformed),
        (json!({"data": [one, one]}), Kind::Malformed),
        (json!({"data": [one, {"index": 1, "embedding": []}]}), Kind::Malformed),
        (json!({"data": [one, {"index": 1, "embedding": [1.0, 2.0]}]}), Kind::Malformed),
        // Base64 of a number that is none.
        (json!({"data": [one, {"index": 1, "embedding": "AADAfw=="}]}), Kind::Malformed),
        (json!({"data": "none"}), Kind::Malformed),
        (json!({}), Kind::Malformed),
        (json!({"error": {"message": "x", "code": 429}}), Kind::RateLimit),
    ] {
        let upstream = Upstream::with([Reply::json(200, &body)]).await;
        let error = providers().embed(&pointing_at(&upstream), call(texts(2))).await;
        assert_eq!(error.expect_err("no vectors").kind, kind, "{body}");
    }
    // One failing request of several fails the call.
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen| match seen.body["input"][0] == "2048" {
        true => Reply::json(400, &json!({"error": {"message": "not this one"}})),
        false => answer(seen),
    });
    let error = providers().embed(&pointing_at(&upstream), call(texts(2049))).await;
    let error = error.expect_err("half an answer is none");
    assert_eq!(error.kind, Kind::Rejected, "{error}");
}
