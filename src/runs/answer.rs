//! What a run has answered so far, for the transcript.

use crate::sessions::{Ended, Ending, Said};
use crate::types::{
    Delta, FailureKind, Message, ModelRef, Outcome, RunEvent, StopReason, ToolCall, Usage,
};

/// An answer as it grows.
#[derive(Debug, Default)]
pub(super) struct Answer {
    text: String,
    calls: Vec<ToolCall>,
    pub(super) model: Option<ModelRef>,
    /// What the whole run has taken.
    pub(super) usage: Option<Usage>,
}

impl Answer {
    /// Takes one event in.
    pub(super) fn grow(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Started { model } => self.model = Some(model.clone()),
            RunEvent::Usage(usage) => self.usage = Some(*usage),
            RunEvent::Delta(Delta::Text(text) | Delta::Refusal(text)) => self.text.push_str(text),
            RunEvent::Delta(Delta::ToolCallStart { id, name, .. }) => self.calls.push(ToolCall {
                id: id.clone(),
                name: name.clone(),
                arguments: String::new(),
            }),
            RunEvent::Delta(Delta::ToolCallArguments { index, fragment }) => {
                let call = usize::try_from(*index).ok().and_then(|at| self.calls.get_mut(at));
                if let Some(call) = call {
                    call.arguments.push_str(fragment);
                }
            }
            RunEvent::Delta(Delta::Reasoning(_) | Delta::Scores(_))
            | RunEvent::Accepted
            | RunEvent::Finished(_) => {}
        }
    }

    /// The answer as a message, taken out so that the next one can grow; none where nothing was
    /// said.
    pub(super) fn take_message(&mut self) -> Option<Message> {
        let (text, tool_calls) = (std::mem::take(&mut self.text), std::mem::take(&mut self.calls));
        let text = Some(text).filter(|text| !text.is_empty());
        (text.is_some() || !tool_calls.is_empty())
            .then_some(Message::Assistant { text, tool_calls })
    }

    /// What the transcript is told of the end.
    pub(super) fn ended(&mut self, outcome: &Outcome) -> Ended {
        Ended {
            answer: self.take_message(),
            ending: ending(outcome),
            why: match outcome {
                Outcome::Failed(failure) => failure.message.clone(),
                Outcome::Aborted => "The run was cancelled.".to_owned(),
                Outcome::Completed(_) | Outcome::ClientToolCalls => String::new(),
            },
            model: self.model.clone(),
            usage: self.usage,
        }
    }
}

fn ending(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::Completed(StopReason::Stop) => Ending::Stop,
        Outcome::Completed(StopReason::Length) => Ending::Length,
        Outcome::Completed(StopReason::ContentFilter) => Ending::ContentFilter,
        Outcome::Completed(StopReason::ToolCalls) | Outcome::ClientToolCalls => Ending::ToolCalls,
        Outcome::Aborted => Ending::Aborted,
        Outcome::Failed(failure) if failure.kind == FailureKind::Interrupted => Ending::Interrupted,
        Outcome::Failed(failure) if is_refusal(failure.kind) => Ending::Refused,
        Outcome::Failed(_) => Ending::Failed,
    }
}

/// Whether it is what was asked that the provider will not take.
fn is_refusal(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::UpstreamRejected | FailureKind::ContextLength)
}

/// A stored answer as the events it once grew by, and how it ended.
pub(super) fn replayed(said: Said, otherwise: ModelRef) -> (Vec<RunEvent>, Outcome) {
    let mut events = vec![RunEvent::Started { model: said.model.unwrap_or(otherwise) }];
    if let Message::Assistant { text, tool_calls } = said.message {
        events.extend(text.map(|text| RunEvent::Delta(Delta::Text(text))));
        for (index, call) in (0..).zip(tool_calls) {
            let start = Delta::ToolCallStart { index, id: call.id, name: call.name };
            let arguments = Delta::ToolCallArguments { index, fragment: call.arguments };
            events.extend([RunEvent::Delta(start), RunEvent::Delta(arguments)]);
        }
    }
    events.extend(said.usage.map(RunEvent::Usage));
    let outcome = match said.ending {
        Some(Ending::Length) => Outcome::Completed(StopReason::Length),
        Some(Ending::ContentFilter) => Outcome::Completed(StopReason::ContentFilter),
        Some(Ending::ToolCalls) => Outcome::ClientToolCalls,
        _ => Outcome::Completed(StopReason::Stop),
    };
    (events, outcome)
}
