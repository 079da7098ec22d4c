//! Strict clients decode every response and every event.

use super::*;
use async_openai::types::responses::{Response, ResponseStreamEvent};

fn check(event: &Event) {
    let text = serde_json::to_string(event).expect("JSON");
    let decoded: ResponseStreamEvent =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let again = serde_json::to_value(&decoded).expect("JSON");
    assert_eq!(again["type"], event.kind());
    let value: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["type"], event.kind());
    assert_eq!(value["sequence_number"], event.sequence_number());
}

fn check_response(response: &ResponseObject, state: State) {
    assert_eq!(response.status, state);
    let text = serde_json::to_string(response).expect("JSON");
    let decoded: Response =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(decoded.id, response.id);
    let again: ResponseObject = serde_json::from_str(&text).expect("what was written");
    assert_eq!(&again, response);
}

/// What OpenAI's and the OpenResponses schema require of a response.
const REQUIRED: [&str; 35] = [
    "id",
    "object",
    "created_at",
    "completed_at",
    "status",
    "background",
    "error",
    "incomplete_details",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "output",
    "parallel_tool_calls",
    "previous_response_id",
    "conversation",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "access_programs",
    "service_tier",
    "store",
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "top_logprobs",
    "text",
    "tool_choice",
    "tools",
    "truncation",
    "usage",
    "user",
    "object",
];

fn full_echo() -> Echo {
    let parameters = json!({"type": "object", "properties": {}});
    Echo {
        model: "openclaw".to_owned(),
        instructions: Some("be brief".to_owned()),
        metadata: json!({"a": "b"}).as_object().cloned().expect("an object"),
        tools: vec![
            json!({"type": "function", "name": "look", "parameters": parameters}),
            json!({"type": "function", "name": "see", "parameters": parameters, "strict": true}),
        ],
        tool_choice: json!({"type": "function", "name": "look"}),
        parallel_tool_calls: true,
        temperature: Some(0.5),
        top_p: Some(0.9),
        presence_penalty: Some(0.1),
        frequency_penalty: Some(-0.1),
        top_logprobs: Some(2),
        max_output_tokens: Some(100),
        max_tool_calls: Some(3),
        text_format: json!({"type": "json_schema", "name": "x", "schema": {"type": "object"}, "strict": true}),
        verbosity: Some("low".to_owned()),
        reasoning_effort: Some("low".to_owned()),
        reasoning_summary: Some("auto".to_owned()),
        truncation: "auto".to_owned(),
        service_tier: "flex".to_owned(),
        conversation: Some("conv_1".to_owned()),
        user: Some("u".to_owned()),
        safety_identifier: Some("s".to_owned()),
        prompt_cache_key: Some("p".to_owned()),
    }
}

fn scored() -> Reply {
    let entry = json!({"token": "yes", "logprob": -0.1, "bytes": [121, 101, 115], "top_logprobs": [
        {"token": "no", "logprob": -3.2, "bytes": [110, 111]}
    ]});
    let choice = json!({"index": 0, "delta": {"content": "yes"}, "logprobs": {"content": [entry]}, "finish_reason": null});
    let chunk = format!("data: {}\n\n", json!({"id": "c", "choices": [choice]}));
    Reply::stream().then(chunk).then(ends())
}

fn refusing() -> Reply {
    Reply::stream().then(chunk(json!({"refusal": "No."}), None)).then(ends())
}

#[tokio::test]
async fn strict_clients_decode_every_status_and_every_event() {
    let half = || Reply::stream().then(chunk(json!({"content": "half"}), None));
    let cut = half().then(format!("{}data: [DONE]\n\n", chunk(json!({}), Some("length"))));
    let replies = [rich(), scored(), refusing(), cut, half().then_cut(), half().then_hang()];
    let upstream = Upstream::with(replies).await;
    let (home, _folder) = Home::new(&upstream).await;
    let states = [
        State::Completed,
        State::Completed,
        State::Completed,
        State::Incomplete,
        State::Failed,
        State::Cancelled,
    ];
    let mut kinds = std::collections::BTreeSet::new();
    for (at, state) in states.into_iter().enumerate() {
        let echo = if at % 2 == 0 { full_echo() } else { ask("").echo };
        let mut create = Create { echo, ..with_tools(in_background("hi")) };
        create.run.hints.logprobs = Some(1);
        let mut reader = home.create(create).await;
        let queued = reader.ready().expect("the first event");
        let Event::Created { response, .. } = &queued else { panic!("{queued:?}") };
        check_response(response, State::Queued);
        let mut events = vec![queued];
        if state == State::Cancelled {
            events.extend(until_text(&mut reader).await);
            check_response(&home.get(reader.id()).await, State::InProgress);
            soon(home.responses.cancel(&Caller::OPERATOR, reader.id())).await.expect("cancelled");
        }
        events.extend(all(reader).await);
        events.iter().for_each(check);
        kinds.extend(events.iter().map(Event::kind));
        let response = events.last().and_then(Event::last).expect("the end");
        check_response(response, state);
        let value = serde_json::to_value(response).expect("JSON");
        for field in REQUIRED {
            assert!(value.get(field).is_some(), "{field}: {value}");
        }
        write_sample(at, &events);
    }
    assert_eq!(kinds.len(), 20, "every kind of event was seen: {kinds:?}");
}

/// For other decoders: `RESPONSE_SAMPLES=<folder>` writes the events, one JSON text a line.
fn write_sample(number: usize, events: &[Event]) {
    let Some(folder) = std::env::var_os("RESPONSE_SAMPLES") else { return };
    let lines = events.iter().map(|event| serde_json::to_string(event).expect("JSON"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let file = Path::new(&folder).join(format!("{number}.jsonl"));
    std::fs::write(file, text).expect("written");
}
