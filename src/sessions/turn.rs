//! What of a request is the turn, and what the model reads.

use crate::types::{Content, History, Message};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// What a tool call is answered with that nobody answered: providers refuse a conversation in
/// which a call stays open.
const UNANSWERED: &str = "The call was not answered.";

/// A request's input, taken apart.
#[derive(Debug)]
pub(super) struct Input<'a> {
    /// Earlier turns: what was said up to the last answer.
    pub(super) earlier: Vec<&'a Message>,
    /// The turn itself: what was said after it.
    pub(super) turn: Vec<&'a Message>,
    history: History,
}

impl<'a> Input<'a> {
    /// Takes an input apart. Instructions belong to neither part: they are never stored.
    pub(super) fn of(input: &'a [Message]) -> Self {
        let is_answer = |message: &Message| matches!(message, Message::Assistant { .. });
        let start = input.iter().rposition(is_answer).map_or(0, |last| last + 1);
        let (earlier, turn) = input.split_at(start);
        let said =
            |messages: &'a [Message]| messages.iter().filter(|m| !is_instruction(m)).collect();
        Self { earlier: said(earlier), turn: said(turn), history: History::Session }
    }

    /// The same, of a conversation that is kept so.
    pub(super) fn of_history(self, history: History) -> Self {
        Self { history, ..self }
    }

    /// Whether the client keeps the conversation and sends it along.
    pub(super) fn holds_history(&self) -> bool {
        self.history == History::Caller || !self.earlier.is_empty()
    }

    /// What tells this turn from another one: the SHA-256 of the digest of all else that was asked,
    /// and of its messages. It is stored, and so must not change with a build.
    pub(super) fn fingerprint(&self, beside: &[u8; 32]) -> String {
        let text = serde_json::to_string(&self.turn).expect("messages are JSON");
        let digest = Sha256::new().chain_update(beside).chain_update(text).finalize();
        digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes all");
            hex
        })
    }
}

/// The turn itself out of an input: what is said after its last answer, instructions aside.
pub fn turn_of(input: &[Message]) -> Vec<Message> {
    Input::of(input).turn.into_iter().cloned().collect()
}

/// What comes before a turn, from the transcript.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// What the agent is to be told.
    pub(super) notices: Vec<String>,
    /// The conversation so far.
    pub(super) history: Vec<Message>,
}

/// What the model reads: the instructions, the notices, the conversation so far, and the turn.
pub(super) fn conversation(input: Vec<Message>, history: History, before: Before) -> Vec<Message> {
    let notices = before.notices.into_iter().map(|text| Message::System { text });
    if Input::of(&input).of_history(history).holds_history() {
        let leading = input.iter().take_while(|message| is_instruction(message)).count();
        let mut all = input;
        all.splice(leading..leading, notices);
        return all;
    }
    let (mut all, turn): (Vec<_>, Vec<_>) = input.into_iter().partition(is_instruction);
    all.extend(notices);
    join(&mut all, before.history, turn);
    all
}

/// Adds history and turn so that every tool call of the history has its result, and every result
/// its call.
fn join(all: &mut Vec<Message>, history: Vec<Message>, turn: Vec<Message>) {
    let mut open: Vec<String> = Vec::new();
    let stored = history.into_iter().map(|message| (message, true));
    for (message, is_stored) in stored.chain(turn.into_iter().map(|message| (message, false))) {
        if let Message::Tool { call_id, .. } = &message {
            let call = open.iter().position(|id| id == call_id);
            match call {
                Some(call) => drop(open.swap_remove(call)),
                // Its call lies before what was loaded.
                None if is_stored => continue,
                // The caller's own fault is for the provider to name.
                None => {}
            }
        } else {
            close(all, &mut open);
        }
        if let Message::Assistant { text, tool_calls } = &message {
            if text.as_ref().is_none_or(String::is_empty) && tool_calls.is_empty() {
                continue;
            }
            open.extend(tool_calls.iter().map(|call| call.id.clone()));
        }
        all.push(message);
    }
    close(all, &mut open);
}

/// Answers the calls that nobody answered.
fn close(all: &mut Vec<Message>, open: &mut Vec<String>) {
    all.extend(
        open.drain(..).map(|call_id| Message::Tool {
            call_id,
            content: Content::Text(UNANSWERED.to_owned()),
        }),
    );
}

fn is_instruction(message: &Message) -> bool {
    matches!(message, Message::System { .. })
}

#[cfg(test)]
mod tests;
