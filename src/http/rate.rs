//! The limits of a caller on the wire: `x-ratelimit-*` on every reply to a request that starts
//! work, and the 429 for one too many.

use super::ApiError;
use super::meter::Meter;
use crate::auth::{Account, Allowance, Exceeded, Gate};
use crate::types::Caller;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use poem::{Request, Response};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The headers of one limit: how many there are, how many are left, when all are back.
type Names = [HeaderName; 3];

const REQUESTS: Names = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
];
const TOKENS: Names = [
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
];

/// Whose limits a request falls under, once that is known. It lies in the data of requests that
/// start work, where limits are configured.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted(Arc<OnceLock<Account>>);

impl Counted {
    /// A place for the account of a request, where it is one whose work is limited.
    pub(super) fn wanted(gate: &Gate, request: &Request) -> Option<Self> {
        (gate.is_limited() && starts_work(request)).then(Self::default)
    }

    /// Says what is left to the caller, as far as it is known who that is.
    pub(super) fn tell(&self, response: &mut Response) {
        let Some(account) = self.0.get() else { return };
        let standing = account.standing();
        for (names, allowance) in [(REQUESTS, standing.requests), (TOKENS, standing.tokens)] {
            if let Some(allowance) = allowance {
                tell(response.headers_mut(), names, allowance);
            }
        }
    }
}

/// What begins a run or embeds. Other operations, which look and tidy up, are not limited.
fn starts_work(request: &Request) -> bool {
    let path = request.uri().path();
    match *request.method() {
        Method::POST => matches!(
            path,
            "/v1/chat/completions" | "/v1/embeddings" | "/v1/responses" | "/v1/responses/compact"
        ),
        // Responses over WebSocket: what opens the connection stands for the first response, and
        // each further one is counted when it comes.
        Method::GET => path == "/v1/responses",
        _ => false,
    }
}

/// Counts a request that starts work against its caller's limits.
pub(super) fn count(gate: &Gate, request: &Request, caller: Caller) -> Result<Meter, ApiError> {
    let Some(counted) = request.data::<Counted>() else { return Ok(Meter::default()) };
    let Some(account) = gate.account(caller) else { return Ok(Meter::default()) };
    let account = counted.0.get_or_init(|| account);
    account.begin().map_err(refuse)?;
    Ok(Meter::of(account.clone()))
}

/// The 429 of a caller that has asked for too much.
pub(super) fn refuse(exceeded: Exceeded) -> ApiError {
    let Exceeded { what, per_minute, wait } = exceeded;
    let message = format!(
        "Rate limit reached for {what} ({per_minute} a minute, by gateway.http.limits). \
         Please try again in {}.",
        duration(wait)
    );
    let status = StatusCode::TOO_MANY_REQUESTS;
    let error = ApiError::new(status, "rate_limit_error", "rate_limit_exceeded", message);
    ApiError { retry_after: Some(wait), ..error }
}

fn tell(headers: &mut HeaderMap, names: Names, allowance: Allowance) {
    let [limit, remaining, reset] = names;
    headers.insert(limit, HeaderValue::from(allowance.limit));
    headers.insert(remaining, HeaderValue::from(allowance.remaining));
    let text = HeaderValue::try_from(duration(allowance.reset)).expect("digits and letters");
    headers.insert(reset, text);
}

/// A span as OpenAI writes it: `20ms`, `1s`, `1.5s`, `6m0s`, `1h0m0s`. Rounded up: a client that
/// waits so long does not come too early.
fn duration(span: Duration) -> String {
    let millis = span.as_nanos().div_ceil(1_000_000);
    let (seconds, fraction) = (millis / 1_000, millis % 1_000);
    if seconds == 0 {
        return format!("{fraction}ms");
    }
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut text = String::new();
    if hours > 0 {
        write!(text, "{hours}h").expect("a string grows");
    }
    if hours > 0 || minutes > 0 {
        write!(text, "{minutes}m").expect("a string grows");
    }
    write!(text, "{seconds}").expect("a string grows");
    if fraction > 0 {
        let digits = format!("{fraction:03}");
        write!(text, ".{}", digits.trim_end_matches('0')).expect("a string grows");
    }
    text + "s"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_openai_writes_them() {
        let check = |micros, text: &str| assert_eq!(duration(Duration::from_micros(micros)), text);
        check(0, "0ms");
        check(1, "1ms");
        check(20_000, "20ms");
        check(1_000_000, "1s");
        check(1_500_000, "1.5s");
        check(59_999_001, "1m0s");
        check(360_000_000, "6m0s");
        check(3_605_020_000, "1h0m5.02s");
    }
}
