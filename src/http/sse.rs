//! Answers that grow on the wire as server-sent events: when their status is sent, and how they
//! are kept alive.

use super::{ApiError, SSE};
use crate::config::Sse;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;
use poem::http::header;
use poem::{Body, Response};
use serde::Serialize;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// A stream that says nothing for longer is taken for dead by what lies between it and its client.
const LONGEST_SILENCE: Duration = Duration::from_secs(15);
/// Said when nothing else is. Clients skip it, as the standard wants it of a comment.
const COMMENT: &[u8] = b": keep-alive\n\n";
/// Room for a few frames, so that a burst of tokens is written without growing.
const FRAME_BUFFER_BYTES: usize = 1024;

/// An answer that grows.
pub(super) trait Growing: Send + 'static {
    /// Waits for what comes next and appends it to `out` as whole frames, together with all that
    /// is there already. What comes may be nothing to write. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the answer ends in failure before anything of it was written.
    fn advance(
        &mut self,
        out: &mut BytesMut,
    ) -> impl Future<Output = Result<Progress, ApiError>> + Send;

    /// Appends the frames that end a reply which has begun and cannot go on.
    fn fail(&mut self, error: &ApiError, out: &mut BytesMut);
}

/// Whether more may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It may.
    More,
    /// It will not.
    Over,
}

/// When a stream's status is sent, and how long it may be silent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    commit_after: Duration,
    silence: Duration,
}

impl From<&Sse> for Pace {
    fn from(sse: &Sse) -> Self {
        let silence = Duration::from_millis(sse.keep_alive_ms.max(1)).min(LONGEST_SILENCE);
        Self { commit_after: Duration::from_millis(sse.commit_after_ms), silence }
    }
}

/// Answers with the growing answer: once its first frames are there, or once the status can wait
/// no longer.
///
/// # Errors
/// When the answer fails before that.
pub(super) async fn reply<G: Growing>(mut growing: G, pace: Pace) -> Result<Response, ApiError> {
    let mut out = BytesMut::with_capacity(FRAME_BUFFER_BYTES);
    let mut clock = Clock::new(pace);
    let mut progress = Progress::More;
    while out.is_empty() && progress == Progress::More {
        progress = tokio::select! {
            biased;
            progress = growing.advance(&mut out) => progress?,
            () = clock.sleep.as_mut() => {
                // The status leaves with something, so that nothing on the way holds it back.
                out.extend_from_slice(COMMENT);
                Progress::More
            }
        };
    }
    clock.spoken();
    let state = Some(Reply { growing, out, progress, clock });
    let frames = stream::unfold(state, |state| async move {
        let mut reply = state?;
        let bytes = reply.next().await?;
        Some((Ok::<Bytes, io::Error>(bytes), Some(reply)))
    });
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, SSE)
        .header(header::CACHE_CONTROL, "no-cache")
        // Asks reverse proxies not to collect the answer before they pass it on.
        .header("x-accel-buffering", "no")
        .body(Body::from_bytes_stream(frames)))
}

/// Appends one event whose data is this value.
pub(super) fn frame<T: Serialize>(value: &T, out: &mut BytesMut) {
    out.put_slice(b"data: ");
    serde_json::to_writer((&mut *out).writer(), value)
        .expect("reply types hold only JSON-able values and memory does not fail");
    out.put_slice(b"\n\n");
}

/// Appends what ends every stream.
pub(super) fn done(out: &mut BytesMut) {
    out.put_slice(b"data: [DONE]\n\n");
}

/// A reply whose status is sent.
struct Reply<G> {
    growing: G,
    out: BytesMut,
    progress: Progress,
    clock: Clock,
}

impl<G: Growing> Reply<G> {
    /// What is sent next; nothing after the end.
    async fn next(&mut self) -> Option<Bytes> {
        while self.out.is_empty() {
            if self.progress == Progress::Over {
                return None;
            }
            self.progress = tokio::select! {
                biased;
                progress = self.growing.advance(&mut self.out) => match progress {
                    Ok(progress) => progress,
                    Err(error) => {
                        self.growing.fail(&error, &mut self.out);
                        Progress::Over
                    }
                },
                () = self.clock.sleep.as_mut() => {
                    if self.clock.is_silence() {
                        self.out.extend_from_slice(COMMENT);
                    }
                    Progress::More
                }
            };
        }
        self.clock.spoken();
        Some(self.out.split().freeze())
    }
}

/// Watches for silence. It is set anew without touching the runtime's timer, which would cost more
/// than writing a chunk.
struct Clock {
    sleep: Pin<Box<Sleep>>,
    spoken: Instant,
    silence: Duration,
}

impl Clock {
    fn new(pace: Pace) -> Self {
        let now = Instant::now();
        let sleep = Box::pin(sleep_until(now + pace.commit_after));
        Self { sleep, spoken: now, silence: pace.silence }
    }

    /// Something is sent.
    fn spoken(&mut self) {
        self.spoken = Instant::now();
        let due = self.spoken + self.silence;
        // A timer that runs out early is set anew then; one that would be late, or has run out,
        // must be now.
        if self.sleep.deadline() > due || self.sleep.is_elapsed() {
            self.sleep.as_mut().reset(due);
        }
    }

    /// Whether the timer has run out because nothing was sent for too long.
    fn is_silence(&mut self) -> bool {
        let due = self.spoken + self.silence;
        if due <= Instant::now() {
            return true;
        }
        self.sleep.as_mut().reset(due);
        false
    }
}

#[cfg(test)]
mod tests;
