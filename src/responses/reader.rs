//! Follows a response: while its run is read here, while a task of its own reads it, or as it
//! lies in the store.

use super::audience::{Events, Nobody};
use super::draft::Draft;
use super::live::Live;
use super::log::{End, Found};
use super::object::ResponseObject;
use super::row::Row;
use super::times::Times;
use super::{Event, ResponseId, cuts};
use crate::runs::Run;
use crate::types::{Failure, FailureKind, ModelRef, Outcome, RunEvent, SessionKey};
use std::sync::Arc;
use std::vec;

/// Follows a response while it grows, and afterwards.
///
/// What becomes of a response when its last reader is dropped is the
/// [`crate::types::OnDisconnect`] of the run that makes it.
#[derive(Debug)]
pub struct Reader {
    id: ResponseId,
    session: Option<SessionKey>,
    draft: Draft,
    events: Events,
    source: Source,
    model: Option<ModelRef>,
    failure: Option<Failure>,
    over: bool,
}

/// Where the events of the run come from.
#[derive(Debug)]
enum Source {
    /// The run itself, of a response that is not kept.
    Run { run: Run, times: Times },
    /// The log of one that is.
    Log(Place),
    /// What the store has of one that has ended.
    Stored { events: vec::IntoIter<RunEvent>, end: Option<End> },
}

/// A reader's place in a log.
#[derive(Debug)]
struct Place {
    live: Arc<Live>,
    at: usize,
}

impl Reader {
    /// Reads a run for a response that is not kept.
    pub(super) fn of_run(
        run: Run,
        session: Option<SessionKey>,
        draft: Draft,
        times: Times,
    ) -> Self {
        let source = Source::Run { run, times };
        Self::new(draft, session, Events::after(None), source)
    }

    /// Follows a kept response that is under way.
    pub(super) fn following(live: &Arc<Live>, after: Option<u64>) -> Self {
        live.log.enter();
        let draft = Draft::new(live.id, live.beginning.clone());
        let session = live.session.clone();
        let source = Source::Log(Place { live: live.clone(), at: 0 });
        Self::new(draft, session, Events::after(after), source)
    }

    /// Reads a kept response that has ended.
    pub(super) fn of_row(id: ResponseId, row: &Row, after: Option<u64>) -> Self {
        let model = row.model.as_deref().and_then(|model| ModelRef::parse(model).ok());
        let events = cuts::replay(&row.cuts, &row.object, model.as_ref()).into_iter();
        let at = row.object.completed_at.unwrap_or_default();
        let end = Some(End { outcome: row.outcome(), at });
        let session = row.session.as_deref().and_then(|key| SessionKey::parse(key).ok());
        let draft = Draft::new(id, row.beginning());
        let source = Source::Stored { events, end };
        Self { model, ..Self::new(draft, session, Events::after(after), source) }
    }

    fn new(
        mut draft: Draft,
        session: Option<SessionKey>,
        mut events: Events,
        source: Source,
    ) -> Self {
        draft.announce(&mut events);
        let (id, model, failure) = (draft.id(), None, None);
        Self { id, session, draft, events, source, model, failure, over: false }
    }

    /// The response's id.
    pub fn id(&self) -> &ResponseId {
        &self.id
    }

    /// The session that the response is a turn of.
    pub fn session(&self) -> Option<&SessionKey> {
        self.session.as_ref()
    }

    /// The model that answers, once it is known.
    pub fn model(&self) -> Option<&ModelRef> {
        self.model.as_ref()
    }

    /// The number of the event that comes next.
    pub fn next_sequence(&self) -> u64 {
        self.events.next()
    }

    /// Why the response failed, once its end was read: with what it takes to answer with a status
    /// and a `Retry-After`.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Waits for what happens next; none after the last event. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            let found = self.source.next().await;
            self.take(found);
        }
    }

    /// What has already happened, without waiting for more.
    pub fn ready(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            let found = self.source.ready()?;
            self.take(found);
        }
    }

    /// Reads to the end without making events. Those that were made are dropped.
    pub async fn read_to_end(&mut self) {
        while !self.over {
            let found = self.source.next().await;
            self.note(&found);
            match found {
                Found::Event(event) => self.draft.grow(event, &mut Nobody),
                Found::End(end) => self.draft.finish(&end.outcome, end.at, &mut Nobody),
            }
        }
        self.events = Events::default();
    }

    /// Reads to the end and gives the response.
    pub async fn finish(mut self) -> ResponseObject {
        self.read_to_end().await;
        self.draft.into_object()
    }

    fn take(&mut self, found: Found) {
        self.note(&found);
        match found {
            Found::Event(event) => self.draft.grow(event, &mut self.events),
            Found::End(end) => self.draft.finish(&end.outcome, end.at, &mut self.events),
        }
    }

    fn note(&mut self, found: &Found) {
        match found {
            Found::Event(RunEvent::Started { model }) => self.model = Some(model.clone()),
            Found::Event(_) => {}
            Found::End(end) => {
                self.over = true;
                if let Outcome::Failed(failure) = &end.outcome {
                    self.failure = Some(failure.clone());
                }
            }
        }
    }
}

impl Source {
    async fn next(&mut self) -> Found {
        match self {
            Self::Run { run, times } => {
                let event = run.next().await.unwrap_or_else(broken);
                found(event, times)
            }
            Self::Log(place) => {
                let found = place.live.log.next(place.at).await;
                place.at += 1;
                found
            }
            Self::Stored { events, end } => stored(events, end),
        }
    }

    fn ready(&mut self) -> Option<Found> {
        match self {
            Self::Run { run, times } => run.ready().map(|event| found(event, times)),
            Self::Log(place) => {
                let found = place.live.log.take(place.at)?;
                place.at += 1;
                Some(found)
            }
            Self::Stored { events, end } => Some(stored(events, end)),
        }
    }
}

fn found(event: RunEvent, times: &Times) -> Found {
    match event {
        RunEvent::Finished(outcome) => Found::End(End { outcome, at: times.ended() }),
        event => Found::Event(event),
    }
}

fn stored(events: &mut vec::IntoIter<RunEvent>, end: &mut Option<End>) -> Found {
    if let Some(event) = events.next() {
        return Found::Event(event);
    }
    Found::End(end.take().unwrap_or_else(|| End { outcome: Outcome::Failed(gone()), at: 0 }))
}

/// What stands for the end of a run that broke off without one.
pub(super) fn broken() -> RunEvent {
    RunEvent::Finished(Outcome::Failed(gone()))
}

pub(super) fn gone() -> Failure {
    let message = "The run broke off. The gateway's log has the cause.";
    Failure::new(FailureKind::Internal, message)
}

impl Drop for Place {
    fn drop(&mut self) {
        self.live.log.leave();
    }
}
