//! How a response grows: the events of its run, one after another, become items of its output and
//! events of its own. The same events of a run always give the same.

use super::audience::Audience;
use super::calls::{Calls, Piece};
use super::object::{ResponseObject, State};
use super::open::{Ending, Open, Saying};
use super::{
    ErrorBody, Event, IncompleteDetails, Item, LogProb, Phase, Reason, ResponseId, Status, Tokens,
    TopLogProb, id,
};
use crate::types::{Delta, Failure, Outcome, RunEvent, StopReason, TokenScore, Usage};

/// A response as it grows.
#[derive(Debug)]
pub(super) struct Draft {
    id: ResponseId,
    object: ResponseObject,
    /// How far its first events have been told.
    told: Told,
    open: Open,
    calls: Calls,
    usage: Option<Usage>,
}

/// What has been told of a response's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Nothing,
    Created,
    InProgress,
}

/// An item that something else takes the place of: more of the answer follows.
const PASSED: Ending = Ending { status: Status::Completed, phase: Some(Phase::Commentary) };
/// An item with which the answer ends.
const LAST: Ending = Ending { status: Status::Completed, phase: Some(Phase::FinalAnswer) };
/// The same where it was cut short.
const CUT: Ending = Ending { status: Status::Incomplete, phase: Some(Phase::FinalAnswer) };
/// An item of an answer that nobody wanted any more.
const DROPPED: Ending = Ending { status: Status::Incomplete, phase: None };

impl Draft {
    /// A response whose first event is still to come.
    pub(super) fn new(id: ResponseId, object: ResponseObject) -> Self {
        let (told, open, calls) = (Told::Nothing, Open::default(), Calls::default());
        Self { id, object, told, open, calls, usage: None }
    }

    pub(super) fn id(&self) -> ResponseId {
        self.id
    }

    /// The response as far as it has grown.
    pub(super) fn object(&self) -> &ResponseObject {
        &self.object
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
                // An answer before this one has ended; the calls of this one count from 0 again.
                self.close_all(LAST, to);
                self.calls.forget();
                self.open.forget_scores();
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
        match outcome {
            Outcome::Completed(StopReason::Length) => self.cut(Reason::MaxOutputTokens, to),
            Outcome::Completed(StopReason::ContentFilter) => self.cut(Reason::ContentFilter, to),
            Outcome::Completed(_) => {
                self.answer_something(to);
                self.complete(LAST, at, to);
            }
            Outcome::ClientToolCalls => self.complete(PASSED, at, to),
            Outcome::Aborted => {
                self.close_all(DROPPED, to);
                self.object.status = State::Cancelled;
            }
            Outcome::Failed(failure) => self.fail(failure),
        }
        let is_answer = matches!(self.object.status, State::Completed | State::Incomplete);
        let spent = self.usage.or_else(|| is_answer.then(Usage::default));
        self.object.usage = spent.map(Tokens::from);
        to.hear(|sequence_number| {
            let response = Box::new(self.object.clone());
            match self.object.status {
                State::Completed => Event::Completed { sequence_number, response },
                State::Failed => Event::Failed { sequence_number, response },
                // There is no event for cancelled ones; the status tells.
                _ => Event::Incomplete { sequence_number, response },
            }
        });
    }

    fn create(&mut self, to: &mut impl Audience) {
        if self.told >= Told::Created {
            return;
        }
        self.told = Told::Created;
        let response = || Box::new(self.object.clone());
        to.hear(|sequence_number| Event::Created { sequence_number, response: response() });
        if self.object.status == State::Queued {
            to.hear(|sequence_number| Event::Queued { sequence_number, response: response() });
        }
    }

    fn begin(&mut self, to: &mut impl Audience) {
        if self.told == Told::InProgress {
            return;
        }
        self.create(to);
        self.told = Told::InProgress;
        self.object.status = State::InProgress;
        let response = || Box::new(self.object.clone());
        to.hear(|sequence_number| Event::InProgress { sequence_number, response: response() });
    }

    /// Takes in a piece of the answer. Empty ones say nothing.
    fn add(&mut self, delta: Delta, to: &mut impl Audience) {
        match delta {
            Delta::Scores(scores) => self.open.score(scores.into_iter().map(LogProb::from)),
            Delta::Text(text) if !text.is_empty() => self.say(Saying::Text(text), to),
            Delta::Refusal(text) => {
                // Scores have no place in a refusal.
                self.open.forget_scores();
                if !text.is_empty() {
                    self.say(Saying::Refusal(text), to);
                }
            }
            Delta::Reasoning(text) if !text.is_empty() => {
                if !self.open.is_reasoning(&self.object.output) {
                    let id = self.pass("rs", to);
                    self.open.reasoning(&mut self.object.output, id, to);
                }
                self.open.think(&mut self.object.output, text, to);
            }
            Delta::Text(_) | Delta::Reasoning(_) => {}
            Delta::ToolCallStart { id: call_id, name, .. } => {
                let (id, arguments) = (self.pass("fc", to), String::new());
                let status = Status::InProgress;
                let item = Item::FunctionCall { id, call_id, name, arguments, status };
                self.calls.start(&mut self.object.output, item, to);
            }
            Delta::ToolCallArguments { index, fragment } => {
                let piece = Piece { call: index, fragment };
                self.calls.grow(&mut self.object.output, piece, to);
            }
        }
    }

    fn say(&mut self, saying: Saying, to: &mut impl Audience) {
        self.message(to);
        self.open.say(&mut self.object.output, saying, to);
    }

    /// Sees to it that there is a message that grows.
    fn message(&mut self, to: &mut impl Audience) {
        if !self.open.is_message(&self.object.output) {
            let id = self.pass("msg", to);
            self.open.message(&mut self.object.output, id, to);
        }
    }

    /// Ends what the next item takes the place of. Gives that item's id.
    fn pass(&mut self, prefix: &str, to: &mut impl Audience) -> String {
        self.open.close(&mut self.object.output, PASSED, to);
        self.calls.close_whole(&mut self.object.output, to);
        id::output(prefix, self.id, self.object.output.len())
    }

    /// Who answers nothing still answers: clients look for a message.
    fn answer_something(&mut self, to: &mut impl Audience) {
        let said = |item: &Item| !matches!(item, Item::Reasoning { .. });
        if !self.object.output.iter().any(said) {
            self.message(to);
            self.open.say_nothing(&mut self.object.output, to);
        }
    }

    fn complete(&mut self, ending: Ending, at: i64, to: &mut impl Audience) {
        self.close_all(ending, to);
        self.object.status = State::Completed;
        self.object.completed_at = Some(at);
    }

    fn cut(&mut self, reason: Reason, to: &mut impl Audience) {
        self.close_all(CUT, to);
        self.object.status = State::Incomplete;
        self.object.incomplete_details = Some(IncompleteDetails { reason });
    }

    /// What was under way is no answer: its items are incomplete, and never told to be done.
    fn fail(&mut self, failure: &Failure) {
        self.object.status = State::Failed;
        self.object.error = Some(ErrorBody::from(failure));
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

    fn close_all(&mut self, ending: Ending, to: &mut impl Audience) {
        self.open.close(&mut self.object.output, ending, to);
        self.calls.close_all(&mut self.object.output, ending.status, to);
    }
}

/// A place as it is written.
pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl From<TokenScore> for LogProb {
    fn from(score: TokenScore) -> Self {
        let alternatives = score.top.into_iter().map(|other| TopLogProb {
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
