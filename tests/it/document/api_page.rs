//! `docs/api.md` says of every endpoint, field, header and code what the gateway does.

use super::{entries, items, newer, operations};
use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Upstream};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const PAGE: &str = include_str!("../../../docs/api.md");

/// The part of the page under a heading of the second level.
fn part(heading: &str) -> &'static str {
    let start = PAGE.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let rest = &PAGE[start + 4..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// The cells of a part's table rows, without headings.
fn rows(part: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = part.lines().filter(|line| line.starts_with("| `"));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What the page says of the fields of each schema.
fn described() -> BTreeMap<&'static str, BTreeMap<&'static str, &'static str>> {
    let sections = part("Request fields").split("\n#### `").skip(1);
    let tables = sections.map(|section| {
        let (name, rest) = section.split_once('`').expect("a closed name");
        let rest = rest.split("\n### ").next().unwrap_or(rest);
        let fields = rows(rest).map(|cells| {
            assert_eq!(cells.len(), 3, "three cells in {name}: {cells:?}");
            assert!(!cells[2].trim_matches('–').is_empty() || cells[1] == "ignored", "{cells:?}");
            (cells[0].trim_matches('`'), cells[1])
        });
        let count = rows(rest).count();
        let fields: BTreeMap<_, _> = fields.collect();
        assert_eq!(fields.len(), count, "a field of {name} stands twice");
        (name, fields)
    });
    tables.collect()
}

/// The schemas of all request bodies, with those they lead to.
fn requests(document: &Value) -> BTreeSet<String> {
    let schema = |operation: &Value| {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        schema["$ref"].as_str().map(str::to_owned)
    };
    let mut open: Vec<String> =
        operations(document).iter().filter_map(|(.., operation)| schema(operation)).collect();
    let mut found = BTreeSet::new();
    while let Some(reference) = open.pop() {
        let schema = document.pointer(reference.trim_start_matches('#')).expect("it is there");
        let name = reference.rsplit('/').next().expect("a name").to_owned();
        if found.insert(name) {
            references(schema, &mut open);
        }
    }
    found
}

fn references(value: &Value, found: &mut Vec<String>) {
    found.extend(value["$ref"].as_str().map(str::to_owned));
    for inner in items(value).chain(entries(value).map(|(_, inner)| inner)) {
        references(inner, found);
    }
}

#[test]
fn every_field_of_every_request_is_described() {
    let (document, described) = (newer(), described());
    let mut schemas = requests(&document);
    schemas.retain(|name| document["components"]["schemas"][name]["properties"].is_object());
    let names: BTreeSet<String> = described.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(names, schemas, "the schemas of requests: on the page, and in the document");
    for (name, fields) in &described {
        let schema = &document["components"]["schemas"][*name];
        let known: BTreeSet<&str> =
            entries(&schema["properties"]).map(|(field, _)| field.as_str()).collect();
        let said: BTreeSet<&str> = fields.keys().copied().collect();
        assert_eq!(said, known, "fields of {name}: on the page, and in the document");
        for (field, is) in fields {
            let statuses = ["honoured", "forwarded", "ignored", "refused"];
            assert!(statuses.contains(is), "{name}.{field} is {is}");
            let required = items(&schema["required"]).any(|required| required == field);
            let row = format!("\n| `{field}` | {is} | required; ");
            let section = PAGE.split(&format!("\n#### `{name}`\n")).nth(1).expect("its section");
            let section = section.split("\n###").next().expect("its rows");
            assert_eq!(section.contains(&row), required, "{name}.{field}: required");
        }
    }
}

#[test]
fn every_endpoint_is_described() {
    let document = newer();
    let known: BTreeSet<String> = operations(&document)
        .iter()
        .map(|(path, method, _)| format!("{} {path}", method.to_uppercase()))
        .collect();
    let said: BTreeSet<String> =
        rows(part("Endpoints")).flat_map(|cells| quoted(cells[0])).map(str::to_owned).collect();
    assert_eq!(said, known);
}

#[test]
fn every_header_is_described() {
    let document = newer();
    let named = |heading| {
        let names = rows(part(heading)).flat_map(|cells| quoted(cells[0]));
        names.map(str::to_lowercase).collect::<BTreeSet<_>>()
    };
    let parameters = operations(&document);
    let parameters = parameters.iter().flat_map(|(.., operation)| items(&operation["parameters"]));
    let mut asked: BTreeSet<String> = parameters
        .filter(|parameter| parameter["in"] == "header")
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_lowercase))
        .collect();
    // It narrows any request of a caller without a shared secret, and so is of no operation.
    asked.insert("x-openclaw-scopes".to_owned());
    assert_eq!(named("Request headers"), asked);
    let answered: BTreeSet<String> =
        entries(&document["components"]["headers"]).map(|(name, _)| name.to_lowercase()).collect();
    assert_eq!(named("Reply headers"), answered);
}

/// The sources of the HTTP API, as one text.
fn sources(folder: &Path) -> String {
    let entries =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let texts = entries.map(|entry| match entry.path() {
        path if path.is_dir() => sources(&path),
        path => std::fs::read_to_string(&path).expect("a source"),
    });
    texts.collect()
}

#[test]
fn every_error_code_is_described() {
    let said: BTreeSet<&str> = rows(part("Errors")).flat_map(|cells| quoted(cells[0])).collect();
    let cases = include_str!("../../../docs/http-status.md");
    let cases =
        cases.lines().filter(|line| line.starts_with("| ") && line.matches('|').count() == 6);
    let codes = cases.filter_map(|line| line.split('|').nth(4)).map(str::trim);
    for code in codes.filter(|code| !code.starts_with('`')) {
        assert!(said.contains(code), "the page does not say what {code} is");
    }
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http"));
    for code in said {
        assert!(sources.contains(&format!("\"{code}\"")), "{code} is never sent");
    }
}

/// A value that says something, by a field's schema.
fn saying(schema: &Value) -> Value {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| **kind != "null"),
        kind => Some(kind),
    };
    match kind.and_then(Value::as_str) {
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(1),
        Some("array") => json!([{}]),
        Some("string") => json!("in-memory"),
        _ => json!({ "name": "any" }),
    }
}

#[tokio::test]
async fn what_is_called_ignored_is_named_in_the_reply() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| Reply::fixture("text.sse"));
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let (document, described) = (newer(), described());
    let hello = json!([{ "role": "user", "content": "Hello" }]);
    let requests = [
        ("/v1/chat/completions", "CreateChatCompletionRequest", json!({ "messages": hello })),
        ("/v1/responses", "CreateResponse", json!({ "input": "Hello" })),
    ];
    for (path, name, mut body) in requests {
        body["stream"] = json!(true);
        let ignored: BTreeSet<&str> =
            described[name].iter().filter(|(_, is)| **is == "ignored").map(|(f, _)| *f).collect();
        assert!(ignored.len() > 3, "{ignored:?}");
        for field in &ignored {
            body[*field] = saying(&document["components"]["schemas"][name]["properties"][*field]);
        }
        let reply = gateway.post(path, body).await;
        assert_eq!(reply.status(), 200, "{path}");
        let named = reply.headers().get("x-openclaw-ignored-params").expect("names");
        let named: BTreeSet<&str> = named.to_str().expect("ASCII").split(", ").collect();
        assert_eq!(named, ignored, "{path}");
    }
}
