//! The response resource of OpenAI's Responses API: made by a run, kept in the store, read again,
//! followed while it grows, continued, cancelled, deleted, compacted.
//!
//! [`Responses`] is the handle. What is stored is what is published: the types of a response, its
//! items and its events are written here once, and HTTP, SSE and WebSocket send them as they are.
//! Nothing here knows HTTP, and the model is only ever asked through `runs`.

mod event;
mod id;
mod item;
mod object;

pub use event::Event;
pub use id::ResponseId;
pub use item::{Audio, Item, LogProb, Output, Part, Phase, Role, Status, Summary, TopLogProb};
pub use object::{
    Conversation, Echo, ErrorBody, ErrorCode, IncompleteDetails, InputTokens, Kind, OutputTokens,
    Reason, Reasoning, ResponseObject, State, TextSettings, Tokens,
};

use crate::runs::Runs;
use crate::store::{self, Store};
use crate::tasks::Tasks;
use crate::types::{Caller, Failure, Message, ModelRef, RunRequest, SessionKey};

/// All responses. A cheap handle.
#[derive(Debug, Clone)]
pub struct Responses {}

/// A response that is wanted.
#[derive(Debug)]
pub struct Create {
    /// The run that makes it. Its `input` and `context` are what is new; what `previous` said is
    /// put before them here. Its `on_disconnect` says what becomes of the response when nobody
    /// follows it any more.
    pub run: RunRequest,
    /// What is new, as items.
    pub input: Vec<Item>,
    /// What of the request the response repeats.
    pub echo: Echo,
    /// The response that it continues.
    pub previous: Option<ResponseId>,
    /// Whether it is kept.
    pub keep: Keep,
    /// Whether it goes on without anybody following it.
    pub background: bool,
}

/// Whether a response is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// In the store: it can be read again and continued, also after a restart.
    Stored,
    /// Nowhere.
    Nothing,
}

/// Follows a response while it grows.
#[derive(Debug)]
pub struct Reader {}

/// A page of input items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most so many, 1 to 100.
    pub limit: usize,
    /// The id of the last item of the page before.
    pub after: Option<String>,
    /// Whether the newest come first.
    pub order: Order,
}

/// The order of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    Ascending,
    /// The newest first.
    Descending,
}

/// Input items, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Items {
    /// The page.
    pub items: Vec<Item>,
    /// Whether there are more after it.
    pub has_more: bool,
}

/// A conversation to be made short.
#[derive(Debug)]
pub struct Compact {
    /// The run that writes the summary: agent, model and caller are taken from it.
    pub run: RunRequest,
    /// The response whose conversation it is, with all it continues.
    pub previous: Option<ResponseId>,
    /// What comes after it, or the whole conversation.
    pub input: Vec<Item>,
}

/// A conversation made short.
#[derive(Debug, Clone, PartialEq)]
pub struct Compacted {
    /// What takes the place of the conversation: what people said last, and one
    /// [`Item::Compaction`] for the rest.
    pub output: Vec<Item>,
    /// Tokens spent.
    pub usage: crate::types::Usage,
}

/// Why something cannot be done with responses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such response for this caller.
    #[error("there is no response '{0}'")]
    Unknown(String),
    /// There is no such response to continue.
    #[error("there is no response '{0}' to continue")]
    UnknownPrevious(String),
    /// There is no such item to refer to.
    #[error("there is no item '{0}'")]
    UnknownItem(String),
    /// It is not finished, or never can be what was asked of it.
    #[error("{0}")]
    Conflict(String),
    /// The run was refused or failed.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The store cannot be used.
    #[error("the response store cannot be used")]
    Store(#[from] store::Error),
}

impl Responses {
    /// The responses of this store, made by these runs.
    pub fn new(_runs: Runs, _store: Store, _tasks: &Tasks) -> Self {
        Self {}
    }

    /// Marks what an earlier process left unfinished as failed. Gives its number.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn recover(&self) -> Result<usize, Error> {
        todo!()
    }

    /// Begins a response. One that is kept is on the disk once this returns.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create(&self, _create: Create) -> Result<Reader, Error> {
        todo!()
    }

    /// A kept response as it is now.
    ///
    /// # Errors
    /// [`Error::Unknown`] also for another caller's; [`Error::Store`].
    pub async fn get(&self, _caller: &Caller, _id: &ResponseId) -> Result<ResponseObject, Error> {
        todo!()
    }

    /// Follows a kept response from the event after this sequence number on, or from its
    /// beginning: what a reader would have got who had never stopped.
    ///
    /// # Errors
    /// As [`Responses::get`].
    pub async fn read(
        &self,
        _caller: &Caller,
        _id: &ResponseId,
        _starting_after: Option<u64>,
    ) -> Result<Reader, Error> {
        todo!()
    }

    /// Ends a background response and gives it as it is then; one that has ended stays as it is.
    ///
    /// # Errors
    /// As [`Responses::get`]; [`Error::Conflict`] for one that is not a background response.
    pub async fn cancel(
        &self,
        _caller: &Caller,
        _id: &ResponseId,
    ) -> Result<ResponseObject, Error> {
        todo!()
    }

    /// Removes a response; one that is under way is ended first.
    ///
    /// # Errors
    /// As [`Responses::get`].
    pub async fn delete(&self, _caller: &Caller, _id: &ResponseId) -> Result<(), Error> {
        todo!()
    }

    /// What a response was asked, as items.
    ///
    /// # Errors
    /// As [`Responses::get`]; [`Error::UnknownItem`] for an `after` that is not there.
    pub async fn input_items(
        &self,
        _caller: &Caller,
        _id: &ResponseId,
        _page: Page,
    ) -> Result<Items, Error> {
        todo!()
    }

    /// The item of a kept response that has this id, be it one of its output or of its input.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] also for another caller's; [`Error::Store`].
    pub async fn item(&self, _caller: &Caller, _id: &str) -> Result<Item, Error> {
        todo!()
    }

    /// Makes a conversation short.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn compact(&self, _compact: Compact) -> Result<Compacted, Error> {
        todo!()
    }
}

impl Reader {
    /// The response's id.
    pub fn id(&self) -> &ResponseId {
        todo!()
    }

    /// The session that the response is a turn of.
    pub fn session(&self) -> Option<&SessionKey> {
        todo!()
    }

    /// The number of the event that comes next.
    pub fn next_sequence(&self) -> u64 {
        todo!()
    }

    /// Why the response failed, once its last event was given: with what it takes to answer with
    /// a status and a `Retry-After`.
    pub fn failure(&self) -> Option<&Failure> {
        todo!()
    }

    /// Waits for what happens next; none after the last event. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        todo!()
    }

    /// What has already happened, without waiting for more.
    pub fn ready(&mut self) -> Option<Event> {
        todo!()
    }

    /// Reads to the end and gives the response.
    pub async fn finish(self) -> ResponseObject {
        todo!()
    }

    /// The model that answers, once it is known.
    pub fn model(&self) -> Option<&ModelRef> {
        todo!()
    }
}

/// A conversation of items as messages: a function call goes with the text of the model's around
/// it, thoughts are left out, and what was compacted is told as a summary.
pub fn messages(_items: &[Item]) -> Vec<Message> {
    todo!()
}

/// The summary that a [`Item::Compaction`] of this gateway's holds; none for what it did not make.
pub fn summary_of(_encrypted_content: &str) -> Option<String> {
    todo!()
}
