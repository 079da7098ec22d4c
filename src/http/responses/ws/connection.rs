//! One connection: its frames in, its events out, one response at a time.

use super::farewell::{End, drain};
use super::frame::{self, Asked};
use super::memory::{Memory, Store};
use super::terms;
use super::turn::{Needs, Step, Turn};
use crate::http::ApiError;
use crate::http::meter::Meter;
use crate::types::{Caller, Failure, FailureKind};
use futures_util::{SinkExt, StreamExt};
use poem::http::{HeaderMap, StatusCode};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

/// Requests that wait while a response grows.
const MAX_QUEUED: usize = 8;

/// How patient a connection is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// It lives for so long; a response under way is told to its end.
    pub(super) age: Duration,
    /// It is asked so often whether somebody is there.
    pub(super) ping: Duration,
    /// Nothing, not even the answer to a ping, came for so long: nobody is there.
    pub(super) silence: Duration,
    /// A client that does not take what is sent for so long is let go.
    pub(super) write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            age: Duration::from_secs(60 * 60),
            ping: Duration::from_secs(30),
            silence: Duration::from_secs(90),
            write: Duration::from_secs(30),
        }
    }
}

/// A connection that is about to be served.
pub(super) struct Connection<B> {
    /// Begins a response.
    pub(super) begin: B,
    pub(super) caller: Caller,
    /// Of the request that opened it; they hold for all its responses.
    pub(super) headers: HeaderMap,
    /// Bytes of a frame, and of all that wait.
    pub(super) max_bytes: usize,
    pub(super) patience: Patience,
    /// What all connections hold together.
    pub(super) store: Store,
}

/// A connection that is served.
struct Served<S, B> {
    connection: Connection<B>,
    socket: WebSocketStream<S>,
    /// Of the request that opened it, for the first response.
    first: Option<Meter>,
    /// Counts further responses of the same caller.
    meter: Meter,
    memory: Memory,
    turn: Turn,
    queue: VecDeque<Utf8Bytes>,
    heard: Instant,
    /// Why it ends, once nothing more is begun.
    ending: Option<End>,
}

impl<B: Fn(Asked, Needs) -> Turn> Connection<B> {
    /// Serves it to its end.
    pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        socket: WebSocketStream<S>,
        meter: Meter,
        stopping: CancellationToken,
    ) {
        let mut served = Served {
            memory: self.store.place(),
            connection: self,
            socket,
            meter: meter.sibling(),
            first: Some(meter),
            turn: Turn::Idle,
            queue: VecDeque::new(),
            heard: Instant::now(),
            ending: None,
        };
        let end = served.run(stopping).await;
        // Whoever has gone takes the response along, as far as it does not go on without them.
        served.turn = Turn::Idle;
        served.say_goodbye(end).await;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, B: Fn(Asked, Needs) -> Turn> Served<S, B> {
    async fn run(&mut self, stopping: CancellationToken) -> End {
        let patience = self.connection.patience;
        let old = Instant::now() + patience.age;
        let mut pings = interval(patience.ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        loop {
            if let (Some(end), true) = (self.ending, self.turn.is_idle()) {
                return end;
            }
            let heard = tokio::select! {
                () = stopping.cancelled(), if self.ending.is_none() => {
                    self.ending = Some(End::Stopping);
                    continue;
                }
                () = sleep_until(old), if self.ending.is_none() => {
                    self.ending = Some(End::Age);
                    continue;
                }
                _ = pings.tick() => self.ping().await,
                step = self.turn.step() => self.tell(step).await,
                message = self.socket.next() => self.hear(message).await,
            };
            if let Err(end) = heard {
                return end;
            }
        }
    }

    /// Asks whether somebody is there.
    async fn ping(&mut self) -> Result<(), End> {
        if self.heard.elapsed() >= self.connection.patience.silence {
            return Err(End::Gone);
        }
        self.send(vec![Message::Ping(Bytes::new())]).await
    }

    /// Sends what a response has said, and begins the next when it has ended.
    async fn tell(&mut self, step: Step) -> Result<(), End> {
        if let Some(remembered) = step.remember {
            self.memory.keep(remembered);
        }
        self.send(step.frames.into_iter().map(Message::text).collect()).await?;
        while self.ending.is_none() && self.turn.is_idle() {
            let Some(next) = self.queue.pop_front() else { break };
            self.memory.waited(next.len());
            self.begin(&next).await?;
        }
        Ok(())
    }

    async fn hear(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Binary(_))) => {
                let message = "Frames must be text, with one JSON object each.";
                return self.complain(&wrong("invalid_type", message)).await;
            }
            // Pings are answered by the library.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return Ok(()),
            Some(Err(Error::Capacity(_))) => return Err(End::TooLarge(self.connection.max_bytes)),
            Some(Ok(Message::Close(_))) => return Err(End::Closed),
            Some(Err(_)) | None => return Err(End::Gone),
        };
        match self.turn.is_idle() {
            true => self.begin(&text).await,
            false => self.wait(text).await,
        }
    }

    /// Lets a request wait for the end of the response that grows.
    async fn wait(&mut self, text: Utf8Bytes) -> Result<(), End> {
        let waiting: usize = self.queue.iter().map(|text| text.len()).sum();
        if self.queue.len() >= MAX_QUEUED || waiting + text.len() > self.connection.max_bytes {
            let message = format!(
                "One response at a time: at most {MAX_QUEUED} requests wait for it. Wait for its \
                 end, or open another connection."
            );
            let (status, kind) = (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error");
            return self.complain(&ApiError::new(status, kind, "too_many_queued", message)).await;
        }
        if !self.memory.wait(text.len()) {
            let message = "Too much waits on all connections. Wait for the end of the response.";
            return self.complain(&Failure::new(FailureKind::Busy, message).into()).await;
        }
        self.queue.push_back(text);
        Ok(())
    }

    /// Begins the response that a frame asks for.
    async fn begin(&mut self, text: &str) -> Result<(), End> {
        let asked = match frame::read(text) {
            Ok(asked) => asked,
            Err(frame::Refused { error, stream_id }) => {
                let frame = frame::of_error(&error, stream_id.as_deref());
                return self.send(vec![Message::text(frame)]).await;
            }
        };
        let stream_id = asked.stream_id.clone();
        match self.needs(&asked.request, text.len()) {
            Ok(needs) => {
                self.turn = (self.connection.begin)(asked, needs);
                Ok(())
            }
            Err(error) => {
                let frame = frame::of_error(&error, stream_id.as_deref());
                self.send(vec![Message::text(frame)]).await
            }
        }
    }

    fn needs(
        &mut self,
        request: &crate::http::responses::CreateResponse,
        bytes: usize,
    ) -> Result<Needs, ApiError> {
        let (before, remembered) = self.memory.before(request)?;
        let Connection { caller, headers, .. } = &self.connection;
        let terms = terms::of(*caller, headers)?;
        // The request that opened the connection was counted, and stands for the first response.
        let meter = match self.first.take() {
            Some(first) => first,
            None => self.meter.next()?,
        };
        let headers = headers.clone();
        Ok(Needs { terms, headers, meter, before, bytes: bytes + remembered })
    }

    async fn complain(&mut self, error: &ApiError) -> Result<(), End> {
        self.send(vec![Message::text(frame::of_error(error, None))]).await
    }

    /// Sends messages, and waits until the client takes them.
    async fn send(&mut self, messages: Vec<Message>) -> Result<(), End> {
        if messages.is_empty() {
            return Ok(());
        }
        let socket = &mut self.socket;
        let sending = async {
            for message in messages {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        match timeout(self.connection.patience.write, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    /// Tells the client why the connection ends, and ends it.
    async fn say_goodbye(mut self, end: End) {
        let words = end.words(self.queue.drain(..));
        if end == End::Gone || self.send(words).await.is_err() {
            return;
        }
        // Until the client has closed as well, so that it reads what was said last. Reading also
        // sends the answer to a client that has closed first.
        let closing = async {
            match end {
                // What it still sends makes no frames any more.
                End::TooLarge(_) => drain(self.socket.get_mut()).await,
                _ => while let Some(Ok(_)) = self.socket.next().await {},
            }
        };
        if timeout(self.connection.patience.write, closing).await.is_err() {
            tracing::debug!("a client does not close its connection");
        }
    }
}

fn wrong(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_request_error", code, message)
}
