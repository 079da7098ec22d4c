use super::*;
use crate::auth::{Effective, Gate};
use crate::http::entry::door;
use crate::tools::testing::{Probe, live, toolbox};
use crate::tools::{Error, Failed, Limits};
use crate::types::Scope;
use bytes::Bytes;
use futures_util::FutureExt;
use poem::endpoint::BoxEndpoint;
use poem::{Body, Endpoint, IntoResponse, Request, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// An open gateway with tools that fail in every way there is.
fn gateway() -> BoxEndpoint<'static, Response> {
    let second = Limits { time: Duration::from_secs(1), ..Limits::default() };
    let probes = [
        Probe::new("where", |call| async move {
            let chat = call.context.chat;
            let chat = json!([chat.channel, chat.account, chat.to, chat.thread]);
            Ok(Output::json(chat))
        }),
        Probe::echo("danger").asking(),
        Probe::new("slow", |_| std::future::pending()).within(second),
        Probe::new("faulty", |_| async { Err(Failed::Fault("secret".into())) }),
        Probe::new("panicking", |_| async { panic!("secret") }),
    ];
    with(probes)
}

/// An open gateway with these tools.
fn with(probes: impl IntoIterator<Item = Probe>) -> BoxEndpoint<'static, Response> {
    let config = json!({});
    let toolbox = toolbox(config.clone(), probes);
    door(ToolsApi { toolbox }, live(config), Arc::new(Gate::new(&Effective::Open)))
}

fn request() -> poem::RequestBuilder {
    Request::builder()
        .method(poem::http::Method::POST)
        .uri(poem::http::Uri::from_static(PATH))
        .content_type("application/json")
}

async fn answer(request: Request) -> (u16, Value) {
    let response = gateway().get_response(request).await;
    let status = response.status().as_u16();
    assert_eq!(response.content_type(), Some(crate::http::JSON));
    let body = response.into_body().into_string().await.expect("a text");
    (status, serde_json::from_str(&body).expect("JSON"))
}

async fn post(body: Value) -> (u16, Value) {
    answer(request().body(body.to_string())).await
}

fn error(kind: &str, message: &str) -> Value {
    json!({"ok": false, "error": {"type": kind, "message": message}})
}

#[tokio::test]
async fn a_tool_that_needs_approval_says_how_to_give_it() {
    let message = "danger needs approval: send \"confirm\": true, with a credential that has \
                   operator.approvals";
    for dry_run in [false, true] {
        let refused = post(json!({"name": "danger", "dryRun": dry_run})).await;
        assert_eq!(refused, (403, error("approval_required", message)));
    }
    let body = json!({"name": "danger", "confirm": true});
    assert_eq!(post(body.clone()).await.0, 200);
    let narrow = request().header("x-openclaw-scopes", "operator.write").body(body.to_string());
    let missing = error("forbidden", "missing scope: operator.approvals");
    assert_eq!(answer(narrow).await, (403, missing));
    let (status, rehearsed) =
        post(json!({"name": "danger", "confirm": true, "dryRun": true})).await;
    assert_eq!((status, &rehearsed["dryRun"]), (200, &json!(true)));
    assert_eq!(rehearsed["result"]["details"]["approval"], "given");
}

#[tokio::test]
async fn a_dry_run_runs_nothing() {
    let uses = Arc::new(AtomicUsize::new(0));
    let counted = uses.clone();
    let probe = Probe::new("counting", move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok(Output::json(Value::Null)) }
    });
    let gateway = with([probe]);
    for (dry_run, used) in [(true, 0), (false, 1)] {
        let body = json!({"name": "counting", "dryRun": dry_run}).to_string();
        let response = gateway.get_response(request().body(body)).await;
        assert_eq!((response.status().as_u16(), uses.load(Ordering::Relaxed)), (200, used));
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_fails_is_a_500_without_its_words() {
    let slow = "tool execution failed: no result within 1 seconds";
    assert_eq!(post(json!({"name": "slow"})).await, (500, error("tool_error", slow)));
    for tool in ["faulty", "panicking"] {
        let failed = (500, error("tool_error", "tool execution failed"));
        assert_eq!(post(json!({"name": tool})).await, failed, "{tool}");
    }
}

#[test]
fn every_error_has_its_status_and_type() {
    use crate::tools::Refusal;
    let refused = Error::Refused { tool: "t".to_owned(), why: Refusal::Denied };
    let rows = [
        (Error::Invalid("x".to_owned()), 400, "invalid_request"),
        (Error::Input("x".to_owned()), 400, "tool_error"),
        (Error::ApprovalRequired("x".to_owned()), 403, "approval_required"),
        (Error::MissingScope(Scope::Approvals), 403, "forbidden"),
        (refused, 403, "forbidden"),
        (Error::Unavailable("x".to_owned()), 404, "not_found"),
        (Error::Conflict, 409, "idempotency_conflict"),
        (Error::Busy("too much"), 429, "rate_limited"),
        (Error::TimedOut(Duration::from_secs(1)), 500, "tool_error"),
        (Error::Failed, 500, "tool_error"),
    ];
    for (error, status, kind) in rows {
        let reply = Refused::from(error).into_response();
        assert_eq!(reply.status().as_u16(), status, "{kind}");
        assert_eq!(reply.header("retry-after").is_some(), status == 429);
        let body = reply.into_body().into_string().now_or_never().expect("ready").expect("text");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!((&body["ok"], &body["error"]["type"]), (&json!(false), &json!(kind)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_a_408_in_this_shape() {
    let silence = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
    let (status, body) = answer(request().body(Body::from_bytes_stream(silence))).await;
    assert_eq!(
        (status, &body["ok"], &body["error"]["type"]),
        (408, &json!(false), &json!("timeout"))
    );
}

#[tokio::test]
async fn the_headers_of_the_chat_reach_the_tool() {
    let headers = [
        ("x-openclaw-message-channel", "telegram"),
        ("x-openclaw-account-id", " work "),
        ("x-openclaw-message-to", "+43 1"),
        ("x-openclaw-thread-id", ""),
    ];
    let request =
        headers.iter().fold(request(), |request, (name, value)| request.header(*name, *value));
    let (status, body) = answer(request.body(r#"{"tool": "where"}"#)).await;
    assert_eq!(status, 200);
    assert_eq!(body["result"]["details"], json!(["telegram", "work", "+43 1", null]));
    let long = self::request().header("x-openclaw-account-id", "x".repeat(513));
    let refused = answer(long.body(r#"{"tool": "where"}"#)).await;
    let message = "x-openclaw-account-id is longer than 512 bytes";
    assert_eq!(refused, (400, error("invalid_request", message)));
}
