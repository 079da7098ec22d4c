//! The claim under which a session grows.

use super::{Ended, Error, Said};
use crate::config::Reset;
use crate::types::{Message, RunId, SessionKey};

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
    /// A repeat with this key is the same turn.
    pub idempotency_key: Option<String>,
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
#[derive(Debug)]
pub struct Writer {}

impl Writer {
    /// The session.
    pub fn key(&self) -> &SessionKey {
        todo!()
    }

    /// What the model shall read: the caller's instructions, what was announced, the conversation
    /// so far, and the turn. A caller that sends earlier turns along is taken at its word; for one
    /// that sends only the turn, they come from the transcript. Empty when asked a second time.
    pub fn take_conversation(&mut self) -> Vec<Message> {
        todo!()
    }

    /// Appends what was said during the turn, such as a message that joined it.
    ///
    /// # Errors
    /// [`Error::Stale`], or that the store cannot be written; nothing was appended.
    pub async fn say(&mut self, messages: Vec<Message>) -> Result<(), Error> {
        let _ = messages;
        todo!()
    }

    /// Appends the end of the turn and gives the claim back. What it appends is on the disk once
    /// this returns.
    ///
    /// # Errors
    /// [`Error::Stale`], or that the store cannot be written; nothing was appended.
    pub async fn finish(self, ended: Ended) -> Result<(), Error> {
        let _ = ended;
        todo!()
    }
}
