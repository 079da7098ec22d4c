//! One turn of an agent: from a conversation to an answer.

use super::{Agents, prompt};
use crate::providers::{Completion, ModelCall, ModelEvent};
use crate::secrets::Snapshot;
use crate::types::{
    Delivery, Delta, Failure, FailureKind, Message, Outcome, RunEvent, RunKind, RunRequest,
    StopReason, ToolChoice, Usage,
};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;

/// Nobody reads the events any more; the turn ends quietly.
struct Unread;

/// What a turn is about.
#[derive(Debug)]
pub struct Turn {
    /// The config it sees from its beginning to its end.
    pub snapshot: Arc<Snapshot>,
    /// What is asked.
    pub request: RunRequest,
    /// Where it tells that the model has answered and it could go on; absent for a turn that ends
    /// with the model's first answer.
    pub boundaries: Option<Sender<Boundary>>,
}

/// A turn between two calls to the model. Everything it has sent before belongs to the answer
/// that is complete now. Dropping it lets the turn end.
#[derive(Debug)]
pub struct Boundary(oneshot::Sender<Vec<Message>>);

impl Boundary {
    /// Lets the turn call the model again, with these messages after all it has read so far: the
    /// answer it gave, and what came up meanwhile.
    pub fn go_on(self, messages: Vec<Message>) {
        // A turn that was dropped meanwhile needs no messages.
        let _ = self.0.send(messages);
    }
}

/// Runs a turn, sending what happens to `events`; [`RunEvent::Finished`] is the last.
pub(super) async fn run(agents: Agents, turn: Turn, events: Sender<RunEvent>) {
    let outcome = match answer(&agents, turn, &events).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(failure)) => Outcome::Failed(failure),
        Err(Unread) => return,
    };
    // A reader that left before the end is not an error: the run was cancelled.
    let _ = events.send(RunEvent::Finished(outcome)).await;
}

async fn answer(
    agents: &Agents,
    turn: Turn,
    events: &Sender<RunEvent>,
) -> Result<Result<Outcome, Failure>, Unread> {
    let Turn { snapshot, mut request, boundaries } = turn;
    if request.kind == RunKind::Utility {
        request.tools.clear();
        request.tool_choice = ToolChoice::Auto;
        request.parallel_tool_calls = None;
    }
    let wanted = Wanted { choice: request.tool_choice.clone(), called: false };
    let delivery = request.delivery;
    let mut call = match prepare(agents, &snapshot, request) {
        Ok(call) => call,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut relay =
        Relay { events, wanted, stop: StopReason::Stop, spent: Spent::default(), calls: false };
    loop {
        let again = boundaries.as_ref().map(|boundaries| (boundaries, call.clone()));
        let outcome = match delivery {
            Delivery::Growing => relay.stream(agents, &snapshot, call).await?,
            Delivery::Whole => relay.complete(agents, &snapshot, call).await?,
        };
        let (Ok(Outcome::Completed(_)), Some((boundaries, next))) = (&outcome, again) else {
            return Ok(outcome);
        };
        if relay.calls {
            // Whatever the provider says of its end, the caller has to answer these calls first.
            return Ok(outcome);
        }
        let more = at_boundary(boundaries).await;
        if more.is_empty() {
            return Ok(outcome);
        }
        call = next;
        call.messages.extend(more);
        relay.spent.close();
    }
}

/// Tells that the model has answered; gives what it shall read next, or nothing.
async fn at_boundary(boundaries: &Sender<Boundary>) -> Vec<Message> {
    let (sender, messages) = oneshot::channel();
    if boundaries.send(Boundary(sender)).await.is_err() {
        return Vec::new();
    }
    messages.await.unwrap_or_default()
}

/// Resolves agent and model and puts the call to the model together.
fn prepare(
    agents: &Agents,
    snapshot: &Snapshot,
    request: RunRequest,
) -> Result<ModelCall, Failure> {
    let agent = agents.resolve(snapshot, request.agent.as_ref())?;
    let model = agents.model(snapshot, &request)?;
    Ok(ModelCall {
        model,
        messages: prompt::assemble(agent, request.context, request.input),
        sampling: request.sampling,
        hints: request.hints,
        response_format: request.response_format,
        tools: request.tools,
        tool_choice: request.tool_choice,
        parallel_tool_calls: request.parallel_tool_calls,
    })
}

/// What the caller demands of tool calls, and whether it was met.
struct Wanted {
    choice: ToolChoice,
    called: bool,
}

/// Passes a model's events on and remembers how it stopped.
struct Relay<'a> {
    events: &'a Sender<RunEvent>,
    wanted: Wanted,
    stop: StopReason,
    spent: Spent,
    /// Whether the model has asked for tools.
    calls: bool,
}

/// Tokens of a turn that may call the model more than once.
#[derive(Default)]
struct Spent {
    /// What earlier calls have taken.
    before: Usage,
    /// What the call under way has taken so far.
    now: Usage,
}

impl Spent {
    /// The sum with what the call under way has taken.
    fn sum(&mut self, now: Usage) -> Usage {
        self.now = now;
        Usage {
            input: self.before.input.saturating_add(now.input),
            output: self.before.output.saturating_add(now.output),
            cached_input: self.before.cached_input.saturating_add(now.cached_input),
            reasoning: self.before.reasoning.saturating_add(now.reasoning),
        }
    }

    /// The call under way has ended.
    fn close(&mut self) {
        self.before = self.sum(self.now);
        self.now = Usage::default();
    }
}

impl Relay<'_> {
    async fn stream(
        &mut self,
        agents: &Agents,
        snapshot: &Arc<Snapshot>,
        call: ModelCall,
    ) -> Result<Result<Outcome, Failure>, Unread> {
        let model = call.model.clone();
        let mut stream = match agents.providers.stream(snapshot, call).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error.into())),
        };
        send(self.events, RunEvent::Started { model }).await?;
        while let Some(event) = stream.next().await {
            match event {
                Ok(event) => self.event(event).await?,
                Err(error) => return Ok(Err(error.into())),
            }
        }
        Ok(self.outcome())
    }

    async fn complete(
        &mut self,
        agents: &Agents,
        snapshot: &Arc<Snapshot>,
        call: ModelCall,
    ) -> Result<Result<Outcome, Failure>, Unread> {
        let model = call.model.clone();
        let completion = match agents.providers.complete(snapshot, call).await {
            Ok(completion) => completion,
            Err(error) => return Ok(Err(error.into())),
        };
        send(self.events, RunEvent::Started { model }).await?;
        for event in unfold(completion) {
            self.event(event).await?;
        }
        Ok(self.outcome())
    }

    async fn event(&mut self, event: ModelEvent) -> Result<(), Unread> {
        match event {
            ModelEvent::Delta(delta) => {
                if let Delta::ToolCallStart { name, .. } = &delta {
                    self.wanted.saw(name);
                    self.calls = true;
                }
                send(self.events, RunEvent::Delta(delta)).await
            }
            ModelEvent::Usage(usage) => {
                send(self.events, RunEvent::Usage(self.spent.sum(usage))).await
            }
            ModelEvent::Stop(stop) => {
                self.stop = stop;
                Ok(())
            }
        }
    }

    fn outcome(&self) -> Result<Outcome, Failure> {
        self.wanted.met(self.stop)?;
        Ok(match self.stop {
            StopReason::ToolCalls => Outcome::ClientToolCalls,
            stop => Outcome::Completed(stop),
        })
    }
}

impl Wanted {
    fn saw(&mut self, name: &str) {
        self.called |= match &self.choice {
            ToolChoice::Function(wanted) => wanted == name,
            _ => true,
        };
    }

    /// A demanded call that did not come is a failure, unless the answer was cut before it could.
    fn met(&self, stop: StopReason) -> Result<(), Failure> {
        let cut = matches!(stop, StopReason::Length | StopReason::ContentFilter);
        let demand = match &self.choice {
            ToolChoice::Auto | ToolChoice::None => return Ok(()),
            ToolChoice::Required => "tool_choice=required".to_owned(),
            ToolChoice::Function(name) => format!("tool_choice for the function '{name}'"),
        };
        if self.called || cut {
            return Ok(());
        }
        let message = format!("{demand} was not satisfied by the agent response");
        Err(Failure::new(FailureKind::ToolChoiceUnmet, message))
    }
}

/// A whole answer as the events it would have grown by.
fn unfold(completion: Completion) -> impl Iterator<Item = ModelEvent> {
    let scores = Some(completion.scores).filter(|scores| !scores.is_empty());
    let texts = [
        completion.reasoning.map(Delta::Reasoning),
        scores.map(Delta::Scores),
        completion.text.map(Delta::Text),
        completion.refusal.map(Delta::Refusal),
    ];
    let calls = (0..).zip(completion.tool_calls).flat_map(|(index, call)| {
        [
            Delta::ToolCallStart { index, id: call.id, name: call.name },
            Delta::ToolCallArguments { index, fragment: call.arguments },
        ]
    });
    let usage = completion.usage.map(ModelEvent::Usage);
    texts
        .into_iter()
        .flatten()
        .chain(calls)
        .map(ModelEvent::Delta)
        .chain([ModelEvent::Stop(completion.stop)])
        .chain(usage)
}

async fn send(events: &Sender<RunEvent>, event: RunEvent) -> Result<(), Unread> {
    events.send(event).await.map_err(|_| Unread)
}
