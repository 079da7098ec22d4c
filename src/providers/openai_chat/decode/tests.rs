use super::*;
use crate::providers::Named;
use crate::providers::error::Kind;
use serde_json::json;

fn take(chunks: &[&str]) -> Result<Vec<ModelEvent>, Trouble> {
    let mut assembler = Assembler::default();
    let mut events = VecDeque::new();
    for chunk in chunks {
        assembler.take(chunk.as_bytes(), &mut events)?;
    }
    Ok(events.into())
}

fn text(text: &str) -> ModelEvent {
    ModelEvent::Delta(Delta::Text(text.to_owned()))
}

fn thought(text: &str) -> ModelEvent {
    ModelEvent::Delta(Delta::Reasoning(text.to_owned()))
}

fn check(chunks: &[&str], expected: &[ModelEvent]) {
    assert_eq!(take(chunks).expect("events"), expected, "{chunks:?}");
}

#[test]
fn deltas_are_read_in_every_dialect() {
    check(&[r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#], &[]);
    check(&[r#"{"choices":[{"delta":{"content":"a"},"finish_reason":null}]}"#], &[text("a")]);
    check(&[r#"{"choices":[{"delta":{"content":"a"},"finish_reason":""}]}"#], &[text("a")]);
    check(
        &[r#"{"choices":[{"delta":{"content":null,"reasoning_content":"t"}}]}"#],
        &[thought("t")],
    );
    check(&[r#"{"choices":[{"delta":{"content":"","reasoning":"t"}}]}"#], &[thought("t")]);
    // Both names at once mean the same thought.
    check(
        &[r#"{"choices":[{"delta":{"reasoning":"t","reasoning_content":"t","content":"a"}}]}"#],
        &[thought("t"), text("a")],
    );
    check(
        &[
            r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"text","text":"a"}]}}]}"#,
        ],
        &[thought("t"), text("a")],
    );
    let refusal = ModelEvent::Delta(Delta::Refusal("no".to_owned()));
    check(&[r#"{"choices":[{"delta":{"refusal":"no"}}]}"#], &[refusal]);
    check(&[r#"{"choices":[{"index":1,"delta":{"content":"second"}}]}"#], &[]);
    check(&[r#"{"choices":[],"prompt_filter_results":[{}]}"#, "", " "], &[]);
    check(&[r#"{"choices":[{"delta":null}],"error":null}"#], &[]);
}

#[test]
fn every_reason_to_stop_is_one_of_ours() {
    for (reason, expected) in [
        ("stop", StopReason::Stop),
        ("end_turn", StopReason::Stop),
        ("tool_calls", StopReason::Stop),
        ("length", StopReason::Length),
        ("max_tokens", StopReason::Length),
        ("content_filter", StopReason::ContentFilter),
        ("whatever comes next", StopReason::Stop),
    ] {
        let chunk = json!({"choices": [{"delta": {}, "finish_reason": reason}]}).to_string();
        check(&[&chunk, "[DONE]"], &[ModelEvent::Stop(expected)]);
    }
    let call = r#"{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f"}}]},"finish_reason":"stop"}]}"#;
    let events = take(&[call]).expect("events");
    assert_eq!(events.last(), Some(&ModelEvent::Stop(StopReason::ToolCalls)));
}

#[test]
fn usage_is_read_wherever_it_stands() {
    let usage = r#"{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":3}}"#;
    let expected = [
        ModelEvent::Stop(StopReason::Stop),
        ModelEvent::Usage(Usage { input: 5, output: 7, cached_input: 2, reasoning: 3 }),
    ];
    let stop = r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}"#;
    let alone = format!(r#"{{"choices":[],"usage":{usage}}}"#);
    check(&[stop, &alone, "[DONE]"], &expected);
    let without_choices = format!(r#"{{"usage":{usage}}}"#);
    check(&[stop, &without_choices], &expected);
    let together =
        format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"stop"}}],"usage":{usage}}}"#);
    check(&[&together], &expected);
    let nested =
        format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"stop","usage":{usage}}}]}}"#);
    check(&[&nested], &expected);
    // Counted in every chunk, or unreadable.
    let running = r#"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}"#;
    check(&[running, &together], &[text("a"), expected[0].clone(), expected[1].clone()]);
    let broken =
        r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":"many"}}"#;
    check(&[broken], &[ModelEvent::Stop(StopReason::Stop)]);
}

#[test]
fn nothing_but_usage_follows_the_stop() {
    let stop = r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#;
    let events = [text("a"), ModelEvent::Stop(StopReason::Stop)];
    check(&[stop, stop, "[DONE]", "not read any more"], &events);
}

#[test]
fn errors_within_a_stream_are_told_apart() {
    for (chunk, expected) in [
        (r#"{"error":{"message":"slow down","code":429}}"#, Kind::RateLimit),
        (r#"{"error":{"message":"x","code":"rate_limit_exceeded"}}"#, Kind::RateLimit),
        (r#"{"error":{"message":"x","type":"insufficient_quota"}}"#, Kind::RateLimit),
        (r#"{"error":{"message":"x","type":"overloaded_error"}}"#, Kind::Overloaded),
        (r#"{"error":{"message":"x","type":"invalid_request_error"}}"#, Kind::Rejected),
        (r#"{"error":{"message":"x","code":"context_length_exceeded"}}"#, Kind::ContextLength),
        (r#"{"error":{"message":"x","type":"authentication_error"}}"#, Kind::Auth),
        (r#"{"error":"it broke"}"#, Kind::Unavailable),
        (r#"{"object":"error","message":"x","type":"BadRequestError","code":400}"#, Kind::Rejected),
        (r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#, Kind::Unavailable),
        ("{", Kind::Malformed),
        (r#"{"choices":{}}"#, Kind::Malformed),
    ] {
        let provider = crate::config::Provider::default();
        let client = crate::net::Client::tcp();
        let named = Named { id: "p", settings: &provider };
        let endpoint = Endpoint::local(client, named, "tiny");
        let error = take(&[chunk]).expect_err(chunk).at(&endpoint, "m");
        assert_eq!(error.kind, expected, "{chunk}: {error}");
    }
}

#[test]
fn a_whole_answer_is_read_as_one() {
    let answer = json!({
        "choices": [{"index": 0, "message": {
            "role": "assistant", "content": "hi", "reasoning_content": "hm", "refusal": null,
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}},
                {"id": "b", "type": "function", "function": {"name": "g", "arguments": {}}},
                {"type": "function", "function": {"name": "h"}},
            ],
        }, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    });
    let whole = completion(answer.to_string().as_bytes()).expect("an answer");
    assert_eq!(whole.text.as_deref(), Some("hi"));
    assert_eq!(whole.reasoning.as_deref(), Some("hm"));
    assert_eq!((whole.refusal, whole.stop), (None, StopReason::ToolCalls));
    assert_eq!(whole.usage.map(|usage| (usage.input, usage.output)), Some((3, 4)));
    let calls: Vec<_> =
        whole.tool_calls.iter().map(|c| (c.name.as_str(), c.arguments.as_str())).collect();
    assert_eq!(calls, [("f", "{\"x\":1}"), ("g", "{}"), ("h", "{}")]);
    for bad in ["", "[]", "{}", r#"{"choices":[]}"#, r#"{"choices":[{"delta":{"content":"a"}}]}"#] {
        assert!(completion(bad.as_bytes()).is_err(), "{bad}");
    }
    let unfinished =
        completion(br#"{"choices":[{"message":{"content":"a"}}]}"#).expect("an answer");
    assert_eq!((unfinished.text.as_deref(), unfinished.stop), (Some("a"), StopReason::Stop));
}

#[test]
fn scores_come_before_the_text_they_are_of() {
    let score = |token: &str, top: Vec<crate::types::Alternative>| {
        let (token, bytes) = (token.to_owned(), Some(vec![97]));
        crate::types::TokenScore { token, logprob: -0.25, bytes, top }
    };
    let other = crate::types::Alternative { token: "b".to_owned(), logprob: -2.0, bytes: None };
    let scores = |scores| ModelEvent::Delta(Delta::Scores(scores));
    check(
        &[
            r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-0.25,"bytes":[97],"top_logprobs":[{"token":"b","logprob":-2}]}],"refusal":null}}]}"#,
        ],
        &[scores(vec![score("a", vec![other])]), text("a")],
    );
    let refusal = ModelEvent::Delta(Delta::Refusal("a".to_owned()));
    check(
        &[
            r#"{"choices":[{"delta":{"refusal":"a"},"logprobs":{"content":[],"refusal":[{"token":"a","logprob":-0.25,"bytes":[97]}]}}]}"#,
        ],
        &[scores(vec![score("a", vec![])]), refusal],
    );
    // What nobody can read, and the form of the oldest API, are left out.
    for odd in ["{}", "null", "7", r#"{"tokens":["a"]}"#, r#"{"content":[{"token":1}]}"#] {
        let chunk = format!(r#"{{"choices":[{{"delta":{{"content":"a"}},"logprobs":{odd}}}]}}"#);
        check(&[&chunk], &[text("a")]);
    }
}
