//! How entries are written into the store, and read back.
//!
//! A body is a JSON object; the event's kind says which. Fields are only ever added.

use super::entry::{Body, Ending, Entry, Said};
use super::error::Error;
use crate::store::{Event, NewEvent};
use crate::types::{Message, ModelRef, RunId, SessionKey, Usage};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Most text of one message that a search looks through.
const MAX_INDEXED_CHARS: usize = 16_384;

const OPENED: &str = "opened";
const MESSAGE: &str = "message";
const BROKEN: &str = "broken";
const NOTICE: &str = "notice";

#[derive(Serialize, Deserialize)]
struct Opened<'a> {
    session: Cow<'a, str>,
    why: Cow<'a, str>,
}

/// A message, borrowed on its way in and owned on its way out.
#[derive(Serialize, Deserialize)]
struct Stored<M> {
    run: String,
    message: M,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usage: Option<Tokens>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ending: Option<Ending>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Tokens {
    input: u64,
    output: u64,
    #[serde(default)]
    cached: u64,
    #[serde(default)]
    reasoning: u64,
}

#[derive(Serialize, Deserialize)]
struct Broken<'a> {
    run: Cow<'a, str>,
    ending: Ending,
    why: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partial: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct Notice<'a> {
    text: Cow<'a, str>,
}

/// What makes repeats of a turn known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// The event's mark: `in:` or `out:` and the idempotency key.
    pub(super) once: String,
    /// What was asked.
    pub(super) fingerprint: String,
}

/// The event of an entry.
pub(super) fn event(body: &Body) -> NewEvent {
    match body {
        Body::Opened { session, why } => {
            plain(OPENED, &Opened { session: session.into(), why: why.into() })
        }
        Body::Message(said) => answer(said, None),
        Body::Broken { run, ending, why, partial } => {
            let partial = partial.as_ref().map(Cow::from);
            let (run, why) = (run.to_string().into(), why.into());
            plain(BROKEN, &Broken { run, ending: *ending, why, partial })
        }
        Body::Notice(text) => plain(NOTICE, &Notice { text: text.into() }),
    }
}

/// The event of something that was asked.
pub(super) fn asked(run: RunId, message: &Message, mark: Option<&Mark>) -> NewEvent {
    let run = run.to_string();
    message_event(
        Stored { run, message, model: None, usage: None, ending: None, fingerprint: None },
        mark,
    )
}

/// The event of an answer.
pub(super) fn answer(said: &Said, mark: Option<&Mark>) -> NewEvent {
    let usage = said.usage.map(|usage| Tokens {
        input: usage.input,
        output: usage.output,
        cached: usage.cached_input,
        reasoning: usage.reasoning,
    });
    let stored = Stored {
        run: said.run.to_string(),
        message: &said.message,
        model: said.model.as_ref().map(ToString::to_string),
        usage,
        ending: said.ending,
        fingerprint: None,
    };
    message_event(stored, mark)
}

fn message_event(mut stored: Stored<&Message>, mark: Option<&Mark>) -> NewEvent {
    stored.fingerprint = mark.map(|mark| mark.fingerprint.clone());
    let event = plain(MESSAGE, &stored);
    NewEvent { once: mark.map(|mark| mark.once.clone()), text: indexed(stored.message), ..event }
}

fn plain(kind: &'static str, body: &impl Serialize) -> NewEvent {
    let body = serde_json::to_string(body).expect("text, numbers and names are JSON");
    NewEvent { kind, body, once: None, text: None }
}

/// What a message is found by.
fn indexed(message: &Message) -> Option<String> {
    let text = match message {
        Message::System { .. } => return None,
        Message::User { content, .. } | Message::Tool { content, .. } => content.text(),
        Message::Assistant { text, .. } => text.clone()?,
    };
    let text = match text.char_indices().nth(MAX_INDEXED_CHARS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// The entry of an event.
///
/// # Errors
/// [`Error::Damaged`] when it is none.
pub(super) fn entry(key: &SessionKey, event: &Event) -> Result<Entry, Error> {
    match body(event) {
        Some(body) => Ok(Entry { sequence: event.sequence, at: event.at, body }),
        None => Err(damaged(key, event)),
    }
}

/// The answer in an event, and the fingerprint of what it answers.
///
/// # Errors
/// [`Error::Damaged`] when it is none.
pub(super) fn marked(key: &SessionKey, event: &Event) -> Result<(Said, String), Error> {
    let read: Option<Stored<Message>> = serde_json::from_str(&event.body).ok();
    let read = read.and_then(|mut stored| {
        let fingerprint = stored.fingerprint.take().unwrap_or_default();
        Some((said(stored)?, fingerprint))
    });
    read.ok_or_else(|| damaged(key, event))
}

fn body(event: &Event) -> Option<Body> {
    match event.kind.as_str() {
        OPENED => {
            let Opened { session, why } = serde_json::from_str(&event.body).ok()?;
            Some(Body::Opened { session: session.into_owned(), why: why.into_owned() })
        }
        MESSAGE => said(serde_json::from_str(&event.body).ok()?).map(Body::Message),
        BROKEN => {
            let Broken { run, ending, why, partial } = serde_json::from_str(&event.body).ok()?;
            let run = RunId::parse(&run).ok()?;
            let partial = partial.map(Cow::into_owned);
            Some(Body::Broken { run, ending, why: why.into_owned(), partial })
        }
        NOTICE => {
            let Notice { text } = serde_json::from_str(&event.body).ok()?;
            Some(Body::Notice(text.into_owned()))
        }
        _ => None,
    }
}

fn said(stored: Stored<Message>) -> Option<Said> {
    let usage = stored.usage.map(|tokens| Usage {
        input: tokens.input,
        output: tokens.output,
        cached_input: tokens.cached,
        reasoning: tokens.reasoning,
    });
    Some(Said {
        message: stored.message,
        run: RunId::parse(&stored.run).ok()?,
        model: stored.model.and_then(|model| ModelRef::parse(&model).ok()),
        usage,
        ending: stored.ending,
    })
}

fn damaged(key: &SessionKey, event: &Event) -> Error {
    let what = format!(
        "entry {} of its transcript cannot be read: the store is damaged, or a newer openclaw \
         wrote it; use that, or restore a backup",
        event.sequence
    );
    Error::Damaged { key: key.clone(), what }
}

#[cfg(test)]
mod tests;
