//! The routes over a stand-in for the engine.

use super::job::{Answer, ChatJob, EmbedJob, Finish, MAX_WAITING, Vectors};
use super::routes::{Engine, Service};
use super::server;
use super::wire::Refusal;
use crate::net::Client;
use base64::Engine as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn post(path: &str, body: &Value) -> Request<Full<Bytes>> {
    let body = Full::new(Bytes::from(body.to_string()));
    Request::post(path).body(body).expect("a request")
}

async fn read<B>(response: Response<B>) -> (StatusCode, String)
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: std::fmt::Debug,
{
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8(bytes.to_vec()).expect("text"))
}

/// A chat service whose engine gives these answers to every job.
fn chat_service(script: fn() -> Vec<Answer>) -> Arc<Service> {
    let (jobs, mut waiting) = mpsc::channel::<ChatJob>(MAX_WAITING);
    tokio::spawn(async move {
        while let Some(job) = waiting.recv().await {
            for answer in script() {
                job.reply.send(answer).await.ok();
            }
        }
    });
    Arc::new(Service { name: "tiny".to_owned(), engine: Engine::Chat(jobs) })
}

fn paris() -> Vec<Answer> {
    vec![
        Answer::Begun,
        Answer::Text("Par".to_owned()),
        Answer::Text("is.".to_owned()),
        Answer::Done { finish: Finish::Stop, prompt_tokens: 7, completion_tokens: 3 },
    ]
}

fn hello() -> Value {
    json!({"model": "x", "messages": [{"role": "user", "content": "Hi"}]})
}

#[tokio::test]
async fn a_whole_answer_is_a_chat_completion() {
    let service = chat_service(paris);
    let (status, body) = read(service.handle(post("/v1/chat/completions", &hello())).await).await;
    assert_eq!(status, StatusCode::OK);
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], "tiny");
    assert_eq!(body["choices"][0]["message"]["content"], "Paris.");
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    let usage = json!({"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10});
    assert_eq!(body["usage"], usage);
}

#[tokio::test]
async fn a_streamed_answer_ends_with_usage_and_done() {
    let mut request = hello();
    request["stream"] = json!(true);
    request["stream_options"] = json!({"include_usage": true});
    let response = chat_service(paris).handle(post("/v1/chat/completions", &request)).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let (_, body) = read(response).await;
    let events: Vec<&str> = body.split_terminator("\n\n").collect();
    let event = |at: usize| -> Value {
        serde_json::from_str(events[at].strip_prefix("data: ").expect("data")).expect("JSON")
    };
    assert_eq!(events.len(), 6, "{body}");
    assert_eq!(event(0)["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
    assert_eq!(event(1)["choices"][0]["delta"]["content"], "Par");
    assert_eq!(event(2)["choices"][0]["delta"]["content"], "is.");
    assert_eq!(event(3)["choices"][0]["finish_reason"], "stop");
    assert_eq!(event(4)["choices"], json!([]));
    assert_eq!(event(4)["usage"]["total_tokens"], 10);
    assert_eq!(events[5], "data: [DONE]");
}

#[tokio::test]
async fn a_stream_whose_engine_dies_ends_as_an_error() {
    let mut request = hello();
    request["stream"] = json!(true);
    let script = || vec![Answer::Begun, Answer::Text("Par".to_owned())];
    let response = chat_service(script).handle(post("/v1/chat/completions", &request)).await;
    let (status, body) = read(response).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains(r#""error""#) && !body.contains("[DONE]"), "{body}");
}

#[tokio::test]
async fn what_the_model_cannot_do_is_refused_by_name() {
    let image = json!([{"type": "image_url", "image_url": {"url": "data:,"}}]);
    let with = |key: &str, value: Value| {
        let mut request = hello();
        request[key] = value;
        request
    };
    for (request, param) in [
        (with("tool_choice", json!("required")), "tool_choice"),
        (
            with("tool_choice", json!({"type": "function", "function": {"name": "f"}})),
            "tool_choice",
        ),
        (with("response_format", json!({"type": "yaml"})), "response_format"),
        (with("n", json!(2)), "n"),
        (with("messages", json!([])), "messages"),
        (with("messages", json!([{"role": "user", "content": image}])), "messages"),
    ] {
        let response = chat_service(paris).handle(post("/v1/chat/completions", &request)).await;
        let (status, body) = read(response).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{request}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["error"]["param"], param, "{request}");
        assert_eq!(body["error"]["type"], "invalid_request_error");
    }
    for choice in [json!("auto"), json!("none"), Value::Null] {
        let request = with("tool_choice", choice);
        let response = chat_service(paris).handle(post("/v1/chat/completions", &request)).await;
        assert_eq!(response.status(), StatusCode::OK, "{request}");
    }
}

#[tokio::test]
async fn a_conversation_too_long_is_refused_before_the_stream_begins() {
    let mut request = hello();
    request["stream"] = json!(true);
    let script = || vec![Answer::Refused(Refusal::too_long(5000, 4096))];
    let response = chat_service(script).handle(post("/v1/chat/completions", &request)).await;
    let (status, body) = read(response).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("context_length_exceeded"), "{body}");
    assert!(body.contains("4096") && body.contains("5000"), "{body}");
}

#[tokio::test]
async fn the_gateway_may_set_the_window() {
    let (jobs, mut waiting) = mpsc::channel::<ChatJob>(1);
    let service = Arc::new(Service { name: "tiny".to_owned(), engine: Engine::Chat(jobs) });
    for (header, window) in [(Some("8000"), Some(8000)), (Some("many"), None), (None, None)] {
        let mut request = post("/v1/chat/completions", &hello());
        if let Some(header) = header {
            let header = header.parse().expect("a value");
            request.headers_mut().insert("x-openclaw-context-window", header);
        }
        let call = tokio::spawn(service.clone().handle(request));
        assert_eq!(waiting.recv().await.expect("a job").window, window);
        call.abort();
    }
}

#[tokio::test]
async fn more_than_may_wait_is_overloaded() {
    // Nobody takes jobs from this line.
    let (jobs, waiting) = mpsc::channel::<ChatJob>(1);
    let service = Arc::new(Service { name: "tiny".to_owned(), engine: Engine::Chat(jobs) });
    let first = tokio::spawn(service.clone().handle(post("/v1/chat/completions", &hello())));
    while waiting.is_empty() {
        tokio::task::yield_now().await;
    }
    let response = service.handle(post("/v1/chat/completions", &hello())).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    first.abort();
}

#[tokio::test]
async fn a_caller_who_leaves_cancels_the_job() {
    let (jobs, mut waiting) = mpsc::channel::<ChatJob>(1);
    let service = Arc::new(Service { name: "tiny".to_owned(), engine: Engine::Chat(jobs) });
    let call = tokio::spawn(service.handle(post("/v1/chat/completions", &hello())));
    let job = waiting.recv().await.expect("a job");
    call.abort();
    job.reply.closed().await;
}

/// An embedding service of width 2 whose vectors hold each text's length.
fn embed_service() -> Arc<Service> {
    let (jobs, mut waiting) = mpsc::channel::<EmbedJob>(MAX_WAITING);
    tokio::spawn(async move {
        while let Some(job) = waiting.recv().await {
            #[expect(clippy::cast_precision_loss, reason = "test texts are short")]
            let vectors = job.texts.iter().map(|text| vec![text.len() as f32, 0.5]).collect();
            job.reply.send(Ok(Vectors { vectors, tokens: 9 })).ok();
        }
    });
    Arc::new(Service { name: "mini".to_owned(), engine: Engine::Embedding { jobs, width: 2 } })
}

#[tokio::test]
async fn embeddings_come_as_floats_or_base64_in_order() {
    let request = json!({"input": ["a", "abc"]});
    let (status, body) = read(embed_service().handle(post("/v1/embeddings", &request)).await).await;
    assert_eq!(status, StatusCode::OK);
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        body["data"][1],
        json!({"object": "embedding", "index": 1, "embedding": [3.0, 0.5]})
    );
    assert_eq!(body["usage"], json!({"prompt_tokens": 9, "total_tokens": 9}));

    let request = json!({"input": "abc", "encoding_format": "base64"});
    let (_, body) = read(embed_service().handle(post("/v1/embeddings", &request)).await).await;
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let text = body["data"][0]["embedding"].as_str().expect("base64");
    let bytes = base64::prelude::BASE64_STANDARD.decode(text).expect("base64");
    assert_eq!(bytes, [3f32.to_le_bytes(), 0.5f32.to_le_bytes()].concat());
}

#[tokio::test]
async fn other_dimensions_and_other_routes_are_refused() {
    let request = json!({"input": "a", "dimensions": 1});
    let (status, body) = read(embed_service().handle(post("/v1/embeddings", &request)).await).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains(r#""param":"dimensions""#), "{body}");

    let request = json!({"input": "a", "dimensions": 2});
    let response = embed_service().handle(post("/v1/embeddings", &request)).await;
    assert_eq!(response.status(), StatusCode::OK);

    let response = embed_service().handle(post("/v1/chat/completions", &hello())).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let response = embed_service().handle(post("/nowhere", &hello())).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let response = embed_service().handle(post("/health", &hello())).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    let health = Request::get("/health").body(Full::<Bytes>::default()).expect("a request");
    assert_eq!(embed_service().handle(health).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_idle_connections() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s.sock");
    let (jobs, mut waiting) = mpsc::channel::<ChatJob>(1);
    let service = Service { name: "tiny".to_owned(), engine: Engine::Chat(jobs) };
    let stop = CancellationToken::new();
    let serving = tokio::spawn({
        let (socket, stop) = (socket.clone(), stop.clone());
        async move { server::serve(&socket, service, stop).await }
    });
    while !socket.exists() {
        tokio::task::yield_now().await;
    }
    // The client keeps its connection for the next request, as the gateway's does.
    let client = Client::unix(socket.clone());
    let health = Request::get("http://local/health").body(Full::default()).expect("a request");
    let (status, _) = read(client.send(health).await.expect("an answer")).await;
    assert_eq!(status, StatusCode::OK);

    let begun = Instant::now();
    stop.cancel();
    serving.await.expect("no panic").expect("it served");
    assert!(waiting.recv().await.is_none(), "the engine's line is closed");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(!socket.exists());
}
