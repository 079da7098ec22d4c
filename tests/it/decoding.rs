//! Every reply and event of the golden transcripts decodes as OpenAI's own description has it, with
//! async-openai's types, which a missing field or an odd value fails.

use async_openai::error::WrappedError;
use async_openai::types::chat::{CreateChatCompletionResponse, CreateChatCompletionStreamResponse};
use async_openai::types::embeddings::{CreateBase64EmbeddingResponse, CreateEmbeddingResponse};
use async_openai::types::models::{ListModelResponse, Model};
use async_openai::types::responses::{
    DeleteResponse, ItemResourceItem, Response, ResponseStreamEvent, ResponseUsage,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What is sent beside the fields of these types: what chat clients look for, what the
/// OpenResponses description has beyond OpenAI's, and what only OpenAI's own SDKs have.
const EXTENSIONS: [&str; 6] = [
    "reasoning_content",
    "frequency_penalty",
    "presence_penalty",
    "store",
    "max_tool_calls",
    "user",
];

/// A request and its reply, as a transcript has them.
#[derive(Debug, Clone)]
struct Exchange {
    method: String,
    path: String,
    status: u16,
    kind: String,
    body: String,
}

/// One thing to decode: what it should be, and its JSON.
struct Piece<'a> {
    kind: Kind,
    json: &'a str,
}

/// The types that pieces are decoded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Models,
    Model,
    Chat,
    Chunk,
    Vectors,
    EncodedVectors,
    Response,
    ResponseEvent,
    Deleted,
    Items,
    Compacted,
    Error,
}

/// A page of items. async-openai's own type takes everything with an id for a mere reference.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only its parsing is looked at")]
struct Items {
    object: String,
    data: Vec<ItemResourceItem>,
    first_id: Option<String>,
    last_id: Option<String>,
    has_more: bool,
}

/// A conversation made short. OpenAI keeps the user's messages in it, for which async-openai's own
/// type has no place.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only its parsing is looked at")]
struct Compacted {
    id: String,
    object: String,
    created_at: u64,
    output: Vec<ItemResourceItem>,
    usage: ResponseUsage,
}

/// The exchanges of a transcript. What was named in it gets a value of its kind back.
fn exchanges(transcript: &str) -> Vec<Exchange> {
    let times = [("{time}", "1767225600"), ("{millis}", "1767225600000"), ("{age}", "1")];
    let transcript =
        times.iter().fold(transcript.to_owned(), |t, (name, value)| t.replace(name, value));
    let mut found: Vec<Exchange> = Vec::new();
    let (mut before, mut in_body) = (' ', false);
    for line in transcript.lines() {
        let (mark, rest) =
            (line.chars().next().unwrap_or(' '), line.get(1..).unwrap_or("").trim_start());
        match (mark, before == mark) {
            ('>', false) => {
                let (method, path) = rest.split_once(' ').expect("method and path");
                let path = path.split('?').next().unwrap_or(path);
                found.push(Exchange {
                    method: method.to_owned(),
                    path: path.to_owned(),
                    status: 0,
                    kind: String::new(),
                    body: String::new(),
                });
            }
            ('<', false) => {
                in_body = false;
                found.last_mut().expect("a request").status = rest.parse().expect("a status");
            }
            ('<', true) => {
                let exchange = found.last_mut().expect("a request");
                if in_body {
                    exchange.body.push_str(rest);
                    exchange.body.push('\n');
                } else if let Some(kind) = rest.strip_prefix("content-type: ") {
                    kind.clone_into(&mut exchange.kind);
                }
                in_body |= rest.is_empty();
            }
            _ => {}
        }
        before = mark;
    }
    found
}

/// What a reply has to decode.
fn pieces(exchange: &Exchange) -> Vec<Piece<'_>> {
    let Exchange { method, path, status, kind, body } = exchange;
    if !path.starts_with("/v1") || body.is_empty() {
        return Vec::new();
    }
    if kind.starts_with("text/event-stream") {
        let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
        let event = if path.starts_with("/v1/chat") { Kind::Chunk } else { Kind::ResponseEvent };
        let kind = |json: &str| if json.starts_with("{\"error\":") { Kind::Error } else { event };
        let data = data.filter(|json| *json != "[DONE]");
        return data.map(|json| Piece { kind: kind(json), json }).collect();
    }
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let kind = match (method.as_str(), segments.as_slice()) {
        _ if *status >= 400 => Kind::Error,
        (_, ["v1", "models"]) => Kind::Models,
        (_, ["v1", "models", ..]) => Kind::Model,
        (_, ["v1", "chat", "completions"]) => Kind::Chat,
        (_, ["v1", "embeddings"]) if is_encoded(body) => Kind::EncodedVectors,
        (_, ["v1", "embeddings"]) => Kind::Vectors,
        (_, ["v1", "responses", "compact"]) => Kind::Compacted,
        (_, ["v1", "responses", _, "input_items"]) => Kind::Items,
        ("DELETE", ["v1", "responses", _]) => Kind::Deleted,
        (_, ["v1", "responses", ..]) => Kind::Response,
        other => panic!("what is answered to {other:?}?"),
    };
    vec![Piece { kind, json: body }]
}

/// Whether the vectors of a reply are written in base64.
fn is_encoded(body: &str) -> bool {
    let body: Value = serde_json::from_str(body).expect("JSON");
    body["data"][0]["embedding"].is_string()
}

/// Decodes a piece, and says what is wrong with it.
fn decode(piece: &Piece<'_>) -> Result<(), String> {
    match piece.kind {
        // Chat clients look for a good deal beside OpenAI's fields here.
        Kind::Models => read::<ListModelResponse>(piece.json).map(drop),
        Kind::Model => read::<Model>(piece.json).map(drop),
        Kind::Chat => exactly::<CreateChatCompletionResponse>(piece.json),
        Kind::Chunk => exactly::<CreateChatCompletionStreamResponse>(piece.json),
        Kind::Vectors => exactly::<CreateEmbeddingResponse>(piece.json),
        Kind::EncodedVectors => exactly::<CreateBase64EmbeddingResponse>(piece.json),
        Kind::Response => exactly::<Response>(piece.json),
        Kind::ResponseEvent => exactly::<ResponseStreamEvent>(piece.json),
        Kind::Deleted => exactly::<DeleteResponse>(piece.json),
        Kind::Items => read::<Items>(&without_audio(piece.json)).map(drop),
        Kind::Compacted => read::<Compacted>(piece.json).map(drop),
        Kind::Error => exactly::<WrappedError>(piece.json),
    }
}

/// Decodes as `T`, which must know every field that says something.
fn exactly<T: DeserializeOwned + Serialize>(json: &str) -> Result<(), String> {
    let decoded: T = read(json)?;
    let sent: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let kept = serde_json::to_value(&decoded).map_err(|error| error.to_string())?;
    match unknown(&sent, &kept, "") {
        Some(place) => Err(format!("{place} is not a field of OpenAI's")),
        None => Ok(()),
    }
}

/// Recordings are an extension to what a response may be asked: leaves their parts out.
fn without_audio(json: &str) -> String {
    let mut page: Value = serde_json::from_str(json).expect("JSON");
    for item in page["data"].as_array_mut().into_iter().flatten() {
        if let Some(parts) = item.get_mut("content").and_then(Value::as_array_mut) {
            parts.retain(|part| part["type"] != "input_audio");
        }
    }
    page.to_string()
}

/// Decodes as `T`.
fn read<T: DeserializeOwned>(json: &str) -> Result<T, String> {
    let mut reader = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())
}

/// The first field that was sent and not kept.
fn unknown(sent: &Value, kept: &Value, place: &str) -> Option<String> {
    match (sent, kept) {
        (Value::Object(sent), Value::Object(kept)) => sent.iter().find_map(|(name, value)| {
            let place = format!("{place}.{name}");
            match kept.get(name) {
                _ if value.is_null() || EXTENSIONS.contains(&name.as_str()) => None,
                Some(kept) => unknown(value, kept, &place),
                None => Some(place),
            }
        }),
        (Value::Array(sent), Value::Array(kept)) => {
            let pairs = sent.iter().zip(kept).enumerate();
            pairs
                .into_iter()
                .find_map(|(i, (sent, kept))| unknown(sent, kept, &format!("{place}[{i}]")))
        }
        _ => None,
    }
}

/// Every transcript: its name and its text.
fn transcripts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let folders = |path: &Path| {
        let entries =
            std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry"));
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let cases = folders(&root).into_iter().flat_map(|area| folders(&area));
    let files = cases.map(|case| case.join("exchange.http")).filter(|file| file.is_file());
    files
        .map(|file| {
            let name = file.strip_prefix(&root).expect("below").display().to_string();
            (name, std::fs::read_to_string(&file).expect("a transcript"))
        })
        .collect()
}

#[test]
fn every_golden_reply_decodes_strictly() {
    let mut seen: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, text) in transcripts() {
        for exchange in exchanges(&text) {
            for piece in pieces(&exchange) {
                *seen.entry(piece.kind).or_default() += 1;
                if let Err(error) = decode(&piece) {
                    let shown: String = piece.json.chars().take(400).collect();
                    wrong.push(format!(
                        "{name}: {} {}: {:?}: {error}\n  {shown}",
                        exchange.method, exchange.path, piece.kind
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} do not decode:\n{}", wrong.len(), wrong.join("\n"));
    let wanted = [
        Kind::Models,
        Kind::Model,
        Kind::Chat,
        Kind::Chunk,
        Kind::Vectors,
        Kind::EncodedVectors,
        Kind::Response,
        Kind::ResponseEvent,
        Kind::Deleted,
        Kind::Items,
        Kind::Compacted,
        Kind::Error,
    ];
    for kind in wanted {
        assert!(seen.contains_key(&kind), "no {kind:?} among {seen:?}");
    }
    assert!(seen[&Kind::Chunk] > 40 && seen[&Kind::Error] > 60, "{seen:?}");
}

/// The replies that the published document shows.
fn shown() -> Vec<Exchange> {
    let document: Value = serde_json::from_str(&openclaw::http::document()).expect("JSON");
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            for (status, reply) in operation["responses"].as_object().expect("replies") {
                for (kind, media) in reply["content"].as_object().into_iter().flatten() {
                    for example in media["examples"].as_object().into_iter().flatten() {
                        let Some(value) = example.1.get("value") else { continue };
                        let body = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                        found.push(Exchange {
                            method: method.to_uppercase(),
                            path: path.clone(),
                            status: status.parse().expect("a status"),
                            kind: kind.clone(),
                            body,
                        });
                    }
                }
            }
        }
    }
    found
}

#[test]
fn every_reply_that_the_document_shows_decodes_strictly() {
    let shown = shown();
    let mut count = 0;
    for piece in shown.iter().flat_map(pieces) {
        decode(&piece).unwrap_or_else(|error| panic!("{:?}: {error}: {}", piece.kind, piece.json));
        count += 1;
    }
    assert!(count > 20, "{count} replies");
}

/// The first reply of this kind in the transcripts.
fn first(kind: Kind) -> Value {
    let texts = transcripts();
    let exchanges = texts.iter().flat_map(|(_, text)| exchanges(text)).collect::<Vec<_>>();
    let mut pieces = exchanges.iter().flat_map(pieces);
    let piece = pieces.find(|piece| piece.kind == kind).expect("one of this kind");
    serde_json::from_str(piece.json).expect("JSON")
}

fn refused(kind: Kind, spoilt: &Value) -> bool {
    decode(&Piece { kind, json: &spoilt.to_string() }).is_err()
}

#[test]
fn a_missing_field_and_an_odd_value_are_noticed() {
    let required = [
        (Kind::Model, "/", ["owned_by", "created", "object"]),
        (Kind::Chat, "/", ["created", "model", "choices"]),
        (Kind::Chat, "/choices/0", ["index", "message", "message"]),
        (Kind::Chat, "/usage", ["prompt_tokens", "completion_tokens", "total_tokens"]),
        (Kind::Chunk, "/", ["id", "choices", "object"]),
        (Kind::Vectors, "/", ["object", "model", "usage"]),
        (Kind::Vectors, "/data/0", ["index", "object", "embedding"]),
        (Kind::Response, "/", ["created_at", "output", "model"]),
        (Kind::ResponseEvent, "/", ["type", "sequence_number", "response"]),
        (Kind::Error, "/error", ["message", "message", "message"]),
    ];
    for (kind, place, fields) in required {
        let good = first(kind);
        assert!(!refused(kind, &good), "{kind:?} as it is");
        for field in fields {
            let mut spoilt = good.clone();
            let object = spoilt.pointer_mut(place.trim_end_matches('/')).expect("the place");
            let removed = object.as_object_mut().expect("an object").remove(field);
            assert!(
                removed.is_some() && refused(kind, &spoilt),
                "{kind:?} without {place}.{field}"
            );
        }
    }
    let mut odd = first(Kind::Chat);
    odd["choices"][0]["finish_reason"] = json!("end_turn");
    assert!(refused(Kind::Chat, &odd), "a finish reason that OpenAI does not have");
    let mut more = first(Kind::Chat);
    more["choices"][0]["message"]["mood"] = json!("fine");
    assert!(refused(Kind::Chat, &more), "a field that OpenAI does not have");
}
