//! How a response is answered with: whole, as it grows, or as it begins.

use super::api::ResponsesApi;
use super::convert::{Asked, Circumstances};
use super::growth::Growth;
use super::reply::{Notes, ResponseReply};
use super::wire::CreateResponse;
use super::{failed, unanswered};
use crate::http::ApiError;
use crate::http::meter::Meter;
use crate::http::session::Found;
use crate::http::sse::{self, Pace};
use crate::responses::{Event, Reader};
use crate::types::History;

impl ResponsesApi {
    /// Makes a response and answers with it, in the form that was asked for.
    pub(super) async fn answer(
        &self,
        request: CreateResponse,
        circumstances: Circumstances<'_>,
        meter: Meter,
    ) -> poem::Result<ResponseReply> {
        let stream = request.stream == Some(true);
        request.check_input(&circumstances.before)?;
        let asked = self.handles.prepare(request, circumstances).await?;
        let Asked { create, session, ignored } = asked.checked()?;
        let background = create.background;
        let mut notes = Notes { session, ignored };
        let begun = self.handles.responses.create(create).await;
        let reader = match begun {
            Ok(reader) => reader,
            Err(error) => return Err(notes.failed(failed(error, "input"))),
        };
        notes.session = notes.session.or_else(|| inherited(&reader));
        let reply = match (stream, background) {
            (true, true) => self.stream(Growth::of_kept(reader, meter)).await,
            (true, false) => self.stream(Growth::new(reader, meter)).await,
            (false, true) => self.begun(reader, meter).await,
            (false, false) => whole(reader, meter).await,
        };
        match reply {
            Ok(reply) => Ok(reply.with(notes)),
            Err(error) => Err(notes.failed(error)),
        }
    }

    pub(super) async fn stream(&self, growth: Growth) -> Result<ResponseReply, ApiError> {
        let pace = Pace::from(&self.handles.live.load().config.gateway.http.sse);
        sse::reply(growth, pace).await.map(ResponseReply::stream)
    }

    /// Answers with a response that nobody waits for, as it begins.
    async fn begun(&self, mut reader: Reader, meter: Meter) -> Result<ResponseReply, ApiError> {
        let first = reader.next().await;
        let (Event::Created { response, .. }
        | Event::Queued { response, .. }
        | Event::InProgress { response, .. }) = first.ok_or_else(|| unanswered(None))?
        else {
            return Err(unanswered(reader.failure()));
        };
        self.handles.tasks.spawn(count(reader, meter));
        Ok(ResponseReply::whole(*response))
    }
}

/// Follows a response to its end, for what it takes.
async fn count(reader: Reader, mut meter: Meter) {
    if let Some(spent) = reader.finish().await.usage {
        meter.saw(spent.into());
    }
}

/// Reads a response to its end.
async fn whole(mut reader: Reader, mut meter: Meter) -> Result<ResponseReply, ApiError> {
    reader.read_to_end().await;
    let failure = reader.failure().cloned();
    let response = reader.finish().await;
    if let Some(spent) = response.usage {
        meter.saw(spent.into());
    }
    match failure {
        Some(failure) => Err(unanswered(Some(&failure))),
        None => Ok(ResponseReply::whole(response)),
    }
}

/// The session of a response that names none: that of the one it continues, if that has one.
fn inherited(reader: &Reader) -> Option<Found> {
    let (key, source) = (reader.session()?.clone(), "previous_response_id");
    Some(Found { key, source, history: History::Session })
}
