//! What was acknowledged survives: the gateway is killed again and again, at no chosen moment,
//! while clients talk to it. What a kill cut off is told, and only by a gateway that comes after
//! it, not by one beside it.

use crate::support::process::{Process, binary, free_port};
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Seen, Upstream};
use openclaw::sessions::{Body, Entry, Sessions};
use openclaw::store::{Clock, Page, Store};
use openclaw::tasks::Tasks;
use openclaw::types::{Message, SessionKey};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::JoinSet;

const CLIENTS: usize = 8;
/// Kills in an ordinary run; `OPENCLAW_CRASH_POINTS=200` makes it a long one.
const POINTS: usize = 12;
/// Before a kill, at most so many further answers are waited for.
const MOST_ANSWERS: u32 = 24;
/// And then, at most so many microseconds pass, about as long as a turn takes.
const MOST_MICROS: u32 = 6_000;

/// What the clients and the killer share.
struct Conversation {
    url: String,
    client: reqwest::Client,
    /// Whether a gateway is up, and how many have been.
    up: watch::Receiver<Option<usize>>,
    answered: AtomicUsize,
    over: AtomicBool,
}

fn random(below: u32) -> u32 {
    getrandom::u32().expect("the system's randomness") % below
}

/// A provider that repeats what was said last, whole or in pieces.
async fn echo() -> Upstream {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen: &Seen| {
        let messages = seen.body["messages"].as_array().expect("messages");
        let said = messages.last().expect("one")["content"].as_str().expect("a text");
        let text = format!("You said {said}.");
        if seen.body["stream"] != true {
            let message = json!({"role": "assistant", "content": text});
            let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
            return Reply::json(200, &json!({"id": "c", "choices": [choice]}));
        }
        let (head, tail) = text.split_at(4);
        let chunk = |delta: Value, finish: Value| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
            format!("data: {}\n\n", json!({"id": "c", "choices": [choice]}))
        };
        Reply::stream()
            .then(chunk(json!({"role": "assistant", "content": head}), Value::Null))
            .then(chunk(json!({"content": tail}), Value::Null))
            .then(chunk(json!({}), json!("stop")))
            .then("data: [DONE]\n\n")
    });
    upstream
}

impl Conversation {
    /// Says one thing after the other until it is over, each again and again until it is
    /// answered. Returns how many were.
    async fn talk(self: Arc<Self>, who: usize) -> usize {
        let mut said = 0;
        while !self.over.load(Ordering::Acquire) {
            while !self.say(who, said).await {}
            said += 1;
            self.answered.fetch_add(1, Ordering::AcqRel);
        }
        said
    }

    /// Says one thing once; whether a whole answer came.
    async fn say(&self, who: usize, which: usize) -> bool {
        let mut up = self.up.clone();
        let there = *soon(up.wait_for(Option::is_some)).await.expect("the killer lives");
        let text = text(who, which);
        let body = json!({
            "stream": which % 2 == 1,
            "messages": [{"role": "user", "content": text}]
        });
        let Ok(response) = self.request(who, which, &body).send().await else {
            // The gateway has gone; the next one is waited for.
            let _ = soon(up.wait_for(|now| *now != there)).await;
            return false;
        };
        let status = response.status().as_u16();
        let Ok(whole) = response.text().await else { return false };
        match status {
            200 if which % 2 == 1 => {
                whole.ends_with("data: [DONE]\n\n") && !whole.contains("\"error\"")
            }
            200 => {
                let answer: Value = serde_json::from_str(&whole).expect("a completion");
                let content = answer["choices"][0]["message"]["content"].as_str();
                assert_eq!(content, Some(format!("You said {text}.").as_str()));
                true
            }
            503 => false,
            other => panic!("{text}: {other} {whole}"),
        }
    }

    fn request(&self, who: usize, which: usize, body: &Value) -> reqwest::RequestBuilder {
        self.client
            .post(format!("{}/v1/chat/completions", self.url))
            .bearer_auth("t")
            .header("x-openclaw-session-key", format!("client-{who}"))
            .header("idempotency-key", format!("{who}-{which}"))
            .json(body)
    }
}

fn text(who: usize, which: usize) -> String {
    format!("message {which} of client {who}")
}

fn points() -> usize {
    let asked = std::env::var("OPENCLAW_CRASH_POINTS").ok();
    asked.map_or(POINTS, |text| text.parse().expect("OPENCLAW_CRASH_POINTS is a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nothing_is_doubled() {
    let upstream = echo().await;
    let port = free_port().to_string();
    let home = furnished(&upstream);
    let (says, up) = watch::channel(None);
    let conversation = Arc::new(Conversation {
        url: format!("http://127.0.0.1:{port}"),
        client: reqwest::Client::builder().no_proxy().build().expect("a client"),
        up,
        answered: AtomicUsize::new(0),
        over: AtomicBool::new(false),
    });
    let mut clients = JoinSet::new();
    for who in 0..CLIENTS {
        let talk = conversation.clone().talk(who);
        clients.spawn(async move { (who, talk.await) });
    }

    let mut home = home;
    for point in 0..points() {
        let process = start(home, &port).await;
        says.send_replace(Some(point));
        let more = conversation.answered.load(Ordering::Acquire) + random(MOST_ANSWERS) as usize;
        soon(async {
            while conversation.answered.load(Ordering::Acquire) < more {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        tokio::time::sleep(Duration::from_micros(random(MOST_MICROS).into())).await;
        says.send_replace(None);
        process.signal("KILL");
        home = end(process).await;
    }

    let process = start(home, &port).await;
    says.send_replace(Some(usize::MAX));
    conversation.over.store(true, Ordering::Release);
    let mut said = [0; CLIENTS];
    while let Some(client) = soon(clients.join_next()).await {
        let (who, count) = client.expect("a client that did not panic");
        said[who] = count;
    }
    process.signal("TERM");
    let home = end(process).await;
    check(&home.path().join(".openclaw"), said).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_a_kill_cut_off_is_marked_by_the_next_start() {
    let upstream = Upstream::with([Reply::hang()]).await;
    let port = free_port().to_string();
    let process = start(furnished(&upstream), &port).await;
    let asked = tokio::spawn(ask(&port).send());
    upstream.requests(1).await;
    process.signal("KILL");
    let home = end(process).await;
    assert!(soon(asked).await.expect("joined").is_err(), "nobody answered");

    let process = start(home, &port).await;
    process.signal("TERM");
    let home = end(process).await;
    assert_eq!(transcript(home.path()).await, ["user: Hello", "Interrupted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_gateway_on_a_state_folder_is_refused_and_leaves_the_first_alone() {
    let gate = Gate::default();
    let answer = json!({"role": "assistant", "content": "Hi"});
    let choice = json!({"index": 0, "message": answer, "finish_reason": "stop"});
    let whole = json!({"id": "c", "choices": [choice]}).to_string();
    let reply = Reply::empty().then_gate(&gate).then(whole);
    let upstream = Upstream::with([reply]).await;
    let port = free_port().to_string();
    let process = start(furnished(&upstream), &port).await;
    let asked = tokio::spawn(ask(&port).send());
    upstream.requests(1).await;

    // Another port does not help: it is the folder that is taken.
    let mut second = Command::new(binary());
    second.args(["gateway", "--port", "0"]).env_clear().env("HOME", process.home.path());
    let refused = soon(second.kill_on_drop(true).output()).await.expect("it ends by itself");
    let said = String::from_utf8_lossy(&refused.stderr);
    let whose = format!("another gateway (process {}) uses the state folder ", process.pid());
    assert!(!refused.status.success() && said.contains(&whose), "{said}");
    assert!(said.contains("OPENCLAW_STATE_DIR"), "it says what to do: {said}");

    gate.open();
    let answered = soon(asked).await.expect("joined").expect("an answer");
    assert_eq!(answered.status(), 200);
    process.signal("TERM");
    let home = end(process).await;
    assert_eq!(transcript(home.path()).await, ["user: Hello", "assistant: Hi"]);
}

/// A home whose gateway asks this provider.
fn furnished(upstream: &Upstream) -> TempDir {
    let config = json!({
        "gateway": {"mode": "local", "auth": {"token": "t"}},
        "models": {"providers": {"fake": {"baseUrl": upstream.base_url(), "apiKey": "k"}}},
        "agents": {"defaults": {"model": "fake/chat"}}
    });
    let home = TempDir::new().expect("a temporary folder");
    let state = home.path().join(".openclaw");
    std::fs::create_dir(&state).expect("the state folder");
    std::fs::write(state.join("openclaw.json"), config.to_string()).expect("the config");
    home
}

/// One turn of one session.
fn ask(port: &str) -> reqwest::RequestBuilder {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    client
        .post(format!("http://127.0.0.1:{port}/v1/chat/completions"))
        .bearer_auth("t")
        .header("x-openclaw-session-key", "kept")
        .json(&json!({"messages": [{"role": "user", "content": "Hello"}]}))
}

/// What that session holds, once its gateway has ended.
async fn transcript(home: &Path) -> Vec<String> {
    let file = home.join(".openclaw/state/openclaw.sqlite");
    let store = Store::open_existing(&file, Clock::system()).expect("opens");
    let sessions = Sessions::open(store, &Tasks::new()).await.expect("sessions");
    let key = SessionKey::parse("agent:main:kept").expect("a key");
    let page = Page::After { sequence: 0, limit: 100 };
    let entries = sessions.history(&key, page).await.expect("readable").expect("it is there");
    let lines = entries.iter().filter_map(|entry| match &entry.body {
        Body::Broken { ending, .. } => Some(format!("{ending:?}")),
        _ => spoken(entry),
    });
    lines.collect()
}

async fn start(home: TempDir, port: &str) -> Process {
    let arguments = ["gateway".to_owned(), "--port".to_owned(), port.to_owned()];
    let started = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut process = Process::start_in(home, &arguments, &[]);
        process.wait_for("ready");
        process
    });
    started.await.expect("it starts")
}

async fn end(process: Process) -> TempDir {
    let (_, _, home) = tokio::task::spawn_blocking(|| process.wait()).await.expect("it ends");
    home
}

/// Every message of every client is in its transcript once, in order, and was answered once.
async fn check(state: &Path, said: [usize; CLIENTS]) {
    let store = Store::open(&state.join("state/openclaw.sqlite"), Clock::system()).expect("opens");
    store.check().await.expect("a sound store");
    let sessions = Sessions::open(store, &Tasks::new()).await.expect("sessions");
    for (who, count) in said.into_iter().enumerate() {
        assert!(count > 0, "client {who} never got an answer");
        let key = SessionKey::parse(&format!("agent:main:client-{who}")).expect("a key");
        let page = Page::After { sequence: 0, limit: usize::MAX };
        let entries = sessions.history(&key, page).await.expect("every entry parses");
        let entries = entries.expect("the session is there");
        let numbers: Vec<u64> = entries.iter().map(|entry| entry.sequence).collect();
        let gapless: Vec<u64> = (1..=numbers.len() as u64).collect();
        assert_eq!(numbers, gapless, "client {who}");
        let expected: Vec<String> = (0..count)
            .flat_map(|which| {
                let text = text(who, which);
                [format!("user: {text}"), format!("assistant: You said {text}.")]
            })
            .collect();
        let spoken: Vec<String> = entries.iter().filter_map(spoken).collect();
        assert_eq!(spoken, expected, "client {who}");
    }
}

fn spoken(entry: &Entry) -> Option<String> {
    let Body::Message(said) = &entry.body else { return None };
    match &said.message {
        Message::User { content, .. } => Some(format!("user: {}", content.text())),
        Message::Assistant { text, .. } => {
            Some(format!("assistant: {}", text.as_deref().unwrap_or_default()))
        }
        _ => None,
    }
}
