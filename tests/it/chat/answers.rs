//! Several answers to one request.

use super::{PATH, asking, chunk, end, events, read_rest, read_until};
use crate::support::gateway::Gateway;
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Upstream};
use serde_json::{Value, json};

#[tokio::test]
async fn several_answers_stream_at_the_same_time() {
    let gate = Gate::default();
    let reply = |name: &str| {
        let begun = Reply::stream().then(chunk(&format!("{name}1"))).then_gate(&gate);
        begun.then(chunk(&format!("{name}2"))).then(end())
    };
    let upstream = Upstream::with([reply("a"), reply("b"), reply("c")]).await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let mut reply = gateway.post(PATH, asking(json!({"stream": true, "n": 3}))).await;
    let mut text = String::new();
    for begun in ["a1", "b1", "c1"] {
        read_until(&mut reply, &mut text, begun).await;
    }
    assert!(!text.contains("2\""), "all have begun before any goes on: {text}");
    gate.open();
    read_rest(&mut reply, &mut text).await;
    let events = events(&text);
    let mut texts = vec![String::new(); 3];
    for event in &events {
        let choice = &event["choices"][0];
        let index = choice["index"].as_u64().expect("an index") as usize;
        if texts[index].is_empty() {
            assert_eq!(choice["delta"]["role"], "assistant", "{event}");
        }
        texts[index].push_str(choice["delta"]["content"].as_str().unwrap_or("."));
        if choice["delta"]["role"] == "assistant" {
            texts[index].push(':');
        }
    }
    texts.sort();
    assert_eq!(texts, [":a1a2.", ":b1b2.", ":c1c2."], "{text}");
}

#[tokio::test]
async fn an_answer_that_fails_ends_the_others() {
    let refused = Reply::json(400, &json!({"error": {"message": "no such thing"}}));
    for stream in [false, true] {
        let upstream = Upstream::with([refused.clone(), Reply::hang()]).await;
        let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
        let reply = soon(gateway.post(PATH, asking(json!({"stream": stream, "n": 2})))).await;
        assert_eq!(reply.status(), 400);
        let body: Value = reply.json().await.expect("JSON");
        assert_eq!(body["error"]["code"], "upstream_rejected", "{body}");
        upstream.given_up(1).await;
    }
}

#[tokio::test]
async fn a_repeat_of_several_answers_is_the_same_answers() {
    let answer = |text: &str| {
        let message = json!({"role": "assistant", "content": text});
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        Reply::json(200, &json!({"id": "c", "choices": [choice]}))
    };
    let upstream = Upstream::with([answer("a"), answer("b")]).await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let ask = || async {
        let request = gateway.request("POST", PATH).header("idempotency-key", "k");
        let reply = request.json(&asking(json!({"n": 2}))).send().await.expect("an answer");
        let body: Value = reply.json().await.expect("JSON");
        body["choices"].clone()
    };
    let first = ask().await;
    assert_eq!(first.as_array().expect("choices").len(), 2);
    assert_eq!(ask().await, first);
    assert_eq!(upstream.seen().len(), 2, "each answer was asked for once");
}

#[tokio::test]
async fn the_tokens_of_all_answers_count_against_the_limit_once() {
    let usage = json!({"prompt_tokens": 300, "completion_tokens": 100, "total_tokens": 400});
    let message = json!({"role": "assistant", "content": "a"});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    let free = Reply::json(200, &json!({"id": "c", "choices": [choice]}));
    let whole = Reply::json(200, &json!({"id": "c", "choices": [choice], "usage": usage}));
    let told = format!("data: {}\n\n", json!({"id": "c", "choices": [], "usage": usage}));
    let stop = super::upstream_event(json!({}), json!("stop"));
    let streamed = Reply::stream().then(chunk("a")).then(stop).then(told);
    let streamed = streamed.then("data: [DONE]\n\n");
    let limits = json!({"gateway": {"http": {"limits": {"tokensPerMinute": 1000}}}});
    for (stream, reply) in [(true, streamed), (false, whole)] {
        let upstream = Upstream::with([reply.clone(), reply, free.clone()]).await;
        let gateway = Gateway::start(&upstream.base_url(), limits.clone()).await;
        let mut reply = gateway.post(PATH, asking(json!({"stream": stream, "n": 2}))).await;
        assert_eq!(reply.status(), 200);
        read_rest(&mut reply, &mut String::new()).await;
        let next = gateway.post(PATH, asking(json!({}))).await;
        let left = &next.headers()["x-ratelimit-remaining-tokens"];
        let left: u32 = left.to_str().expect("ASCII").parse().expect("a number");
        // Of 1000 tokens 800 are spent, and 17 come back each second.
        assert!((200..500).contains(&left), "{left} are left after stream: {stream}");
    }
}

#[tokio::test]
async fn what_is_large_is_not_asked_many_times_at_once() {
    let upstream = Upstream::start().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let ask = |n: u32| {
        let content = "x".repeat(1024 * 1024);
        asking(json!({"messages": [{"role": "user", "content": content}], "n": n}))
    };
    let reply = gateway.post(PATH, ask(64)).await;
    assert_eq!(reply.status(), 400);
    let body: Value = reply.json().await.expect("JSON");
    assert_eq!(body["error"]["param"], "n", "{body}");
    let message = body["error"]["message"].as_str().expect("a message");
    // The message itself takes a few bytes more than its text.
    assert!(message.ends_with("`n` can be 63 at most."), "{message}");
    assert_eq!(upstream.connections(), 0);
}
