//! Writes answers in OpenAI's shapes.

use super::job::{Answer, Finish, Vectors};
use super::routes::stopped;
use super::wire::{Encoding, Refusal, UsageChunk};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http::{Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;

/// A whole body or a stream of frames.
pub(super) type ReplyBody = UnsyncBoxBody<Bytes, Infallible>;

/// What every chunk of one answer repeats.
#[derive(Debug, Clone)]
pub(super) struct Head {
    id: String,
    created: u64,
    model: String,
}

impl Head {
    /// A new answer by `model`.
    pub(super) fn new(model: String) -> Head {
        let id = format!("chatcmpl-{}", uuid::Uuid::new_v4().simple());
        let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        Head { id, created, model }
    }

    fn chunk(&self, choices: Value, usage: Option<Value>) -> Bytes {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created,
            "model": self.model, "choices": choices,
        });
        if let Some(usage) = usage {
            chunk["usage"] = usage;
        }
        Bytes::from(format!("data: {chunk}\n\n"))
    }

    fn delta(&self, delta: &Value, finish: Option<Finish>) -> Bytes {
        let finish = finish.map(Finish::as_str);
        let choice = json!({
            "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish,
        });
        self.chunk(json!([choice]), None)
    }
}

fn usage(prompt_tokens: u64, completion_tokens: u64) -> Value {
    json!({
        "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    })
}

/// A JSON reply with status 200.
pub(super) fn json(value: &Value) -> Response<ReplyBody> {
    respond(StatusCode::OK, value)
}

/// A refusal.
pub(super) fn refused(refusal: &Refusal) -> Response<ReplyBody> {
    let mut response = respond(refusal.status, &refusal.to_json());
    if let Some(seconds) = refusal.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn respond(status: StatusCode, value: &Value) -> Response<ReplyBody> {
    let body = Full::new(Bytes::from(value.to_string())).boxed_unsync();
    with_head(status, "application/json", body)
}

fn with_head(status: StatusCode, kind: &'static str, body: ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}

/// Waits for the whole answer.
pub(super) async fn complete(
    head: Head,
    mut answers: mpsc::Receiver<Answer>,
) -> Result<Response<ReplyBody>, Refusal> {
    let mut text = String::new();
    loop {
        match answers.recv().await {
            Some(Answer::Begun) => {}
            Some(Answer::Text(piece)) => text.push_str(&piece),
            Some(Answer::Refused(refusal)) => return Err(refusal),
            None => return Err(stopped()),
            Some(Answer::Done { finish, prompt_tokens, completion_tokens }) => {
                return Ok(json(&json!({
                    "id": head.id, "object": "chat.completion", "created": head.created,
                    "model": head.model,
                    "choices": [{
                        "index": 0,
                        "message": {"role": "assistant", "content": text, "refusal": null},
                        "logprobs": null, "finish_reason": finish.as_str(),
                    }],
                    "usage": usage(prompt_tokens, completion_tokens),
                })));
            }
        }
    }
}

/// Where a streamed answer stands.
enum Stage {
    Opening,
    Running,
    Over,
}

/// Sends the answer as it grows; a failure on the way is an error event and no `[DONE]`.
pub(super) fn stream(
    head: Head,
    answers: mpsc::Receiver<Answer>,
    chunk: UsageChunk,
) -> Response<ReplyBody> {
    let start = (head, answers, Stage::Opening);
    let frames = stream::unfold(start, move |(head, mut answers, stage)| async move {
        let (bytes, stage) = match stage {
            Stage::Over => return None,
            Stage::Opening => {
                let delta = json!({"role": "assistant", "content": ""});
                (head.delta(&delta, None), Stage::Running)
            }
            Stage::Running => match answers.recv().await {
                Some(Answer::Begun) => (Bytes::new(), Stage::Running),
                Some(Answer::Text(text)) => {
                    (head.delta(&json!({"content": text}), None), Stage::Running)
                }
                Some(Answer::Done { finish, prompt_tokens, completion_tokens }) => {
                    let usage = usage(prompt_tokens, completion_tokens);
                    let usage = (chunk == UsageChunk::Wanted).then_some(usage);
                    (ending(&head, finish, usage), Stage::Over)
                }
                Some(Answer::Refused(refusal)) => (error_event(&refusal), Stage::Over),
                None => (error_event(&stopped()), Stage::Over),
            },
        };
        Some((Ok::<_, Infallible>(Frame::data(bytes)), (head, answers, stage)))
    });
    let body = StreamBody::new(frames).boxed_unsync();
    with_head(StatusCode::OK, "text/event-stream", body)
}

fn ending(head: &Head, finish: Finish, usage: Option<Value>) -> Bytes {
    let mut bytes = head.delta(&json!({}), Some(finish)).to_vec();
    if usage.is_some() {
        bytes.extend_from_slice(&head.chunk(json!([]), usage));
    }
    bytes.extend_from_slice(b"data: [DONE]\n\n");
    Bytes::from(bytes)
}

fn error_event(refusal: &Refusal) -> Bytes {
    Bytes::from(format!("data: {}\n\n", refusal.to_json()))
}

/// The vectors of an embedding request.
pub(super) fn embeddings(model: &str, result: &Vectors, encoding: Encoding) -> Response<ReplyBody> {
    let data: Vec<Value> = result
        .vectors
        .iter()
        .enumerate()
        .map(|(index, vector)| {
            let embedding = match encoding {
                Encoding::Float => json!(vector),
                Encoding::Base64 => json!(base64(vector)),
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    json(&json!({
        "object": "list", "data": data, "model": model,
        "usage": {"prompt_tokens": result.tokens, "total_tokens": result.tokens},
    }))
}

/// Little-endian 32-bit floats, as OpenAI writes them.
fn base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    BASE64_STANDARD.encode(bytes)
}
