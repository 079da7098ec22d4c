use super::*;
use crate::types::{Hints, ModelRef, Sampling};
use serde_json::{Value, json};

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("JSON")
}

fn call() -> ModelCall {
    ModelCall {
        model: ModelRef { provider: "p".to_owned(), model: "m/1".to_owned() },
        messages: vec![Message::User { content: Content::Text("hi".to_owned()), name: None }],
        sampling: Sampling::default(),
        hints: Hints::default(),
        response_format: None,
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        parallel_tool_calls: None,
    }
}

fn check(bytes: Bytes, expected: Value) {
    let sent: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(sent, expected);
}

#[test]
fn a_plain_question_says_no_more_than_it_must() {
    let messages = json!([{"role": "user", "content": "hi"}]);
    check(whole(&call(), Flavour::Compatible), json!({"model": "m/1", "messages": messages}));
    check(
        streamed(&call(), Flavour::Compatible),
        json!({
            "model": "m/1", "messages": messages,
            "stream": true, "stream_options": {"include_usage": true},
        }),
    );
}

#[test]
fn messages_keep_their_roles_parts_and_calls() {
    let text = |text: &str| Content::Text(text.to_owned());
    let image = Part::Image { url: "data:image/png;base64,AA==".to_owned(), detail: None };
    let call = ModelCall {
        messages: vec![
            Message::System { text: "be brief".to_owned() },
            Message::User {
                content: Content::Parts(vec![Part::Text("what".to_owned()), image]),
                name: Some("ann".to_owned()),
            },
            Message::User {
                content: Content::Parts(vec![Part::Text("one".to_owned())]),
                name: None,
            },
            Message::User { content: Content::Parts(Vec::new()), name: None },
            Message::Assistant {
                text: None,
                tool_calls: vec![ToolCall {
                    id: "c1".to_owned(),
                    name: "f".to_owned(),
                    arguments: "not \"json".to_owned(),
                }],
            },
            Message::Tool { call_id: "c1".to_owned(), content: text("") },
            Message::Assistant { text: None, tool_calls: Vec::new() },
            Message::Assistant { text: Some("ok".to_owned()), tool_calls: Vec::new() },
        ],
        ..call()
    };
    check(
        whole(&call, Flavour::Compatible),
        json!({"model": "m/1", "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "name": "ann", "content": [
                {"type": "text", "text": "what"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            ]},
            {"role": "user", "content": "one"},
            {"role": "user", "content": ""},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "not \"json"}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": ""},
            {"role": "assistant", "content": ""},
            {"role": "assistant", "content": "ok"},
        ]}),
    );
}

#[test]
fn tools_and_formats_are_passed_on() {
    let tool = |name: &str, parameters: Option<&str>| ToolSpec {
        name: name.to_owned(),
        description: parameters.map(|_| "does it".to_owned()),
        parameters: parameters.map(raw),
        strict: parameters.map(|_| true),
    };
    let call = ModelCall {
        response_format: Some(ResponseFormat::JsonSchema(raw(r#"{"name":"n","schema":{}}"#))),
        tools: vec![tool("f", Some(r#"{"type":"object"}"#)), tool("g", None)],
        tool_choice: ToolChoice::Function("f".to_owned()),
        parallel_tool_calls: Some(false),
        ..call()
    };
    check(
        whole(&call, Flavour::Compatible),
        json!({
            "model": "m/1", "messages": [{"role": "user", "content": "hi"}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
            "tools": [
                {"type": "function", "function": {
                    "name": "f", "description": "does it", "parameters": {"type": "object"},
                    "strict": true,
                }},
                {"type": "function", "function": {"name": "g"}},
            ],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
            "parallel_tool_calls": false,
        }),
    );
    // OpenAI refuses these two without tools.
    let bare = ModelCall { tools: Vec::new(), response_format: None, ..call };
    let plain = json!({"model": "m/1", "messages": [{"role": "user", "content": "hi"}]});
    check(whole(&bare, Flavour::Compatible), plain);
}

#[test]
fn sampling_is_named_as_the_host_knows_it() {
    let call = ModelCall {
        sampling: Sampling {
            temperature: Some(0.5),
            top_p: Some(0.9),
            frequency_penalty: Some(-1.0),
            presence_penalty: Some(1.0),
            seed: Some(7),
            stop: vec!["END".to_owned()],
            max_tokens: Some(99),
        },
        ..call()
    };
    for (flavour, limit, seed) in [
        (Flavour::OpenAi, "max_completion_tokens", "seed"),
        (Flavour::Mistral, "max_tokens", "random_seed"),
        (Flavour::Compatible, "max_tokens", "seed"),
    ] {
        check(
            whole(&call, flavour),
            json!({
                "model": "m/1", "messages": [{"role": "user", "content": "hi"}],
                "temperature": 0.5, "top_p": 0.9, "frequency_penalty": -1.0,
                "presence_penalty": 1.0, seed: 7, limit: 99, "stop": ["END"],
            }),
        );
    }
}

#[test]
fn hints_go_to_those_who_take_them() {
    let mut asked = call();
    asked.hints = Hints {
        logprobs: Some(2),
        logit_bias: Some(raw(r#"{"50256":-100}"#)),
        prediction: Some(raw(r#"{"type":"content","content":"x"}"#)),
        reasoning_effort: Some("low".to_owned()),
        verbosity: Some("high".to_owned()),
        service_tier: Some("flex".to_owned()),
        safety_identifier: Some("u1".to_owned()),
    };
    let sent = |flavour| {
        let sent: Value = serde_json::from_slice(&whole(&asked, flavour)).expect("JSON");
        let mut keys: Vec<String> = sent.as_object().expect("an object").keys().cloned().collect();
        keys.retain(|key| key != "model" && key != "messages");
        keys
    };
    let known = ["logit_bias", "logprobs", "reasoning_effort", "top_logprobs"];
    assert_eq!(sent(Flavour::Compatible), known);
    assert_eq!(sent(Flavour::Mistral), ["prediction"]);
    assert!(sent(Flavour::Local).is_empty());
    let mut all =
        [&known[..], &["prediction", "verbosity", "service_tier", "safety_identifier"]].concat();
    all.sort_unstable();
    assert_eq!(sent(Flavour::OpenAi), all);
    let sent: Value = serde_json::from_slice(&whole(&asked, Flavour::OpenAi)).expect("JSON");
    assert_eq!((&sent["logprobs"], &sent["top_logprobs"]), (&json!(true), &json!(2)));
    assert_eq!(sent["logit_bias"], json!({"50256": -100}));
}

#[test]
fn recordings_are_written_as_each_reads_them() {
    let (data, format) = ("UklGRg==".to_owned(), "wav".to_owned());
    let content = Content::Parts(vec![Part::Audio { data, format }]);
    let asked = ModelCall { messages: vec![Message::User { content, name: None }], ..call() };
    let part = |flavour| {
        let sent: Value = serde_json::from_slice(&whole(&asked, flavour)).expect("JSON");
        sent["messages"][0]["content"][0]["input_audio"].clone()
    };
    assert_eq!(part(Flavour::OpenAi), json!({"data": "UklGRg==", "format": "wav"}));
    assert_eq!(part(Flavour::Compatible), part(Flavour::OpenAi));
    assert_eq!(part(Flavour::Mistral), json!("UklGRg=="));
}
