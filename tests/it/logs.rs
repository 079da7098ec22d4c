//! The log tells an operator what happened to the request a client complains about.

use crate::support::process::Process;
use serde_json::Value;

#[tokio::test]
async fn a_failed_request_is_in_the_log_under_its_id() {
    let config = r#"{
      gateway: { mode: "local", auth: { token: "t" } },
      models: { providers: { down: { baseUrl: "http://127.0.0.1:9/v1", apiKey: "sk-secret" } } },
      agents: { defaults: { model: "down/x" } },
    }"#;
    let mut process = Process::start(&["gateway", "--port", "0"], &[], Some(config));
    let line = process.wait_for("listening on ws://");
    let address = line.split("ws://").nth(1).and_then(|rest| rest.split(' ').next());
    let url = format!("http://{}/v1/chat/completions", address.expect("an address"));
    let body = r#"{"messages":[{"role":"user","content":"Hello"}]}"#;
    let request = reqwest::Client::new().post(url).bearer_auth("t").body(body);
    let reply = request.header("content-type", "application/json").send().await.expect("sent");
    assert_eq!(reply.status(), 502);
    let id = reply.headers()["x-request-id"].to_str().expect("ASCII").to_owned();
    process.signal("TERM");
    let (_, console, home) = process.wait();
    let folder = std::fs::read_dir(home.path().join(".openclaw/logs")).expect("logs");
    let log: String = folder
        .map(|file| std::fs::read_to_string(file.expect("an entry").path()).expect("text"))
        .collect();
    let found = log.lines().find(|line| line.contains(&id)).expect("a line with the id");
    let line: Value = serde_json::from_str(found).expect("JSON");
    assert_eq!(line["span"]["id"], id.as_str(), "{line}");
    assert_eq!(line["provider"], "down", "{line}");
    assert!(console.contains(&id), "{console}");
    assert!(!log.contains("sk-secret") && !console.contains("sk-secret"), "a key was logged");
}
