//! What a provider means when it refuses: its status, its error object and its words, turned into
//! one of our kinds.

use super::endpoint::Endpoint;
use super::error::{Error, Kind};
use http::StatusCode;
use serde_json::Value;

/// Characters of the provider's own words that are passed on.
const MAX_QUOTE: usize = 500;

/// Phrases by which servers without error codes say that a conversation is too long.
const TOO_LONG: [&str; 8] = [
    "context length",
    "context window",
    "context size",
    "maximum context",
    "prompt is too long",
    "input is too long",
    "too many tokens",
    "reduce the length",
];

/// A refusal, before or within an answer.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    status: Option<u16>,
    code: String,
    what: String,
    message: Option<String>,
}

impl Refusal {
    /// From a response that is not a success.
    pub(super) fn of_response(status: StatusCode, body: &[u8]) -> Self {
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        Self { status: Some(status.as_u16()), ..Self::of_body(&body) }
    }

    /// From the error object within an answer, in JSON text.
    pub(super) fn of_error(error: &str) -> Self {
        let error = serde_json::from_str(error).unwrap_or(Value::Null);
        Self::of_object(&error)
    }

    /// `{"error": …}` as OpenAI has it; the error's fields at the top as Mistral has them;
    /// `{"detail": …}` as FastAPI has it; any of these in a list as Google has it.
    fn of_body(body: &Value) -> Self {
        let body = body.get(0).unwrap_or(body);
        let detail = body.get("detail").map(|detail| {
            let first = detail.get(0).and_then(|first| first.get("msg")).unwrap_or(detail);
            Self { message: first.as_str().map(str::to_owned), ..Self::default() }
        });
        match (body.get("error"), detail) {
            (Some(error), _) => Self::of_object(error),
            (None, Some(detail)) => detail,
            (None, None) => Self::of_object(body),
        }
    }

    fn of_object(error: &Value) -> Self {
        let text = |name: &str| match error.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let message = error.as_str().or_else(|| error.get("message").and_then(Value::as_str));
        let (code, status) = (text("code"), text("status"));
        let number = |text: &str| text.parse().ok().filter(|status| (400..600).contains(status));
        Self {
            status: number(&code).or_else(|| number(&status)),
            code,
            what: text("type"),
            message: message.map(str::to_owned),
        }
    }

    /// Whether it is about a bill, which no second attempt pays.
    pub(super) fn is_about_money(&self) -> bool {
        self.status == Some(402) || self.names("insufficient_quota") || self.names("billing")
    }

    fn names(&self, what: &str) -> bool {
        self.code.contains(what) || self.what.contains(what)
    }

    fn kind(&self) -> Kind {
        if self.is_too_long() {
            return Kind::ContextLength;
        }
        if self.is_about_money() {
            return Kind::RateLimit;
        }
        match self.status {
            Some(401 | 403) => Kind::Auth,
            Some(404) => Kind::UnknownModel,
            Some(408) => Kind::Timeout,
            Some(429) => Kind::RateLimit,
            Some(400..=499) => Kind::Rejected,
            Some(503 | 529) => Kind::Overloaded,
            Some(_) => Kind::Unavailable,
            None => self.kind_by_name(),
        }
    }

    /// Errors within a stream often come without a status.
    fn kind_by_name(&self) -> Kind {
        let named = |names: &[&str]| names.iter().any(|name| self.names(name));
        match () {
            () if named(&["authentication", "permission", "invalid_api_key"]) => Kind::Auth,
            () if named(&["model_not_found"]) => Kind::UnknownModel,
            () if named(&["rate_limit"]) => Kind::RateLimit,
            () if named(&["overloaded"]) => Kind::Overloaded,
            () if named(&["timeout"]) => Kind::Timeout,
            () if named(&["invalid_request", "BadRequest"]) => Kind::Rejected,
            () => Kind::Unavailable,
        }
    }

    fn is_too_long(&self) -> bool {
        if self.names("context_length_exceeded") || self.names("exceed_context_size") {
            return true;
        }
        let may_be = matches!(self.status, None | Some(400 | 413 | 422));
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        may_be && TOO_LONG.iter().any(|phrase| message.contains(phrase))
    }

    /// The error to hand on: the provider's own words only where they help to change the request.
    pub(super) fn to_error(&self, endpoint: &Endpoint, model: &str) -> Error {
        let id = &endpoint.provider;
        let kind = self.kind();
        let quote = self.message.as_deref().map(|message| quote(endpoint, message));
        let status = self.status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
        let quoted = match &quote {
            Some(quote) if !quote.is_empty() => format!(": {quote}"),
            _ => format!("{status}."),
        };
        let message = match kind {
            Kind::Auth => format!("The provider `{id}` refuses the gateway's credentials{status}."),
            Kind::UnknownModel => format!("The provider `{id}` has no model `{model}`{status}."),
            Kind::RateLimit if self.is_about_money() => {
                format!("The quota at the provider `{id}` is used up{status}.")
            }
            Kind::RateLimit => format!("The provider `{id}` limits the rate of requests{status}."),
            Kind::Overloaded => format!("The provider `{id}` is overloaded{status}."),
            Kind::Timeout => format!("The provider `{id}` ran out of time{status}."),
            Kind::ContextLength => {
                // "prompt is too long" and "exceeds the context window" are what LangChain looks for.
                format!(
                    "The prompt is too long: it exceeds the context window of `{model}` at \
                     `{id}`{quoted}"
                )
            }
            Kind::Rejected => format!("The provider `{id}` refused the request{quoted}"),
            Kind::Unavailable | Kind::Malformed | Kind::NotInstalled => {
                format!("The provider `{id}` failed{status}.")
            }
        };
        let error = Error { status: self.status, ..Error::new(kind, id, message) };
        match quote {
            Some(quote) => error.caused_by(quote),
            None => error,
        }
    }
}

/// The provider's words on one line, without our credentials, cut to a bearable length.
fn quote(endpoint: &Endpoint, message: &str) -> String {
    let words = endpoint.redact(message);
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_QUOTE - 1) {
        Some((at, last)) if at + last.len_utf8() < line.len() => format!("{}…", &line[..at]),
        _ => line,
    }
}
