//! Kept responses as they lie in the store: the response in one record, what it was asked in
//! another, which does not change any more.

use super::audience::Nobody;
use super::draft::Draft;
use super::object::{ResponseObject, State};
use super::{Error, ErrorCode, Item, ResponseId};
use crate::store::{Batch, Expect, NewRecord, Record, Slot, Store};
use crate::types::{Caller, Failure, FailureKind, Outcome, StopReason};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Where responses lie.
pub(super) const RESPONSES: &str = "responses";
/// Where lies what they were asked.
pub(super) const INPUTS: &str = "response_inputs";
/// The group of responses that are under way.
pub(super) const OPEN: &str = "open";
/// The group of those that have ended.
pub(super) const CLOSED: &str = "closed";

/// A kept response.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Row {
    /// The response as it was when this was written.
    pub(super) object: ResponseObject,
    /// When it began, in milliseconds since 1970.
    pub(super) created: i64,
    /// The namespace of who asked; none for the operator's own.
    pub(super) owner: Option<String>,
    /// Who answers.
    pub(super) agent: Option<String>,
    /// The session it is a turn of.
    pub(super) session: Option<String>,
    /// Whether the conversation is the session's, not the caller's.
    pub(super) kept_by_session: bool,
    /// The idempotency key's record.
    pub(super) key: Option<String>,
    /// The model that answered, `provider/model`.
    pub(super) model: Option<String>,
    /// In which pieces it came.
    pub(super) cuts: String,
    /// How its run ended, once it has.
    pub(super) ended: Option<Ended>,
}

/// How a run ended, as far as a response shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ended {
    Completed,
    ClientToolCalls,
    Length,
    ContentFilter,
    Aborted,
    Failed,
}

/// What a response was asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) items: Vec<Item>,
    /// What the model was given to read with it.
    pub(super) context: Vec<String>,
}

/// A record that was read.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) row: Row,
    /// As it lies in the store.
    pub(super) record: Record,
}

impl Row {
    /// Whether a caller may know of it.
    pub(super) fn is_for(&self, caller: &Caller) -> bool {
        caller.namespace().is_none_or(|own| self.owner.as_deref() == Some(own))
    }

    /// Puts it into the batch.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(super) fn put(&self, batch: &mut Batch, expect: Expect) -> Result<(), Error> {
        let group = if self.object.status.is_final() { CLOSED } else { OPEN };
        let value = text(self)?;
        let record = NewRecord { value, rank: self.created, group: group.to_owned() };
        batch.put(Slot { space: RESPONSES, key: &self.object.id }, record, expect);
        Ok(())
    }

    /// The response as it was before its first event.
    pub(super) fn beginning(&self) -> ResponseObject {
        let mut object = self.object.clone();
        object.output.clear();
        object.status = if object.background { State::Queued } else { State::InProgress };
        (object.error, object.incomplete_details) = (None, None);
        (object.usage, object.completed_at) = (None, None);
        object
    }

    /// Ends it as one that nobody makes any more: the process stopped, or its task broke off.
    pub(super) fn stop(&mut self) {
        let id = ResponseId::parse(&self.object.id).unwrap_or(ResponseId::from_bits(0));
        let mut draft = Draft::new(id, self.beginning());
        // Only what is completed says when.
        draft.finish(&Outcome::Failed(stopped()), 0, &mut Nobody);
        self.object = draft.into_object();
        self.ended = Some(Ended::Failed);
    }

    /// How its run ended. One that has not is one whose process stopped.
    pub(super) fn outcome(&self) -> Outcome {
        match self.ended {
            Some(Ended::Completed) => Outcome::Completed(StopReason::Stop),
            Some(Ended::ClientToolCalls) => Outcome::ClientToolCalls,
            Some(Ended::Length) => Outcome::Completed(StopReason::Length),
            Some(Ended::ContentFilter) => Outcome::Completed(StopReason::ContentFilter),
            Some(Ended::Aborted) => Outcome::Aborted,
            Some(Ended::Failed) | None => Outcome::Failed(self.failure()),
        }
    }

    fn failure(&self) -> Failure {
        let Some(error) = &self.object.error else { return stopped() };
        let kind = match error.code {
            ErrorCode::ServerError => FailureKind::Internal,
            ErrorCode::RateLimitExceeded => FailureKind::UpstreamRateLimit,
            ErrorCode::InvalidPrompt => FailureKind::UpstreamRejected,
        };
        Failure::new(kind, error.message.clone())
    }
}

impl Ended {
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Completed(StopReason::Length) => Self::Length,
            Outcome::Completed(StopReason::ContentFilter) => Self::ContentFilter,
            Outcome::Completed(_) => Self::Completed,
            Outcome::ClientToolCalls => Self::ClientToolCalls,
            Outcome::Aborted => Self::Aborted,
            Outcome::Failed(_) => Self::Failed,
        }
    }
}

impl Asked {
    /// Puts it into the batch.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(super) fn put(&self, batch: &mut Batch, of: &Row) -> Result<(), Error> {
        let value = text(self)?;
        let record = NewRecord { value, rank: of.created, group: String::new() };
        batch.put(Slot { space: INPUTS, key: &of.object.id }, record, Expect::Absent);
        Ok(())
    }
}

/// A kept response, if it is there.
pub(super) async fn read(store: &Store, id: ResponseId) -> Result<Option<Kept>, Error> {
    let Some(record) = store.record(RESPONSES, &id.to_string()).await? else { return Ok(None) };
    Ok(Some(Kept { row: parsed(&record.value)?, record }))
}

/// What it was asked, and how many bytes that takes.
pub(super) async fn asked(store: &Store, id: ResponseId) -> Result<(Asked, usize), Error> {
    let record = store.record(INPUTS, &id.to_string()).await?;
    let Some(record) = record else { return Ok((Asked::default(), 0)) };
    Ok((parsed(&record.value)?, record.value.len()))
}

/// Removes a response with what it was asked, if it is as expected.
pub(super) fn remove(batch: &mut Batch, id: &str, expect: Expect) {
    batch.delete(Slot { space: RESPONSES, key: id }, expect);
    batch.delete(Slot { space: INPUTS, key: id }, Expect::Any);
}

pub(super) fn text(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| unreadable(&error))
}

pub(super) fn parsed<T: DeserializeOwned>(value: &str) -> Result<T, Error> {
    serde_json::from_str(value).map_err(|error| unreadable(&error))
}

/// What is said of a response whose process has stopped.
fn stopped() -> Failure {
    let message = "The gateway stopped while the response was under way, and it was not completed. \
                   Please ask again.";
    Failure::new(FailureKind::Interrupted, message)
}

fn unreadable(error: &serde_json::Error) -> Error {
    tracing::error!(%error, "a stored response cannot be read");
    let message = "What is stored of this response cannot be read: the store is damaged, or a \
                   newer openclaw wrote it. The gateway's log has the cause.";
    Error::Failed(Failure::new(FailureKind::Internal, message))
}
