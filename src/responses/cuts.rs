//! In which pieces an answer came, written short: with the answer itself they make the very events
//! again that its first reader got.
//!
//! A letter says what a piece was, a number how long, in bytes: `S` a call to the model, `t` text,
//! `r` reasoning, `f` a refusal, `l` scores (their number) of the text that follows, `c` a function
//! call that begins, `a<call>,` a piece of its arguments.

#[cfg(test)]
mod tests;

use super::object::ResponseObject;
use super::{Item, LogProb, Part, Summary};
use crate::types::{Alternative, Delta, ModelRef, RunEvent, TokenScore};
use std::borrow::Borrow;
use std::fmt::Write;

/// The pieces of what has come.
pub(super) fn describe(events: &[impl Borrow<RunEvent>]) -> String {
    let mut cuts = String::new();
    // Scores count once text follows that they are scores of.
    let mut scores = 0;
    for event in events {
        let written = match event.borrow() {
            RunEvent::Started { .. } => {
                scores = 0;
                write!(cuts, "S")
            }
            RunEvent::Delta(Delta::Scores(more)) => {
                scores += more.len();
                Ok(())
            }
            RunEvent::Delta(Delta::Text(text)) if !text.is_empty() => {
                let scored = std::mem::take(&mut scores);
                if scored > 0 {
                    write!(cuts, "l{scored}t{}", text.len())
                } else {
                    write!(cuts, "t{}", text.len())
                }
            }
            RunEvent::Delta(Delta::Refusal(text)) => {
                scores = 0;
                write!(cuts, "f{}", text.len())
            }
            RunEvent::Delta(Delta::Reasoning(text)) => write!(cuts, "r{}", text.len()),
            RunEvent::Delta(Delta::ToolCallStart { .. }) => write!(cuts, "c"),
            RunEvent::Delta(Delta::ToolCallArguments { index, fragment }) => {
                write!(cuts, "a{index},{}", fragment.len())
            }
            _ => Ok(()),
        };
        written.expect("a text takes what is written to it");
    }
    cuts
}

/// The events that the pieces of this response were, all but the end.
pub(super) fn replay(
    cuts: &str,
    response: &ResponseObject,
    model: Option<&ModelRef>,
) -> Vec<RunEvent> {
    let mut whole = Whole::of(&response.output);
    let mut rest = cuts;
    let mut events = Vec::new();
    while let Some(kind) = rest.chars().next() {
        rest = &rest[kind.len_utf8()..];
        let event = match kind {
            'S' => {
                whole.answers();
                model.map(|model| RunEvent::Started { model: model.clone() })
            }
            't' => {
                let text = whole.text.take(number(&mut rest));
                Some(RunEvent::Delta(Delta::Text(text)))
            }
            'f' => {
                let words = whole.refusal.take(number(&mut rest));
                Some(RunEvent::Delta(Delta::Refusal(words)))
            }
            'r' => {
                let text = whole.reasoning.take(number(&mut rest));
                Some(RunEvent::Delta(Delta::Reasoning(text)))
            }
            'l' => Some(RunEvent::Delta(Delta::Scores(whole.scores(number(&mut rest))))),
            'c' => whole.call(),
            'a' => {
                let index = number(&mut rest);
                rest = rest.strip_prefix(',').unwrap_or(rest);
                whole.arguments(index, number(&mut rest))
            }
            _ => None,
        };
        events.extend(event);
    }
    events.extend(response.usage.map(|usage| RunEvent::Usage(usage.into())));
    events
}

/// The number that comes next.
fn number(rest: &mut &str) -> usize {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    digits.parse().unwrap_or(0)
}

/// An answer from which pieces are taken, each kind in the order in which it came.
#[derive(Debug, Default)]
struct Whole {
    text: Flow,
    refusal: Flow,
    reasoning: Flow,
    scores: std::vec::IntoIter<LogProb>,
    calls: Vec<Call>,
    /// Calls that have begun, and those of earlier answers among them.
    begun: usize,
    before: usize,
}

/// Text, and how much of it was taken.
#[derive(Debug, Default)]
struct Flow {
    text: String,
    taken: usize,
}

#[derive(Debug)]
struct Call {
    id: String,
    name: String,
    arguments: Flow,
}

impl Flow {
    /// The next piece; shorter where there is no more.
    fn take(&mut self, len: usize) -> String {
        let end = self.taken.saturating_add(len).min(self.text.len());
        let piece = self.text.get(self.taken..end).unwrap_or_default().to_owned();
        self.taken += piece.len();
        piece
    }
}

impl Whole {
    fn of(output: &[Item]) -> Self {
        let mut whole = Self::default();
        let mut scores = Vec::new();
        for item in output {
            match item {
                Item::Message { content, .. } => {
                    for part in content {
                        match part {
                            Part::OutputText { text, logprobs, .. } => {
                                whole.text.text.push_str(text);
                                scores.extend(logprobs.iter().cloned());
                            }
                            Part::Refusal { refusal } => whole.refusal.text.push_str(refusal),
                            _ => {}
                        }
                    }
                }
                Item::Reasoning { summary, .. } => {
                    for Summary::SummaryText { text } in summary {
                        whole.reasoning.text.push_str(text);
                    }
                }
                Item::FunctionCall { call_id, name, arguments, .. } => whole.calls.push(Call {
                    id: call_id.clone(),
                    name: name.clone(),
                    arguments: Flow { text: arguments.clone(), taken: 0 },
                }),
                Item::FunctionCallOutput { .. } | Item::Compaction { .. } => {}
            }
        }
        whole.scores = scores.into_iter();
        whole
    }

    /// A further answer begins, which counts its calls from 0.
    fn answers(&mut self) {
        self.before = self.begun;
    }

    fn scores(&mut self, count: usize) -> Vec<TokenScore> {
        self.scores.by_ref().take(count).map(TokenScore::from).collect()
    }

    fn call(&mut self) -> Option<RunEvent> {
        let call = self.calls.get(self.begun)?;
        let index = u32::try_from(self.begun - self.before).ok()?;
        self.begun += 1;
        let (id, name) = (call.id.clone(), call.name.clone());
        Some(RunEvent::Delta(Delta::ToolCallStart { index, id, name }))
    }

    fn arguments(&mut self, index: usize, len: usize) -> Option<RunEvent> {
        let fragment = self.calls.get_mut(self.before + index)?.arguments.take(len);
        let index = u32::try_from(index).ok()?;
        Some(RunEvent::Delta(Delta::ToolCallArguments { index, fragment }))
    }
}

impl From<LogProb> for TokenScore {
    fn from(score: LogProb) -> Self {
        let top = score.top_logprobs.into_iter().map(|other| Alternative {
            token: other.token,
            logprob: other.logprob,
            bytes: Some(other.bytes),
        });
        let (top, bytes) = (top.collect(), Some(score.bytes));
        Self { token: score.token, logprob: score.logprob, bytes, top }
    }
}
