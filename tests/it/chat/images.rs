//! Images that a request names by URL.

use super::{PATH, asking};
use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Upstream};
use serde_json::{Value, json};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn png() -> Reply {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 8\r\n\r\n";
    Reply::raw([head.as_bytes(), PNG].concat())
}

fn hi() -> Reply {
    let message = json!({"role": "assistant", "content": "Hi."});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    Reply::json(200, &json!({"id": "c", "choices": [choice]}))
}

fn looking_at(url: &str) -> Value {
    let image = json!({"type": "image_url", "image_url": {"url": url, "detail": "high"}});
    asking(json!({"messages": [{"role": "user", "content": [image]}]}))
}

#[tokio::test]
async fn an_image_by_url_reaches_the_model_as_data() {
    let pictures = Upstream::with([png()]).await;
    let upstream = Upstream::with([hi()]).await;
    let images = json!({"allowPrivateHosts": ["127.0.0.1"]});
    let config =
        json!({"gateway": {"http": {"endpoints": {"chatCompletions": {"images": images}}}}});
    let gateway = Gateway::start(&upstream.base_url(), config).await;
    let url = format!("http://{}/cat.png", pictures.address());
    let reply = gateway.post(PATH, looking_at(&url)).await;
    assert_eq!(reply.status(), 200, "{}", reply.text().await.expect("a body"));
    let image = upstream.seen()[0].body["messages"][0]["content"][0]["image_url"].clone();
    assert_eq!(image, json!({"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "high"}));
    assert_eq!(pictures.seen()[0].path, "/cat.png");
}

#[tokio::test]
async fn an_image_at_a_private_address_is_not_asked_for() {
    let pictures = Upstream::with([png()]).await;
    let gateway = Gateway::start("http://127.0.0.1:9/v1", json!({})).await;
    let url = format!("http://{}/cat.png", pictures.address());
    let reply = gateway.post(PATH, looking_at(&url)).await;
    assert_eq!(reply.status(), 400);
    let body: Value = reply.json().await.expect("JSON");
    let expected = "messages[0].content[0].image_url.url";
    assert_eq!((&body["error"]["param"], pictures.connections()), (&json!(expected), 0), "{body}");
}
