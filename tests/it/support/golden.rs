//! Golden wire transcripts: what a client sends and gets, and what the upstream saw, as text.
//!
//! A case is a folder below `tests/golden/<area>` with
//! - `case.json`: `config` (merged over the test gateway's), `sessions` that are there already (see
//!   [`Seed`]), and `upstream`, the replies in order: `{"fixture": name}`,
//!   `{"status": …, "json": …}`, `{"stream": [pieces], "then": "cut"}`, or `{"raw": text}`; each
//!   may have `headers`;
//! - or `{"suite": name}`: what is asked was recorded from the client of that compat suite, the config
//!   is the suite's, and its script answers for every model;
//! - `exchange.http`: requests (lines that begin with `> `), and after each the reply (`< `) and
//!   what the upstream saw of it (`^ `). `{upstream}` in a body is the upstream's host and port.
//!
//! JSON bodies are compared pretty-printed; ids, times and ports are named. Ids of responses and of
//! their items are numbered: `resp_{1}`, and a request may name one that was told before it. `UPDATE_GOLDEN=1`
//! writes replies anew and leaves requests alone.

use super::gateway::{Gateway, TOKEN, merge};
use super::seed::{self, Seed};
use super::upstream::{Reply, Seen, Upstream};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    config: Value,
    #[serde(default)]
    upstream: Vec<Scripted>,
    #[serde(default)]
    sessions: Vec<Seed>,
    suite: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scripted {
    fixture: Option<String>,
    #[serde(default = "ok")]
    status: u16,
    json: Option<Value>,
    stream: Option<Vec<String>>,
    raw: Option<String>,
    then: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

fn ok() -> u16 {
    200
}

/// Checks every case of an area; fails with the names and first differences of those that differ.
pub(crate) async fn check_area(area: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(area);
    let mut cases: Vec<PathBuf> = fs::read_dir(&root)
        .unwrap_or_else(|error| panic!("{}: {error}", root.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "{area} has no cases");
    let mut wrong = Vec::new();
    for case in cases {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        if let Err(difference) = check(&case).await {
            wrong.push(format!("{area}/{name}: {difference}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

async fn check(folder: &Path) -> Result<(), String> {
    let case = fs::read_to_string(folder.join("case.json")).map_err(|error| error.to_string())?;
    let case: Case = serde_json::from_str(&case).map_err(|error| format!("case.json: {error}"))?;
    let file = folder.join("exchange.http");
    let recorded = fs::read_to_string(&file).map_err(|error| error.to_string())?;
    let upstream = Upstream::with(case.upstream.into_iter().map(reply)).await;
    let mut config = if case.config.is_null() { json!({}) } else { case.config };
    let state = TempDir::new().expect("a temporary folder");
    if let Some(suite) = case.suite {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("compat-suites").join(suite);
        fs::copy(script.join("replies.json"), state.path().join("replies.json"))
            .map_err(|error| format!("{}: {error}", script.display()))?;
        let own = std::mem::replace(&mut config, scripted(&script));
        merge(&mut config, own);
    }
    seed::sow(state.path(), case.sessions).await;
    let gateway = Gateway::start_in(state, &upstream.base_url(), config).await;
    let mut played = String::new();
    let mut forwarded = 0;
    let there = upstream.address().to_string();
    for mut request in requests(&recorded) {
        request.body = request.body.replace("{upstream}", &there);
        let known = numbered(&played);
        played.push_str(&request.text);
        played.push('\n');
        let request = request.naming(&known);
        answer(&gateway, &request, &mut played).await;
        for seen in upstream.seen().into_iter().skip(forwarded) {
            forwarded += 1;
            saw(&seen, &mut played);
        }
        played.push('\n');
    }
    let played = name_what_varies(&played.replace(&there, "{upstream}"), &gateway.url);
    if super::updating() {
        return fs::write(&file, played).map_err(|error| error.to_string());
    }
    let line = recorded.lines().zip(played.lines()).position(|(old, new)| old != new);
    if recorded == played {
        return Ok(());
    }
    let line = line.unwrap_or_else(|| recorded.lines().count().min(played.lines().count()));
    let show = |text: &str| text.lines().nth(line).unwrap_or("(nothing)").to_owned();
    Err(format!("line {}:\n  golden: {}\n  now:    {}", line + 1, show(&recorded), show(&played)))
}

/// The config of a compat suite, with its script in the place of every model.
fn scripted(suite: &Path) -> Value {
    let text = fs::read_to_string(suite.join("openclaw.json")).expect("the suite's config");
    let mut config: Value = json5::from_str(&text).expect("JSON5");
    // How much of a limit is left depends on the time that has gone by.
    for (place, key) in [("/models/providers", "mirror"), ("/gateway/http", "limits")] {
        if let Some(Value::Object(map)) = config.pointer_mut(place) {
            map.remove(key);
        }
    }
    config["agents"]["defaults"] = json!({
        "model": "scripted/replies",
        "memorySearch": { "provider": "scripted", "model": "replies" },
    });
    for agent in config["agents"]["list"].as_array_mut().expect("agents") {
        agent["model"] = json!("scripted/replies");
    }
    config
}

fn reply(scripted: Scripted) -> Reply {
    let mut reply = match (scripted.fixture, scripted.json, scripted.stream, scripted.raw) {
        (Some(name), ..) => Reply::fixture(&name),
        (_, Some(body), ..) => Reply::json(scripted.status, &body),
        (_, _, Some(pieces), _) => pieces.into_iter().fold(Reply::stream(), Reply::then),
        (.., Some(bytes)) => Reply::raw(bytes),
        _ => panic!("an upstream reply needs fixture, json, stream or raw"),
    };
    for (name, value) in scripted.headers {
        reply = reply.header(&name, &value);
    }
    match scripted.then.as_deref() {
        None => reply,
        Some("cut") => reply.then_cut(),
        Some(other) => panic!("unknown ending {other}"),
    }
}

struct Request {
    text: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// The requests of a transcript: runs of lines that begin with `>`.
fn requests(transcript: &str) -> Vec<Request> {
    let mut found: Vec<Vec<&str>> = Vec::new();
    let mut inside = false;
    for line in transcript.lines() {
        match line.strip_prefix('>') {
            Some(rest) if inside => found.last_mut().expect("begun").push(rest),
            Some(rest) => found.push(vec![rest]),
            None => {}
        }
        inside = line.starts_with('>');
    }
    found.into_iter().map(|lines| request(&lines)).collect()
}

fn request(lines: &[&str]) -> Request {
    let text = lines.iter().fold(String::new(), |text, line| text + ">" + line + "\n");
    let mut rest = lines.iter().map(|line| line.trim());
    let first = rest.next().expect("a request line");
    let (method, path) = first.split_once(' ').expect("method and path");
    let headers = rest
        .by_ref()
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_owned(), value.replace("{token}", TOKEN)))
        .collect();
    let body = rest.collect::<Vec<_>>().join("\n");
    Request { text, method: method.to_owned(), path: path.to_owned(), headers, body }
}

impl Request {
    /// The request with the ids that it names by number.
    fn naming(self, ids: &[String]) -> Self {
        let named = |text: &str| {
            let numbered = ids.iter().enumerate();
            numbered.fold(text.to_owned(), |text, (at, id)| {
                text.replace(&format!("_{{{}}}", at + 1), &format!("_{id}"))
            })
        };
        Self { path: named(&self.path), body: named(&self.body), ..self }
    }
}

/// What ids of responses and of their items begin with, and the sessions named after them.
const NUMBERED: [&str; 6] = ["resp_", "msg_", "fc_", "fco_", "rs_", "cmp_"];

/// The ids of responses and items in a text, without what they begin with, in order.
fn numbered(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (at, _) in text.match_indices(['_', ':']) {
        let begins = NUMBERED.iter().any(|prefix| text[..=at].ends_with(prefix));
        let id = run_of(&text[at + 1..], 32, |c| c.is_ascii_hexdigit());
        // An id that no gateway makes is a request's own, and stays as it is written.
        let id = id.filter(|id| id.bytes().any(|digit| digit != b'0'));
        if let (true, Some(id)) = (begins, id)
            && !found.iter().any(|known| known == id)
        {
            found.push(id.to_owned());
        }
    }
    found
}

/// Headers that belong to the contract; the others are the HTTP library's.
const SHOWN: &[&str] = &[
    "content-type",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-private-network",
    "access-control-expose-headers",
    "access-control-max-age",
    "vary",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "cache-control",
    "allow",
    "retry-after",
    "www-authenticate",
    "x-request-id",
    "x-openclaw-session-key",
    "x-openclaw-session-source",
    "x-openclaw-ignored-params",
];

async fn answer(gateway: &Gateway, request: &Request, played: &mut String) {
    let mut sending = gateway.anonymous(&request.method, &request.path);
    for (name, value) in &request.headers {
        sending = sending.header(name, value);
    }
    let reply = sending.body(request.body.clone()).send().await.expect("an answer");
    writeln!(played, "< {}", reply.status().as_u16()).expect("a string grows");
    for name in SHOWN.iter().copied() {
        for value in reply.headers().get_all(name) {
            writeln!(played, "< {name}: {}", value.to_str().expect("ASCII")).expect("grows");
        }
    }
    let body = reply.text().await.expect("a body");
    if !body.is_empty() {
        played.push_str("<\n");
    }
    block(played, "<", &body);
}

fn saw(seen: &Seen, played: &mut String) {
    writeln!(played, "^ {} {}", seen.method, seen.path).expect("a string grows");
    if let Some(value) = seen.header("authorization") {
        writeln!(played, "^ authorization: {value}").expect("a string grows");
    }
    if !seen.body.is_null() {
        played.push_str("^\n");
        block(played, "^", &seen.body.to_string());
    }
}

/// A body, its JSON pretty-printed and its events left as lines.
fn block(played: &mut String, mark: &str, body: &str) {
    let text = match serde_json::from_str::<Value>(body) {
        Ok(json) => serde_json::to_string_pretty(&json).expect("JSON"),
        Err(_) => body.trim_end().to_owned(),
    };
    for line in text.lines() {
        let space = if line.is_empty() { "" } else { " " };
        writeln!(played, "{mark}{space}{line}").expect("a string grows");
    }
}

/// Replaces ids, times and addresses by their names.
fn name_what_varies(text: &str, url: &str) -> String {
    let hexadecimal = |c: char| c.is_ascii_hexdigit();
    let digit = |c: char| c.is_ascii_digit();
    let uuid = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut named = text.replace(url, "{gateway}");
    for (at, id) in numbered(text).iter().enumerate() {
        for prefix in NUMBERED {
            named = named.replace(&format!("{prefix}{id}"), &format!("{prefix}{{{}}}", at + 1));
        }
    }
    for prefix in ["chatcmpl_", "req_", "with the id ", "UNTRUSTED_CONTENT "] {
        named = replace_after(&named, prefix, |rest| run_of(rest, 32, hexadecimal), "{id}");
    }
    for prefix in ["\"sessionId\": \"", "\"sessionId\\\":\\\""] {
        named = replace_after(&named, prefix, |rest| run_of(rest, 36, uuid), "{id}");
    }
    for key in ["at", "updatedAt", "startedAt"] {
        for prefix in [format!("\"{key}\": "), format!("\"{key}\\\":")] {
            named = replace_after(&named, &prefix, |rest| run_of(rest, 13, digit), "{millis}");
        }
    }
    named = replace_after(&named, "\"tookMs\": ", digits, "{ms}");
    named = replace_after(&named, "\"fetchedAt\": \"", |rest| rest.split('"').next(), "{instant}");
    for prefix in ["last change ", "\"ageMs\": "] {
        named = replace_after(&named, prefix, digits, "{age}");
    }
    // How much of a limit is back depends on the time that has gone by.
    for prefix in
        ["x-ratelimit-reset-requests: ", "x-ratelimit-reset-tokens: ", "Please try again in "]
    {
        named = replace_after(&named, prefix, duration, "{duration}");
    }
    if named.contains("x-ratelimit-") {
        named = replace_after(&named, "< retry-after: ", digits, "{seconds}");
    }
    for key in ["created", "created_at", "completed_at"] {
        for prefix in [format!("\"{key}\": "), format!("\"{key}\":")] {
            named = replace_after(&named, &prefix, |rest| run_of(rest, 10, digit), "{time}");
        }
    }
    named
}

/// Replaces what `follows` finds after each `prefix`.
fn replace_after(
    text: &str,
    prefix: &str,
    follows: impl Fn(&str) -> Option<&str>,
    name: &str,
) -> String {
    let mut pieces = text.split(prefix);
    let mut named = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        named.push_str(prefix);
        match follows(piece).and_then(|found| piece.strip_prefix(found)) {
            Some(rest) => {
                named.push_str(name);
                named.push_str(rest);
            }
            None => named.push_str(piece),
        }
    }
    named
}

/// The digits at the beginning, if there are any.
fn digits(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// The span at the beginning, as `1h0m5.02s` or `20ms`, if there is one.
fn duration(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !".hms".contains(c)).unwrap_or(text.len());
    let span = text[..end].trim_end_matches('.');
    (!span.is_empty()).then_some(span)
}

/// The first `length` characters, if all are as expected.
fn run_of(text: &str, length: usize, expected: impl Fn(char) -> bool) -> Option<&str> {
    text.get(..length).filter(|run| run.chars().all(expected))
}
