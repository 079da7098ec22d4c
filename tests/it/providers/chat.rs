//! Answers, streamed and whole, and what becomes of the connection.

use super::{KEY, drain, hello, pointing_at, pointing_to, providers};
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Upstream};
use openclaw::providers::{Kind, ModelEvent};
use openclaw::types::{Delta, StopReason, Usage};
use serde_json::{Value, json};

fn text(text: &str) -> ModelEvent {
    ModelEvent::Delta(Delta::Text(text.to_owned()))
}

fn reasoning(text: &str) -> ModelEvent {
    ModelEvent::Delta(Delta::Reasoning(text.to_owned()))
}

fn refusal(text: &str) -> ModelEvent {
    ModelEvent::Delta(Delta::Refusal(text.to_owned()))
}

fn start(index: u32, id: &str, name: &str) -> ModelEvent {
    let (id, name) = (id.to_owned(), name.to_owned());
    ModelEvent::Delta(Delta::ToolCallStart { index, id, name })
}

fn arguments(index: u32, fragment: &str) -> ModelEvent {
    ModelEvent::Delta(Delta::ToolCallArguments { index, fragment: fragment.to_owned() })
}

fn stop(reason: StopReason) -> ModelEvent {
    ModelEvent::Stop(reason)
}

fn usage(input: u64, output: u64) -> ModelEvent {
    ModelEvent::Usage(Usage { input, output, ..Usage::default() })
}

async fn check(reply: Reply, expected: &[ModelEvent]) {
    let upstream = Upstream::with([reply]).await;
    let stream = providers().stream(&pointing_at(&upstream), hello()).await.expect("accepted");
    let (events, error) = drain(stream).await;
    assert_eq!(events, expected);
    assert!(error.is_none(), "{error:?}");
}

#[tokio::test]
async fn recorded_streams_become_events() {
    let counted = Usage { input: 14, output: 9, cached_input: 4, reasoning: 0 };
    check(
        Reply::fixture("text.sse"),
        &[
            text("Paris"),
            text(" is the capital"),
            text(" of France – “la Ville Lumière”."),
            stop(StopReason::Stop),
            ModelEvent::Usage(counted),
        ],
    )
    .await;
    check(
        Reply::fixture("tools.sse"),
        &[
            start(0, "call_up123", "get_weather"),
            arguments(0, "{\"ci"),
            arguments(0, "ty\":\"O"),
            arguments(0, "slo\"}"),
            stop(StopReason::ToolCalls),
            usage(55, 17),
        ],
    )
    .await;
    check(
        Reply::fixture("parallel-tools.sse"),
        &[
            text("Looking."),
            start(0, "call_a", "get_weather"),
            arguments(0, "{\"city\":"),
            arguments(0, "\"Oslo\"}"),
            start(1, "call_b", "get_weather"),
            arguments(1, "{\"city\":"),
            arguments(1, "\"Rome\"}"),
            start(2, "call_c", "now"),
            arguments(2, "{}"),
            stop(StopReason::ToolCalls),
            usage(80, 44),
        ],
    )
    .await;
    check(
        Reply::fixture("refusal.sse"),
        &[refusal("I can’t"), refusal(" help with that."), stop(StopReason::Stop)],
    )
    .await;
    let counted = Usage { input: 6, output: 30, cached_input: 0, reasoning: 25 };
    check(
        Reply::fixture("reasoning.sse"),
        &[
            reasoning("The user"),
            reasoning(" greets."),
            text("Hello!"),
            stop(StopReason::Stop),
            ModelEvent::Usage(counted),
        ],
    )
    .await;
}

#[tokio::test]
async fn streams_that_bend_the_rules_are_read() {
    check(
        Reply::fixture("lenient.sse"),
        &[
            text("Hi"),
            start(0, "call_x", "now"),
            arguments(0, "{}"),
            stop(StopReason::ToolCalls),
            usage(3, 2),
        ],
    )
    .await;
    let whole = json!({
        "choices": [{"message": {"content": "Hi"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    });
    let expected = [text("Hi"), stop(StopReason::Length), usage(1, 2)];
    check(Reply::json(200, &whole), &expected).await;
    // Whatever the content type says.
    let mut pretty = serde_json::to_vec_pretty(&whole).expect("JSON");
    let rest = pretty.split_off(20);
    check(Reply::stream().then("\n ").then(pretty).then(rest), &expected).await;
    // Complete is complete, even if the connection breaks, or hangs, instead of ending.
    let said = r#"data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}"#;
    let complete = Reply::stream().then(format!("{said}\n\n"));
    let expected = [text("Hi"), stop(StopReason::Stop)];
    check(complete.clone().then_cut(), &expected).await;
    check(complete.clone().then_hang(), &expected).await;
    check(complete.then("data: [DONE]\n\n").then_hang(), &expected).await;
}

#[tokio::test]
async fn events_come_as_soon_as_they_are_sent() {
    let (gate, last) = (Gate::default(), Gate::default());
    let chunk = |text: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
    };
    let reply =
        Reply::stream().then_gate(&gate).then(chunk("a")).then_gate(&last).then(chunk("b")).then(
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        );
    let upstream = Upstream::with([reply]).await;
    let started = soon(providers().stream(&pointing_at(&upstream), hello())).await;
    let mut stream = started.expect("accepted as soon as the headers are there");
    gate.open();
    let first = soon(stream.next()).await.expect("an event").expect("no error");
    assert_eq!(first, text("a"));
    last.open();
    assert_eq!(drain(stream).await.0, [text("b"), stop(StopReason::Stop)]);
}

#[tokio::test]
async fn a_whole_answer_is_asked_for_whole() {
    let answer = json!({
        "choices": [{"index": 0, "message": {
            "role": "assistant", "content": null,
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        }, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    });
    let upstream = Upstream::with([Reply::json(200, &answer)]).await;
    let snapshot = pointing_to(&upstream.base_url(), json!({"headers": {"X-Title": "test"}}));
    let completion = providers().complete(&snapshot, hello()).await.expect("an answer");
    assert_eq!((completion.text, completion.stop), (None, StopReason::ToolCalls));
    assert_eq!(completion.tool_calls[0].name, "f");
    assert_eq!(completion.usage.map(|usage| usage.output), Some(4));
    let seen = upstream.seen().remove(0);
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("x-title"), Some("test"));
    let expected =
        json!({"model": "some/model", "messages": [{"role": "user", "content": "hello"}]});
    assert_eq!(seen.body, expected);
}

#[tokio::test]
async fn finished_answers_leave_their_connection_for_the_next() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen| match seen.body["stream"] {
        Value::Bool(true) => Reply::fixture("text.sse"),
        _ => Reply::json(200, &json!({"choices": [{"message": {"content": "a"}}]})),
    });
    let (providers, snapshot) = (providers(), pointing_at(&upstream));
    for _ in 0..3 {
        let stream = providers.stream(&snapshot, hello()).await.expect("accepted");
        assert_eq!(drain(stream).await.0.len(), 5);
        providers.complete(&snapshot, hello()).await.expect("an answer");
    }
    assert_eq!((upstream.seen().len(), upstream.connections()), (6, 1));
    assert_eq!(upstream.seen()[0].body["stream_options"], json!({"include_usage": true}));
}

#[tokio::test]
async fn giving_up_closes_the_connection_at_once() {
    let said = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let upstream = Upstream::with([
        Reply::hang(),
        Reply::hang(),
        Reply::stream().then_hang(),
        Reply::stream().then(said).then_hang(),
        Reply::json(200, &json!({"choices": []})).then_hang(),
    ])
    .await;
    let (providers, snapshot) = (providers(), pointing_at(&upstream));
    // Before the headers.
    let asking = tokio::spawn({
        let (providers, snapshot) = (providers.clone(), snapshot.clone());
        async move { providers.stream(&snapshot, hello()).await.map(drop) }
    });
    upstream.requests(1).await;
    asking.abort();
    upstream.given_up(1).await;
    let asking = tokio::spawn({
        let (providers, snapshot) = (providers.clone(), snapshot.clone());
        async move { providers.complete(&snapshot, hello()).await.map(drop) }
    });
    upstream.requests(2).await;
    asking.abort();
    upstream.given_up(2).await;
    // Before the first token, and in the middle.
    let stream = providers.stream(&snapshot, hello()).await.expect("accepted");
    drop(stream);
    upstream.given_up(3).await;
    let mut stream = providers.stream(&snapshot, hello()).await.expect("accepted");
    assert_eq!(soon(stream.next()).await.expect("an event").expect("no error"), text("a"));
    drop(stream);
    upstream.given_up(4).await;
    // In the middle of a whole answer.
    let asking = tokio::spawn({
        let (providers, snapshot) = (providers.clone(), snapshot.clone());
        async move { providers.complete(&snapshot, hello()).await.map(drop) }
    });
    upstream.requests(5).await;
    asking.abort();
    upstream.given_up(5).await;
}

#[tokio::test]
async fn models_are_found_by_name() {
    let snapshot = super::snapshot(json!({
        "agents": {"defaults": {"model": "open/used-by-agents"}},
        "models": {"providers": {
            "closed": {"baseUrl": "http://h/v1", "models": [{"id": "a"}, {"id": "meta/llama"}]},
            "open": {"baseUrl": "http://h/v1"},
        }},
    }));
    let providers = providers();
    let resolve = |text: &str| providers.resolve(&snapshot, text).map(|model| model.to_string());
    for (text, expected) in [
        ("open/anything/at-all", "open/anything/at-all"),
        ("closed/a", "closed/a"),
        (" a ", "closed/a"),
        ("meta/llama", "closed/meta/llama"),
        ("used-by-agents", "open/used-by-agents"),
        ("local/tiny", "local/tiny"),
    ] {
        assert_eq!(resolve(text).expect(text), expected);
    }
    for text in ["", "closed/b", "nobody/a", "unheard-of", "/", "open/"] {
        let error = resolve(text).expect_err(text);
        assert_eq!(error.kind, Kind::UnknownModel, "{text}: {error}");
        assert!(error.message.starts_with(&format!("Unknown model: {text}")), "{error}");
    }
    let error = providers.complete(&snapshot, hello()).await.expect_err("no provider `up`");
    assert_eq!((error.kind, error.provider.as_str()), (Kind::UnknownModel, "up"));
}
