//! The claim under which a session grows.

use super::begin::{ATTEMPTS, TERM};
use super::entry::{Body, Ended, Ending, Said};
use super::index::{self, Kept};
use super::running::Alive;
use super::stored::{self, Mark};
use super::{Error, Inner, Row, running};
use crate::config::Reset;
use crate::store::{Batch, Expect, Fence, NewEvent};
use crate::types::{History, Message, RunId, SessionKey};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How long the end of a turn waits before it is written again, where the store could not take it.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
];

/// A turn about to begin.
#[derive(Debug, Clone)]
pub struct Begin {
    /// The session.
    pub key: SessionKey,
    /// Its owner's namespace, should it be new.
    pub owner: Option<&'static str>,
    /// Where it lives, should it be new: `openai`, or a channel's name.
    pub channel: String,
    /// When it begins anew by itself.
    pub reset: Reset,
    /// The run.
    pub run: RunId,
    /// The conversation as the caller sent it: instructions, perhaps earlier turns, and the turn
    /// itself, which are the messages after the last answer.
    pub input: Vec<Message>,
    /// Who keeps the conversation.
    pub history: History,
    /// A repeat with this key is the same turn.
    pub idempotency_key: Option<String>,
    /// A digest of all that was asked beside the conversation, such as the model, the tools and the
    /// format: a repeat with another one is another request. It is kept, so it must be the same for
    /// the same request whichever build makes it.
    pub fingerprint: [u8; 32],
}

/// How a turn begins.
#[derive(Debug)]
pub enum Begun {
    /// The session is claimed.
    Turn(Box<Writer>),
    /// A turn with this idempotency key has been answered already.
    Answered(Box<Said>),
}

/// A claim on a session, for one turn.
pub struct Writer {
    pub(super) inner: Arc<Inner>,
    pub(super) key: SessionKey,
    pub(super) run: RunId,
    /// Held for as long as this writer lives.
    pub(super) _alive: Alive,
    pub(super) fence: Fence,
    /// The row as this writer last put or read it, and its revision.
    pub(super) row: Row,
    pub(super) revision: u64,
    /// The transcript of this turn: it stays the same if the session is begun anew meanwhile.
    pub(super) stream: String,
    /// What marks the answer, for a turn with an idempotency key.
    pub(super) answer: Option<Mark>,
    pub(super) conversation: Vec<Message>,
}

/// What a change of the transcript does to the row.
#[derive(Debug, Clone, Copy, Default)]
struct Growth {
    entries: u64,
    messages: u64,
    bytes: u64,
    input_tokens: u64,
    output_tokens: u64,
    /// Whether the run came to its end, once it has.
    aborted: Option<bool>,
}

impl Writer {
    /// The session.
    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// The session's row as it was when the turn began, or when this writer last wrote.
    pub fn row(&self) -> &Row {
        &self.row
    }

    /// What the model shall read: the caller's instructions, what was announced, the conversation
    /// so far, and the turn. A caller that sends earlier turns along is taken at its word; for one
    /// that sends only the turn, they come from the transcript. Empty when asked a second time.
    pub fn take_conversation(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.conversation)
    }

    /// Appends what was said during the turn, such as a message that joined it.
    ///
    /// # Errors
    /// [`Error::Stale`], or that the store cannot be written; nothing was appended.
    pub async fn say(&mut self, messages: Vec<Message>) -> Result<(), Error> {
        let said = messages.iter().filter(|message| !matches!(message, Message::System { .. }));
        let events: Vec<_> = said.map(|message| stored::asked(self.run, message, None)).collect();
        let mut growth = Growth { messages: events.len() as u64, ..Growth::default() };
        growth.add(&events);
        let (stream, fence) = (self.stream.clone(), self.fence.clone());
        self.commit(growth, |batch| {
            batch.renew(&fence, TERM);
            for event in &events {
                batch.append(&stream, event.clone());
            }
        })
        .await
    }

    /// Makes the claim last for another term, for a turn that takes long.
    ///
    /// # Errors
    /// [`Error::Stale`], or that the store cannot be written.
    pub async fn renew(&self) -> Result<(), Error> {
        let mut batch = Batch::new();
        batch.renew(&self.fence, TERM);
        let renewed = self.inner.store.commit(batch).await;
        renewed.map(drop).map_err(|error| Error::of_claim(error, &self.key))
    }

    /// Appends the end of the turn and gives the claim back. What it appends is on the disk once
    /// this returns. While the store is locked or its disk full, it is tried for some 3 seconds.
    ///
    /// # Errors
    /// [`Error::Stale`], or that the store cannot be written; nothing was appended.
    pub async fn finish(mut self, ended: Ended) -> Result<(), Error> {
        let usage = ended.usage.unwrap_or_default();
        let (event, messages) = self.end(ended);
        let mut growth = Growth {
            messages,
            input_tokens: usage.input,
            output_tokens: usage.output,
            aborted: Some(messages == 0),
            ..Growth::default()
        };
        growth.add(std::slice::from_ref(&event));
        let (stream, fence, run) = (self.stream.clone(), self.fence.clone(), self.run);
        let mut pauses = PAUSES.iter();
        loop {
            let ended = self.commit(growth, |batch| {
                batch.append(&stream, event.clone());
                running::delete(batch, run);
                batch.release(&fence);
            });
            let error = match ended.await {
                Err(error) if error.is_passing() => error,
                ended => return ended,
            };
            let Some(pause) = pauses.next() else { return Err(error) };
            tracing::warn!(%error, %run, "the end of a turn is not written yet");
            sleep(*pause).await;
        }
    }

    /// The last entry of the turn, and how many messages it is.
    fn end(&self, ended: Ended) -> (NewEvent, u64) {
        let Ended { answer, ending, why, model, usage } = ended;
        let is_whole = match ending {
            Ending::Stop | Ending::Length | Ending::ContentFilter | Ending::ToolCalls => true,
            Ending::Aborted | Ending::Failed | Ending::Refused | Ending::Interrupted => false,
        };
        let run = self.run;
        if is_whole {
            let silent = Message::Assistant { text: None, tool_calls: Vec::new() };
            let message = answer.unwrap_or(silent);
            let said = Said { message, run, model, usage, ending: Some(ending) };
            return (stored::answer(&said, self.answer.as_ref()), 1);
        }
        let partial = match answer {
            Some(Message::Assistant { text, .. }) => text.filter(|text| !text.is_empty()),
            _ => None,
        };
        (stored::event(&Body::Broken { run, ending, why, partial }), 0)
    }

    /// Makes a change under this claim, together with what it does to the row.
    async fn commit(&mut self, growth: Growth, fill: impl Fn(&mut Batch)) -> Result<(), Error> {
        let store = self.inner.store.clone();
        let mut tried = 1;
        loop {
            let mut row = self.row.clone();
            row.updated_at = store.clock().now();
            // A session that was begun anew meanwhile counts another transcript.
            if self.stream == index::stream(&self.key, &row.session_id) {
                growth.apply(&mut row);
            }
            let mut batch = Batch::new();
            batch.fenced(&self.fence);
            fill(&mut batch);
            let expect = Expect::Revision(self.revision);
            let committed = index::commit(&store, batch, (&row, expect)).await;
            match committed.map_err(|error| Error::of_claim(error, &self.key)) {
                Ok((_, revision)) => {
                    (self.row, self.revision) = (row, revision);
                    return Ok(());
                }
                Err(error) if error.is_conflict() && tried < ATTEMPTS => tried += 1,
                Err(error) => return Err(error),
            }
            match index::read(&store, &self.key).await? {
                Some(Kept { row, revision }) => (self.row, self.revision) = (row, revision),
                None => return Err(Error::Stale(self.key.clone())),
            }
        }
    }
}

impl Growth {
    fn add(&mut self, events: &[NewEvent]) {
        self.entries += events.len() as u64;
        self.bytes += events.iter().map(|event| event.body.len() as u64).sum::<u64>();
    }

    fn apply(self, row: &mut Row) {
        for (count, growth) in [
            (&mut row.entries, self.entries),
            (&mut row.messages, self.messages),
            (&mut row.bytes, self.bytes),
            // What a provider says of tokens is not to be trusted.
            (&mut row.input_tokens, self.input_tokens),
            (&mut row.output_tokens, self.output_tokens),
        ] {
            *count = count.saturating_add(growth);
        }
        if let Some(aborted) = self.aborted {
            row.aborted_last_run = aborted;
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("key", &self.key)
            .field("run", &self.run)
            .field("fence", &self.fence)
            .finish_non_exhaustive()
    }
}
