//! A reply as it is played.

use super::script::Reply;
use crate::providers::call::{Completion, ModelEvent};
use crate::providers::error::Error;
use crate::types::Delta;
use std::collections::VecDeque;
use std::time::Duration;

/// The events of one reply.
#[derive(Debug)]
pub(in crate::providers) struct Playback {
    provider: String,
    reply: Reply,
    events: VecDeque<Result<ModelEvent, Error>>,
    delay: Duration,
    pause: Duration,
}

impl Playback {
    pub(super) fn new(reply: Reply, provider: String) -> Self {
        let events = events(&reply, &provider);
        let delay = Duration::from_millis(reply.delay_ms);
        let pause = Duration::from_millis(reply.pause_ms);
        Self { provider, reply, events, delay, pause }
    }

    /// Fails if the reply is nothing but an error, as a provider does that refuses a request.
    pub(super) async fn begin(&mut self) -> Result<(), Error> {
        match &self.reply.error {
            Some(error) if self.reply.fails_at_once() => {
                tokio::time::sleep(self.delay).await;
                Err(error.at(&self.provider))
            }
            _ => Ok(()),
        }
    }

    pub(in crate::providers) async fn next(&mut self) -> Option<Result<ModelEvent, Error>> {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        self.delay = self.pause;
        self.events.pop_front()
    }

    pub(super) async fn complete(self) -> Result<Completion, Error> {
        tokio::time::sleep(self.delay).await;
        if let Some(error) = &self.reply.error {
            return Err(error.at(&self.provider));
        }
        let text = self.reply.chunks().concat();
        Ok(Completion {
            text: (!text.is_empty()).then_some(text),
            reasoning: self.reply.reasoning.clone(),
            refusal: self.reply.refusal.clone(),
            scores: self.reply.scores(),
            tool_calls: self.reply.calls(),
            stop: self.reply.stop(),
            usage: self.reply.usage(),
        })
    }
}

fn events(reply: &Reply, provider: &str) -> VecDeque<Result<ModelEvent, Error>> {
    let mut deltas: Vec<Delta> = Vec::new();
    deltas.extend(reply.reasoning.clone().map(Delta::Reasoning));
    let mut scores = reply.scores().into_iter();
    for chunk in reply.chunks() {
        deltas.extend(scores.next().map(|score| Delta::Scores(vec![score])));
        deltas.push(Delta::Text(chunk));
    }
    deltas.extend(reply.refusal.clone().map(Delta::Refusal));
    for (index, call) in (0u32..).zip(reply.calls()) {
        deltas.push(Delta::ToolCallStart { index, id: call.id, name: call.name });
        deltas.push(Delta::ToolCallArguments { index, fragment: call.arguments });
    }
    let mut events: VecDeque<_> =
        deltas.into_iter().map(|delta| Ok(ModelEvent::Delta(delta))).collect();
    if let Some(error) = &reply.error {
        events.push_back(Err(error.at(provider)));
        return events;
    }
    events.push_back(Ok(ModelEvent::Stop(reply.stop())));
    events.extend(reply.usage().map(|usage| Ok(ModelEvent::Usage(usage))));
    events
}
