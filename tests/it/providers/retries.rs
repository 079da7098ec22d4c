//! What is tried again, how often, and what the log says of it.

use super::{KEY, drain, hello, pointing_at, pointing_to, providers};
use crate::support::soon;
use crate::support::upstream::{Reply, Upstream, refusing};
use openclaw::providers::Kind;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn refusal(status: u16) -> Reply {
    Reply::json(status, &json!({"error": {"message": format!("no {KEY}"), "type": "x"}}))
}

fn answer() -> Reply {
    Reply::json(200, &json!({"choices": [{"message": {"content": "a"}}]}))
}

#[tokio::test]
async fn passing_troubles_are_tried_again() {
    for first in [429, 500, 502, 503, 504, 529] {
        let upstream = Upstream::with([refusal(first), Reply::raw(""), answer()]).await;
        let completion = soon(providers().complete(&pointing_at(&upstream), hello())).await;
        assert_eq!(completion.expect("the third time").text.as_deref(), Some("a"), "{first}");
        let seen = upstream.seen();
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[0].body, seen[2].body);
    }
    let upstream = Upstream::with([refusal(503), Reply::fixture("text.sse")]).await;
    let stream = providers().stream(&pointing_at(&upstream), hello()).await.expect("accepted");
    assert_eq!(drain(stream).await.0.len(), 5);
}

#[tokio::test]
async fn three_attempts_are_enough() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| refusal(500));
    let before = Instant::now();
    let error = providers().complete(&pointing_at(&upstream), hello()).await.expect_err("500");
    assert_eq!((error.kind, error.status), (Kind::Unavailable, Some(500)));
    assert_eq!(upstream.seen().len(), 3);
    assert!(before.elapsed() >= Duration::from_millis(300), "half of 200 ms, half of 400 ms");
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for status in [400, 401, 403, 404, 408, 413, 422, 302, 501] {
        let upstream = Upstream::with([refusal(status), answer()]).await;
        providers().complete(&pointing_at(&upstream), hello()).await.expect_err("refused");
        assert_eq!(upstream.seen().len(), 1, "{status}");
    }
    let quota = json!({"error": {"message": "x", "code": "insufficient_quota"}});
    let upstream = Upstream::with([Reply::json(429, &quota), answer()]).await;
    let error = providers().complete(&pointing_at(&upstream), hello()).await;
    assert_eq!(error.expect_err("no money").kind, Kind::RateLimit);
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn the_provider_says_how_long_to_wait() {
    let wait = |name: &str, value: &str| refusal(429).header(name, value);
    // A short wait is waited, whichever way it is written.
    for (name, value, at_least) in [
        ("retry-after", "1", Duration::from_secs(1)),
        ("retry-after-ms", "700", Duration::from_millis(700)),
        ("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT", Duration::ZERO),
    ] {
        let upstream = Upstream::with([wait(name, value), answer()]).await;
        let before = Instant::now();
        soon(providers().complete(&pointing_at(&upstream), hello())).await.expect("an answer");
        assert!(before.elapsed() >= at_least, "{name}: {value}");
    }
    // A long one is the caller's to wait: longer than ten seconds, or than what is left of the
    // budget.
    for (seconds, budget) in [("11", 60), ("5", 2), ("10000000000000000000", 60)] {
        let upstream = Upstream::with([wait("retry-after", seconds), answer()]).await;
        let limits = json!({"timeoutSeconds": budget, "idleTimeoutSeconds": budget});
        let snapshot = pointing_to(&upstream.base_url(), limits);
        let before = Instant::now();
        let error = providers().complete(&snapshot, hello()).await.expect_err("too long");
        let asked = Duration::from_secs(seconds.parse().expect("a number"));
        assert_eq!((error.kind, error.retry_after), (Kind::RateLimit, Some(asked)));
        assert!(before.elapsed() < Duration::from_secs(2), "given up at once");
        assert_eq!(upstream.seen().len(), 1);
    }
}

/// A log that a test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_failed_attempt_is_logged_once_without_the_key() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| refusal(503));
    providers().complete(&pointing_at(&upstream), hello()).await.expect_err("refused");
    let (_socket, nobody) = refusing();
    providers().complete(&pointing_to(&nobody, json!({})), hello()).await.expect_err("nobody");
    // What breaks off later is logged too, but is no attempt of its own.
    let upstream = Upstream::with([Reply::fixture("error-mid-stream.sse")]).await;
    let stream = providers().stream(&pointing_at(&upstream), hello()).await.expect("accepted");
    drain(stream).await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().expect("not poisoned").clone()).expect("UTF-8");
    assert!(!text.contains(KEY), "{text}");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let fields: Vec<Value> = lines.map(|line: Value| line["fields"].clone()).collect();
    let attempts: Vec<_> =
        fields.iter().map(|f| (f["status"].clone(), f["attempt"].clone())).collect();
    let attempt = |status: u16, attempt: u32| (json!(status), json!(attempt));
    let nobody = |attempt: u32| (Value::Null, json!(attempt));
    let mut expected: Vec<_> = (1..=3).map(|nth| attempt(503, nth)).collect();
    expected.extend((1..=3).map(nobody));
    expected.push((Value::Null, Value::Null));
    assert_eq!(attempts, expected, "{text}");
    assert!(fields.iter().all(|f| f["provider"] == "up"), "{text}");
}
