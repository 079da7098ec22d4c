//! The response resource of OpenAI's Responses API: made by a run, kept in the store, read again,
//! followed while it grows, continued, cancelled, deleted, compacted.
//!
//! [`Responses`] is the handle. What is stored is what is published: the types of a response, its
//! items and its events are written here once, and HTTP, SSE and WebSocket send them as they are.
//! Nothing here knows HTTP, and the model is only ever asked through `runs`.

mod audience;
mod begin;
mod calls;
mod chain;
mod claims;
mod compaction;
mod cuts;
mod draft;
mod drive;
mod echo;
mod ending;
mod error;
mod event;
mod id;
mod item;
mod live;
mod log;
mod messages;
mod object;
mod open;
mod read;
mod reader;
mod referred;
mod request;
mod row;
mod times;
mod tokens;
mod upkeep;

pub use compaction::summary_of;
pub use echo::Echo;
pub use ending::{ErrorBody, ErrorCode, IncompleteDetails, Reason};
pub use error::Error;
pub use event::Event;
pub use id::ResponseId;
pub use item::{Audio, Item, LogProb, Output, Part, Phase, Role, Status, Summary, TopLogProb};
pub use messages::messages;
pub use object::{Conversation, Kind, Reasoning, ResponseObject, State, TextSettings};
pub use reader::Reader;
pub use request::{Compact, Compacted, Create, Items, Keep, Order, Page};
pub use tokens::{InputTokens, OutputTokens, Tokens};

use crate::runs::Runs;
use crate::store::Store;
use crate::tasks::Tasks;
use crate::types::Caller;
use live::Lives;
use std::collections::HashMap;
use std::sync::Arc;
use times::Remembered;

/// All responses. A cheap handle.
#[derive(Debug, Clone)]
pub struct Responses(Arc<Inner>);

/// What all handles share.
#[derive(Debug)]
struct Inner {
    runs: Runs,
    store: Store,
    tasks: Tasks,
    lives: Lives,
    times: Remembered,
}

impl Responses {
    /// The responses of this store, made by these runs. Those that are kept are made by tasks of
    /// `tasks`.
    pub fn new(runs: Runs, store: Store, tasks: &Tasks) -> Self {
        let (tasks, lives, times) = (tasks.clone(), Lives::default(), Remembered::default());
        Self(Arc::new(Inner { runs, store, tasks, lives, times }))
    }

    /// Marks what an earlier process left unfinished as failed. Gives its number. To be called
    /// before anything is begun.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn recover(&self) -> Result<usize, Error> {
        upkeep::recover(&self.0).await
    }

    /// Removes responses that began and were last continued more than 30 days ago, and the oldest
    /// beyond 100,000; never one that is under way. Marks what nobody makes any more as failed.
    /// Says how many went.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn maintain(&self) -> Result<u64, Error> {
        upkeep::maintain(&self.0).await
    }

    /// Begins a response. One that is kept is on the disk once this returns. A repeat under an
    /// idempotency key is a reader of the response that the key stands for.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn create(&self, create: Create) -> Result<Reader, Error> {
        // Kept and unkept responses take ways of their own, whose futures are large.
        Box::pin(begin::create(&self.0, create)).await
    }

    /// A kept response as it is now.
    ///
    /// # Errors
    /// [`Error::Unknown`] also for another caller's; [`Error::Store`].
    pub async fn get(&self, caller: &Caller, id: &ResponseId) -> Result<ResponseObject, Error> {
        read::get(&self.0, caller, *id).await
    }

    /// Follows a kept response from the event after this sequence number on, or from its
    /// beginning: what a reader would have got who had never stopped.
    ///
    /// # Errors
    /// As [`Responses::get`].
    pub async fn read(
        &self,
        caller: &Caller,
        id: &ResponseId,
        starting_after: Option<u64>,
    ) -> Result<Reader, Error> {
        read::follow(&self.0, caller, *id, starting_after).await
    }

    /// Ends a background response and gives it as it is then; one that has ended stays as it is.
    ///
    /// # Errors
    /// As [`Responses::get`]; [`Error::Conflict`] for one that is not a background response.
    pub async fn cancel(&self, caller: &Caller, id: &ResponseId) -> Result<ResponseObject, Error> {
        read::cancel(&self.0, caller, *id).await
    }

    /// Removes a response; one that is under way is ended first.
    ///
    /// # Errors
    /// As [`Responses::get`].
    pub async fn delete(&self, caller: &Caller, id: &ResponseId) -> Result<(), Error> {
        read::delete(&self.0, caller, *id).await
    }

    /// What a response was asked, as items.
    ///
    /// # Errors
    /// As [`Responses::get`]; [`Error::UnknownItem`] for an `after` that is not there.
    pub async fn input_items(
        &self,
        caller: &Caller,
        id: &ResponseId,
        page: Page,
    ) -> Result<Items, Error> {
        read::input_items(&self.0, caller, *id, page).await
    }

    /// The items of kept responses that have these ids, by them, be they of a response's output or of
    /// its input.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] also for another caller's; too much of them; [`Error::Store`].
    pub async fn items(
        &self,
        caller: &Caller,
        ids: &[&str],
    ) -> Result<HashMap<String, Item>, Error> {
        referred::items(&self.0, caller, ids).await
    }

    /// Makes a conversation short.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn compact(&self, compact: Compact) -> Result<Compacted, Error> {
        compaction::compact(&self.0, compact).await
    }
}
