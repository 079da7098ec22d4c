//! Answers that grow on the wire as server-sent events: when their status is sent, and how they
//! are kept alive.

use super::{ApiError, SSE};
use crate::config::Sse;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use poem::http::header;
use poem::{Body, Response};
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// A stream that says nothing for longer is taken for dead by what lies between it and its client.
const LONGEST_SILENCE: Duration = Duration::from_secs(15);
/// Said when nothing else is. Clients skip it, as the standard wants it of a comment.
const COMMENT: &[u8] = b": keep-alive\n\n";
/// Room for a few frames, so that a burst of tokens is written without growing.
const FRAME_BUFFER_BYTES: usize = 1024;

/// An answer that grows.
pub(super) trait Growing: Send + 'static {
    /// Waits for what comes next and appends it to `out` as whole frames, together with all that
    /// is there already. Dropping the future loses nothing.
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
    let progress = match timeout(pace.commit_after, growing.advance(&mut out)).await {
        Ok(progress) => progress?,
        Err(_) => {
            // The status leaves with something, so that nothing on the way holds it back.
            out.extend_from_slice(COMMENT);
            Progress::More
        }
    };
    let state = Some((growing, out, progress));
    let frames = stream::unfold(state, move |state| async move {
        let (mut growing, mut out, mut progress) = state?;
        while out.is_empty() {
            if progress == Progress::Over {
                return None;
            }
            progress = match timeout(pace.silence, growing.advance(&mut out)).await {
                Ok(Ok(progress)) => progress,
                Ok(Err(error)) => {
                    growing.fail(&error, &mut out);
                    Progress::Over
                }
                Err(_) => {
                    out.extend_from_slice(COMMENT);
                    Progress::More
                }
            };
        }
        let bytes = out.split().freeze();
        Some((Ok::<Bytes, io::Error>(bytes), Some((growing, out, progress))))
    });
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, SSE)
        .header(header::CACHE_CONTROL, "no-cache")
        // Asks reverse proxies not to collect the answer before they pass it on.
        .header("x-accel-buffering", "no")
        .body(Body::from_bytes_stream(frames)))
}
