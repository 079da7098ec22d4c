//! How a response grows: the events of its run, one after another, become items of its output and
//! events of its own. The same events of a run always give the same.

use super::audience::Audience;
use super::calls::Calls;
use super::object::{ErrorBody, IncompleteDetails, Reason, ResponseObject, State, Tokens};
use super::{Event, Item, LogProb, Part, Phase, ResponseId, Role, Status, Summary, id};
use crate::types::{Delta, Outcome, RunEvent, StopReason, TokenScore, Usage};

/// A response as it grows.
#[derive(Debug)]
pub(super) struct Draft {
    id: ResponseId,
    object: ResponseObject,
    /// How far its first events have been told.
    told: Told,
    /// The message or reasoning item that grows, by its place; calls grow beside it.
    open: Option<usize>,
    calls: Calls,
    /// Scores of the text that comes next.
    scores: Vec<LogProb>,
    usage: Option<Usage>,
}

/// What has been told of a response's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Nothing,
    Created,
    InProgress,
}

/// What of a message's content grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Text,
    Refusal,
}

impl Draft {
    /// A response whose first event is still to come.
    pub(super) fn new(id: ResponseId, object: ResponseObject) -> Self {
        Self {
            id,
            object,
            told: Told::Nothing,
            open: None,
            calls: Calls::default(),
            scores: Vec::new(),
            usage: None,
        }
    }

    pub(super) fn id(&self) -> ResponseId {
        self.id
    }

    pub(super) fn into_object(self) -> ResponseObject {
        self.object
    }

    /// Tells that a background response is there, which waits for nothing. The first events of
    /// any other come with the first of its run, so that a run that fails at once can be answered
    /// with a status of its own.
    pub(super) fn announce(&mut self, to: &mut impl Audience) {
        if self.object.background {
            self.create(to);
        }
    }

    /// Takes in what happened in the run, all but its end.
    pub(super) fn grow(&mut self, event: RunEvent, to: &mut impl Audience) {
        match event {
            RunEvent::Accepted | RunEvent::Finished(_) => {}
            RunEvent::Usage(usage) => self.usage = Some(usage),
            RunEvent::Started { .. } => {
                self.begin(to);
                self.answered(Phase::FinalAnswer, to);
            }
            RunEvent::Delta(delta) => {
                self.begin(to);
                self.add(delta, to);
            }
        }
    }

    /// The run has ended. `at` is when, in seconds since 1970.
    pub(super) fn finish(&mut self, outcome: &Outcome, at: i64, to: &mut impl Audience) {
        self.begin(to);
        let usage = self.usage;
        match outcome {
            Outcome::Completed(StopReason::Length) => self.cut(Reason::MaxOutputTokens, to),
            Outcome::Completed(StopReason::ContentFilter) => self.cut(Reason::ContentFilter, to),
            Outcome::Completed(_) | Outcome::ClientToolCalls => {
                self.complete(outcome, to);
                self.object.completed_at = Some(at);
                self.object.usage = Some(usage.unwrap_or_default().into());
            }
            Outcome::Aborted => {
                self.close_all(Status::Incomplete, None, to);
                self.object.status = State::Cancelled;
                self.object.usage = usage.map(Tokens::from);
                to.hear(|n| Event::Incomplete { sequence_number: n, response: self.boxed() });
                return;
            }
            Outcome::Failed(failure) => {
                // What was under way is no answer: its items are never told to be done.
                self.leave_incomplete();
                self.object.status = State::Failed;
                self.object.error = Some(ErrorBody::from(failure));
                self.object.usage = usage.map(Tokens::from);
                to.hear(|n| Event::Failed { sequence_number: n, response: self.boxed() });
                return;
            }
        }
        match self.object.status {
            State::Completed => {
                to.hear(|n| Event::Completed { sequence_number: n, response: self.boxed() });
            }
            _ => to.hear(|n| Event::Incomplete { sequence_number: n, response: self.boxed() }),
        }
    }

    fn create(&mut self, to: &mut impl Audience) {
        if self.told >= Told::Created {
            return;
        }
        self.told = Told::Created;
        to.hear(|n| Event::Created { sequence_number: n, response: self.boxed() });
        if self.object.status == State::Queued {
            to.hear(|n| Event::Queued { sequence_number: n, response: self.boxed() });
        }
    }

    fn begin(&mut self, to: &mut impl Audience) {
        if self.told == Told::InProgress {
            return;
        }
        self.create(to);
        self.told = Told::InProgress;
        self.object.status = State::InProgress;
        to.hear(|n| Event::InProgress { sequence_number: n, response: self.boxed() });
    }

    fn add(&mut self, delta: Delta, to: &mut impl Audience) {
        match delta {
            Delta::Scores(scores) => self.scores.extend(scores.into_iter().map(LogProb::from)),
            Delta::Text(text) => {
                if !text.is_empty() {
                    self.say(Said::Text, text, to);
                }
            }
            Delta::Refusal(text) => {
                // Scores have no place in a refusal.
                self.scores.clear();
                if !text.is_empty() {
                    self.say(Said::Refusal, text, to);
                }
            }
            Delta::Reasoning(text) => {
                if !text.is_empty() {
                    self.think(text, to);
                }
            }
            Delta::ToolCallStart { id: call_id, name, .. } => {
                self.close_open(Status::Completed, Some(Phase::Commentary), to);
                self.calls.close_whole(&mut self.object.output, to);
                let id = id::output("fc", self.id, self.object.output.len());
                self.calls.start(&mut self.object.output, (id, call_id, name), to);
            }
            Delta::ToolCallArguments { index, fragment } => {
                self.calls.grow(&mut self.object.output, (index, fragment), to);
            }
        }
    }

    fn say(&mut self, said: Said, text: String, to: &mut impl Audience) {
        let at = self.message(to);
        self.part(at, said, to);
        let logprobs = std::mem::take(&mut self.scores);
        let Some(Item::Message { id, content, .. }) = self.object.output.get_mut(at) else {
            return;
        };
        let (output_index, content_index) = (index(at), index(content.len().saturating_sub(1)));
        match content.last_mut() {
            Some(Part::OutputText { text: whole, logprobs: scored, .. }) => {
                whole.push_str(&text);
                scored.extend(logprobs.iter().cloned());
                to.hear(|sequence_number| Event::TextDelta {
                    sequence_number,
                    item_id: id.clone(),
                    output_index,
                    content_index,
                    delta: text,
                    logprobs,
                });
            }
            Some(Part::Refusal { refusal }) => {
                refusal.push_str(&text);
                to.hear(|sequence_number| Event::RefusalDelta {
                    sequence_number,
                    item_id: id.clone(),
                    output_index,
                    content_index,
                    delta: text,
                });
            }
            _ => {}
        }
    }

    /// The place of the message that grows; it begins where there is none.
    fn message(&mut self, to: &mut impl Audience) -> usize {
        if let Some(at) = self.open
            && matches!(self.object.output.get(at), Some(Item::Message { .. }))
        {
            return at;
        }
        self.close_open(Status::Completed, None, to);
        self.calls.close_whole(&mut self.object.output, to);
        let id = id::output("msg", self.id, self.object.output.len());
        let (status, role, content) = (Status::InProgress, Role::Assistant, Vec::new());
        self.push(Item::Message { id, status, role, content, phase: None }, to)
    }

    fn think(&mut self, text: String, to: &mut impl Audience) {
        let at = match self.open {
            Some(at) if matches!(self.object.output.get(at), Some(Item::Reasoning { .. })) => at,
            _ => self.reasoning(to),
        };
        let Some(Item::Reasoning { id, summary, .. }) = self.object.output.get_mut(at) else {
            return;
        };
        if let Some(Summary::SummaryText { text: whole }) = summary.last_mut() {
            whole.push_str(&text);
        }
        to.hear(|sequence_number| Event::SummaryTextDelta {
            sequence_number,
            item_id: id.clone(),
            output_index: index(at),
            summary_index: 0,
            delta: text,
        });
    }

    /// Begins a reasoning item with its one part. Gives its place.
    fn reasoning(&mut self, to: &mut impl Audience) -> usize {
        self.close_open(Status::Completed, Some(Phase::Commentary), to);
        self.calls.close_whole(&mut self.object.output, to);
        let id = id::output("rs", self.id, self.object.output.len());
        let status = Some(Status::InProgress);
        let at = self.push(Item::Reasoning { id, summary: Vec::new(), status }, to);
        let empty = Summary::SummaryText { text: String::new() };
        if let Some(Item::Reasoning { id, summary, .. }) = self.object.output.get_mut(at) {
            summary.push(empty.clone());
            to.hear(|sequence_number| Event::SummaryPartAdded {
                sequence_number,
                item_id: id.clone(),
                output_index: index(at),
                summary_index: 0,
                part: empty,
            });
        }
        at
    }

    /// Sees to it that the last part of a message is what is said.
    fn part(&mut self, at: usize, said: Said, to: &mut impl Audience) {
        let Some(Item::Message { id, content, .. }) = self.object.output.get_mut(at) else {
            return;
        };
        match (content.last(), said) {
            (Some(Part::OutputText { .. }), Said::Text)
            | (Some(Part::Refusal { .. }), Said::Refusal) => return,
            (Some(_), _) => tell_part_done(id, content, at, to),
            (None, _) => {}
        }
        let part = match said {
            Said::Text => Part::text(String::new()),
            Said::Refusal => Part::Refusal { refusal: String::new() },
        };
        let content_index = index(content.len());
        content.push(part.clone());
        to.hear(|sequence_number| Event::PartAdded {
            sequence_number,
            item_id: id.clone(),
            output_index: index(at),
            content_index,
            part,
        });
    }

    fn push(&mut self, item: Item, to: &mut impl Audience) -> usize {
        let at = self.object.output.len();
        to.hear(|sequence_number| Event::ItemAdded {
            sequence_number,
            output_index: index(at),
            item: item.clone(),
        });
        self.object.output.push(item);
        self.open = Some(at);
        at
    }

    /// The model has come to the end of one answer; a further one has calls of its own.
    fn answered(&mut self, phase: Phase, to: &mut impl Audience) {
        self.close_all(Status::Completed, Some(phase), to);
        self.calls.forget();
        self.scores.clear();
    }

    fn complete(&mut self, outcome: &Outcome, to: &mut impl Audience) {
        let phase = match outcome {
            Outcome::ClientToolCalls => Phase::Commentary,
            _ => Phase::FinalAnswer,
        };
        let said = |item: &Item| !matches!(item, Item::Reasoning { .. });
        if phase == Phase::FinalAnswer && !self.object.output.iter().any(said) {
            // Who answers nothing still answers: clients look for a message.
            let at = self.message(to);
            self.part(at, Said::Text, to);
        }
        self.close_all(Status::Completed, Some(phase), to);
        self.object.status = State::Completed;
    }

    fn cut(&mut self, reason: Reason, to: &mut impl Audience) {
        self.close_all(Status::Incomplete, Some(Phase::FinalAnswer), to);
        self.object.status = State::Incomplete;
        self.object.incomplete_details = Some(IncompleteDetails { reason });
        self.object.usage = Some(self.usage.unwrap_or_default().into());
    }

    fn close_all(&mut self, status: Status, phase: Option<Phase>, to: &mut impl Audience) {
        self.close_open(status, phase, to);
        self.calls.close_all(&mut self.object.output, status, to);
    }

    fn close_open(&mut self, status: Status, phase: Option<Phase>, to: &mut impl Audience) {
        let Some(at) = self.open.take() else { return };
        let Some(item) = self.object.output.get_mut(at) else { return };
        match item {
            Item::Message { id, content, status: now, phase: place, .. } => {
                tell_part_done(id, content, at, to);
                (*now, *place) = (status, phase);
            }
            Item::Reasoning { id, summary, status: now } => {
                tell_summary_done(id, summary, at, to);
                *now = Some(status);
            }
            _ => {}
        }
        to.hear(|sequence_number| Event::ItemDone {
            sequence_number,
            output_index: index(at),
            item: item.clone(),
        });
    }

    fn leave_incomplete(&mut self) {
        for item in &mut self.object.output {
            match item {
                Item::Message { status, .. }
                | Item::FunctionCall { status, .. }
                | Item::Reasoning { status: Some(status), .. }
                    if *status == Status::InProgress =>
                {
                    *status = Status::Incomplete;
                }
                _ => {}
            }
        }
    }

    fn boxed(&self) -> Box<ResponseObject> {
        Box::new(self.object.clone())
    }
}

/// Tells that a message's last part is as it will stay.
fn tell_part_done(id: &str, content: &[Part], at: usize, to: &mut impl Audience) {
    let Some(part) = content.last() else { return };
    let (output_index, content_index) = (index(at), index(content.len() - 1));
    match part {
        Part::OutputText { text, logprobs, .. } => to.hear(|sequence_number| Event::TextDone {
            sequence_number,
            item_id: id.to_owned(),
            output_index,
            content_index,
            text: text.clone(),
            logprobs: logprobs.clone(),
        }),
        Part::Refusal { refusal } => to.hear(|sequence_number| Event::RefusalDone {
            sequence_number,
            item_id: id.to_owned(),
            output_index,
            content_index,
            refusal: refusal.clone(),
        }),
        _ => {}
    }
    to.hear(|sequence_number| Event::PartDone {
        sequence_number,
        item_id: id.to_owned(),
        output_index,
        content_index,
        part: part.clone(),
    });
}

/// Tells that a reasoning item's one part is as it will stay.
fn tell_summary_done(id: &str, summary: &[Summary], at: usize, to: &mut impl Audience) {
    let Some(part) = summary.last() else { return };
    let Summary::SummaryText { text } = part;
    to.hear(|sequence_number| Event::SummaryTextDone {
        sequence_number,
        item_id: id.to_owned(),
        output_index: index(at),
        summary_index: 0,
        text: text.clone(),
    });
    to.hear(|sequence_number| Event::SummaryPartDone {
        sequence_number,
        item_id: id.to_owned(),
        output_index: index(at),
        summary_index: 0,
        part: part.clone(),
    });
}

/// A place as it is written.
pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl From<TokenScore> for LogProb {
    fn from(score: TokenScore) -> Self {
        let alternatives = score.top.into_iter().map(|other| super::TopLogProb {
            bytes: other.bytes.unwrap_or_else(|| other.token.clone().into_bytes()),
            token: other.token,
            logprob: other.logprob,
        });
        Self {
            top_logprobs: alternatives.collect(),
            bytes: score.bytes.unwrap_or_else(|| score.token.clone().into_bytes()),
            token: score.token,
            logprob: score.logprob,
        }
    }
}
