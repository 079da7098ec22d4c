//! From a run's events to OpenAI's answer: folded into one completion, or mapped to chunks.

use super::wire::ChatCompletionStreamOptions;
use super::wire_out::{
    Chunk, ChunkChoice, ChunkDelta, CompletionUsage, Heading, ResponseMessage, StreamedFunction,
    StreamedToolCall,
};
use crate::http::json::register_schema;
use crate::http::request_id::RequestId;
use crate::http::session::Found;
use crate::http::{ApiError, JSON, SSE, target};
use crate::runs::Run;
use crate::types::{Delta, Failure, FailureKind, Outcome, RunEvent, StopReason, Usage};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;
use poem::http::{HeaderValue, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry};
use serde::Serialize;
use std::time::{SystemTime, UNIX_EPOCH};
use utoipa::ToSchema;

pub(crate) use super::wire_out::{
    CreateChatCompletionResponse, CreateChatCompletionStreamResponse,
};

/// Room for a few frames, so that a burst of tokens is written without growing.
const FRAME_BUFFER_BYTES: usize = 1024;

/// An answer, and the session it belongs to.
#[derive(Debug)]
pub(super) struct ChatReply {
    session: Option<Found>,
    pub(super) answer: Answer,
}

impl ChatReply {
    fn new(answer: Answer) -> Self {
        Self { session: None, answer }
    }

    /// The same answer, as a turn of a session.
    pub(super) fn of_session(self, session: Option<Found>) -> Self {
        Self { session, ..self }
    }
}

/// An answer: whole, or as a stream of events.
#[derive(Debug)]
pub(super) enum Answer {
    Whole(Box<CreateChatCompletionResponse>),
    Stream(Body),
}

impl Heading {
    pub(super) fn new(request: RequestId, model: Option<&str>) -> Self {
        let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        let model = model.filter(|model| !model.is_empty()).unwrap_or(target::OPENCLAW).to_owned();
        Self { id: request.derive("chatcmpl"), created, model }
    }
}

/// Reads a run to its end and answers with one completion.
pub(super) async fn complete(mut run: Run, heading: Heading) -> Result<ChatReply, ApiError> {
    let mut message = ResponseMessage::default();
    let mut usage = Usage::default();
    while let Some(event) = run.next().await {
        match event {
            RunEvent::Accepted | RunEvent::Started { .. } => {}
            RunEvent::Delta(delta) => message.grow(delta),
            RunEvent::Usage(spent) => usage = spent,
            RunEvent::Finished(outcome) => {
                let end = finish_reason(outcome)?;
                let whole = CreateChatCompletionResponse::new(heading, message, end, usage);
                return Ok(ChatReply::new(Answer::Whole(Box::new(whole))));
            }
        }
    }
    Err(failed(broke_off()))
}

/// Answers with the run's events as they come. The reply begins with the answer's first piece, so
/// a run that fails before it still gets its own HTTP status.
pub(super) async fn stream(
    mut run: Run,
    heading: Heading,
    ending: Ending,
) -> Result<ChatReply, ApiError> {
    let (usage, buffer) = (Usage::default(), BytesMut::new());
    let mut frames = Frames { heading, ending, usage, buffer };
    let first = loop {
        match run.next().await {
            None => return Err(failed(broke_off())),
            Some(RunEvent::Accepted | RunEvent::Started { .. }) => {}
            Some(RunEvent::Usage(usage)) => frames.usage = usage,
            Some(RunEvent::Finished(Outcome::Failed(failure))) => return Err(failed(failure)),
            Some(RunEvent::Finished(Outcome::Aborted)) => return Err(failed(cancelled())),
            Some(event) => break event,
        }
    };
    frames.buffer.reserve(FRAME_BUFFER_BYTES);
    frames.delta(ChunkDelta::opening());
    let open = frames.event(first);
    let state = Some((run, frames, open));
    let bytes = stream::unfold(state, |state| async move {
        let (mut run, mut frames, mut open) = state?;
        while open && frames.buffer.is_empty() {
            open = frames.follow(&mut run).await;
        }
        let bytes = frames.take();
        (!bytes.is_empty()).then(|| (Ok::<Bytes, std::io::Error>(bytes), Some((run, frames, open))))
    });
    Ok(ChatReply::new(Answer::Stream(Body::from_bytes_stream(bytes))))
}

/// How a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// With the last change.
    Plain,
    /// With a chunk that tells the tokens spent.
    Usage,
}

impl From<Option<&ChatCompletionStreamOptions>> for Ending {
    fn from(options: Option<&ChatCompletionStreamOptions>) -> Self {
        match options.and_then(|options| options.include_usage) {
            Some(true) => Self::Usage,
            _ => Self::Plain,
        }
    }
}

/// Writes the events of one answer as server-sent events.
#[derive(Debug)]
struct Frames {
    heading: Heading,
    ending: Ending,
    usage: Usage,
    buffer: BytesMut,
}

impl Frames {
    /// Waits for the run's next event and writes it with all that are there already, so that a
    /// burst leaves in one write. Says whether more may follow.
    async fn follow(&mut self, run: &mut Run) -> bool {
        let mut event = run.next().await;
        while let Some(next) = event {
            if !self.event(next) {
                return false;
            }
            event = run.ready();
            if event.is_none() {
                return true;
            }
        }
        self.finish(Outcome::Failed(broke_off()));
        false
    }

    /// Writes one event; says whether more may follow.
    fn event(&mut self, event: RunEvent) -> bool {
        match event {
            RunEvent::Accepted | RunEvent::Started { .. } => true,
            RunEvent::Usage(usage) => {
                self.usage = usage;
                true
            }
            RunEvent::Delta(delta) => {
                self.delta(ChunkDelta::from(&delta));
                true
            }
            RunEvent::Finished(outcome) => {
                self.finish(outcome);
                false
            }
        }
    }

    fn delta(&mut self, delta: ChunkDelta<'_>) {
        self.chunk(Some(ChunkChoice::more(delta)), None);
    }

    fn finish(&mut self, outcome: Outcome) {
        match finish_reason(outcome) {
            Ok(reason) => {
                self.chunk(Some(ChunkChoice::end(reason)), None);
                if self.ending == Ending::Usage {
                    self.chunk(None, Some(self.usage.into()));
                }
            }
            Err(error) => write_frame(&mut self.buffer, &error.body()),
        }
        self.buffer.put_slice(b"data: [DONE]\n\n");
    }

    fn chunk(&mut self, change: Option<ChunkChoice<'_>>, usage: Option<CompletionUsage>) {
        // Every chunk of a stream that tells the usage has the field, null but in the last.
        let usage = (self.ending == Ending::Usage).then_some(usage);
        write_frame(&mut self.buffer, &Chunk::new(&self.heading, change, usage));
    }

    fn take(&mut self) -> Bytes {
        self.buffer.split().freeze()
    }
}

fn write_frame<T: Serialize>(buffer: &mut BytesMut, value: &T) {
    buffer.put_slice(b"data: ");
    serde_json::to_writer((&mut *buffer).writer(), value)
        .expect("reply types hold only JSON-able values and memory does not fail");
    buffer.put_slice(b"\n\n");
}

/// What is said of a run that ends without saying how: a fault of ours, told to the log as well.
fn broke_off() -> Failure {
    tracing::error!("a run ended without an outcome");
    Failure::new(FailureKind::Internal, "The run broke off.")
}

fn cancelled() -> Failure {
    Failure::new(FailureKind::Aborted, "The run was cancelled. Ask again to run it anew.")
}

fn failed(failure: Failure) -> ApiError {
    ApiError::from(failure).with_input("messages")
}

/// OpenAI's word for how a run ended, or the error it ended with.
fn finish_reason(outcome: Outcome) -> Result<&'static str, ApiError> {
    match outcome {
        Outcome::Completed(StopReason::Stop) => Ok("stop"),
        Outcome::Completed(StopReason::Length) => Ok("length"),
        Outcome::Completed(StopReason::ContentFilter) => Ok("content_filter"),
        Outcome::Completed(StopReason::ToolCalls) | Outcome::ClientToolCalls => Ok("tool_calls"),
        Outcome::Aborted => Err(failed(cancelled())),
        Outcome::Failed(failure) => Err(failed(failure)),
    }
}

impl<'a> From<&'a Delta> for ChunkDelta<'a> {
    fn from(delta: &'a Delta) -> Self {
        let call = |index, id, function| {
            let call = StreamedToolCall::new(index, id, function);
            ChunkDelta { tool_calls: Some([call]), ..ChunkDelta::default() }
        };
        match delta {
            Delta::Text(text) => Self { content: Some(text), ..Self::default() },
            Delta::Reasoning(text) => Self { reasoning_content: Some(text), ..Self::default() },
            Delta::Refusal(text) => Self { refusal: Some(text), ..Self::default() },
            Delta::Scores(_) => Self::default(),
            Delta::ToolCallStart { index, id, name } => call(
                *index,
                Some(id.as_str()),
                StreamedFunction { name: Some(name), arguments: "" },
            ),
            Delta::ToolCallArguments { index, fragment } => {
                call(*index, None, StreamedFunction { name: None, arguments: fragment })
            }
        }
    }
}

impl IntoResponse for ChatReply {
    fn into_response(self) -> Response {
        let mut response = match self.answer {
            Answer::Whole(whole) => {
                let body = serde_json::to_vec(&whole).expect("reply types are JSON-able");
                let mut response = Response::builder().body(body);
                let json = HeaderValue::from_static(JSON);
                response.headers_mut().insert(header::CONTENT_TYPE, json);
                response
            }
            Answer::Stream(body) => Response::builder()
                .header(header::CONTENT_TYPE, SSE)
                .header(header::CACHE_CONTROL, "no-cache")
                // Asks reverse proxies not to collect the answer before they pass it on.
                .header("x-accel-buffering", "no")
                .body(body),
        };
        if let Some(session) = self.session {
            session.tell(&mut response);
        }
        response
    }
}

impl ApiResponse for ChatReply {
    fn meta() -> MetaResponses {
        let media = |content_type, schema: String| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Reference(schema),
        };
        let whole = CreateChatCompletionResponse::name().into_owned();
        let chunk = CreateChatCompletionStreamResponse::name().into_owned();
        let ok = MetaResponse {
            description: "The answer: whole, or with `stream` as server-sent events.",
            status: Some(200),
            status_range: None,
            content: vec![media("application/json", whole), media("text/event-stream", chunk)],
            headers: vec![],
        };
        MetaResponses { responses: vec![ok] }
    }

    fn register(registry: &mut Registry) {
        register_schema::<CreateChatCompletionResponse>(registry);
        register_schema::<CreateChatCompletionStreamResponse>(registry);
    }
}
