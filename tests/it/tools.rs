//! `POST /tools/invoke`: its goldens, and what does not fit into a golden.

use crate::support::gateway::Gateway;
use crate::support::golden::check_area;
use serde_json::{Value, json};

/// Nothing answers there: no tool of these tests asks a model.
const NOWHERE: &str = "http://127.0.0.1:9/v1";

#[tokio::test]
async fn goldens() {
    check_area("tools-invoke").await;
}

#[tokio::test]
async fn a_body_over_two_megabytes_is_a_413_in_this_shape() {
    let gateway = Gateway::start(NOWHERE, json!({})).await;
    let body = |bytes: usize| {
        let body = json!({"name": "agents_list", "padding": ""}).to_string();
        let padding = "x".repeat(bytes - body.len());
        json!({"name": "agents_list", "padding": padding})
    };
    let reply = gateway.post("/tools/invoke", body(2_000_000)).await;
    assert_eq!(reply.status().as_u16(), 200);
    for bytes in [2_000_001, 2 * 1024 * 1024] {
        let reply = gateway.post("/tools/invoke", body(bytes)).await;
        assert_eq!(reply.status().as_u16(), 413);
        let text: Value = reply.json().await.expect("JSON");
        let message = "The request body is larger than the 2000000 bytes accepted here.";
        let error = json!({"type": "request_too_large", "message": message});
        assert_eq!(text, json!({"ok": false, "error": error}));
    }
}
