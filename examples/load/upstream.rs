//! The scripted upstream: an OpenAI-compatible chat endpoint that replies as the prompt says.

use crate::script::{Script, Streamed};
use crate::stats::unix_nanos;
use crate::{events, options, serve};
use anyhow::Result;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, StreamExt};
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

type Chunks = BoxStream<'static, Result<Frame<Bytes>, Infallible>>;
type Reply = Response<Either<Full<Bytes>, StreamBody<Chunks>>>;

const CHUNK_HEAD: &str = r#"data: {"id":"chatcmpl-load","object":"chat.completion.chunk","created":1700000000,"model":"load","choices":[{"index":0,"delta":{"content":""#;
const CHUNK_TAIL: &str = "\"},\"finish_reason\":null}]}\n\n";
const FIRST: &str = "data: {\"id\":\"chatcmpl-load\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"load\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n";
const LAST: &str = "data: {\"id\":\"chatcmpl-load\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"load\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"id\":\"chatcmpl-load\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"load\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":100,\"total_tokens\":109}}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const MODELS: &str = r#"{"object":"list","data":[{"id":"openclaw","object":"model","created":1700000000,"owned_by":"load"}]}"#;

/// Answers until the process ends.
pub(crate) fn serve(options: options::Upstream) -> Result<()> {
    let replies = options.replies;
    let streamed = if options.burst { replies.burst() } else { replies.paced() };
    let defaults = Defaults { plain: replies.reply_bytes, streamed };
    serve::serve(&options.listen, move |request| answer(defaults, request))
}

/// The replies to prompts that script none.
#[derive(Clone, Copy)]
struct Defaults {
    plain: u32,
    streamed: Streamed,
}

/// The part of a chat request that decides the form of the reply.
#[derive(Deserialize)]
struct Ask {
    #[serde(default)]
    stream: bool,
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

async fn answer(defaults: Defaults, request: Request<Incoming>) -> Result<Reply, hyper::Error> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/v1/models") => Ok(json(StatusCode::OK, MODELS.into())),
        (&Method::POST, "/v1/chat/completions") => {
            let body = request.into_body().collect().await?.to_bytes();
            Ok(chat(defaults, &body))
        }
        _ => Ok(refuse(StatusCode::NOT_FOUND, "the scripted upstream has no such route")),
    }
}

fn chat(defaults: Defaults, body: &[u8]) -> Reply {
    let Ok(ask) = serde_json::from_slice::<Ask>(body) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is no chat request");
    };
    let script = Script::find(body);
    if ask.stream {
        // A caller may stream from here to give a plain reply: then the text is one chunk.
        let texts = match script.unwrap_or(Script::Streamed(defaults.streamed)) {
            Script::Plain(bytes) => once(bytes),
            Script::Streamed(reply) if reply.pace_ms == 0 => burst(reply),
            Script::Streamed(reply) => paced(reply),
        };
        return sse(texts, ask.stream_options.is_some_and(|options| options.include_usage));
    }
    match script.unwrap_or(Script::Plain(defaults.plain)) {
        Script::Plain(bytes) => json(StatusCode::OK, completion(bytes)),
        Script::Streamed(_) => {
            refuse(StatusCode::BAD_REQUEST, "a streamed reply was scripted but not asked for")
        }
    }
}

fn completion(text_bytes: u32) -> Bytes {
    let text = filler(text_bytes as usize);
    format!(
        r#"{{"id":"chatcmpl-load","object":"chat.completion","created":1700000000,"model":"load","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":9,"completion_tokens":50,"total_tokens":59}}}}"#
    )
    .into()
}

/// The text of replies, which says nothing and needs no escaping.
pub(crate) fn filler(bytes: usize) -> String {
    "x".repeat(bytes)
}

fn sse(texts: BoxStream<'static, Bytes>, include_usage: bool) -> Reply {
    let usage = include_usage.then_some(USAGE);
    let ending = [Some(LAST), usage, Some(DONE)].into_iter().flatten();
    let chunks = stream::iter([Bytes::from(FIRST)])
        .chain(texts)
        .chain(stream::iter(ending.map(Bytes::from)))
        .map(|chunk| Ok(Frame::data(chunk)))
        .boxed();
    let mut reply = Response::new(Either::Right(StreamBody::new(chunks)));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    reply
}

fn once(text_bytes: u32) -> BoxStream<'static, Bytes> {
    let chunk = format!("{CHUNK_HEAD}{}{CHUNK_TAIL}", filler(text_bytes as usize));
    stream::iter([Bytes::from(chunk)]).boxed()
}

fn burst(reply: Streamed) -> BoxStream<'static, Bytes> {
    let text = stamped_filler(reply.chunk_bytes);
    stream::iter(0..reply.chunks).map(move |_| stamped(&text)).boxed()
}

fn paced(reply: Streamed) -> BoxStream<'static, Bytes> {
    let text = stamped_filler(reply.chunk_bytes);
    let mut clock = interval(Duration::from_millis(reply.pace_ms.into()));
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    stream::unfold((clock, reply.chunks), move |(mut clock, left)| {
        let text = text.clone();
        async move {
            let left = left.checked_sub(1)?;
            clock.tick().await;
            Some((stamped(&text), (clock, left)))
        }
    })
    .boxed()
}

/// What follows the time stamp, so that the whole chunk has the length asked for.
fn stamped_filler(chunk_bytes: u32) -> String {
    let taken = CHUNK_HEAD.len() + events::STAMP_BYTES + CHUNK_TAIL.len();
    filler((chunk_bytes as usize).saturating_sub(taken))
}

fn stamped(text: &str) -> Bytes {
    let length = CHUNK_HEAD.len() + events::STAMP_BYTES + text.len() + CHUNK_TAIL.len();
    let mut chunk = BytesMut::with_capacity(length);
    chunk.extend_from_slice(CHUNK_HEAD.as_bytes());
    chunk.extend_from_slice(&events::stamp(unix_nanos()));
    chunk.extend_from_slice(text.as_bytes());
    chunk.extend_from_slice(CHUNK_TAIL.as_bytes());
    chunk.freeze()
}

fn json(status: StatusCode, body: Bytes) -> Reply {
    let mut reply = Response::new(Either::Left(Full::new(body)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

fn refuse(status: StatusCode, message: &str) -> Reply {
    let body = format!(
        r#"{{"error":{{"message":"{message}","type":"invalid_request_error","param":null,"code":null}}}}"#
    );
    json(status, body.into())
}
