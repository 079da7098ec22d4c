//! From runs' events to chunks.

use super::each::Each;
use super::logprobs::Logprobs;
use super::outcome::{broke_off, finish_reason};
use super::source::Source;
use super::whole::total;
use super::wire_chunk::{Chunk, ChunkChoice, ChunkDelta};
use super::wire_out::{CompletionUsage, Heading};
use crate::http::ApiError;
use crate::http::meter::Meter;
use crate::http::sse::{self, Growing, Progress};
use crate::types::{Delta, Outcome, RunEvent, Usage};
use bytes::BytesMut;

/// How an answer is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) ending: Ending,
    pub(super) calls: Calls,
}

/// How a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// With the last change.
    Plain,
    /// With a chunk that tells the tokens spent.
    Usage,
}

/// How an answer calls the client's functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calls {
    /// As `tool_calls`.
    Tools,
    /// As the one `function_call` of the older form.
    Function,
}

impl Calls {
    /// Whether the model may call several functions at once.
    pub(super) fn parallel(self, wanted: Option<bool>) -> Option<bool> {
        match self {
            Self::Tools => wanted,
            Self::Function => Some(false),
        }
    }
}

/// Writes the events of one request's runs as chunks.
#[derive(Debug)]
pub(super) struct Chunks {
    source: Source,
    heading: Heading,
    style: Style,
    meter: Meter,
    answers: Each<Answer>,
    /// Answers that have not ended.
    left: usize,
    /// Something was written.
    begun: bool,
}

/// What has to be known of an answer while it grows.
#[derive(Debug, Default)]
struct Answer {
    /// It has been said who speaks.
    begun: bool,
    usage: Usage,
    /// Scores of what comes next.
    logprobs: Logprobs,
}

impl Chunks {
    pub(super) fn new(source: Source, heading: Heading, style: Style, meter: Meter) -> Self {
        let answers = source.each::<Answer>();
        let left = answers.as_slice().len();
        Self { source, heading, style, meter, answers, left, begun: false }
    }

    /// Writes one event; says whether more may follow.
    fn event(
        &mut self,
        index: u32,
        event: RunEvent,
        out: &mut BytesMut,
    ) -> Result<Progress, ApiError> {
        match event {
            RunEvent::Accepted | RunEvent::Started { .. } => Ok(Progress::More),
            RunEvent::Usage(usage) => {
                self.answers.at(index).usage = usage;
                self.meter.saw(self.usage());
                Ok(Progress::More)
            }
            RunEvent::Delta(Delta::Scores(scores)) => {
                self.answers.at(index).logprobs.hold(scores);
                Ok(Progress::More)
            }
            RunEvent::Delta(delta) => {
                self.delta(index, &delta, out);
                Ok(Progress::More)
            }
            RunEvent::Finished(outcome) => self.finish(index, outcome, out),
        }
    }

    fn delta(&mut self, index: u32, delta: &Delta, out: &mut BytesMut) {
        let Some(change) = ChunkDelta::of(delta, self.style.calls) else { return };
        self.open(index, out);
        let logprobs = match delta {
            Delta::Text(_) | Delta::Refusal(_) => self.scores(index, delta),
            _ => None,
        };
        self.chunk(Some(ChunkChoice::more(index, change, logprobs)), None, out);
    }

    /// The scores that were held for this piece.
    fn scores(&mut self, index: u32, delta: &Delta) -> Option<Logprobs> {
        let mut logprobs = std::mem::take(&mut self.answers.at(index).logprobs);
        if let Delta::Refusal(_) = delta {
            logprobs.are_of_refusal();
        }
        logprobs.told()
    }

    /// Says who speaks, before anything else of an answer.
    fn open(&mut self, index: u32, out: &mut BytesMut) {
        if std::mem::replace(&mut self.answers.at(index).begun, true) {
            return;
        }
        self.begun = true;
        self.chunk(Some(ChunkChoice::more(index, ChunkDelta::opening(), None)), None, out);
    }

    fn finish(
        &mut self,
        index: u32,
        outcome: Outcome,
        out: &mut BytesMut,
    ) -> Result<Progress, ApiError> {
        let reason = match finish_reason(outcome, self.style.calls) {
            Ok(reason) => reason,
            // Nothing is written yet, so that the error still has its own status.
            Err(error) if !self.begun => return Err(error),
            Err(error) => {
                self.fail(&error, out);
                return Ok(Progress::Over);
            }
        };
        self.open(index, out);
        let logprobs = std::mem::take(&mut self.answers.at(index).logprobs).told();
        self.chunk(Some(ChunkChoice::end(index, reason, logprobs)), None, out);
        self.left -= 1;
        if self.left > 0 {
            return Ok(Progress::More);
        }
        if self.style.ending == Ending::Usage {
            self.chunk(None, Some(self.usage().into()), out);
        }
        sse::done(out);
        Ok(Progress::Over)
    }

    fn chunk(
        &self,
        change: Option<ChunkChoice<'_>>,
        usage: Option<CompletionUsage>,
        out: &mut BytesMut,
    ) {
        // Every chunk of a stream that tells the usage has the field, null but in the last.
        let usage = (self.style.ending == Ending::Usage).then_some(usage);
        sse::frame(&Chunk::new(&self.heading, change, usage), out);
    }

    fn usage(&self) -> Usage {
        total(self.answers.as_slice().iter().map(|answer| answer.usage))
    }
}

impl Growing for Chunks {
    async fn advance(&mut self, out: &mut BytesMut) -> Result<Progress, ApiError> {
        let (mut index, event) = self.source.next().await;
        let mut event = event.unwrap_or_else(|| RunEvent::Finished(Outcome::Failed(broke_off())));
        loop {
            let progress = self.event(index, event, out)?;
            if progress == Progress::Over {
                return Ok(progress);
            }
            // What has happened already leaves in the same write.
            match self.source.ready() {
                Some(next) => (index, event) = next,
                None => return Ok(Progress::More),
            }
        }
    }

    fn fail(&mut self, error: &ApiError, out: &mut BytesMut) {
        sse::frame(&error.body(), out);
        sse::done(out);
    }
}
