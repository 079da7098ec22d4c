//! The worker's half of the OpenAI dialect: what it accepts and how it refuses.
//!
//! The gateway checked these requests already; what is checked here is what only this model knows
//! it cannot do. Fields that are not named are ignored.

use super::job::{Role, Sampling, Turn};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The JSON schema of any object.
const ANY_OBJECT: &str = r#"{"type":"object"}"#;

/// A refusal in OpenAI's error shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    pub(super) param: Option<&'static str>,
    pub(super) code: Option<&'static str>,
    /// Seconds after which it is worth asking again.
    pub(super) retry_after: Option<u32>,
}

impl Refusal {
    /// The request cannot be carried out; `param` says which part.
    pub(super) fn unsupported(param: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
            param: Some(param),
            code: Some("unsupported_value"),
            retry_after: None,
        }
    }

    /// The body is not what the route takes.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
            param: None,
            code: Some("invalid_request"),
            retry_after: None,
        }
    }

    /// The conversation has `tokens` tokens where the model reads `limit`.
    pub(super) fn too_long(tokens: usize, limit: u32) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: format!(
                "This model's maximum context length is {limit} tokens, but the conversation has \
                 {tokens} tokens and leaves no room for an answer. Shorten it and try again."
            ),
            param: Some("messages"),
            code: Some("context_length_exceeded"),
            retry_after: None,
        }
    }

    /// Too many jobs wait already.
    pub(super) fn overloaded() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            message: "The local model has too many requests waiting; try again shortly.".to_owned(),
            param: None,
            code: Some("overloaded"),
            retry_after: Some(2),
        }
    }

    /// The engine failed; `what` is safe to show.
    pub(super) fn engine(what: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: what.into(),
            param: None,
            code: Some("engine_error"),
            retry_after: None,
        }
    }

    /// The JSON body.
    pub(super) fn to_json(&self) -> Value {
        let kind = match self.status {
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                "invalid_request_error"
            }
            _ => "server_error",
        };
        serde_json::json!({"error": {
            "message": self.message, "type": kind, "param": self.param, "code": self.code,
        }})
    }
}

/// `POST /v1/chat/completions`.
#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest {
    messages: Vec<Message>,
    #[serde(default)]
    pub(super) stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    stop: Option<OneOrMany>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    temperature: Option<f32>,
    #[serde(default)]
    top_p: Option<f32>,
    #[serde(default)]
    frequency_penalty: Option<f32>,
    #[serde(default)]
    presence_penalty: Option<f32>,
    #[serde(default)]
    seed: Option<i64>,
    #[serde(default)]
    n: Option<u32>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    response_format: Option<ResponseFormat>,
}

/// A stream's last chunk, which holds the usage and no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UsageChunk {
    Wanted,
    Unwanted,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct ResponseFormat {
    r#type: String,
    #[serde(default)]
    json_schema: Option<JsonSchema>,
}

#[derive(Debug, Deserialize)]
struct JsonSchema {
    #[serde(default)]
    schema: Option<Box<RawValue>>,
}

impl ResponseFormat {
    /// The JSON schema an answer must fit; `None` for free text.
    fn into_schema(self) -> Result<Option<String>, Refusal> {
        match self.r#type.as_str() {
            "text" => Ok(None),
            "json_object" => Ok(Some(ANY_OBJECT.to_owned())),
            "json_schema" => match self.json_schema.and_then(|format| format.schema) {
                Some(schema) => Ok(Some(schema.get().to_owned())),
                None => Ok(Some(ANY_OBJECT.to_owned())),
            },
            other => Err(Refusal::unsupported(
                "response_format",
                format!("The local model knows no response_format of type {other:?}."),
            )),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    r#type: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

/// A text or a list of texts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        }
    }
}

impl ChatRequest {
    /// Whether the stream shall end with a usage chunk.
    pub(super) fn usage_chunk(&self) -> UsageChunk {
        match self.stream_options.as_ref().and_then(|options| options.include_usage) {
            Some(true) => UsageChunk::Wanted,
            Some(false) | None => UsageChunk::Unwanted,
        }
    }

    /// The conversation and the sampling, or what this model cannot do.
    pub(super) fn into_job(self) -> Result<(Vec<Turn>, Sampling), Refusal> {
        self.refuse_tools()?;
        if self.n.is_some_and(|n| n > 1) {
            return Err(Refusal::unsupported("n", "The local model answers once: n must be 1."));
        }
        let schema = self.response_format.map(ResponseFormat::into_schema).transpose()?.flatten();
        if self.messages.is_empty() {
            return Err(Refusal::unsupported("messages", "messages must not be empty."));
        }
        let turns = self.messages.into_iter().map(Message::into_turn).collect::<Result<_, _>>()?;
        let sampling = Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            frequency_penalty: self.frequency_penalty,
            presence_penalty: self.presence_penalty,
            seed: self.seed.map(fold_seed),
            stop: self.stop.map(OneOrMany::into_vec).unwrap_or_default(),
            max_tokens: self.max_completion_tokens.or(self.max_tokens),
            schema,
        };
        Ok((turns, sampling))
    }

    /// A tool call that the caller insists on is one this model cannot make.
    fn refuse_tools(&self) -> Result<(), Refusal> {
        match &self.tool_choice {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(choice)) if choice == "auto" || choice == "none" => Ok(()),
            Some(_) => Err(Refusal::unsupported(
                "tool_choice",
                "The local model cannot call tools: leave tool_choice out, or use a provider \
                 whose model can.",
            )),
        }
    }
}

/// llama.cpp seeds with 32 bits; both halves of the caller's seed count.
fn fold_seed(seed: i64) -> u32 {
    let bits = seed.cast_unsigned();
    let folded = (bits ^ (bits >> 32)) & u64::from(u32::MAX);
    u32::try_from(folded).expect("masked to 32 bits")
}

impl Message {
    fn into_turn(self) -> Result<Turn, Refusal> {
        let text = self.content.map(Content::into_text).transpose()?.unwrap_or_default();
        let (role, text) = match self.role.as_str() {
            "system" | "developer" => (Role::System, text),
            "user" => (Role::User, text),
            "assistant" => (Role::Assistant, text),
            "tool" | "function" => (Role::User, format!("Result of the tool: {text}")),
            other => {
                return Err(Refusal::unsupported("messages", format!("unknown role {other:?}")));
            }
        };
        Ok(Turn { role, text })
    }
}

impl Content {
    fn into_text(self) -> Result<String, Refusal> {
        let parts = match self {
            Content::Text(text) => return Ok(text),
            Content::Parts(parts) => parts,
        };
        let mut texts = Vec::with_capacity(parts.len());
        for part in parts {
            match part.r#type.as_str() {
                "text" => texts.push(part.text.unwrap_or_default()),
                "refusal" => texts.push(part.refusal.unwrap_or_default()),
                other => {
                    return Err(Refusal::unsupported(
                        "messages",
                        format!("The local model reads text only; it cannot read {other:?} parts."),
                    ));
                }
            }
        }
        Ok(texts.join("\n"))
    }
}

/// `POST /v1/embeddings`.
#[derive(Debug, Deserialize)]
pub(super) struct EmbedRequest {
    input: EmbedInput,
    #[serde(default)]
    encoding_format: Option<String>,
    #[serde(default)]
    dimensions: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum EmbedInput {
    One(String),
    Many(Vec<String>),
}

/// How a vector is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Float,
    Base64,
}

impl EmbedRequest {
    /// The texts and their encoding, or what this model cannot do; it makes vectors of `width`.
    pub(super) fn into_job(self, width: usize) -> Result<(Vec<String>, Encoding), Refusal> {
        if self.dimensions.is_some_and(|wanted| wanted as usize != width) {
            return Err(Refusal::unsupported(
                "dimensions",
                format!("This embedding model has {width} dimensions and cannot shorten them."),
            ));
        }
        let encoding = match self.encoding_format.as_deref() {
            None | Some("float") => Encoding::Float,
            Some("base64") => Encoding::Base64,
            Some(_) => {
                let message = "encoding_format must be \"float\" or \"base64\".";
                return Err(Refusal::unsupported("encoding_format", message));
            }
        };
        let texts = match self.input {
            EmbedInput::One(text) => vec![text],
            EmbedInput::Many(texts) => texts,
        };
        if texts.is_empty() {
            return Err(Refusal::unsupported("input", "input must not be empty."));
        }
        Ok((texts, encoding))
    }
}
