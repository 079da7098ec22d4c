//! Embeddings: split, merged in order, read in both forms.

use super::{model, pointing_at, providers};
use crate::support::upstream::{Reply, Seen, Upstream};
use openclaw::providers::{EmbedCall, Kind};
use openclaw::types::EmbeddingInput;
use serde_json::{Value, json};

fn call(input: EmbeddingInput) -> EmbedCall {
    EmbedCall::new(model("up/embedder"), input)
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
    assert_eq!(embeddings.usage.input, 2, "counted here, since the provider does not say");
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

/// A snapshot whose provider takes so many inputs and tokens at once.
fn capped(upstream: &Upstream, caps: Value) -> std::sync::Arc<openclaw::secrets::Snapshot> {
    let config = json!({"models": {"providers": {"up": {
        "baseUrl": upstream.base_url(), "embedding": caps,
    }}}});
    super::snapshot(config)
}

#[tokio::test]
async fn requests_are_split_to_the_providers_caps_by_inputs_and_by_tokens() {
    let upstream = Upstream::start().await;
    upstream.otherwise(answer);
    let sizes = || {
        let sizes = upstream
            .seen()
            .into_iter()
            .map(|seen| seen.body["input"].as_array().map_or(0, Vec::len));
        let mut sizes: Vec<usize> = sizes.collect();
        sizes.sort_unstable();
        sizes
    };
    let by_inputs = capped(&upstream, json!({"maxInputs": 3}));
    let embeddings = providers().embed(&by_inputs, call(texts(7))).await.expect("vectors");
    assert_eq!(embeddings.vectors.concat(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(sizes(), [1, 3, 3]);
    // Each of these is four tokens of three digits.
    let long: Vec<String> = (0..5).map(|n| format!("10000000000{n}")).collect();
    let by_tokens = capped(&upstream, json!({"maxTokens": 9}));
    let embeddings = providers().embed(&by_tokens, call(EmbeddingInput::Texts(long))).await;
    assert_eq!(embeddings.expect("vectors").vectors.len(), 5);
    assert_eq!(sizes(), [1, 1, 2, 2, 3, 3]);
}

#[tokio::test]
async fn longer_vectors_than_asked_for_are_cut_to_unit_vectors() {
    let data = json!([{"embedding": [3.0, 4.0, 12.0]}]);
    let upstream = Upstream::with([Reply::json(200, &json!({"data": data}))]).await;
    let call = EmbedCall { dimensions: Some(2), ..call(texts(1)) };
    let embeddings = providers().embed(&pointing_at(&upstream), call).await.expect("vectors");
    assert_eq!(embeddings.vectors, [[0.6, 0.8]]);
    assert_eq!(upstream.seen()[0].body["dimensions"], 2, "asked for first");
}
