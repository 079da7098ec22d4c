//! Every way a provider can fail, and what a client is told.

use super::{KEY, drain, hello, pointing_at, pointing_to, providers};
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Upstream, refusing};
use openclaw::providers::{Error, Kind, ModelEvent};
use openclaw::types::{Delta, Failure, FailureKind};
use serde_json::{Value, json};
use std::time::Duration;

async fn complete(reply: Reply) -> Error {
    // A wait that is too long to be waited makes the first refusal the last.
    let upstream = Upstream::with([reply]).await;
    providers().complete(&pointing_at(&upstream), hello()).await.expect_err("a failure")
}

async fn refused(status: u16, body: Value) -> Error {
    complete(Reply::json(status, &body).header("retry-after", "60")).await
}

#[tokio::test]
async fn every_status_has_its_kind() {
    let said = |message: &str| json!({"error": {"message": message, "type": "x", "code": null}});
    for (status, body, kind, failure) in [
        (400, said("no"), Kind::Rejected, FailureKind::UpstreamRejected),
        (422, json!({"detail": [{"msg": "no"}]}), Kind::Rejected, FailureKind::UpstreamRejected),
        (413, said("no"), Kind::Rejected, FailureKind::UpstreamRejected),
        (418, json!("teapot"), Kind::Rejected, FailureKind::UpstreamRejected),
        (401, said("bad key"), Kind::Auth, FailureKind::UpstreamAuth),
        (403, said("not you"), Kind::Auth, FailureKind::UpstreamAuth),
        (404, said("no such"), Kind::UnknownModel, FailureKind::UnknownModel),
        (408, said("slow"), Kind::Timeout, FailureKind::UpstreamTimeout),
        (402, said("pay"), Kind::RateLimit, FailureKind::UpstreamRateLimit),
        (429, said("slow down"), Kind::RateLimit, FailureKind::UpstreamRateLimit),
        (500, said("oops"), Kind::Unavailable, FailureKind::UpstreamUnavailable),
        (502, json!(null), Kind::Unavailable, FailureKind::UpstreamUnavailable),
        (503, said("busy"), Kind::Overloaded, FailureKind::UpstreamOverloaded),
        (529, said("busy"), Kind::Overloaded, FailureKind::UpstreamOverloaded),
        (302, json!(null), Kind::Unavailable, FailureKind::UpstreamUnavailable),
    ] {
        let error = refused(status, body).await;
        assert_eq!((error.kind, error.status), (kind, Some(status)), "{error}");
        assert_eq!(error.retry_after, Some(Duration::from_secs(60)), "{error}");
        assert!(error.message.contains("`up`"), "{error}");
        let client_sees = Failure::from(error);
        assert_eq!(client_sees.kind, failure, "{client_sees}");
        assert_eq!(client_sees.retry_after, Some(Duration::from_secs(60)));
    }
}

#[tokio::test]
async fn a_conversation_that_is_too_long_is_told_apart() {
    for (status, body) in [
        (400, json!({"error": {"message": "x", "code": "context_length_exceeded"}})),
        (400, json!({"error": {"message": "This model's maximum context length is 10 tokens."}})),
        (400, json!({"object": "error", "message": "Prompt is too long", "code": 3051})),
        (413, json!({"error": "input is too long"})),
        (500, json!({"error": {"message": "x", "type": "exceed_context_size_error"}})),
    ] {
        let error = refused(status, body).await;
        assert_eq!(error.kind, Kind::ContextLength, "{error}");
        assert_eq!(Failure::from(error).kind, FailureKind::ContextLength);
    }
}

#[tokio::test]
async fn what_is_no_answer_is_malformed() {
    for reply in [
        Reply::stream().then("<html>Welcome to our proxy</html>"),
        Reply::json(200, &json!({"choices": []})),
        Reply::json(200, &json!(null)),
        Reply::stream(),
    ] {
        let error = complete(reply).await;
        assert_eq!((error.kind, error.status), (Kind::Malformed, None), "{error}");
    }
    let error = complete(Reply::json(200, &json!({"error": {"message": "x", "code": 429}}))).await;
    assert_eq!((error.kind, error.status), (Kind::RateLimit, Some(429)));
    assert_eq!(complete(Reply::json(200, &json!(1)).then_cut()).await.kind, Kind::Unavailable);
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_never_a_success() {
    let said = "data: {\"choices\":[{\"delta\":{\"content\":\"Half an\"}}]}\n\n";
    let half = ModelEvent::Delta(Delta::Text("Half an".to_owned()));
    for (reply, kind, events) in [
        (Reply::fixture("cut.sse"), Kind::Unavailable, 1),
        (Reply::fixture("cut.sse").then_cut(), Kind::Unavailable, 1),
        (Reply::fixture("error-mid-stream.sse"), Kind::Unavailable, 1),
        (Reply::stream().then(said), Kind::Unavailable, 1),
        (Reply::stream().then(format!("{said}data: [DONE]\n\n")), Kind::Unavailable, 1),
        (Reply::stream().then(format!("{said}data: {{nonsense\n\n")), Kind::Malformed, 1),
        (Reply::stream().then("data: {\"error\":{\"code\":401}}\n\n"), Kind::Auth, 0),
        (Reply::stream(), Kind::Unavailable, 0),
        (Reply::stream().then("<html>Welcome to our proxy</html>"), Kind::Malformed, 0),
        (Reply::stream().then("{\"choices\":[{\"message\":"), Kind::Malformed, 0),
    ] {
        let context = format!("{reply:?}");
        let upstream = Upstream::with([reply]).await;
        let stream = providers().stream(&pointing_at(&upstream), hello()).await.expect("accepted");
        let (said, error) = drain(stream).await;
        assert_eq!(said, vec![half.clone(); events], "{context}");
        assert_eq!(error.map(|error| error.kind), Some(kind), "{context}");
    }
}

#[tokio::test]
async fn time_is_limited_before_and_between_tokens() {
    let said = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let limits = json!({"timeoutSeconds": 1, "idleTimeoutSeconds": 1});
    let checks = [
        (Reply::hang(), None),
        (Reply::stream().then_hang(), Some(0)),
        // Signs of life are no token.
        (Reply::stream().then(": wait\n\n").then_hang(), Some(0)),
        (Reply::stream().then(said).then_hang(), Some(1)),
    ];
    let checks = checks.map(|(reply, accepted)| {
        let limits = limits.clone();
        async move {
            let upstream = Upstream::with([reply]).await;
            let snapshot = pointing_to(&upstream.base_url(), limits);
            let streamed = soon(providers().stream(&snapshot, hello())).await;
            assert_eq!(streamed.is_ok(), accepted.is_some());
            let error = match streamed {
                Err(error) => error,
                Ok(stream) => {
                    let (events, error) = drain(stream).await;
                    assert_eq!(Some(events.len()), accepted);
                    error.expect("a time-out")
                }
            };
            assert_eq!(error.kind, Kind::Timeout, "{error}");
            // The connection is closed, so the provider can stop working.
            upstream.given_up(1).await;
            assert_eq!(upstream.seen().len(), 1, "a time-out is not tried again");
        }
    });
    let whole = async {
        let upstream = Upstream::with([Reply::hang(), Reply::stream().then("{").then_hang()]).await;
        let snapshot = pointing_to(&upstream.base_url(), limits.clone());
        for _ in 0..2 {
            let error = soon(providers().complete(&snapshot, hello())).await.expect_err("late");
            assert_eq!(error.kind, Kind::Timeout, "{error}");
        }
        upstream.given_up(2).await;
    };
    futures_util::join!(futures_util::future::join_all(checks), whole);
}

#[tokio::test]
async fn saying_who_speaks_is_no_token() {
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    let upstream = Upstream::with([Reply::stream().then(role).then_hang()]).await;
    let limits = json!({"timeoutSeconds": 1, "idleTimeoutSeconds": 300});
    let snapshot = pointing_to(&upstream.base_url(), limits);
    let stream = providers().stream(&snapshot, hello()).await.expect("accepted");
    let (said, error) = soon(drain(stream)).await;
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(error.map(|error| error.kind), Some(Kind::Timeout));
}

#[tokio::test]
async fn a_refusal_counts_although_its_body_never_ends() {
    let said = json!({"error": {"message": "no"}});
    let upstream = Upstream::with([Reply::json(401, &said).then_hang()]).await;
    let before = std::time::Instant::now();
    let error = soon(providers().complete(&pointing_at(&upstream), hello())).await;
    let error = error.expect_err("refused");
    assert_eq!((error.kind, error.status), (Kind::Auth, Some(401)));
    assert!(before.elapsed() < Duration::from_secs(10), "the budget is 300 s");
    upstream.given_up(1).await;
}

#[tokio::test]
async fn the_idle_limit_counts_from_the_last_token() {
    // Silences far shorter than the limit, together longer than it.
    let chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let gates: Vec<Gate> = (0..15).map(|_| Gate::default()).collect();
    let spoken =
        gates.iter().fold(Reply::stream(), |reply, gate| reply.then(chunk).then_gate(gate));
    let reply = spoken.then("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
    let upstream = Upstream::with([reply]).await;
    let snapshot = pointing_to(&upstream.base_url(), json!({"idleTimeoutSeconds": 1}));
    let stream = providers().stream(&snapshot, hello()).await.expect("accepted");
    let speaking = async {
        for gate in &gates {
            tokio::time::sleep(Duration::from_millis(100)).await;
            gate.open();
        }
    };
    let ((events, error), ()) = tokio::join!(drain(stream), speaking);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(events.len(), gates.len() + 1);
}

#[tokio::test]
async fn clients_see_the_providers_words_but_never_our_key_or_its_address() {
    let long = "ä".repeat(600);
    for (message, expected) in [
        (format!("Bad\nfield, {KEY} is fine"), "Bad field, [redacted] is fine".to_owned()),
        (long, format!("{}…", "ä".repeat(499))),
    ] {
        let error = refused(400, json!({"error": {"message": message}})).await;
        assert!(error.message.ends_with(&expected), "{error}");
        assert!(!format!("{error:?}").contains(KEY), "{error:?}");
    }
    for (status, kind) in [(401, Kind::Auth), (500, Kind::Unavailable)] {
        let body = json!({"error": {"message": format!("key {KEY} of 10.0.0.7")}});
        let error = refused(status, body).await;
        assert_eq!(error.kind, kind);
        assert!(!error.message.contains("10.0.0.7"), "{error}");
        assert!(!format!("{error:?}").contains(KEY), "{error:?}");
    }
    let (_socket, nobody) = refusing();
    let error = providers().complete(&pointing_to(&nobody, json!({})), hello()).await;
    let error = error.expect_err("nobody is there");
    assert_eq!((error.kind, error.status), (Kind::Unavailable, None));
    assert_eq!(error.message, "The provider `up` cannot be reached.");
    assert!(format!("{:?}", error.source).contains("refused"), "the log knows more: {error:?}");
}

#[tokio::test]
async fn a_local_model_that_was_not_pulled_says_what_to_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let providers = super::providers_at(folder.path());
    let call =
        openclaw::providers::ModelCall { model: super::model("local/no-such-model"), ..hello() };
    let snapshot = super::snapshot(json!({}));
    let error = providers.complete(&snapshot, call).await.expect_err("not installed");
    assert_eq!(error.kind, Kind::NotInstalled, "{error}");
    assert!(error.message.contains("openclaw models pull"), "{error}");
    assert_eq!(Failure::from(error).kind, FailureKind::UnknownModel);
}
