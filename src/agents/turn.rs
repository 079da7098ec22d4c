//! One turn of an agent: from a conversation to an answer.

use super::{Agents, prompt};
use crate::providers::{Completion, ModelCall, ModelEvent};
use crate::secrets::Snapshot;
use crate::types::{
    Delivery, Delta, Failure, FailureKind, Outcome, RunEvent, RunRequest, StopReason, ToolChoice,
};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Nobody reads the events any more; the turn ends quietly.
struct Unread;

/// What a turn is about.
#[derive(Debug)]
pub struct Turn {
    /// The config it sees from its beginning to its end.
    pub snapshot: Arc<Snapshot>,
    /// What is asked.
    pub request: RunRequest,
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
    let Turn { snapshot, request } = turn;
    let wanted = Wanted { choice: request.tool_choice.clone(), called: false };
    let delivery = request.delivery;
    let call = match prepare(agents, &snapshot, request) {
        Ok(call) => call,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut relay = Relay { events, wanted, stop: StopReason::Stop };
    match delivery {
        Delivery::Growing => relay.stream(agents, &snapshot, call).await,
        Delivery::Whole => relay.complete(agents, &snapshot, call).await,
    }
}

/// Resolves agent and model and puts the call to the model together.
fn prepare(
    agents: &Agents,
    snapshot: &Snapshot,
    request: RunRequest,
) -> Result<ModelCall, Failure> {
    let agent = agents.resolve(snapshot, request.agent.as_ref())?;
    let model = match &request.model {
        Some(text) => agents.overridden(snapshot, text)?,
        None => agent.model.clone(),
    };
    Ok(ModelCall {
        model,
        messages: prompt::assemble(agent, request.input),
        sampling: request.sampling,
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
                }
                send(self.events, RunEvent::Delta(delta)).await
            }
            ModelEvent::Usage(usage) => send(self.events, RunEvent::Usage(usage)).await,
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
        Err(Failure::new(FailureKind::UpstreamUnavailable, message))
    }
}

/// A whole answer as the events it would have grown by.
fn unfold(completion: Completion) -> impl Iterator<Item = ModelEvent> {
    let texts = [
        completion.reasoning.map(Delta::Reasoning),
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
