//! The provider that answers from a file.

use super::{drain, hello, model, providers_at, snapshot};
use openclaw::providers::{EmbedCall, Error, Kind, ModelCall, ModelEvent, Providers};
use openclaw::secrets::Snapshot;
use openclaw::types::{Content, Delta, EmbeddingInput, Message, StopReason, ToolCall, Usage};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

struct Stage {
    _folder: tempfile::TempDir,
    providers: Providers,
    snapshot: Arc<Snapshot>,
}

fn stage(script: &Value) -> Stage {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("script.json"), script.to_string()).expect("written");
    let provider = json!({"api": "scripted", "script": "script.json"});
    let snapshot = snapshot(json!({"models": {"providers": {"up": provider}}}));
    Stage { providers: providers_at(folder.path()), snapshot, _folder: folder }
}

fn asking(text: &str) -> ModelCall {
    let content = Content::Text(text.to_owned());
    ModelCall { messages: vec![Message::User { content, name: None }], ..hello() }
}

impl Stage {
    async fn stream(&self, text: &str) -> Result<(Vec<ModelEvent>, Option<Error>), Error> {
        let stream = self.providers.stream(&self.snapshot, asking(text)).await?;
        Ok(drain(stream).await)
    }
}

#[tokio::test]
async fn the_first_rule_that_fits_answers() {
    let stage = stage(&json!({"rules": [
        {"when": {"contains": "weather"}, "reply": {
            "reasoning": "hm", "text": "Let me see.",
            "tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}],
            "usage": {"input": 3, "output": 5},
        }},
        {"when": {"contains": "long"}, "reply": {"chunks": ["a", "b"], "finish": "length"}},
        {"reply": {"text": "whatever", "delay_ms": 1}},
    ]}));
    let (events, error) = stage.stream("the weather?").await.expect("accepted");
    let (id, name) = ("call_0".to_owned(), "weather".to_owned());
    let arguments = r#"{"city":"Oslo"}"#.to_owned();
    let usage = Usage { input: 3, output: 5, ..Usage::default() };
    let expected = [
        ModelEvent::Delta(Delta::Reasoning("hm".to_owned())),
        ModelEvent::Delta(Delta::Text("Let me see.".to_owned())),
        ModelEvent::Delta(Delta::ToolCallStart { index: 0, id: id.clone(), name: name.clone() }),
        ModelEvent::Delta(Delta::ToolCallArguments { index: 0, fragment: arguments.clone() }),
        ModelEvent::Stop(StopReason::ToolCalls),
        ModelEvent::Usage(usage),
    ];
    assert_eq!(events, expected);
    assert!(error.is_none());
    let whole = stage.providers.complete(&stage.snapshot, asking("weather")).await.expect("whole");
    assert_eq!(whole.tool_calls, [ToolCall { id, name, arguments }]);
    assert_eq!((whole.text.as_deref(), whole.usage), (Some("Let me see."), Some(usage)));
    let (events, _) = stage.stream("a long story").await.expect("accepted");
    assert_eq!((events.len(), &events[2]), (3, &ModelEvent::Stop(StopReason::Length)));
    let (events, _) = stage.stream("else").await.expect("accepted");
    assert_eq!(events[0], ModelEvent::Delta(Delta::Text("whatever".to_owned())));
}

#[tokio::test]
async fn failures_come_before_or_within_a_stream() {
    let stage = stage(&json!({"rules": [
        {"when": {"contains": "at once"}, "reply": {"error": {
            "kind": "rate_limit", "message": "slow down", "status": 429, "retry_after_ms": 1500,
        }}},
        {"when": {"contains": "later"}, "reply": {"text": "Half", "error": {"kind": "unavailable"}}},
    ]}));
    let error = stage.stream("at once").await.expect_err("refused");
    assert_eq!((error.kind, error.status), (Kind::RateLimit, Some(429)));
    assert_eq!(error.retry_after, Some(Duration::from_millis(1500)));
    assert_eq!(error.message, "slow down");
    let (events, error) = stage.stream("later").await.expect("accepted");
    assert_eq!((events.len(), error.map(|error| error.kind)), (1, Some(Kind::Unavailable)));
    let error = stage.providers.complete(&stage.snapshot, asking("later")).await;
    assert_eq!(error.expect_err("no half answers").kind, Kind::Unavailable);
    let error = stage.stream("unforeseen").await.expect_err("no rule");
    assert_eq!(error.kind, Kind::Rejected, "{error}");
}

#[tokio::test]
async fn embeddings_depend_on_the_text_alone() {
    let stage = stage(&json!({"dimensions": 8}));
    let ids = tiktoken_rs::cl100k_base_singleton().encode_ordinary("one");
    let embed = |input, dimensions| {
        let call = EmbedCall { dimensions, ..EmbedCall::new(model("up/e"), input) };
        stage.providers.embed(&stage.snapshot, call)
    };
    let texts = EmbeddingInput::Texts(vec!["one".to_owned(), "two words".to_owned()]);
    let by_text = embed(texts, None).await.expect("vectors");
    let by_ids = embed(EmbeddingInput::Tokens(vec![ids]), None).await.expect("vectors");
    assert_eq!((by_text.vectors.len(), by_text.vectors[0].len()), (2, 8));
    assert_eq!(by_text.vectors[0], by_ids.vectors[0]);
    assert_ne!(by_text.vectors[0], by_text.vectors[1]);
    assert_eq!(by_text.usage.input, 3);
    let short = embed(EmbeddingInput::Texts(vec!["one".to_owned()]), Some(3)).await;
    assert_eq!(short.expect("vectors").vectors[0].len(), 3);
}

#[tokio::test]
async fn a_script_with_a_mistake_says_where() {
    for (script, expected) in [
        (json!({"rules": [{"reply": {"txt": "a"}}]}), "unknown field `txt`"),
        (json!({"rules": [{"reply": {"error": {"kind": "bad luck"}}}]}), "unknown variant"),
    ] {
        let error = stage(&script).stream("a").await.expect_err("a mistake");
        assert_eq!(error.kind, Kind::Unavailable);
        assert!(error.message.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn refusals_and_scores_are_played_where_they_are_wanted() {
    let stage = stage(&json!({"rules": [
        {"when": {"contains": "no"}, "reply": {"refusal": "I would rather not."}},
        {"reply": {"chunks": ["a", "b"], "logprobs": [-0.5]}},
    ]}));
    let (events, _) = stage.stream("no").await.expect("accepted");
    assert_eq!(events[0], ModelEvent::Delta(Delta::Refusal("I would rather not.".to_owned())));
    let (events, _) = stage.stream("scores").await.expect("accepted");
    assert_eq!(events[0], ModelEvent::Delta(Delta::Text("a".to_owned())));
    let mut call = asking("scores");
    call.hints.logprobs = Some(0);
    let stream = stage.providers.stream(&stage.snapshot, call).await.expect("accepted");
    let (events, _) = drain(stream).await;
    let ModelEvent::Delta(Delta::Scores(scores)) = &events[0] else { panic!("{events:?}") };
    assert_eq!((scores[0].token.as_str(), scores[0].logprob), ("a", -0.5));
    assert_eq!(events[1], ModelEvent::Delta(Delta::Text("a".to_owned())));
    assert_eq!(events[2], ModelEvent::Delta(Delta::Text("b".to_owned())));
}
