//! The OpenAI-compatible set, over a gateway with a scripted upstream.

use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Seen, Upstream};
use serde_json::{Value, json};

/// A provider that answers everything: chat with the name of the model it was asked for or a call
/// of the tool it was given, and each text with a vector of its own, the last text's first.
async fn provider() -> Upstream {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen: &Seen| {
        if seen.path.ends_with("/embeddings") {
            let inputs = seen.body["input"].as_array().expect("a list of texts");
            let vector = |(i, text): (usize, &Value)| {
                let length = text.as_str().map_or(0, str::len);
                json!({"object": "embedding", "index": i, "embedding": [length, 1.0]})
            };
            let data: Vec<Value> = inputs.iter().enumerate().map(vector).rev().collect();
            let usage = json!({"prompt_tokens": inputs.len(), "total_tokens": inputs.len()});
            return Reply::json(200, &json!({"object": "list", "data": data, "usage": usage}));
        }
        let mut message = json!({"role": "assistant", "content": seen.body["model"]});
        let mut finish = "stop";
        if let Some(name) = seen.body.pointer("/tools/0/function/name") {
            let function = json!({"name": name, "arguments": "{\"x\":1}"});
            message["tool_calls"] = json!([{"id": "1", "type": "function", "function": function}]);
            finish = "tool_calls";
        }
        let choice = json!({"index": 0, "message": message, "finish_reason": finish});
        let usage = json!({"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4});
        if seen.body["stream"] == true {
            let chunk = |delta: Value, finish: Value| {
                let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
                format!("data: {}\n\n", json!({"id": "c", "choices": [choice]}))
            };
            return Reply::stream()
                .then(chunk(json!({"role": "assistant", "content": "Par"}), Value::Null))
                .then(chunk(json!({"content": "is"}), Value::Null))
                .then(chunk(json!({}), json!("stop")))
                .then("data: [DONE]\n\n");
        }
        Reply::json(200, &json!({"id": "c", "choices": [choice], "usage": usage}))
    });
    upstream
}

fn two_agents() -> Value {
    json!({"agents": {"list": [
        {"id": "main"},
        {"id": "beta", "default": true, "model": "fake/beta-model",
         "memorySearch": {"provider": "fake", "model": "beta-embed"}}
    ]}})
}

fn hello() -> Value {
    json!([{"role": "user", "content": "Hello"}])
}

async fn json_of(response: reqwest::Response) -> Value {
    let status = response.status();
    let kind = response.headers()["content-type"].to_str().expect("ASCII").to_owned();
    assert_eq!(kind, "application/json; charset=utf-8");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(status, 200, "{body}");
    body
}

fn ids(list: &Value) -> Vec<&str> {
    let data = list["data"].as_array().expect("a list");
    data.iter().map(|model| model["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn oa_1_models_are_listed_in_their_shape_and_order() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), two_agents()).await;
    let list = json_of(gateway.get("/v1/models").await).await;
    assert_eq!(list["object"], "list");
    assert_eq!(ids(&list), ["openclaw", "openclaw/default", "openclaw/main", "openclaw/beta"]);
    for model in list["data"].as_array().expect("a list") {
        assert_eq!((&model["object"], &model["owned_by"]), (&json!("model"), &json!("openclaw")));
        assert!(model["created"].as_u64().expect("a time") > 1_700_000_000, "{model}");
    }
}

#[tokio::test]
async fn oa_2_a_model_is_retrieved_with_its_slash_raw_or_escaped() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), two_agents()).await;
    for (path, id) in [
        ("/v1/models/openclaw", "openclaw"),
        ("/v1/models/openclaw/default", "openclaw/default"),
        ("/v1/models/openclaw%2Fdefault", "openclaw/default"),
        ("/v1/models/openclaw%2fbeta", "openclaw/beta"),
    ] {
        assert_eq!(json_of(gateway.get(path).await).await["id"], id, "{path}");
    }
    let unknown = gateway.get("/v1/models/openclaw/nope").await;
    assert_eq!(unknown.status(), 404);
    let body: Value = unknown.json().await.expect("JSON");
    assert_eq!(body["error"]["code"], "model_not_found");
}

#[tokio::test]
async fn oa_3_embeddings_come_as_numbers_and_as_base64_in_input_order() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let one = json!({"model": "openclaw", "input": "hello"});
    let one = json_of(gateway.post("/v1/embeddings", one).await).await;
    assert_eq!(one["data"][0]["embedding"], json!([5.0, 1.0]));
    assert_eq!(one["usage"], json!({"prompt_tokens": 1, "total_tokens": 1}));
    let several = json!({"model": "openclaw", "input": ["a", "bb", "ccc"],
        "encoding_format": "base64", "dimensions": 2});
    let several = json_of(gateway.post("/v1/embeddings", several).await).await;
    let data = several["data"].as_array().expect("a list");
    assert_eq!(data.len(), 3);
    // 3.0 and 1.0 as little-endian 32-bit floats.
    assert_eq!((&data[2]["index"], &data[2]["embedding"]), (&json!(2), &json!("AABAQAAAgD8=")));
    assert_eq!(upstream.seen().last().expect("asked").body["dimensions"], 2);
}

#[tokio::test]
async fn oa_4_chat_answers_plain_streamed_and_with_tools() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let plain = json!({"model": "openclaw", "messages": hello()});
    let plain = json_of(gateway.post("/v1/chat/completions", plain).await).await;
    assert_eq!(plain["object"], "chat.completion");
    assert_eq!(plain["choices"][0]["message"]["content"], "chat");
    assert_eq!(plain["usage"]["total_tokens"], 4);

    let streamed = json!({"model": "openclaw", "messages": hello(), "stream": true});
    let streamed = gateway.post("/v1/chat/completions", streamed).await;
    let kind = streamed.headers()["content-type"].to_str().expect("ASCII").to_owned();
    assert_eq!(kind, "text/event-stream; charset=utf-8");
    let text = streamed.text().await.expect("events");
    let events: Vec<&str> = text.split("\n\n").filter(|event| !event.is_empty()).collect();
    assert_eq!(events.last(), Some(&"data: [DONE]"));
    let chunks: Vec<Value> = events[..events.len() - 1]
        .iter()
        .map(|event| event.strip_prefix("data: ").expect("an event"))
        .map(|event| serde_json::from_str(event).expect("JSON"))
        .collect();
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let content = |chunk: &Value| {
        chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(chunks.iter().map(content).collect::<String>(), "Paris");
    assert_eq!(chunks.last().expect("chunks")["choices"][0]["finish_reason"], "stop");

    let tool =
        json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}});
    let tools = json!({"model": "openclaw", "messages": hello(), "tools": [tool],
        "tool_choice": "auto"});
    let called = json_of(gateway.post("/v1/chat/completions", tools).await).await;
    let seen = upstream.seen().pop().expect("asked");
    assert_eq!(seen.body["tools"][0], tool);
    let choice = &called["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    let function = json!({"name": "f", "arguments": "{\"x\":1}"});
    let call = json!({"id": "1", "type": "function", "function": function});
    assert_eq!(choice["message"]["tool_calls"], json!([call]));

    let older = json!({"model": "openclaw", "messages": hello(), "functions": [{"name": "f"}]});
    let called = json_of(gateway.post("/v1/chat/completions", older).await).await;
    let choice = &called["choices"][0];
    assert_eq!(
        (&choice["finish_reason"], &choice["message"]["function_call"]),
        (&json!("function_call"), &function)
    );

    let twice = json!({"model": "openclaw", "messages": hello(), "n": 2});
    let twice = json_of(gateway.post("/v1/chat/completions", twice).await).await;
    assert_eq!(twice["choices"].as_array().expect("a list").len(), 2);
    assert_eq!(twice["usage"]["total_tokens"], 8);
}

/// The events of a streamed response, without the end of the stream.
async fn events_of(response: reqwest::Response) -> Vec<Value> {
    let kind = response.headers()["content-type"].to_str().expect("ASCII").to_owned();
    assert_eq!(kind, "text/event-stream; charset=utf-8");
    let text = response.text().await.expect("events");
    let mut events: Vec<&str> = text.split("\n\n").filter(|event| !event.is_empty()).collect();
    assert_eq!(events.pop(), Some("data: [DONE]"));
    let event = |event: &str| {
        let (kind, data) = event.split_once("\ndata: ").expect("two lines");
        let data: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(kind.strip_prefix("event: "), data["type"].as_str(), "{data}");
        data
    };
    events.into_iter().map(event).collect()
}

#[tokio::test]
async fn oa_5_responses_answer_plain_streamed_with_tools_and_files() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let plain = json!({"model": "openclaw", "input": "Hello"});
    let plain = json_of(gateway.post("/v1/responses", plain).await).await;
    assert_eq!((&plain["object"], &plain["status"]), (&json!("response"), &json!("completed")));
    assert_eq!(plain["output"][0]["content"][0]["text"], "chat");
    assert_eq!(plain["usage"]["total_tokens"], 4);

    let streamed = json!({"model": "openclaw", "input": "Hello", "stream": true});
    let events = events_of(gateway.post("/v1/responses", streamed).await).await;
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(kinds, expected);
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], at, "{event}");
    }
    assert_eq!(events[9]["response"]["output"][0]["content"][0]["text"], "Paris");

    let tool = json!({"type": "function", "name": "f", "parameters": {"type": "object"}});
    let tools = json!({"model": "openclaw", "input": "Hello", "tools": [tool]});
    let called = json_of(gateway.post("/v1/responses", tools).await).await;
    assert_eq!(upstream.seen().pop().expect("asked").body["tools"][0]["function"]["name"], "f");
    let calls = called["output"].as_array().expect("items").iter();
    let calls: Vec<&Value> = calls.filter(|item| item["type"] == "function_call").collect();
    assert_eq!(calls.len(), 1, "{called}");
    assert_eq!((&calls[0]["call_id"], &calls[0]["arguments"]), (&json!("1"), &json!("{\"x\":1}")));

    let file = json!({"type": "input_file", "filename": "n.txt",
        "file_data": "data:text/plain;base64,VGhlIGNvZGUgaXMgNDcxMS4="});
    let files = json!({"model": "openclaw", "input": [{"role": "user", "content": [
        {"type": "input_text", "text": "What is the code?"}, file]}]});
    let read = json_of(gateway.post("/v1/responses", files).await).await;
    let seen = upstream.seen().pop().expect("asked").body["messages"].to_string();
    assert!(seen.contains("The code is 4711."), "{seen}");
    // What stands in a file is not kept.
    let path = format!("/v1/responses/{}/input_items", read["id"].as_str().expect("an id"));
    let kept = json_of(gateway.get(&path).await).await.to_string();
    assert!(kept.contains("n.txt") && !kept.contains("4711") && !kept.contains("NDcxM"), "{kept}");
}

#[tokio::test]
async fn oa_6_the_first_call_of_chat_clients_works() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    // Open WebUI sends a content type with its GET, LibreChat a query, and base URLs that end in
    // a slash double it.
    for path in ["/v1/models", "/v1/models?user=42", "/v1//models", "/v1/models/"] {
        let request = gateway.request("GET", path).header("content-type", "application/json");
        let list = json_of(request.send().await.expect("an answer")).await;
        assert_eq!(ids(&list)[0], "openclaw", "{path}");
    }
}

#[tokio::test]
async fn oa_7_a_rag_pipeline_embeds_a_batch_in_order() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let texts: Vec<String> = (1..=200).map(|n| "x".repeat(n)).collect();
    let batch = json!({"model": "openclaw", "input": texts});
    let batch = json_of(gateway.post("/v1/embeddings", batch).await).await;
    for (i, entry) in batch["data"].as_array().expect("a list").iter().enumerate() {
        assert_eq!(entry["index"], i);
        assert_eq!(entry["embedding"][0], (i + 1) as f64);
    }
}

#[tokio::test]
async fn oa_8_a_previous_response_keeps_the_conversation_and_its_session() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let first = json!({"model": "openclaw", "input": "My name is Ada.", "user": "ada"});
    let first = gateway.post("/v1/responses", first).await;
    let session = first.headers()["x-openclaw-session-key"].clone();
    let first = json_of(first).await;
    let second = json!({"model": "openclaw", "input": "What is it?",
        "previous_response_id": first["id"]});
    let second = gateway.post("/v1/responses", second).await;
    assert_eq!(second.headers()["x-openclaw-session-key"], session);
    let second = json_of(second).await;
    assert_eq!(second["previous_response_id"], first["id"]);
    let seen = upstream.seen().pop().expect("asked").body["messages"].clone();
    let said = seen.as_array().expect("messages").iter().rev().take(3);
    let said: Vec<&Value> = said.map(|message| &message["content"]).collect();
    assert_eq!(said, ["What is it?", "chat", "My name is Ada."]);
    // Without a session the responses keep the conversation, and none appears.
    let mut before = Value::Null;
    for input in ["My name is Eva.", "What is it?"] {
        let body = json!({"model": "openclaw", "input": input, "previous_response_id": before});
        let reply = gateway.post("/v1/responses", body).await;
        assert_eq!(reply.headers().get("x-openclaw-session-key"), None, "{input}");
        before = json_of(reply).await["id"].clone();
    }
    let seen = upstream.seen().pop().expect("asked").body["messages"].clone();
    let said = seen.as_array().expect("messages").iter().rev().take(3);
    let said: Vec<&Value> = said.map(|message| &message["content"]).collect();
    assert_eq!(said, ["What is it?", "chat", "My name is Eva."]);
    let unknown = json!({"model": "openclaw", "input": "x",
        "previous_response_id": format!("resp_{:032x}", 0)});
    let unknown = gateway.post("/v1/responses", unknown).await;
    assert_eq!(unknown.status(), 404);
    let unknown: Value = unknown.json().await.expect("JSON");
    assert_eq!(unknown["error"]["code"], "previous_response_not_found");
}

#[tokio::test]
async fn oa_9_only_agents_are_listed_never_provider_models() {
    let extra = json!({"models": {"providers": {"fake": {"models": [{"id": "chat"}, {"id": "embed"}, {"id": "x"}]}}}});
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), extra).await;
    let list = json_of(gateway.get("/v1/models").await).await;
    assert_eq!(ids(&list), ["openclaw", "openclaw/default", "openclaw/main"]);
}

#[tokio::test]
async fn oa_10_the_default_alias_follows_the_configured_default_agent() {
    let upstream = provider().await;
    for (default, model) in [("main", "chat"), ("beta", "beta-model")] {
        let config = json!({"agents": {"list": [
            {"id": "main", "default": default == "main"},
            {"id": "beta", "default": default == "beta", "model": "fake/beta-model"}
        ]}});
        let gateway = Gateway::start(&upstream.base_url(), config).await;
        for alias in ["openclaw", "openclaw/default", ""] {
            let body = json!({"model": alias, "messages": hello()});
            let reply = json_of(gateway.post("/v1/chat/completions", body).await).await;
            let content = &reply["choices"][0]["message"]["content"];
            assert_eq!(content, model, "{alias:?} with {default} as default");
        }
    }
}

#[tokio::test]
async fn oa_11_a_header_overrides_the_backend_model() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    for path in ["/v1/chat/completions", "/v1/embeddings"] {
        let ask = |model: &'static str| {
            let body = json!({"model": "openclaw", "messages": hello(), "input": "x"});
            let request = gateway.request("POST", path).json(&body);
            request.header("x-openclaw-model", model).send()
        };
        json_of(ask("fake/special").await.expect("an answer")).await;
        assert_eq!(upstream.seen().last().expect("asked").body["model"], "special", "{path}");
        let before = upstream.seen().len();
        assert_eq!(ask("nowhere/special").await.expect("an answer").status(), 404, "{path}");
        assert_eq!(upstream.seen().len(), before, "an unknown model reaches no provider");
    }
}

#[tokio::test]
async fn oa_12_without_the_header_the_agents_own_models_answer() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), two_agents()).await;
    for (agent, chat, embed) in [("main", "chat", "embed"), ("beta", "beta-model", "beta-embed")] {
        let model = format!("openclaw/{agent}");
        let body = json!({"model": model, "messages": hello()});
        json_of(gateway.post("/v1/chat/completions", body).await).await;
        assert_eq!(upstream.seen().last().expect("asked").body["model"], chat);
        let body = json!({"model": model, "input": "x"});
        json_of(gateway.post("/v1/embeddings", body).await).await;
        assert_eq!(upstream.seen().last().expect("asked").body["model"], embed);
    }
}

#[tokio::test]
async fn oa_9_aliases_follow_the_agents_and_providers_come_only_when_exposed() {
    let models =
        json!({"aliases": {"gpt-4o": "main", "a-first": "fake/x"}, "exposeProviders": false});
    let mut extra = json!({
        "gateway": {"http": {"models": models}},
        "models": {"providers": {"fake": {"models": [{"id": "chat"}, {"id": "embed"}, {"id": "x"}]}}},
    });
    let upstream = provider().await;
    let agents = ["openclaw", "openclaw/default", "openclaw/main"];
    let aliases = ["a-first", "gpt-4o"];
    for exposed in [false, true] {
        extra["gateway"]["http"]["models"]["exposeProviders"] = json!(exposed);
        let gateway = Gateway::start(&upstream.base_url(), extra.clone()).await;
        let list = json_of(gateway.get("/v1/models").await).await;
        let providers: &[&str] = if exposed { &["fake/chat", "fake/embed", "fake/x"] } else { &[] };
        assert_eq!(ids(&list), [&agents[..], &aliases[..], providers].concat());
        for id in ids(&list) {
            assert_eq!(json_of(gateway.get(&format!("/v1/models/{id}")).await).await["id"], id);
        }
    }
}

#[tokio::test]
async fn oa_3_embeddings_take_token_ids_and_count_what_the_provider_does_not() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen: &Seen| {
        let inputs = seen.body["input"].as_array().expect("a list of texts");
        let data: Vec<Value> =
            inputs.iter().map(|_| json!({"embedding": [3.0, 4.0, 12.0]})).collect();
        Reply::json(200, &json!({"object": "list", "data": data}))
    });
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    // What LangChain sends for two documents by default.
    let ids = json!({"model": "openclaw", "input": [[15339, 1917], [15339]],
        "encoding_format": "base64"});
    let reply = json_of(gateway.post("/v1/embeddings", ids).await).await;
    assert_eq!(upstream.seen()[0].body["input"], json!(["hello world", "hello"]));
    assert_eq!(reply["usage"], json!({"prompt_tokens": 3, "total_tokens": 3}));
    let short = json!({"model": "openclaw", "input": "hello", "dimensions": 2});
    let reply = json_of(gateway.post("/v1/embeddings", short).await).await;
    let vector: Vec<f64> =
        serde_json::from_value(reply["data"][0]["embedding"].clone()).expect("numbers");
    let length: f64 = vector.iter().map(|x| x * x).sum();
    assert!(vector.len() == 2 && (length - 1.0).abs() < 1e-6, "{vector:?}");
}

#[tokio::test]
async fn oa_13_all_of_the_set_answers_on_the_one_port() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let models = gateway.get("/v1/models").await;
    let body = json!({"model": "openclaw", "messages": hello(), "input": "x"});
    let chat = gateway.post("/v1/chat/completions", body.clone()).await;
    let embeddings = gateway.post("/v1/embeddings", body).await;
    let tool = gateway.post("/tools/invoke", json!({"name": "agents_list"})).await;
    for reply in [models, chat, embeddings, tool] {
        assert_eq!(
            (reply.status(), reply.url().port()),
            (200.try_into().expect("a status"), port(&gateway))
        );
    }
}

fn port(gateway: &Gateway) -> Option<u16> {
    gateway.url.rsplit(':').next().and_then(|port| port.parse().ok())
}

#[tokio::test]
async fn oa_14_the_whole_set_lies_behind_one_operator_boundary() {
    let upstream = provider().await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let calls = [
        ("GET", "/v1/models"),
        ("GET", "/v1/models/openclaw"),
        ("POST", "/v1/embeddings"),
        ("POST", "/v1/chat/completions"),
    ];
    for (method, path) in calls {
        let body = json!({"model": "openclaw", "messages": hello(), "input": "x"});
        let status = async |bearer: Option<&str>, scopes: Option<&str>| {
            let mut request = gateway.anonymous(method, path).json(&body);
            if let Some(bearer) = bearer {
                request = request.bearer_auth(bearer);
            }
            if let Some(scopes) = scopes {
                request = request.header("x-openclaw-scopes", scopes);
            }
            request.send().await.expect("an answer").status().as_u16()
        };
        let ours = Some(crate::support::gateway::TOKEN);
        assert_eq!(status(None, None).await, 401, "{path}");
        assert_eq!(status(Some("wrong"), None).await, 401, "{path}");
        assert_eq!(status(ours, None).await, 200, "{path}");
        // A shared credential is the operator: the header can neither narrow nor widen it.
        assert_eq!(status(ours, Some("")).await, 200, "{path}");
        assert_eq!(status(None, Some("operator.admin")).await, 401, "{path}");
    }
    let seen = upstream.seen();
    assert!(
        seen.iter().all(|seen| seen.header("authorization") == Some("Bearer sk-upstream-secret"))
    );
}
