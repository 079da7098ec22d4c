//! Replies from runs whose events come one at a time, as providers send them.

use super::source::Source;
use super::stream::{Calls, Chunks, Ending, Style};
use super::whole;
use super::wire_out::Heading;
use crate::config::Sse;
use crate::http::ApiError;
use crate::http::meter::Meter;
use crate::http::request_id::RequestId;
use crate::http::sse::{self, Pace};
use crate::runs::Run;
use crate::types::{Delta, Failure, FailureKind, Outcome, RunEvent, StopReason, TokenScore, Usage};
use poem::IntoResponse;
use serde_json::Value;

const STYLE: Style = Style { ending: Ending::Plain, calls: Calls::Tools };

/// A run that lets its reader see each event alone.
fn run(events: Vec<RunEvent>) -> Run {
    Run::of(|sender| async move {
        for event in events {
            sender.send(event).await.expect("it is read");
            tokio::task::yield_now().await;
        }
    })
}

fn heading() -> Heading {
    Heading::new(RequestId::new(), None)
}

async fn reply(source: Source, style: Style) -> Result<String, ApiError> {
    let chunks = Chunks::new(source, heading(), style, Meter::default());
    let response = sse::reply(chunks, Pace::from(&Sse::default())).await?;
    Ok(response.into_body().into_string().await.expect("UTF-8"))
}

async fn streamed(events: Vec<RunEvent>) -> String {
    reply(Source::One(run(events)), STYLE).await.expect("a reply")
}

async fn completed(source: Source, style: Style) -> Result<Value, ApiError> {
    let whole = whole::complete(source, heading(), style, Meter::default()).await?;
    Ok(serde_json::to_value(whole).expect("JSON"))
}

/// The chunks of a stream, which must end as streams do.
fn chunks(text: &str) -> Vec<Value> {
    let events = text.strip_suffix("data: [DONE]\n\n").expect("the end");
    let data = events.split_terminator("\n\n").map(|event| &event["data: ".len()..]);
    data.map(|data| serde_json::from_str(data).expect("JSON")).collect()
}

fn text(text: &str) -> RunEvent {
    RunEvent::Delta(Delta::Text(text.to_owned()))
}

fn scores(token: &str) -> RunEvent {
    let score = TokenScore { token: token.to_owned(), logprob: -0.5, bytes: None, top: vec![] };
    RunEvent::Delta(Delta::Scores(vec![score]))
}

fn spent(input: u64, output: u64) -> RunEvent {
    RunEvent::Usage(Usage { input, output, ..Usage::default() })
}

fn end() -> RunEvent {
    RunEvent::Finished(Outcome::Completed(StopReason::Stop))
}

fn failure() -> RunEvent {
    let failure = Failure::new(FailureKind::UpstreamRateLimit, "slow down");
    RunEvent::Finished(Outcome::Failed(failure))
}

fn several(runs: Vec<Vec<RunEvent>>) -> Source {
    Source::several(runs.into_iter().map(run).collect())
}

#[tokio::test]
async fn an_event_that_writes_nothing_does_not_end_the_stream() {
    let whole = streamed(vec![text("one"), spent(0, 0), text("two"), spent(0, 0), end()]).await;
    assert!(whole.contains("\"two\"") && whole.contains("\"stop\""), "{whole}");
    assert!(whole.ends_with("data: [DONE]\n\n"), "{whole}");
}

#[tokio::test]
async fn a_run_that_somebody_ends_is_a_conflict_not_to_be_repeated() {
    let ended = run(vec![RunEvent::Accepted, RunEvent::Finished(Outcome::Aborted)]);
    let error = reply(Source::One(ended), STYLE).await.expect_err("no answer");
    assert_eq!((error.status.as_u16(), error.code), (409, "cancelled"));
    assert_eq!(error.into_response().headers()["x-should-retry"], "false");
    let whole = streamed(vec![text("one"), RunEvent::Finished(Outcome::Aborted)]).await;
    assert!(whole.contains("\"cancelled\"") && whole.ends_with("data: [DONE]\n\n"), "{whole}");
}

#[tokio::test]
async fn a_run_that_ends_without_an_outcome_ends_as_an_error() {
    let whole = streamed(vec![text("one")]).await;
    assert!(whole.contains("\"internal_error\""), "{whole}");
    assert!(whole.ends_with("data: [DONE]\n\n"), "{whole}");
    let source = Source::One(run(vec![text("one")]));
    let error = completed(source, STYLE).await.expect_err("no outcome");
    assert_eq!(error.code, "internal_error");
}

#[tokio::test]
async fn several_answers_grow_side_by_side_and_end_together() {
    let runs = || {
        several(vec![
            vec![text("a"), text("b"), spent(3, 2), end()],
            vec![text("c"), spent(3, 1), end()],
            vec![spent(3, 0), end()],
        ])
    };
    let style = Style { ending: Ending::Usage, ..STYLE };
    let chunks = chunks(&reply(runs(), style).await.expect("a reply"));
    let mut said = vec![(String::new(), 0, 0); 3];
    for chunk in &chunks {
        let Some(choice) = chunk["choices"].get(0) else { continue };
        let index = choice["index"].as_u64().expect("an index") as usize;
        let (text, roles, ends) = &mut said[index];
        let delta = &choice["delta"];
        text.push_str(delta["content"].as_str().unwrap_or_default());
        *roles += usize::from(delta["role"] == "assistant");
        *ends += usize::from(choice["finish_reason"] == "stop");
    }
    let expected = [("ab", 1, 1), ("c", 1, 1), ("", 1, 1)];
    assert_eq!(said, expected.map(|(text, roles, ends)| (text.to_owned(), roles, ends)));
    let usage = &chunks.last().expect("chunks")["usage"];
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&9.into(), &3.into()));
    let with_usage = chunks.iter().filter(|chunk| !chunk["usage"].is_null()).count();
    assert_eq!(with_usage, 1, "usage is told once");

    let whole = completed(runs(), STYLE).await.expect("an answer");
    let choices = whole["choices"].as_array().expect("a list");
    let said: Vec<_> =
        choices.iter().map(|choice| (&choice["index"], &choice["message"]["content"])).collect();
    let expected = [(0.into(), "ab".into()), (1.into(), "c".into()), (2.into(), "".into())];
    assert!(said.iter().zip(&expected).all(|(a, b)| (a.0, a.1) == (&b.0, &b.1)), "{said:?}");
    assert_eq!(whole["usage"]["total_tokens"], 12);
}

#[tokio::test]
async fn one_answer_that_fails_fails_them_all() {
    let early = several(vec![vec![failure()], vec![RunEvent::Accepted; 20]]);
    let error = reply(early, STYLE).await.expect_err("no answer");
    assert_eq!((error.status.as_u16(), error.code), (429, "rate_limit_exceeded"));
    let late = several(vec![vec![text("a"); 50], vec![RunEvent::Accepted, failure()]]);
    let text = reply(late, STYLE).await.expect("a reply");
    let chunks = chunks(&text);
    let last = chunks.last().expect("chunks");
    assert_eq!(last["error"]["code"], "rate_limit_exceeded");
    assert!(last.get("choices").is_none(), "{last}");
    let whole = several(vec![vec![RunEvent::Accepted; 20], vec![failure()]]);
    assert_eq!(completed(whole, STYLE).await.expect_err("no answer").status.as_u16(), 429);
}

#[tokio::test]
async fn scores_stand_beside_the_text_they_are_of() {
    let events =
        || vec![scores("a"), text("a"), text("b"), scores("c"), scores("d"), text("cd"), end()];
    let chunks = chunks(&streamed(events()).await);
    let told: Vec<_> = chunks
        .iter()
        .map(|chunk| &chunk["choices"][0])
        .filter(|choice| !choice["logprobs"].is_null())
        .map(|choice| {
            let tokens = choice["logprobs"]["content"].as_array().expect("tokens").len();
            (choice["delta"]["content"].as_str().expect("a text"), tokens)
        })
        .collect();
    assert_eq!(told, [("a", 1), ("cd", 2)]);
    let whole = completed(Source::One(run(events())), STYLE).await.expect("an answer");
    let logprobs = &whole["choices"][0]["logprobs"];
    let tokens: Vec<_> = logprobs["content"]
        .as_array()
        .expect("tokens")
        .iter()
        .map(|token| &token["token"])
        .collect();
    assert_eq!(tokens, ["a", "c", "d"]);
    assert!(logprobs["refusal"].is_null(), "{logprobs}");
    let refusal = RunEvent::Delta(Delta::Refusal("no".to_owned()));
    let whole = completed(Source::One(run(vec![scores("no"), refusal, end()])), STYLE).await;
    let logprobs = &whole.expect("an answer")["choices"][0]["logprobs"];
    assert_eq!(logprobs["refusal"][0]["token"], "no");
    assert!(logprobs["content"].is_null(), "{logprobs}");
}

#[tokio::test]
async fn the_older_form_has_one_call() {
    let events = || {
        let mut events = Vec::new();
        for (index, name) in [(0, "f"), (1, "g")] {
            let (id, name) = (format!("c{index}"), name.to_owned());
            events.push(RunEvent::Delta(Delta::ToolCallStart { index, id, name }));
            let fragment = "{}".to_owned();
            events.push(RunEvent::Delta(Delta::ToolCallArguments { index, fragment }));
        }
        events.push(RunEvent::Finished(Outcome::ClientToolCalls));
        events
    };
    let style = Style { calls: Calls::Function, ..STYLE };
    let whole = completed(Source::One(run(events())), style).await.expect("an answer");
    let choice = &whole["choices"][0];
    assert_eq!(choice["message"]["function_call"]["name"], "f");
    assert!(choice["message"].get("tool_calls").is_none(), "{choice}");
    assert!(choice["message"]["content"].is_null(), "{choice}");
    assert_eq!(choice["finish_reason"], "function_call");
    let text = reply(Source::One(run(events())), style).await.expect("a reply");
    let calls: Vec<Value> = chunks(&text)
        .into_iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"].get("function_call").cloned())
        .collect();
    assert_eq!(calls[0], serde_json::json!({"name": "f", "arguments": ""}));
    assert_eq!(calls[1], serde_json::json!({"arguments": "{}"}));
    assert_eq!(calls.len(), 2, "{text}");
    assert!(!text.contains("tool_calls") && text.contains("\"function_call\"}]"), "{text}");
}
