//! One response of a connection, from its frame to its last event.

use super::frame::{self, Asked};
use super::memory::Remembered;
use crate::http::ApiError;
use crate::http::meter::Meter;
use crate::http::responses::convert::{Before, Circumstances};
use crate::http::responses::{Handles, convert, failed, unanswered};
use crate::http::terms::Terms;
use crate::responses::{Event, Item, Keep, Reader, ResponseId, ResponseObject, State};
use futures_util::future::BoxFuture;
use poem::http::HeaderMap;
use std::mem;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// How far the connection's one response is.
pub(super) enum Turn {
    /// There is none.
    Idle,
    /// It is being made.
    Beginning(Option<String>, BoxFuture<'static, Result<Begun, ApiError>>),
    /// It grows.
    Following(Box<Following>),
}

/// A response that has begun.
pub(super) enum Begun {
    /// The model is asked.
    Asked(Box<Following>),
    /// It is not: these are all the events there will be.
    Prepared(Vec<Event>, Remembered),
}

/// A response that is followed.
pub(super) struct Following {
    reader: Reader,
    meter: Meter,
    stream_id: Option<String>,
    /// What to remember once it has ended; none where it is kept anyway.
    remember: Option<Remembered>,
    /// The response that the client continues, where the store does not know it.
    previous: Option<String>,
    /// Whether anything of the answer was sent.
    answering: bool,
    /// The first events, until there is an answer.
    held: Vec<Event>,
}

/// What a turn needs beside its request.
pub(super) struct Needs {
    pub(super) terms: Terms,
    pub(super) headers: HeaderMap,
    pub(super) meter: Meter,
    pub(super) before: Before,
    /// The bytes of the request's frame, and of what is remembered before it.
    pub(super) bytes: usize,
}

/// What comes of waiting for a turn.
#[derive(Default)]
pub(super) struct Step {
    /// Frames to send, in order.
    pub(super) frames: Vec<String>,
    /// What to remember from now on.
    pub(super) remember: Option<Remembered>,
}

impl Turn {
    /// Begins a response.
    pub(super) fn begin(asked: Asked, needs: Needs, handles: Handles) -> Self {
        let stream_id = asked.stream_id.clone();
        Self::Beginning(stream_id, Box::pin(begin(asked, needs, handles)))
    }

    /// Whether there is none.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    /// Waits for what comes next. Dropping the future loses nothing.
    pub(super) async fn step(&mut self) -> Step {
        match self {
            Self::Idle => std::future::pending().await,
            Self::Beginning(stream_id, beginning) => {
                let begun = beginning.await;
                let stream_id = stream_id.take();
                let stream_id = stream_id.as_deref();
                *self = Self::Idle;
                match begun {
                    Ok(Begun::Asked(following)) => {
                        *self = Self::Following(following);
                        Step::default()
                    }
                    Ok(Begun::Prepared(events, remembered)) => {
                        let frames = events.iter().map(|event| frame::of_event(event, stream_id));
                        Step { frames: frames.collect(), remember: Some(remembered) }
                    }
                    Err(error) => {
                        Step { frames: vec![frame::of_error(&error, stream_id)], remember: None }
                    }
                }
            }
            Self::Following(following) => {
                let event = following.reader.next().await;
                let mut step = Step::default();
                if following.take_all(event, &mut step) {
                    *self = Self::Idle;
                }
                step
            }
        }
    }
}

impl Following {
    /// Takes an event and all that are there already; says whether it was the end.
    fn take_all(&mut self, first: Option<Event>, step: &mut Step) -> bool {
        let Some(mut event) = first else {
            step.frames.push(frame::of_error(&unanswered(None), self.stream_id.as_deref()));
            return true;
        };
        loop {
            if self.take(event, step) {
                return true;
            }
            match self.reader.ready() {
                Some(next) => event = next,
                None => return false,
            }
        }
    }

    /// Takes an event; says whether it was the last.
    fn take(&mut self, mut event: Event, step: &mut Step) -> bool {
        if let (Some(previous), Some(response)) = (&self.previous, response_of(&mut event)) {
            response.previous_response_id = Some(previous.clone());
        }
        if !self.answering {
            match &event {
                // Sent once it is known that there is an answer: a request that is refused gets an
                // error and nothing else.
                Event::Created { .. } | Event::Queued { .. } | Event::InProgress { .. } => {
                    self.held.push(event);
                    return false;
                }
                Event::Failed { .. } => {
                    let error = unanswered(self.reader.failure());
                    step.frames.push(frame::of_error(&error, self.stream_id.as_deref()));
                    return true;
                }
                _ => self.answering = true,
            }
        }
        for held in mem::take(&mut self.held) {
            step.frames.push(frame::of_event(&held, self.stream_id.as_deref()));
        }
        let text = frame::of_event(&event, self.stream_id.as_deref());
        let ended = match event {
            Event::Completed { response, .. } | Event::Incomplete { response, .. } => {
                step.remember = self.ended(*response, text.len());
                true
            }
            Event::Failed { response, .. } => {
                self.ended(*response, text.len());
                true
            }
            _ => false,
        };
        step.frames.push(text);
        ended
    }

    /// Counts what a response took, and gives what to remember of it.
    fn ended(&mut self, response: ResponseObject, bytes: usize) -> Option<Remembered> {
        if let Some(spent) = response.usage {
            self.meter.saw(spent.into());
        }
        let mut remembered = self.remember.take()?;
        remembered.items.extend(response.output);
        remembered.bytes += bytes;
        Some(remembered)
    }
}

async fn begin(asked: Asked, needs: Needs, handles: Handles) -> Result<Begun, ApiError> {
    let Needs { terms, headers, meter, before, bytes } = needs;
    let Asked { mut request, generate, stream_id } = asked;
    // On a connection every response is streamed, and none is made in the background.
    (request.stream, request.background) = (Some(true), None);
    if generate {
        request.check_input(&before)?;
    }
    let remembered = !before.items.is_empty();
    let previous = request.previous_response_id.clone().filter(|_| remembered);
    let shown = request.previous_response_id.clone();
    let circumstances = Circumstances { terms, headers: &headers, before };
    let prepared = handles.prepare(request, circumstances).await?;
    // What is only prepared may be answered by the next request.
    let convert::Asked { create, .. } = if generate { prepared.checked()? } else { prepared };
    let kept = create.previous;
    let remember = |id: String, items: Vec<Item>| Remembered { id, kept, items, bytes };
    if !generate {
        let id = ResponseId::from_bits(Uuid::new_v4().as_u128());
        let mut response = ResponseObject::unasked(id, now(), create.echo);
        response.previous_response_id = shown;
        let remembered = remember(id.to_string(), create.input);
        return Ok(Begun::Prepared(events_of(response), remembered));
    }
    let items = (create.keep == Keep::Nothing).then(|| create.input.clone());
    let reader = handles.responses.create(create).await.map_err(|error| failed(error, "input"))?;
    let remember = items.map(|items| remember(reader.id().to_string(), items));
    Ok(Begun::Asked(Box::new(Following {
        reader,
        meter,
        stream_id,
        remember,
        previous,
        answering: false,
        held: Vec::new(),
    })))
}

/// The events of a response that the model was not asked for.
fn events_of(response: ResponseObject) -> Vec<Event> {
    let growing = ResponseObject { status: State::InProgress, usage: None, ..response.clone() };
    let growing = Box::new(ResponseObject { completed_at: None, ..growing });
    vec![
        Event::Created { sequence_number: 0, response: growing.clone() },
        Event::InProgress { sequence_number: 1, response: growing },
        Event::Completed { sequence_number: 2, response: Box::new(response) },
    ]
}

fn response_of(event: &mut Event) -> Option<&mut ResponseObject> {
    match event {
        Event::Created { response, .. }
        | Event::Queued { response, .. }
        | Event::InProgress { response, .. }
        | Event::Completed { response, .. }
        | Event::Incomplete { response, .. }
        | Event::Failed { response, .. } => Some(response),
        _ => None,
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let age = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
    i64::try_from(age).unwrap_or(i64::MAX)
}
