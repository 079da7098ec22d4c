//! Walks the table of `docs/http-status.md`: every row is sent, and gets what the row says.

use crate::support::gateway::{Gateway, TOKEN};
use crate::support::upstream::{Reply, Upstream, refusing};
use reqwest::Response;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One row of the table.
#[derive(Debug, PartialEq)]
struct Row {
    case: String,
    status: u16,
    kind: String,
    code: String,
    param: Option<String>,
}

fn table() -> Vec<Row> {
    let page = include_str!("../../docs/http-status.md");
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Case"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [case, status, kind, code, param] = cells.as_slice() else {
            panic!("five cells expected: {line}");
        };
        Row {
            case: (*case).to_owned(),
            status: status.parse().expect("a status"),
            kind: (*kind).to_owned(),
            code: (*code).to_owned(),
            param: (*param != "–").then(|| (*param).to_owned()),
        }
    })
    .collect()
}

fn hello() -> Value {
    json!({"model": "openclaw", "messages": [{"role": "user", "content": "Hello"}]})
}

fn with(key: &str, value: Value) -> Value {
    let mut body = hello();
    body[key] = value;
    body
}

/// A chat whose one message has this part.
fn saying(part: Value) -> Value {
    with("messages", json!([{"role": "user", "content": [part]}]))
}

/// A chat about this image.
fn image(url: &str) -> Value {
    saying(json!({"type": "image_url", "image_url": {"url": url}}))
}

async fn chat(gateway: &Gateway, body: Value) -> Response {
    gateway.post("/v1/chat/completions", body).await
}

async fn embed(gateway: &Gateway, input: Value) -> Response {
    gateway.post("/v1/embeddings", json!({ "input": input })).await
}

/// A raw POST to the chat endpoint with this content type and body.
async fn raw(gateway: &Gateway, kind: Option<&str>, body: Vec<u8>) -> Response {
    let mut request = gateway.request("POST", "/v1/chat/completions").body(body);
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    request.send().await.expect("an answer")
}

async fn anonymous(gateway: &Gateway, path: &str, bearer: Option<&str>) -> Response {
    let mut request = gateway.anonymous("GET", path);
    if let Some(bearer) = bearer {
        request = request.bearer_auth(bearer);
    }
    request.send().await.expect("an answer")
}

async fn with_header(gateway: &Gateway, name: &str, value: &str) -> Response {
    let request = gateway.request("POST", "/v1/chat/completions").json(&hello());
    request.header(name, value).send().await.expect("an answer")
}

/// Rows that never reach a provider.
async fn refused_at_the_door(case: &str, gateway: &Gateway) -> Option<Response> {
    Some(match case {
        "no credential" => anonymous(gateway, "/v1/models", None).await,
        "wrong credential" => anonymous(gateway, "/v1/models", Some("wrong")).await,
        "credential in the query string" => {
            let path = format!("/v1/models?token={TOKEN}&api_key={TOKEN}");
            anonymous(gateway, &path, None).await
        }
        "scope missing" => {
            let open = json!({"gateway": {"auth": {"mode": "none", "token": null}}});
            let open = Gateway::start("http://127.0.0.1:9/v1", open).await;
            let request = open.anonymous("GET", "/v1/models").header("x-openclaw-scopes", "");
            request.send().await.expect("an answer")
        }
        "called by a name of somebody else's" => {
            let request = gateway.request("GET", "/v1/models").header("host", "evil.example");
            request.send().await.expect("an answer")
        }
        "too many inputs to embed" => embed(gateway, json!(vec!["x"; 2049])).await,
        "too many tokens to embed" => embed(gateway, json!(vec![vec![1; 1_000]; 301])).await,
        "token ids that no text has" => embed(gateway, json!([4_000_000])).await,
        "over the caller's limit" => {
            let limits = json!({"gateway": {"http": {"limits": {"requestsPerMinute": 1}}}});
            let gateway = Gateway::start("http://127.0.0.1:9/v1", limits).await;
            embed(&gateway, json!([])).await;
            embed(&gateway, json!([])).await
        }
        "unknown path" => gateway.get("/v1/completions").await,
        "endpoint switched off" => {
            let off = json!({"gateway": {"http": {"endpoints": {"models": {"enabled": false}}}}});
            Gateway::start("http://127.0.0.1:9/v1", off).await.get("/v1/models").await
        }
        "wrong method" => {
            gateway.anonymous("GET", "/v1/chat/completions").send().await.expect("sent")
        }
        "bad JSON" => raw(gateway, Some("application/json"), b"{\"model\": ".to_vec()).await,
        "wrong type" => {
            chat(gateway, with("messages", json!([{"role": "user", "content": 5}]))).await
        }
        "missing field" => chat(gateway, json!({"model": "openclaw"})).await,
        "value out of range" => chat(gateway, with("temperature", json!(3))).await,
        "value not supported" => chat(gateway, with("verbosity", json!("loud"))).await,
        "image that is none" => chat(gateway, image("data:image/png;base64,aGVsbG8=")).await,
        "image at a private address" => chat(gateway, image("http://127.0.0.1:9/x.png")).await,
        "image of 11 MB" => {
            // Zeros, after the beginning of a PNG.
            let data = "A".repeat(4 * 1024 * 1024 * 11 / 3 / 4 * 4);
            chat(gateway, image(&format!("data:image/png;base64,iVBORw0K{data}"))).await
        }
        "file by id" => {
            chat(gateway, saying(json!({"type": "file", "file": {"file_id": "file-1"}}))).await
        }
        "several answers in a named session" => {
            let request = gateway.request("POST", "/v1/chat/completions");
            let request = request.header("x-openclaw-session-key", "s").json(&with("n", json!(2)));
            request.send().await.expect("an answer")
        }
        "body of 21 MB" => {
            raw(gateway, Some("application/json"), vec![b' '; 21 * 1024 * 1024]).await
        }
        "text/plain" => raw(gateway, Some("text/plain"), hello().to_string().into()).await,
        "no content type" => raw(gateway, None, hello().to_string().into()).await,
        "unknown model" => chat(gateway, with("model", json!("gpt-4o"))).await,
        "unknown agent" => chat(gateway, with("model", json!("openclaw/nope"))).await,
        "unknown backend model" => with_header(gateway, "x-openclaw-model", "nowhere/x").await,
        "local model not pulled" => {
            with_header(gateway, "x-openclaw-model", "local/gemma-3-270m").await
        }
        _ => return None,
    })
}

fn said(kind: &str, more: Value) -> Value {
    let mut body = json!({"model": "openclaw", "input": "Hello"});
    body[kind] = more;
    body
}

/// Rows of `/v1/responses`.
async fn refused_by_responses(case: &str, gateway: &Gateway) -> Option<Response> {
    let id = format!("resp_{:032x}", 0);
    let body = match case {
        "unknown response" => return Some(gateway.get(&format!("/v1/responses/{id}")).await),
        "unknown previous response" => said("previous_response_id", json!(id)),
        "response without input" => said("input", Value::Null),
        "background response that is not kept" => {
            let mut body = said("background", json!(true));
            body["store"] = json!(false);
            body
        }
        "previous response and conversation" => {
            let mut body = said("previous_response_id", json!(id));
            body["conversation"] = json!("c");
            body
        }
        "item of an unknown type" => said("input", json!([{"type": "wish_call"}])),
        "file by its id" => {
            let file = json!({"type": "input_file", "file_id": "file-1"});
            said("input", json!([{"role": "user", "content": [file]}]))
        }
        "cancel of a response that is no background one" => {
            let upstream = Upstream::start().await;
            upstream.otherwise(|_| Reply::fixture("text.sse"));
            let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
            let begun = gateway.post("/v1/responses", said("stream", json!(true))).await;
            let events = begun.text().await.expect("events");
            let at = events.find("resp_").expect("an id");
            let path = format!("/v1/responses/{}/cancel", &events[at..at + 37]);
            return Some(gateway.request("POST", &path).send().await.expect("an answer"));
        }
        "WebSocket path without a WebSocket" => return Some(gateway.get("/v1/responses").await),
        "WebSocket from a page of another origin" => {
            let request = gateway.request("GET", "/v1/responses").header("upgrade", "websocket");
            let request = request.header("origin", "https://evil.example");
            return Some(request.send().await.expect("an answer"));
        }
        _ => return None,
    };
    Some(gateway.post("/v1/responses", body).await)
}

/// Rows that the runs, or what they are kept in, refuse.
async fn refused_by_the_runs(case: &str) -> Option<Response> {
    let one = json!({"agents": {"defaults": {"maxConcurrent": 1}}});
    let (config, requests) = match case {
        "session key in a reserved namespace" => {
            (json!({}), vec![vec![("x-openclaw-session-key", "cron:x")]])
        }
        "unknown policy for a client that hangs up" => {
            (json!({}), vec![vec![("x-openclaw-on-disconnect", "maybe")]])
        }
        "idempotency key of another request" => {
            let key = ("idempotency-key", "k");
            (json!({}), vec![vec![key, ("x-openclaw-agent-id", "main")], vec![key]])
        }
        "too much under way" => (one, vec![vec![], vec![]]),
        "too much waiting in one session" => {
            let session = ("x-openclaw-session-key", "s");
            (json!({"messages": {"queue": {"cap": 1}}}), vec![vec![session]; 3])
        }
        "run takes too long" => {
            (json!({"agents": {"defaults": {"timeoutSeconds": 1}}}), vec![vec![]])
        }
        "store locked" => (json!({}), vec![vec![("x-openclaw-session-key", "s")]]),
        _ => return None,
    };
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| Reply::hang());
    let gateway = Gateway::start(&upstream.base_url(), config).await;
    let _lock = (case == "store locked").then(|| {
        let file = openclaw::store::file_in(gateway.state());
        let store = rusqlite::Connection::open(file).expect("the store opens");
        store.execute_batch("BEGIN EXCLUSIVE").expect("it is locked");
        store
    });
    // All but the refused one hang; which of them that is does not matter.
    let mut asked = tokio::task::JoinSet::new();
    for (at, headers) in requests.into_iter().enumerate() {
        let text = format!("message {at}");
        let body = with("messages", json!([{"role": "user", "content": text}]));
        let mut request = gateway.request("POST", "/v1/chat/completions").json(&body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        asked.spawn(request.send());
    }
    let first = crate::support::soon(asked.join_next()).await.expect("one was asked");
    Some(first.expect("it did not panic").expect("an answer"))
}

fn failing(status: u16, message: &str) -> Reply {
    let error = json!({"error": {"message": message, "type": "x", "code": null}});
    Reply::json(status, &error).header("retry-after", "30")
}

/// Rows in which the provider fails.
async fn failed_upstream(case: &str) -> Option<Response> {
    let streamed = with("stream", json!(true));
    let (reply, body) = match case {
        "upstream 400" => (failing(400, "top_k is not known here"), hello()),
        "upstream 400, too long" => {
            (failing(400, "This model's maximum context length is 8 tokens."), hello())
        }
        "upstream 401" => (failing(401, "Incorrect API key provided: sk-upstream-secret"), hello()),
        "upstream 404" => (failing(404, "no such model"), hello()),
        "upstream 429" => (failing(429, "slow down"), hello()),
        "upstream 500" => (failing(500, "oops"), hello()),
        "upstream 503" => (failing(503, "busy"), hello()),
        "upstream hangs" => (Reply::hang(), streamed),
        "upstream answers garbage" => (Reply::stream().then("<html>no</html>"), hello()),
        "upstream ends before the first token" => (Reply::stream(), streamed),
        "upstream does not call the demanded tool" => {
            let mut body = with("tool_choice", json!("required"));
            body["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
            let message = json!({"role": "assistant", "content": "Hi."});
            let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
            (Reply::json(200, &json!({"id": "c", "choices": [choice]})), body)
        }
        "upstream stream cut in half" => (Reply::fixture("cut.sse").then_cut(), streamed),
        "upstream down" => {
            let (_socket, url) = refusing();
            return Some(chat(&Gateway::start(&url, json!({})).await, hello()).await);
        }
        _ => return None,
    };
    let upstream = Upstream::start().await;
    upstream.otherwise(move |_| reply.clone());
    let quick = json!({"models": {"providers": {"fake": {"timeoutSeconds": 1}}}});
    let gateway = Gateway::start(&upstream.base_url(), quick).await;
    Some(chat(&gateway, body).await)
}

/// The envelope of a reply, or of the error event that ends a stream.
fn envelope(text: &str) -> Value {
    let event = text.lines().find_map(|line| line.strip_prefix("data: {\"error\":"));
    let json = match event {
        Some(rest) => {
            assert!(text.trim_end().ends_with("data: [DONE]"), "{text}");
            format!("{{\"error\":{rest}")
        }
        None => text.to_owned(),
    };
    serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn check(row: &Row, reply: Response) {
    let status = reply.status().as_u16();
    let headers = reply.headers().clone();
    assert!(headers["x-request-id"].to_str().expect("ASCII").starts_with("req_"), "{row:?}");
    match status {
        401 => assert_eq!(headers["www-authenticate"], "Bearer"),
        405 => assert_eq!(headers["allow"], "POST"),
        409 => assert_eq!(headers["x-should-retry"], "false"),
        502 if row.case == "upstream does not call the demanded tool" => {
            assert_eq!(headers["x-should-retry"], "false");
        }
        429 if row.case == "over the caller's limit" => {
            let seconds = headers["retry-after"].to_str().ok().and_then(|text| text.parse().ok());
            assert!((1..=60u32).contains(&seconds.expect("whole seconds")), "{headers:?}");
        }
        429 => assert_eq!(headers["retry-after"], "30"),
        _ => {}
    }
    let text = reply.text().await.expect("a body");
    // Providers repeat part of a key they refuse, which no search for the whole key finds.
    for leaked in ["sk-upstream-secret", "Incorrect API key"] {
        assert!(!text.contains(leaked), "{leaked:?} leaked: {text}");
    }
    let error = &envelope(&text)["error"];
    let got = Row {
        case: row.case.clone(),
        status,
        kind: error["type"].as_str().expect("a type").to_owned(),
        code: error["code"].as_str().expect("a code").to_owned(),
        param: error["param"].as_str().map(str::to_owned),
    };
    assert_eq!(&got, row, "{text}");
    assert!(!error["message"].as_str().expect("a message").is_empty());
}

#[tokio::test]
async fn every_row_of_the_table_is_true() {
    let gateway = Gateway::start("http://127.0.0.1:9/v1", json!({})).await;
    let mut seen = BTreeSet::new();
    for row in table() {
        let reply = match refused_at_the_door(&row.case, &gateway).await {
            Some(reply) => Some(reply),
            None => refused_by_responses(&row.case, &gateway).await,
        };
        let reply = match reply {
            Some(reply) => Some(reply),
            None => refused_by_the_runs(&row.case).await,
        };
        let reply = match reply {
            Some(reply) => Some(reply),
            None => failed_upstream(&row.case).await,
        };
        check(&row, reply.unwrap_or_else(|| panic!("no request for {:?}", row.case))).await;
        assert!(seen.insert(row.case.clone()), "{:?} stands twice", row.case);
    }
    assert!(seen.len() > 25, "the table was not found");
}
