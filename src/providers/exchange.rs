//! One HTTP exchange with a provider: attempts, pauses between them, and one budget for all.
//!
//! The loop is written here because the pauses depend on what the provider answered and on what
//! is left of the budget; a back-off crate would only spare the doubling.

use super::endpoint::Endpoint;
use super::error::Error;
use super::refusal::Refusal;
use crate::net::{self, body};
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use hyper::body::Incoming;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep, timeout_at};

/// Attempts at one exchange, the first included.
const MAX_ATTEMPTS: u32 = 3;
/// The pause after the first attempt; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that a provider may ask for; beyond it the caller decides.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// What is read of a body that says why a request was refused.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// How long such a body may take.
const MAX_REFUSAL_TIME: Duration = Duration::from_secs(2);
/// The largest whole answer that is taken.
pub(super) const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// The time that an exchange may take, attempts and pauses included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) limit: Duration,
    pub(super) deadline: Instant,
}

impl Budget {
    /// `limit` from the moment that the wait began.
    pub(super) fn since(begun: Instant, limit: Duration) -> Self {
        Self { limit, deadline: begun + limit }
    }
}

/// What is asked of a provider.
pub(super) struct Ask<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) path: &'a str,
    /// The model's name, for what is said about it.
    pub(super) model: &'a str,
    pub(super) body: Bytes,
    pub(super) budget: Budget,
}

/// An attempt that failed.
struct Failed {
    error: Error,
    /// Whether another attempt may go better.
    transient: bool,
}

impl Ask<'_> {
    /// Sends the request until a provider accepts it, and returns with the response's head.
    pub(super) async fn open(&self) -> Result<Response<Incoming>, Error> {
        let mut attempt = 1;
        loop {
            let Failed { error, transient } = match self.attempt().await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            error.log(self.model, Some(attempt));
            let pause = if transient { self.pause(&error, attempt) } else { None };
            let Some(pause) = pause else { return Err(error) };
            sleep(pause).await;
            attempt += 1;
        }
    }

    /// Sends the request and reads the answer whole.
    pub(super) async fn fetch(&self) -> Result<Bytes, Error> {
        let response = self.open().await?;
        let collected = body::collect(response.into_body(), MAX_ANSWER_BYTES);
        let provider = &self.endpoint.provider;
        let error = match timeout_at(self.budget.deadline, collected).await {
            Ok(Ok(bytes)) => return Ok(bytes),
            Ok(Err(error @ body::Error::TooLarge { .. })) => {
                Error::malformed(provider, "an answer that is too large").caused_by(error)
            }
            Ok(Err(error)) => Error::ended_early(provider).caused_by(error),
            Err(_) => Error::late(provider, self.budget.limit),
        };
        Err(error.logged(self.model))
    }

    async fn attempt(&self) -> Result<Response<Incoming>, Failed> {
        let provider = &self.endpoint.provider;
        let for_good = |error| Failed { error, transient: false };
        let late = || for_good(Error::late(provider, self.budget.limit));
        let request = self.endpoint.post(self.path, self.body.clone()).map_err(for_good)?;
        let sent = timeout_at(self.budget.deadline, self.endpoint.client.send(request)).await;
        let response = sent.map_err(|_| late())?.map_err(|error| Failed {
            transient: !matches!(error.kind, net::Kind::Tls | net::Kind::Protocol),
            error: Error::unreachable(provider, error),
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let (head, body) = response.into_parts();
        let deadline = self.budget.deadline.min(Instant::now() + MAX_REFUSAL_TIME);
        let said = timeout_at(deadline, body::collect(body, MAX_REFUSAL_BYTES)).await;
        // Without its body the status still says what happened.
        let said = said.ok().and_then(Result::ok).unwrap_or_default();
        let refusal = Refusal::of_response(status, &said);
        let mut error = refusal.to_error(self.endpoint, self.model);
        error.retry_after = asked_pause(&head.headers);
        Err(Failed { transient: is_transient(status) && !refusal.is_about_money(), error })
    }

    /// How long to wait before the next attempt; `None` when there shall be none.
    fn pause(&self, error: &Error, attempt: u32) -> Option<Duration> {
        let pause =
            error.retry_after.unwrap_or_else(|| jittered(FIRST_PAUSE * (1 << (attempt - 1))));
        if attempt >= MAX_ATTEMPTS || pause > MAX_PAUSE {
            return None;
        }
        (Instant::now() + pause < self.budget.deadline).then_some(pause)
    }
}

fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504 | 529)
}

/// Between half of `pause` and all of it, so that callers who failed together come back apart.
fn jittered(pause: Duration) -> Duration {
    // Without randomness the pause is merely not spread.
    let random = getrandom::u32().unwrap_or(u32::MAX);
    pause / 2 + (pause / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// The pause that the provider asks for, in any of the forms in use.
fn asked_pause(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok();
    if let Some(milliseconds) = text("retry-after-ms").and_then(number) {
        return Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    }
    let asked = text("retry-after")?;
    if let Some(seconds) = number(asked) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(asked).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &'static str, value: &str, expected: Option<Duration>) {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("a header value"));
        assert_eq!(asked_pause(&headers), expected, "{name}: {value}");
    }

    #[test]
    fn a_pause_is_read_in_every_form() {
        check("retry-after", "7", Some(Duration::from_secs(7)));
        check("retry-after", "0.5", Some(Duration::from_millis(500)));
        check("retry-after-ms", "1500", Some(Duration::from_millis(1500)));
        check("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT", Some(Duration::ZERO));
        // Nobody lives to see it, but it is a number.
        check("retry-after", "1e19", Some(Duration::from_secs(10_000_000_000_000_000_000)));
        for nonsense in ["soon", "-1", "NaN", "1e300"] {
            check("retry-after", nonsense, None);
        }
        let later = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", later.parse().expect("a date"));
        let pause = asked_pause(&headers).expect("a date is read");
        assert!(pause > Duration::from_secs(90) && pause <= Duration::from_secs(100), "{pause:?}");
    }

    #[test]
    fn jitter_stays_within_half_and_whole() {
        for _ in 0..100 {
            let pause = jittered(FIRST_PAUSE);
            assert!(pause >= FIRST_PAUSE / 2 && pause <= FIRST_PAUSE, "{pause:?}");
        }
    }
}
