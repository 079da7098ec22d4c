//! A provider's chunks and answers in our words.
//!
//! One shape reads both: a whole answer is a chunk whose choice has a `message` where a streamed
//! one has a `delta`. Everything is optional, because somebody leaves it out.

use super::tool_calls::{Fragment, ToolCalls};
use crate::providers::call::{Completion, ModelEvent};
use crate::providers::endpoint::Endpoint;
use crate::providers::error::Error;
use crate::providers::refusal::Refusal;
use crate::types::{Delta, StopReason, ToolCall, Usage};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::fmt;

/// Why an answer cannot be handed on.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is not what it should be.
    Malformed(&'static str),
    /// It is not JSON of the right shape.
    Unreadable(serde_json::Error),
    /// It holds an error object.
    Refused(Refusal),
}

impl Trouble {
    /// The same as an error of this provider.
    pub(super) fn at(self, endpoint: &Endpoint, model: &str) -> Error {
        let provider = &endpoint.provider;
        match self {
            Self::Malformed(what) => Error::malformed(provider, what),
            Self::Unreadable(error) => {
                Error::malformed(provider, "an answer that cannot be read").caused_by(error)
            }
            Self::Refused(refusal) => refusal.to_error(endpoint, model),
        }
    }
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(default, borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    /// Only errors have one here.
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    delta: Option<Piece<'a>>,
    #[serde(borrow)]
    message: Option<Piece<'a>>,
    finish_reason: Option<String>,
    #[serde(borrow)]
    logprobs: Option<&'a RawValue>,
    /// Some put it here.
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(default)]
    content: Text,
    #[serde(default)]
    reasoning_content: Text,
    /// The same in OpenRouter's and Ollama's words.
    #[serde(default)]
    reasoning: Text,
    #[serde(default)]
    refusal: Text,
    #[serde(borrow)]
    tool_calls: Option<Vec<Fragment<'a>>>,
}

#[derive(Deserialize)]
struct WireUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

/// Puts an answer together from its chunks.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    calls: ToolCalls,
    usage: Option<Usage>,
    /// The provider has said why the answer ended.
    pub(super) stopped: bool,
    /// The provider has said that nothing more comes.
    pub(super) done: bool,
    /// Some event came, whatever it was.
    pub(super) begun: bool,
}

impl Assembler {
    /// Takes the data of one event, and appends what it means to `out`.
    pub(super) fn take(
        &mut self,
        data: &[u8],
        out: &mut VecDeque<ModelEvent>,
    ) -> Result<(), Trouble> {
        let data = data.trim_ascii();
        self.begun = true;
        if data == b"[DONE]" {
            self.done = true;
        }
        if self.done || data.is_empty() {
            return Ok(());
        }
        let chunk = read(data)?;
        let nested = chunk.choices.iter().flatten().find_map(|choice| choice.usage);
        let usage = chunk.usage.or(nested).and_then(usage);
        self.usage = usage.or(self.usage);
        for choice in chunk.choices.into_iter().flatten() {
            // We never ask for a second choice.
            if !self.stopped && choice.index.unwrap_or(0) == 0 {
                self.choice(choice, out)?;
            }
        }
        if self.stopped
            && let Some(usage) = self.usage.take()
        {
            out.push_back(ModelEvent::Usage(usage));
        }
        Ok(())
    }

    /// Takes a whole answer.
    pub(super) fn take_whole(
        &mut self,
        answer: &[u8],
        out: &mut VecDeque<ModelEvent>,
    ) -> Result<(), Trouble> {
        self.take(answer, out)?;
        if !self.stopped {
            return Err(Trouble::Malformed("an answer without a message"));
        }
        self.done = true;
        Ok(())
    }

    fn choice(
        &mut self,
        choice: Choice<'_>,
        out: &mut VecDeque<ModelEvent>,
    ) -> Result<(), Trouble> {
        let whole = choice.message.is_some();
        if let Some(piece) = choice.message.or(choice.delta) {
            let scores = choice.logprobs.map(scores::read).unwrap_or_default();
            if !scores.is_empty() {
                out.push_back(ModelEvent::Delta(Delta::Scores(scores)));
            }
            let mut push = |text: String, delta: fn(String) -> Delta| {
                if !text.is_empty() {
                    out.push_back(ModelEvent::Delta(delta(text)));
                }
            };
            let Text { visible, thinking } = piece.content;
            let reasoning = [piece.reasoning_content.visible, piece.reasoning.visible, thinking];
            let reasoning = reasoning.into_iter().find(|text| !text.is_empty());
            push(reasoning.unwrap_or_default(), Delta::Reasoning);
            push(visible, Delta::Text);
            push(piece.refusal.visible, Delta::Refusal);
            for fragment in piece.tool_calls.into_iter().flatten() {
                let taken = if whole {
                    self.calls.take_whole(fragment, out)
                } else {
                    self.calls.take(fragment, out)
                };
                taken.map_err(Trouble::Malformed)?;
            }
        }
        // Some write an empty reason where others write null.
        let reason = choice.finish_reason.filter(|reason| !reason.is_empty());
        let reason = reason.or_else(|| whole.then(|| "stop".to_owned()));
        reason.map_or(Ok(()), |reason| self.stop(&reason, out))
    }

    fn stop(&mut self, reason: &str, out: &mut VecDeque<ModelEvent>) -> Result<(), Trouble> {
        if reason == "error" {
            return Err(Trouble::Refused(Refusal::default()));
        }
        self.calls.finish(out).map_err(Trouble::Malformed)?;
        let reason = match (reason, self.calls.is_empty()) {
            ("length" | "max_tokens" | "MAX_TOKENS" | "model_length", _) => StopReason::Length,
            ("content_filter" | "SAFETY" | "safety", _) => StopReason::ContentFilter,
            // Several servers say `stop` although the model called tools.
            (_, false) => StopReason::ToolCalls,
            (_, true) => StopReason::Stop,
        };
        out.push_back(ModelEvent::Stop(reason));
        self.stopped = true;
        Ok(())
    }
}

fn read(data: &[u8]) -> Result<Chunk<'_>, Trouble> {
    let chunk: Chunk<'_> = serde_json::from_slice(data).map_err(Trouble::Unreadable)?;
    if let Some(error) = chunk.error {
        return Err(Trouble::Refused(Refusal::of_error(error.get())));
    }
    if chunk.choices.is_none() && chunk.message.is_some() {
        let text = String::from_utf8_lossy(data);
        return Err(Trouble::Refused(Refusal::of_error(&text)));
    }
    Ok(chunk)
}

/// A count that cannot be read is no reason to lose the answer.
fn usage(raw: &RawValue) -> Option<Usage> {
    let usage: WireUsage = serde_json::from_str(raw.get()).ok()?;
    let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens);
    let reasoning = usage.completion_tokens_details.and_then(|details| details.reasoning_tokens);
    Some(Usage {
        input: usage.prompt_tokens,
        output: usage.completion_tokens,
        cached_input: cached.unwrap_or(0),
        reasoning: reasoning.unwrap_or(0),
    })
}

/// Reads a whole answer.
pub(super) fn completion(answer: &[u8]) -> Result<Completion, Trouble> {
    let mut events = VecDeque::new();
    Assembler::default().take_whole(answer, &mut events)?;
    let mut whole = Completion {
        text: None,
        reasoning: None,
        refusal: None,
        scores: Vec::new(),
        tool_calls: Vec::new(),
        stop: StopReason::Stop,
        usage: None,
    };
    for event in events {
        match event {
            ModelEvent::Delta(Delta::Text(text)) => whole.text = Some(text),
            ModelEvent::Delta(Delta::Reasoning(text)) => whole.reasoning = Some(text),
            ModelEvent::Delta(Delta::Refusal(text)) => whole.refusal = Some(text),
            ModelEvent::Delta(Delta::ToolCallStart { id, name, .. }) => {
                whole.tool_calls.push(ToolCall { id, name, arguments: String::new() });
            }
            ModelEvent::Delta(Delta::ToolCallArguments { index, fragment }) => {
                if let Some(call) = whole.tool_calls.get_mut(index as usize) {
                    call.arguments.push_str(&fragment);
                }
            }
            ModelEvent::Delta(Delta::Scores(scores)) => whole.scores.extend(scores),
            ModelEvent::Usage(usage) => whole.usage = Some(usage),
            ModelEvent::Stop(stop) => whole.stop = stop,
        }
    }
    Ok(whole)
}

/// A text, or nothing, or Mistral's list of parts, of which some are the model's thinking.
#[derive(Debug, Default)]
struct Text {
    visible: String,
    thinking: String,
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of parts or null")
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text { visible: text.to_owned(), thinking: String::new() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Text, A::Error> {
        let mut text = Text::default();
        while let Some(part) = parts.next_element::<Text>()? {
            text.visible.push_str(&part.visible);
            text.thinking.push_str(&part.thinking);
        }
        Ok(text)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut part: A) -> Result<Text, A::Error> {
        let mut text = Text::default();
        while let Some(key) = part.next_key::<String>()? {
            match key.as_str() {
                "text" => text.visible = part.next_value::<Text>()?.visible,
                "thinking" => text.thinking = part.next_value::<Text>()?.visible,
                _ => drop(part.next_value::<IgnoredAny>()?),
            }
        }
        Ok(text)
    }
}

mod scores;
#[cfg(test)]
mod tests;
