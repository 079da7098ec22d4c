//! A response that grows on the wire, as server-sent events.

use super::unanswered;
use crate::http::ApiError;
use crate::http::meter::Meter;
use crate::http::sse::{self, Growing, Progress};
use crate::responses::{Event, Reader};
use bytes::{BufMut, BytesMut};
use serde::Serialize;

/// A response that is sent as it grows.
#[derive(Debug)]
pub(super) struct Growth {
    reader: Reader,
    meter: Meter,
    /// The first frames, kept back until the response has a status.
    held: BytesMut,
    stage: Stage,
}

/// Whether the status of the reply can still be an error's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nobody has asked for a frame yet.
    New,
    /// The first frames are waited for; a response that fails now has a status of its own.
    Waiting,
    /// The status is sent, or is known to be no error's.
    Committed,
}

/// The event that ends a stream whose response cannot be told to its end.
#[derive(Serialize)]
struct ErrorEvent<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    code: &'a str,
    message: &'a str,
    param: Option<&'a str>,
    sequence_number: u64,
}

impl Growth {
    /// A response that has just been asked for.
    pub(super) fn new(reader: Reader, meter: Meter) -> Self {
        Self { reader, meter, held: BytesMut::new(), stage: Stage::New }
    }

    /// A response that is there in any case, such as one that is read again.
    pub(super) fn of_kept(reader: Reader, meter: Meter) -> Self {
        Self { stage: Stage::Committed, ..Self::new(reader, meter) }
    }

    /// Writes one event, or keeps it back; says whether more may follow.
    fn event(&mut self, event: &Event, out: &mut BytesMut) -> Result<Progress, ApiError> {
        let last = event.last();
        if let Some(spent) = last.and_then(|response| response.usage) {
            self.meter.saw(spent.into());
        }
        if self.stage != Stage::Committed {
            match event {
                Event::Created { .. } | Event::Queued { .. } | Event::InProgress { .. } => {
                    frame(&mut self.held, event.kind(), event);
                    return Ok(Progress::More);
                }
                Event::Failed { .. } => return Err(unanswered(self.reader.failure())),
                _ => self.commit(out),
            }
        }
        frame(out, event.kind(), event);
        if last.is_none() {
            return Ok(Progress::More);
        }
        sse::done(out);
        Ok(Progress::Over)
    }

    /// Lets go what was kept back.
    fn commit(&mut self, out: &mut BytesMut) {
        self.stage = Stage::Committed;
        out.unsplit(self.held.split());
    }
}

impl Growing for Growth {
    async fn advance(&mut self, out: &mut BytesMut) -> Result<Progress, ApiError> {
        match self.stage {
            Stage::New => self.stage = Stage::Waiting,
            // Who asks again has sent the status meanwhile.
            Stage::Waiting => {
                self.commit(out);
                if !out.is_empty() {
                    return Ok(Progress::More);
                }
            }
            Stage::Committed => {}
        }
        while let Some(event) = self.reader.next().await {
            let mut progress = self.event(&event, out)?;
            while progress == Progress::More {
                let Some(event) = self.reader.ready() else { break };
                progress = self.event(&event, out)?;
            }
            if progress == Progress::Over || !out.is_empty() {
                return Ok(progress);
            }
        }
        self.commit(out);
        sse::done(out);
        Ok(Progress::Over)
    }

    fn fail(&mut self, error: &ApiError, out: &mut BytesMut) {
        self.commit(out);
        let event = ErrorEvent {
            kind: "error",
            code: error.code,
            message: &error.message,
            param: error.param.as_deref(),
            sequence_number: self.reader.next_sequence(),
        };
        frame(out, event.kind, &event);
        sse::done(out);
    }
}

fn frame<T: Serialize>(out: &mut BytesMut, kind: &str, event: &T) {
    out.put_slice(b"event: ");
    out.put_slice(kind.as_bytes());
    out.put_slice(b"\n");
    sse::frame(event, out);
}
