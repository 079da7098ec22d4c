//! The waist: what every transport asks for, and what every transport gets back.

use super::{
    AgentId, Caller, Failure, InvalidName, Message, ModelRef, QueueMode, SessionKey, ToolChoice,
    ToolSpec,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::Duration;

/// A request to let an agent answer. Every transport builds one; only `runs` reads it.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Who answers; absent means the default agent.
    pub agent: Option<AgentId>,
    /// The session it is a turn of; absent for a run that leaves no trace.
    pub session: Option<SessionKey>,
    /// Who keeps the conversation that `input` is of.
    pub history: History,
    /// A turn of the conversation, or a side task of the client's.
    pub kind: RunKind,
    /// The conversation so far, oldest first.
    pub input: Vec<Message>,
    /// Texts that the model reads with this turn and that no transcript keeps, such as what stands
    /// in a file; each marked as what it is.
    pub context: Vec<ContextText>,
    /// How the model samples.
    pub sampling: Sampling,
    /// What else a provider may make use of.
    pub hints: Hints,
    /// The form the answer must take.
    pub response_format: Option<ResponseFormat>,
    /// Functions the caller will run itself; a call to one ends the run.
    pub tools: Vec<ToolSpec>,
    /// How free the model is in calling them.
    pub tool_choice: ToolChoice,
    /// Whether the model may call several at once; absent leaves it to the provider.
    pub parallel_tool_calls: Option<bool>,
    /// A model to use instead of the agent's own, `provider/model` or a bare model name.
    pub model: Option<String>,
    /// Whether anyone watches the answer grow.
    pub delivery: Delivery,
    /// Where it comes from and who asks.
    pub origin: Origin,
    /// What to do when its session is busy; absent means what the config says.
    pub queue: Option<QueueMode>,
    /// How long it may take, from its start to its end; absent means what the config says.
    pub timeout: Option<Duration>,
    /// Repeats of the caller's with this key are the same run.
    pub idempotency_key: Option<String>,
    /// What becomes of it when nobody reads it any more.
    pub on_disconnect: OnDisconnect,
}

/// A text that a model reads with a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextText {
    /// It, with the marks that say what it is.
    pub text: String,
    /// What makes it the same text the next time it is read, when its marks are others: SHA-256 of
    /// where it is from and of what stood there.
    pub digest: [u8; 32],
}

impl From<String> for ContextText {
    /// A text whose marks stay what they are.
    fn from(text: String) -> Self {
        let digest = Sha256::digest(&text).into();
        Self { text, digest }
    }
}

/// Who keeps a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum History {
    /// The caller: what it sends is all there is, however short.
    Caller,
    /// The session, unless the caller sends earlier answers along.
    Session,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunKind {
    /// A turn of a conversation.
    Turn,
    /// A side task of a client's, such as a title or tags: answered by the agent's utility model,
    /// without tools, memory or session.
    Utility,
}

/// Where a run comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Which part of the gateway started it.
    pub surface: Surface,
    /// Who asked.
    pub caller: Caller,
}

/// A part of the gateway that starts runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Surface {
    /// `POST /v1/chat/completions`.
    Chat,
    /// `/v1/responses`.
    Responses,
}

impl Surface {
    /// Its name in listings and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Surface::Chat => "openai",
            Surface::Responses => "openresponses",
        }
    }
}

/// What becomes of a run that nobody reads any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDisconnect {
    /// It is cancelled, and its upstream request closed, at once.
    Cancel,
    /// It goes on to its end.
    Detach,
    /// It goes on for this long; then it is cancelled, unless somebody reads it again.
    Grace(Duration),
}

/// The id of a run: `run_` and 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(u128);

impl RunId {
    /// The id with these 128 bits.
    pub fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Parses what [`fmt::Display`] writes.
    ///
    /// # Errors
    /// [`InvalidName`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let digits = text.strip_prefix("run_").filter(|digits| digits.len() == 32);
        let bits = digits.and_then(|digits| u128::from_str_radix(digits, 16).ok());
        bits.map(Self)
            .ok_or_else(|| InvalidName::new("run id", "`run_` and 32 hexadecimal digits", text))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run_{:032x}", self.0)
    }
}

/// How an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Only the end matters; the provider is asked for the whole answer, the cheaper exchange.
    Whole,
    /// Piece by piece, as the model writes it.
    Growing,
}

/// Sampling parameters; an absent one is the provider's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sampling {
    /// 0 to 2.
    pub temperature: Option<f64>,
    /// 0 to 1.
    pub top_p: Option<f64>,
    /// -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// -2 to 2.
    pub presence_penalty: Option<f64>,
    /// Makes sampling repeatable where the provider can.
    pub seed: Option<i64>,
    /// At most four texts that end the answer.
    pub stop: Vec<String>,
    /// Tokens the answer may have, hidden reasoning included.
    pub max_tokens: Option<u32>,
}

/// What goes on to the provider as it came, where the provider is known to take it. None of it
/// changes what the gateway does.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Scores of the answer's tokens are wanted, each with so many alternatives: 0 to 20.
    pub logprobs: Option<u8>,
    /// OpenAI's `logit_bias`, an object.
    pub logit_bias: Option<Box<RawValue>>,
    /// OpenAI's `prediction`, an object.
    pub prediction: Option<Box<RawValue>>,
    /// How much the model thinks: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`.
    pub reasoning_effort: Option<String>,
    /// How much it says: `low`, `medium`, `high`.
    pub verbosity: Option<String>,
    /// Which of the provider's queues the request goes to.
    pub service_tier: Option<String>,
    /// Names the end user to the provider's abuse checks.
    pub safety_identifier: Option<String>,
}

impl Hints {
    /// Those that are given, by their names in OpenAI's API.
    pub fn given(&self) -> impl Iterator<Item = &'static str> {
        let each = [
            ("logprobs", self.logprobs.is_some()),
            ("logit_bias", self.logit_bias.is_some()),
            ("prediction", self.prediction.is_some()),
            ("reasoning_effort", self.reasoning_effort.is_some()),
            ("verbosity", self.verbosity.is_some()),
            ("service_tier", self.service_tier.is_some()),
            ("safety_identifier", self.safety_identifier.is_some()),
        ];
        each.into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }
}

/// The form an answer must take, where it is not free text.
#[derive(Debug, Clone)]
pub enum ResponseFormat {
    /// Any JSON object.
    JsonObject,
    /// JSON that fits a schema: OpenAI's `json_schema` object, passed on untouched.
    JsonSchema(Box<RawValue>),
}

/// What happens during a run, in order. `Finished` comes exactly once and last.
#[derive(Debug, Clone)]
pub enum RunEvent {
    /// What was asked is safe: it will not be lost, even if the process dies now. Only runs of a
    /// session say so, once and first.
    Accepted,
    /// A model was picked and its provider has accepted the request. A run whose turn others join
    /// says so again for every further call to the model; what follows is a message of its own.
    Started {
        /// The model that answers.
        model: ModelRef,
    },
    /// The answer grew.
    Delta(Delta),
    /// Tokens spent, cumulative; the last one counts.
    Usage(Usage),
    /// The end.
    Finished(Outcome),
}

/// A piece of an answer.
///
/// Tool calls are canonical: `index` counts from 0 without gaps, `ToolCallStart` comes once for
/// each, and the argument fragments that follow concatenate to what the model wrote.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    /// Visible text.
    Text(String),
    /// Reasoning the provider chose to show.
    Reasoning(String),
    /// The model declines, in its own words.
    Refusal(String),
    /// Scores of the tokens of the text or refusal that comes next.
    Scores(Vec<TokenScore>),
    /// A tool call begins.
    ToolCallStart {
        /// Its place among the calls of this answer.
        index: u32,
        /// The provider's id for it.
        id: String,
        /// The function's name.
        name: String,
    },
    /// A tool call's arguments grow.
    ToolCallArguments {
        /// Which call.
        index: u32,
        /// The next piece of its JSON text.
        fragment: String,
    },
}

/// A token of an answer and how likely the model found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenScore {
    /// The token's text.
    pub token: String,
    /// Natural logarithm of its probability.
    pub logprob: f64,
    /// Its UTF-8 bytes, where the provider tells them: a token may be half a character.
    pub bytes: Option<Vec<u8>>,
    /// The likeliest tokens at its place, as far as they were asked for.
    pub top: Vec<Alternative>,
}

/// A token that could have stood in another's place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// The token's text.
    pub token: String,
    /// Natural logarithm of its probability.
    pub logprob: f64,
    /// Its UTF-8 bytes, where the provider tells them.
    pub bytes: Option<Vec<u8>>,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The model came to an end.
    Completed(StopReason),
    /// The model asked for the caller's own tools; the caller continues with their results.
    ClientToolCalls,
    /// Somebody ended it early; what was streamed before is partial.
    Aborted,
    /// Something went wrong; what was streamed before is partial.
    Failed(Failure),
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// It was done, or met a stop text.
    Stop,
    /// It ran into the token limit.
    Length,
    /// It called tools.
    ToolCalls,
    /// The provider withheld the rest.
    ContentFilter,
}

/// Tokens spent by a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub input: u64,
    /// Tokens written, reasoning included.
    pub output: u64,
    /// Of `input`, those served from the provider's cache.
    pub cached_input: u64,
    /// Of `output`, those spent on hidden reasoning.
    pub reasoning: u64,
}
