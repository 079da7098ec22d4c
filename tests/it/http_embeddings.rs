//! Embeddings over HTTP where a transcript would be too long.

use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Seen, Upstream};
use serde_json::{Value, json};

/// Embeds each text as its length, the last text's vector first.
async fn provider() -> Upstream {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen: &Seen| {
        let inputs = seen.body["input"].as_array().expect("a list of texts");
        let vector = |(index, text): (usize, &Value)| {
            json!({"index": index, "embedding": [text.as_str().map_or(0, str::len), 1]})
        };
        let data: Vec<Value> = inputs.iter().enumerate().map(vector).rev().collect();
        Reply::json(200, &json!({"data": data}))
    });
    upstream
}

#[tokio::test]
async fn as_many_inputs_as_openai_takes_are_split_and_merged_in_order() {
    let upstream = provider().await;
    let caps = json!({"models": {"providers": {"fake": {"embedding": {"maxInputs": 100}}}}});
    let gateway = Gateway::start(&upstream.base_url(), caps).await;
    let texts: Vec<String> = (1..=2048).map(|n| "x".repeat(n % 97 + 1)).collect();
    let reply = gateway.post("/v1/embeddings", json!({"input": texts})).await;
    assert_eq!(reply.status(), 200);
    let body: Value = reply.json().await.expect("JSON");
    let data = body["data"].as_array().expect("a list");
    assert_eq!((data.len(), upstream.seen().len()), (2048, 21));
    for (at, (entry, text)) in data.iter().zip(&texts).enumerate() {
        assert_eq!(
            (&entry["index"], &entry["embedding"][0]),
            (&json!(at), &json!(text.len() as f64))
        );
    }
    let one_more: Vec<&str> = vec!["x"; 2049];
    let reply = gateway.post("/v1/embeddings", json!({"input": one_more})).await;
    assert_eq!(reply.status(), 400);
    let body: Value = reply.json().await.expect("JSON");
    let message = body["error"]["message"].as_str().expect("a message");
    assert!(message.contains("2049") && message.contains("2048"), "{message}");
}

#[tokio::test]
async fn no_more_tokens_are_taken_than_openai_takes() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let refused = async |input: Value| {
        let reply = gateway.post("/v1/embeddings", json!({ "input": input })).await;
        let status = reply.status();
        let body: Value = reply.json().await.expect("JSON");
        assert_eq!((status.as_u16(), &body["error"]["param"]), (400, &json!("input")), "{body}");
        assert_eq!(body["error"]["code"], "max_tokens_per_request");
        body["error"]["message"].as_str().expect("a message").to_owned()
    };
    let ids: Vec<Vec<u32>> = vec![vec![15_339; 1_000]; 301];
    let message = refused(json!(ids)).await;
    assert!(message.contains("301000 tokens") && message.contains("300000"), "{message}");
    // " x" is one token.
    let message = refused(json!([" x".repeat(300_001)])).await;
    assert!(message.contains("300001 tokens"), "{message}");
    assert!(upstream.seen().is_empty());

    // More bytes than tokens may be are no more tokens yet.
    let text = " x".repeat(200_000);
    let reply = gateway.post("/v1/embeddings", json!({"input": [text]})).await;
    assert_eq!(reply.status(), 200);
    let body: Value = reply.json().await.expect("JSON");
    assert_eq!(body["usage"]["prompt_tokens"], 200_000);
}
