//! The runtime model: one process, one port, loopback, authenticated.

use crate::support::gateway::Gateway;
use crate::support::process::Process;
use serde_json::{Value, json};
use std::fs;

const LOCAL: &str = r#"{ gateway: { mode: "local" } }"#;

/// A gateway process on a free port and its base URL.
fn start(variables: &[(&str, &str)], config: &str) -> (Process, String) {
    let mut process = Process::start(&["gateway", "--port", "0"], variables, Some(config));
    let line = process.wait_for("listening on ws://");
    let address = line.split("ws://").nth(1).and_then(|rest| rest.split(' ').next());
    let url = format!("http://{}", address.expect("an address"));
    process.wait_for("ready");
    (process, url)
}

/// The children of a process, whichever of its threads started them.
fn children(pid: u32) -> String {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the process table");
    let children =
        threads.flatten().map(|thread| fs::read_to_string(thread.path().join("children")));
    // A thread may end between the two looks.
    let children: Vec<String> = children.flatten().collect();
    assert!(!children.is_empty(), "this system does not tell whose child a process is");
    children.concat()
}

async fn status(url: &str, bearer: Option<&str>) -> u16 {
    let mut request = reqwest::Client::new().get(format!("{url}/v1/models"));
    if let Some(bearer) = bearer {
        request = request.bearer_auth(bearer);
    }
    request.send().await.expect("an answer").status().as_u16()
}

#[test]
fn rm_1_one_process_does_it_all() {
    let (process, _url) = start(&[], LOCAL);
    assert!(!process.listening().is_empty(), "the process itself listens");
    assert_eq!(children(process.pid()), "", "it has children");
}

#[tokio::test]
async fn rm_3_the_api_lives_on_the_one_port() {
    let gateway = Gateway::start("http://127.0.0.1:9/v1", json!({})).await;
    assert_eq!(gateway.get("/v1/models").await.status(), 200);
    // An empty body is refused by the endpoint itself, so each of them is there.
    for path in ["/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/tools/invoke"] {
        assert_eq!(gateway.post(path, json!({})).await.status(), 400, "{path}");
    }
}

#[test]
fn rm_7_only_loopback_is_bound_by_default() {
    let (process, _url) = start(&[], LOCAL);
    let addresses = process.listening();
    assert!(addresses.iter().any(|address| address.starts_with("127.0.0.1:")), "{addresses:?}");
    let loopback =
        |address: &String| address.starts_with("127.0.0.1:") || address.starts_with("[::1]:");
    assert!(addresses.iter().all(loopback), "{addresses:?}");
}

#[tokio::test]
async fn rm_8_auth_is_required_by_default() {
    let (_process, url) = start(&[], LOCAL);
    assert_eq!(status(&url, None).await, 401);
    assert_eq!(status(&url, Some("anything")).await, 401);
    let document: Value = serde_json::from_str(&openclaw::http::document()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, operations)| {
        operations.as_object().expect("operations").keys().map(move |method| (method, path))
    });
    let api: Vec<_> = operations.filter(|(_, path)| path.starts_with("/v1/")).collect();
    assert!(api.len() >= 4, "{api:?}");
    for (method, path) in api {
        let method = method.to_uppercase().parse().expect("a method");
        let asked = format!("{url}{}", path.replace("{model}", "openclaw"));
        let reply = reqwest::Client::new().request(method, asked).send().await;
        assert_eq!(reply.expect("an answer").status(), 401, "{path}");
    }
}

#[tokio::test]
async fn rm_9_the_configured_token_opens() {
    let config = r#"{ gateway: { mode: "local", auth: { token: "tok-1" } } }"#;
    let (_process, url) = start(&[("OPENCLAW_GATEWAY_TOKEN", "env-token")], config);
    assert_eq!(status(&url, Some("tok-1")).await, 200);
    assert_eq!(status(&url, Some("env-token")).await, 401, "the environment is only a fallback");
}

#[tokio::test]
async fn rm_10_the_configured_password_opens() {
    let config = r#"{ gateway: { mode: "local", auth: { mode: "password", password: "pw-1" } } }"#;
    let (_process, url) = start(&[], config);
    assert_eq!(status(&url, Some("pw-1")).await, 200);
    assert_eq!(status(&url, Some("tok-1")).await, 401);
}

#[tokio::test]
async fn rm_11_the_token_variable_opens() {
    let (process, url) = start(&[("OPENCLAW_GATEWAY_TOKEN", "env-token")], LOCAL);
    assert_eq!(status(&url, Some("env-token")).await, 200);
    assert_eq!(status(&url, None).await, 401);
    let minted = process.state().join("credentials/gateway-token");
    assert!(!minted.exists(), "nothing is minted where a token is given");
}

#[tokio::test]
async fn rm_12_the_password_variable_opens() {
    let (_process, url) = start(&[("OPENCLAW_GATEWAY_PASSWORD", "env-password")], LOCAL);
    assert_eq!(status(&url, Some("env-password")).await, 200);
    assert_eq!(status(&url, None).await, 401);
}
