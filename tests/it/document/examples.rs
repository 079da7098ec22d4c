//! Samples are what the schemas say, and requests that the gateway answers.

use super::{entries, newer, operations};
use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Upstream};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// A validator for a body, by its schema's reference.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut root = schema.clone();
    root["components"] = json!({ "schemas": document["components"]["schemas"] });
    jsonschema::draft202012::new(&root).expect("a schema")
}

fn check(validator: &jsonschema::Validator, value: &Value, place: &str) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{place}:\n{}", errors.join("\n"));
}

/// The samples of a place: name and value, `$ref` followed.
fn samples<'a>(
    document: &'a Value,
    media: &'a Value,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    entries(&media["examples"]).map(|(name, example)| {
        let target = example["$ref"].as_str().map(|place| place.trim_start_matches('#'));
        let example = target.map_or(example, |place| document.pointer(place).expect("it is there"));
        assert!(!example["summary"].as_str().unwrap_or_default().is_empty(), "{name}: a summary");
        (name.as_str(), &example["value"])
    })
}

/// The data of a stream's events but for the last.
fn events(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let mut data: Vec<&str> = data.collect();
    assert_eq!(data.pop(), Some("[DONE]"), "{stream}");
    data.into_iter().map(|json| serde_json::from_str(json).expect("JSON")).collect()
}

#[test]
fn every_sample_is_what_its_schema_says() {
    let document = newer();
    for (path, method, operation) in operations(&document) {
        let contents =
            entries(&operation["responses"]).map(|(status, reply)| (status.as_str(), reply));
        for (part, content) in contents.chain([("request", &operation["requestBody"])]) {
            for (kind, media) in entries(&content["content"]) {
                let place = format!("{method} {path} {part} {kind}");
                let validator = validator(&document, &media["schema"]);
                let mut found = 0;
                for (name, value) in samples(&document, media) {
                    let place = format!("{place} {name}");
                    found += 1;
                    match value.as_str() {
                        Some(stream) if kind == "text/event-stream" => {
                            for event in events(stream) {
                                check(&validator, &event, &place);
                            }
                        }
                        _ => check(&validator, value, &place),
                    }
                }
                let wanted = part == "request" || part.starts_with('2');
                assert!(found > 0 || !wanted, "{place} has no sample");
            }
        }
    }
}

#[test]
fn a_wrong_sample_is_noticed() {
    let document = newer();
    let schema = json!({ "$ref": "#/components/schemas/CreateChatCompletionResponse" });
    let validator = validator(&document, &schema);
    let examples = &document["paths"]["/v1/chat/completions"]["post"]["responses"]["200"]["content"]
        ["application/json"]["examples"];
    let good = examples["whole"]["value"].clone();
    check(&validator, &good, "whole");
    for (field, value) in
        [("created", json!("now")), ("choices", json!({})), ("usage", json!(null))]
    {
        let mut bad = good.clone();
        bad[field] = value;
        assert!(!validator.is_valid(&bad), "{field} may be anything");
    }
}

#[test]
fn every_file_of_samples_is_in_the_document() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/examples");
    let document = newer();
    let mut described = BTreeSet::new();
    for (_, _, operation) in operations(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        // A probe's other names have the samples of the first.
        if id.starts_with("get") && id.ends_with('z') {
            continue;
        }
        let contents =
            entries(&operation["responses"]).map(|(status, reply)| (status.as_str(), reply));
        for (part, content) in contents.chain([("request", &operation["requestBody"])]) {
            for (kind, media) in entries(&content["content"]) {
                let ending = if kind == "text/event-stream" { "sse" } else { "json" };
                for (name, example) in entries(&media["examples"]) {
                    let folder = if example["$ref"].is_string() { "errors" } else { id };
                    described.insert(format!("{folder}/{part}.{name}.{ending}"));
                }
            }
        }
    }
    let mut files = BTreeSet::new();
    for folder in std::fs::read_dir(&root).expect("the samples") {
        let folder = folder.expect("a folder");
        for file in std::fs::read_dir(folder.path()).expect("its files") {
            let name = file.expect("a file").file_name();
            files.insert(format!("{}/{}", folder.file_name().display(), name.display()));
        }
    }
    assert_eq!(files, described);
}

#[tokio::test]
async fn every_sample_of_a_request_is_answered() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen| {
        let vectors = |input: &Value| {
            let count = input.as_array().map_or(1, Vec::len);
            let vector = |index| json!({"object": "embedding", "index": index, "embedding": [0.5]});
            (0..count).map(vector).collect::<Vec<_>>()
        };
        let usage = json!({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2});
        if seen.path.ends_with("/embeddings") {
            let data = vectors(&seen.body["input"]);
            return Reply::json(200, &json!({"object": "list", "data": data, "model": "embed", "usage": usage}));
        }
        if seen.body["stream"] == true {
            return Reply::fixture("text.sse");
        }
        let message = json!({"role": "assistant", "content": "{\"country\":\"France\",\"capital\":true}"});
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        Reply::json(200, &json!({"id": "c", "object": "chat.completion", "created": 1, "model": "chat", "choices": [choice], "usage": usage}))
    });
    let tools = json!({"tools": {"profile": "full"}});
    let gateway = Gateway::start(&upstream.base_url(), tools).await;
    let document = newer();
    for (path, method, operation) in operations(&document) {
        let media = &operation["requestBody"]["content"]["application/json"];
        for (name, body) in samples(&document, media) {
            let reply = gateway.post(path, body.clone()).await;
            let status = reply.status().as_u16();
            let text = reply.text().await.expect("a body");
            // What a sample goes on with was never asked here.
            let wanted = if body["previous_response_id"].is_string() { 404 } else { 200 };
            assert_eq!(status, wanted, "{method} {path} {name}: {text}");
        }
    }
}
