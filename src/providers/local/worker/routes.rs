//! The worker's routes over the engine: `POST /v1/chat/completions`, `POST /v1/embeddings`,
//! `GET /health`.

use super::job::{Answer, ChatJob, EmbedJob};
use super::reply::{self, ReplyBody};
use super::wire::{ChatRequest, EmbedRequest, Refusal};
use crate::providers::local::WINDOW_HEADER;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Largest request body, in bytes.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// Pieces of an answer that may wait for a slow reader before the engine waits too.
const MAX_PIECES: usize = 64;

/// What the worker serves.
pub(super) struct Service {
    pub(super) name: String,
    pub(super) engine: Engine,
}

/// The line of jobs before the engine's thread.
pub(super) enum Engine {
    Chat(mpsc::Sender<ChatJob>),
    Embedding { jobs: mpsc::Sender<EmbedJob>, width: usize },
}

impl Service {
    /// Answers one request.
    pub(super) async fn handle<B>(self: Arc<Self>, request: Request<B>) -> Response<ReplyBody>
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let answered = match (request.uri().path(), &self.engine) {
            ("/health", _) => match method(&request, &Method::GET) {
                Ok(()) => Ok(reply::json(&serde_json::json!({"status": "ok", "model": self.name}))),
                Err(refusal) => Err(refusal),
            },
            ("/v1/chat/completions", Engine::Chat(jobs)) => self.chat(jobs, request).await,
            ("/v1/embeddings", Engine::Embedding { jobs, width }) => {
                self.embed(jobs, *width, request).await
            }
            ("/v1/chat/completions" | "/v1/embeddings", _) => Err(Refusal::unsupported(
                "model",
                format!("The local model {:?} cannot do this kind of request.", self.name),
            )),
            _ => Err(Refusal {
                status: StatusCode::NOT_FOUND,
                code: Some("not_found"),
                ..Refusal::invalid("no such route")
            }),
        };
        answered.unwrap_or_else(|refusal| reply::refused(&refusal))
    }

    async fn chat<B>(
        &self,
        jobs: &mpsc::Sender<ChatJob>,
        request: Request<B>,
    ) -> Result<Response<ReplyBody>, Refusal>
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        method(&request, &Method::POST)?;
        let window = window(&request);
        let request: ChatRequest = body(request).await?;
        let (stream, usage) = (request.stream.unwrap_or(false), request.usage_chunk());
        let (turns, sampling) = request.into_job()?;
        let (reply, mut answers) = mpsc::channel(MAX_PIECES);
        jobs.try_send(ChatJob { turns, sampling, window, reply }).map_err(refuse_full)?;
        // The status waits for this: a conversation that does not fit is refused, not begun.
        match answers.recv().await {
            Some(Answer::Begun) => {}
            Some(Answer::Refused(refusal)) => return Err(refusal),
            Some(Answer::Text(_) | Answer::Done { .. }) | None => return Err(stopped()),
        }
        let head = reply::Head::new(self.name.clone());
        match stream {
            true => Ok(reply::stream(head, answers, usage)),
            false => reply::complete(head, answers).await,
        }
    }

    async fn embed<B>(
        &self,
        jobs: &mpsc::Sender<EmbedJob>,
        width: usize,
        request: Request<B>,
    ) -> Result<Response<ReplyBody>, Refusal>
    where
        B: hyper::body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        method(&request, &Method::POST)?;
        let request: EmbedRequest = body(request).await?;
        let (texts, encoding) = request.into_job(width)?;
        let (reply, vectors) = oneshot::channel();
        jobs.try_send(EmbedJob { texts, reply }).map_err(refuse_full)?;
        let vectors = vectors.await.map_err(|_| stopped())??;
        Ok(reply::embeddings(&self.name, &vectors, encoding))
    }
}

/// What the gateway's header says; nobody else asks a worker.
fn window<B>(request: &Request<B>) -> Option<u32> {
    request.headers().get(WINDOW_HEADER)?.to_str().ok()?.parse().ok()
}

fn refuse_full<J>(error: mpsc::error::TrySendError<J>) -> Refusal {
    match error {
        mpsc::error::TrySendError::Full(_) => Refusal::overloaded(),
        mpsc::error::TrySendError::Closed(_) => stopped(),
    }
}

/// The engine's thread is gone.
pub(super) fn stopped() -> Refusal {
    Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        retry_after: Some(1),
        ..Refusal::engine("The local model is stopping; try again.")
    }
}

fn method<B>(request: &Request<B>, wanted: &Method) -> Result<(), Refusal> {
    if request.method() == wanted || (wanted == Method::GET && request.method() == Method::HEAD) {
        return Ok(());
    }
    Err(Refusal {
        status: StatusCode::METHOD_NOT_ALLOWED,
        code: Some("method_not_allowed"),
        ..Refusal::invalid(format!("this route takes {wanted}"))
    })
}

async fn body<B, T>(request: Request<B>) -> Result<T, Refusal>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    T: DeserializeOwned,
{
    let bytes = Limited::new(request.into_body(), MAX_BODY)
        .collect()
        .await
        .map_err(|error| Refusal::invalid(format!("cannot read the body: {error}")))?
        .to_bytes();
    serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::invalid(format!("the body is not what this route takes: {error}"))
    })
}
