//! The script file, and which of its replies a question gets.

use super::playback::Playback;
use super::vector;
use crate::config::Paths;
use crate::providers::Named;
use crate::providers::call::{Completion, EmbedCall, ModelCall};
use crate::providers::error::{Error, Kind};
use crate::providers::stream::ModelStream;
use crate::types::{EmbeddingInput, Embeddings, Message, StopReason, TokenScore, ToolCall, Usage};
use serde::Deserialize;
use serde_json::Value;

/// Dimensions of a vector when nobody asks for others.
const DIMENSIONS: u32 = 384;
/// Longer vectors are not made, whatever a request asks for: their room is limited here only.
const MAX_DIMENSIONS: u32 = 4_096;
/// The largest script that is read.
const MAX_SCRIPT_BYTES: u64 = 8 * 1024 * 1024;

/// A script and the provider it belongs to.
#[derive(Debug)]
pub(in crate::providers) struct Script {
    provider: String,
    file: File,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rules: Vec<Rule>,
    dimensions: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    when: Option<When>,
    reply: Reply,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    contains: String,
}

/// What is answered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Reply {
    text: Option<String>,
    chunks: Vec<String>,
    pub(super) reasoning: Option<String>,
    pub(super) refusal: Option<String>,
    logprobs: Vec<f64>,
    tool_calls: Vec<ScriptedCall>,
    finish: Option<Finish>,
    usage: Option<ScriptedUsage>,
    pub(super) error: Option<ScriptedError>,
    pub(super) delay_ms: u64,
    pub(super) pause_ms: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptedCall {
    id: Option<String>,
    name: String,
    #[serde(default)]
    arguments: Value,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Finish {
    Stop,
    Length,
    ToolCalls,
    ContentFilter,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ScriptedUsage {
    input: u64,
    output: u64,
    cached_input: u64,
    reasoning: u64,
}

/// How the reply fails.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptedError {
    kind: Kind,
    message: Option<String>,
    status: Option<u16>,
    retry_after_ms: Option<u64>,
}

/// Reads the script of a provider. It is read anew for every call: a test may rewrite it.
pub(in crate::providers) fn load(paths: &Paths, named: Named<'_>) -> Result<Script, Error> {
    let Named { id, settings } = named;
    let unusable = |what: &str| {
        let message = format!("The script of the provider `{id}` {what}.");
        Error::new(Kind::Unavailable, id, message)
    };
    let name = settings.script.as_deref().ok_or_else(|| unusable("is not named"))?;
    let path = paths.named_in_config(name);
    let size = std::fs::metadata(&path).map_err(|e| unusable("cannot be read").caused_by(e))?.len();
    if size > MAX_SCRIPT_BYTES {
        return Err(unusable("is too large"));
    }
    let text = std::fs::read(&path).map_err(|e| unusable("cannot be read").caused_by(e))?;
    let file = serde_json::from_slice(&text).map_err(|error| {
        unusable(&format!("has a mistake in line {}: {error}", error.line())).caused_by(error)
    })?;
    Ok(Script { provider: id.to_owned(), file })
}

impl Script {
    /// The scripted answer, event by event.
    pub(in crate::providers) async fn stream(self, call: &ModelCall) -> Result<ModelStream, Error> {
        let reply = self.reply(call)?;
        let mut playback = Playback::new(reply, self.provider);
        playback.begin().await?;
        Ok(ModelStream::scripted(playback))
    }

    /// The scripted answer, whole.
    pub(in crate::providers) async fn complete(
        self,
        call: &ModelCall,
    ) -> Result<Completion, Error> {
        let reply = self.reply(call)?;
        Playback::new(reply, self.provider).complete().await
    }

    /// Vectors made from hashes of the texts.
    pub(in crate::providers) async fn embed(self, call: EmbedCall) -> Result<Embeddings, Error> {
        let dimensions = call.dimensions.or(self.file.dimensions).unwrap_or(DIMENSIONS);
        let dimensions = dimensions.min(MAX_DIMENSIONS);
        let input = call.vocabulary.decode(&self.provider, call.input).await?;
        let EmbeddingInput::Texts(texts) = &*input else {
            return Err(Error::malformed(&self.provider, "no texts"));
        };
        let words = texts.iter().map(|text| text.split_whitespace().count() as u64).sum();
        let vectors = texts.iter().map(|text| vector::of(text, dimensions)).collect();
        Ok(Embeddings { vectors, usage: Usage { input: words, ..Usage::default() } })
    }

    fn reply(&self, call: &ModelCall) -> Result<Reply, Error> {
        let last = call.messages.iter().rev().find_map(|message| match message {
            Message::User { content, .. } | Message::Tool { content, .. } => Some(content.text()),
            Message::System { .. } | Message::Assistant { .. } => None,
        });
        let last = last.unwrap_or_default();
        let fits = |rule: &&Rule| {
            rule.when.as_ref().is_none_or(|when| last.contains(when.contains.as_str()))
        };
        let wanted = call.hints.logprobs.is_some();
        let rule = self.file.rules.iter().find(fits).ok_or_else(|| {
            let id = &self.provider;
            let message =
                format!("The script of the provider `{id}` has no rule for this message.");
            Error::new(Kind::Rejected, id, message)
        })?;
        let mut reply = rule.reply.clone();
        if !wanted {
            reply.logprobs.clear();
        }
        Ok(reply)
    }
}

impl Reply {
    pub(super) fn chunks(&self) -> Vec<String> {
        let text = self.text.iter().filter(|text| !text.is_empty());
        text.chain(&self.chunks).cloned().collect()
    }

    /// The score of each chunk, as far as the script has one.
    pub(super) fn scores(&self) -> Vec<TokenScore> {
        let score = |(token, logprob): (String, &f64)| TokenScore {
            bytes: Some(token.clone().into_bytes()),
            token,
            logprob: *logprob,
            top: Vec::new(),
        };
        self.chunks().into_iter().zip(&self.logprobs).map(score).collect()
    }

    pub(super) fn calls(&self) -> Vec<ToolCall> {
        let call = |(at, call): (usize, &ScriptedCall)| ToolCall {
            id: call.id.clone().unwrap_or_else(|| format!("call_{at}")),
            name: call.name.clone(),
            arguments: match &call.arguments {
                Value::String(text) => text.clone(),
                Value::Null => "{}".to_owned(),
                value => value.to_string(),
            },
        };
        self.tool_calls.iter().enumerate().map(call).collect()
    }

    pub(super) fn stop(&self) -> StopReason {
        match self.finish {
            Some(Finish::Stop) => StopReason::Stop,
            Some(Finish::Length) => StopReason::Length,
            Some(Finish::ToolCalls) => StopReason::ToolCalls,
            Some(Finish::ContentFilter) => StopReason::ContentFilter,
            None if self.tool_calls.is_empty() => StopReason::Stop,
            None => StopReason::ToolCalls,
        }
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        let ScriptedUsage { input, output, cached_input, reasoning } = self.usage?;
        Some(Usage { input, output, cached_input, reasoning })
    }

    pub(super) fn fails_at_once(&self) -> bool {
        let says_nothing = self.text.is_none()
            && self.chunks.is_empty()
            && self.reasoning.is_none()
            && self.refusal.is_none()
            && self.tool_calls.is_empty();
        self.error.is_some() && says_nothing
    }
}

impl ScriptedError {
    pub(super) fn at(&self, provider: &str) -> Error {
        let message = self.message.clone();
        let message = message.unwrap_or_else(|| format!("The provider `{provider}` failed."));
        Error {
            status: self.status,
            retry_after: self.retry_after_ms.map(std::time::Duration::from_millis),
            ..Error::new(self.kind, provider, message)
        }
    }
}
