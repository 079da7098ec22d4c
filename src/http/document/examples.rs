//! Samples of requests and replies, from `openapi/examples`.
//!
//! A folder there is an operation, and a file `<place>.<name>`: `request`, or the status of a
//! reply. JSON files hold an Example Object of OpenAPI; a stream is a file of its bytes, whose
//! first line, a comment, says what it is. The folder `errors` is of all operations.

use serde_json::{Map, Value, json};

/// A file of `openapi/examples`.
pub(super) struct Sample {
    /// The folder.
    pub(super) operation: &'static str,
    /// `request`, or a status.
    pub(super) place: &'static str,
    /// Unique in its place.
    pub(super) name: &'static str,
    text: &'static str,
    kind: &'static str,
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

macro_rules! samples {
    ($($operation:literal: $($place:literal/$name:literal.$ending:ident),+;)+) => {
        &[$($(Sample {
            operation: $operation,
            place: $place,
            name: $name,
            text: include_str!(concat!(
                "../../../openapi/examples/", $operation, "/", $place, ".", $name, ".",
                stringify!($ending)
            )),
            kind: samples!(@kind $ending),
        }),+),+]
    };
    (@kind json) => { JSON };
    (@kind sse) => { EVENTS };
}

/// All of them.
pub(super) const SAMPLES: &[Sample] = samples! {
    "listModels": "200"/"list".json;
    "retrieveModel": "200"/"model".json;
    "createChatCompletion":
        "request"/"plain".json, "request"/"stream".json, "request"/"tools".json,
        "request"/"tool_result".json, "request"/"image".json, "request"/"json_schema".json,
        "200"/"whole".json, "200"/"tool_calls".json, "200"/"stream".sse;
    "createResponse":
        "request"/"text".json, "request"/"items".json, "request"/"stream".json,
        "request"/"tools".json, "request"/"tool_result".json, "request"/"file".json,
        "request"/"image".json, "request"/"json_schema".json, "request"/"continuation".json,
        "request"/"background".json,
        "200"/"whole".json, "200"/"tool_call".json, "200"/"stream".sse;
    "retrieveResponse":
        "200"/"background".json, "200"/"resumed".sse, "404"/"unknown".json;
    "deleteResponse": "200"/"deleted".json;
    "cancelResponse": "200"/"cancelled".json;
    "listInputItems": "200"/"items".json;
    "compactResponse": "request"/"conversation".json, "200"/"compacted".json;
    "createEmbedding":
        "request"/"text".json, "request"/"texts".json, "request"/"tokens".json,
        "200"/"float".json, "200"/"base64".json;
    "invokeTool": "request"/"use".json, "200"/"result".json, "404"/"unknown".json;
    "getHealth": "200"/"live".json;
    "getReady": "200"/"ready".json, "503"/"not_ready".json;
    "getStartup": "200"/"started".json, "503"/"starting".json;
    "errors":
        "400"/"invalid_value".json, "401"/"invalid_api_key".json, "403"/"missing_scope".json,
        "404"/"model_not_found".json, "409"/"idempotency_conflict".json,
        "413"/"request_too_large".json, "415"/"unsupported_media_type".json,
        "429"/"rate_limit_exceeded".json, "502"/"upstream_unavailable".json,
        "503"/"overloaded".json, "504"/"upstream_timeout".json;
};

/// Probes with several names, and the name under which their samples are.
const PROBES: [(&str, &str); 4] = [
    ("getHealthz", "getHealth"),
    ("getLivez", "getHealth"),
    ("getReadyz", "getReady"),
    ("getStartupz", "getStartup"),
];

/// What parameters may hold, by their names.
const PARAMETERS: [(&str, &str); 10] = [
    ("model", "openclaw/default"),
    ("response_id", "resp_4b1f0a6d9c3e4f2a8d7c6b5a49382716"),
    ("order", "asc"),
    ("x-openclaw-agent-id", "main"),
    ("x-openclaw-model", "openai/gpt-5"),
    ("x-openclaw-session-key", "agent:main:notes"),
    ("x-openclaw-on-disconnect", "grace=30"),
    ("x-openclaw-message-channel", "telegram"),
    ("x-openclaw-account-id", "default"),
    ("x-openclaw-thread-id", "7"),
];

/// The folder of the samples that are of all operations with OpenAI's error envelope.
const ERRORS: &str = "errors";

/// Puts the samples where they belong.
pub(super) fn insert(document: &mut Value) {
    let errors = SAMPLES.iter().filter(|sample| sample.operation == ERRORS);
    let errors = errors.map(|sample| (sample.name.to_owned(), sample.example()));
    document["components"]["examples"] = errors.collect::<Map<_, _>>().into();
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in operations.as_object_mut().into_iter().flatten() {
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                let known = PARAMETERS.iter().find(|(name, _)| parameter["name"] == *name);
                if let Some((_, value)) = known {
                    parameter["example"] = json!(value);
                }
            }
            let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
            let probe = PROBES.iter().find(|(name, _)| *name == id).map(|(_, probe)| *probe);
            for sample in SAMPLES {
                if sample.operation == probe.unwrap_or(&id) {
                    sample.put(operation, sample.example());
                } else if sample.operation == ERRORS && path.starts_with("/v1/") {
                    let place = format!("#/components/examples/{}", sample.name);
                    sample.put(operation, json!({ "$ref": place }));
                }
            }
        }
    }
}

impl Sample {
    /// The Example Object.
    fn example(&self) -> Value {
        if self.kind == EVENTS {
            let (first, events) = self.text.split_once("\n\n").expect("a stream has frames");
            return json!({ "summary": first.trim_start_matches([':', ' ']), "value": events });
        }
        serde_json::from_str(self.text)
            .unwrap_or_else(|error| panic!("{}/{}: {error}", self.operation, self.name))
    }

    /// Adds it to the operation, where that has the place.
    fn put(&self, operation: &mut Value, example: Value) {
        let place = match self.place {
            "request" => operation.get_mut("requestBody"),
            status => operation["responses"].get_mut(status),
        };
        if let Some(media) = place.and_then(|place| place["content"].get_mut(self.kind)) {
            media["examples"][self.name] = example;
        }
    }

    /// What is sent: the value of a JSON sample.
    #[cfg(test)]
    pub(super) fn value(&self) -> Value {
        self.example()["value"].take()
    }
}
