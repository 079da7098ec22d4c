//! What of the contract anybody may read, and how it is served.

use crate::support::gateway::Gateway;
use serde_json::json;

#[tokio::test]
async fn the_contract_is_public_in_three_forms() {
    let gateway = Gateway::start("http://127.0.0.1:9/v1", json!({})).await;
    let served = [
        ("/openapi.json", "application/json; charset=utf-8", "\"openapi\": \"3.0.3\""),
        ("/openapi-3.1.json", "application/json; charset=utf-8", "\"openapi\": \"3.1.0\""),
        ("/docs", "text/html; charset=utf-8", "<title>OpenClaw API reference</title>"),
        ("/docs/", "text/html; charset=utf-8", "\"url\": \"/\""),
    ];
    for (path, kind, part) in served {
        let reply = gateway.anonymous("GET", path).send().await.expect("an answer");
        assert_eq!(reply.status(), 200, "{path}");
        assert_eq!(reply.headers()["content-type"], kind);
        assert_eq!(reply.headers()["cache-control"], "public, max-age=300");
        assert!(reply.headers().contains_key("x-request-id"));
        let text = reply.text().await.expect("a body");
        assert!(text.contains(part), "{path} without {part}");
        let head = gateway.anonymous("HEAD", path).send().await.expect("an answer");
        assert_eq!(head.status(), 200, "HEAD {path}");
        assert_eq!(head.headers()["content-type"], kind);
        let length = head.headers()["content-length"].to_str().expect("ASCII");
        assert_eq!(length.parse::<usize>().expect("a number"), text.len(), "HEAD {path}");
        let put = gateway.anonymous("PUT", path).send().await.expect("an answer");
        assert_eq!(
            (put.status().as_u16(), &put.headers()["allow"]),
            (405, &"GET, HEAD".parse().expect("a value"))
        );
    }
    let page = gateway.anonymous("GET", "/docs").send().await.expect("an answer");
    let policy = page.headers()["content-security-policy"].to_str().expect("ASCII").to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
}
