//! An answer as it grows, whoever gives it.

use super::call::ModelEvent;
use super::error::Error;
use super::openai_chat::Reader;
use super::scripted::Playback;

/// Events of one answer: deltas and token counts, one [`ModelEvent::Stop`], then at most token
/// counts. An answer that breaks off ends with an error instead, never as if it were complete.
///
/// Dropping it gives the answer up and closes the connection at once.
#[derive(Debug)]
pub struct ModelStream(Source);

#[derive(Debug)]
enum Source {
    Upstream(Box<Reader>),
    Scripted(Box<Playback>),
}

impl ModelStream {
    /// The next event; `None` after the last, or after an error.
    pub async fn next(&mut self) -> Option<Result<ModelEvent, Error>> {
        match &mut self.0 {
            Source::Upstream(reader) => reader.next().await,
            Source::Scripted(playback) => playback.next().await,
        }
    }

    pub(super) fn upstream(reader: Reader) -> Self {
        Self(Source::Upstream(Box::new(reader)))
    }

    pub(super) fn scripted(playback: Playback) -> Self {
        Self(Source::Scripted(Box::new(playback)))
    }
}
