//! Sessions on a real store.

mod beside;
mod claims;
mod cli;
mod idempotency;
mod ledger;
mod notices;
mod property;
mod recovery;
mod resets;
mod turns;
mod upkeep;

use openclaw::config::Reset;
use openclaw::sessions::{
    Begin, Begun, Body, Ended, Ending, Entry, Error, Row, Said, Sessions, Writer,
};
use openclaw::store::{Batch, Clock, Expect, Listing, NewRecord, Page, Slot, Store, file_in};
use openclaw::tasks::Tasks;
use openclaw::types::{Content, Message, ModelRef, RunId, SessionKey, Usage};
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// Noon of 10 March 2026, UTC.
const NOON: i64 = 1_773_144_000_000;

/// A store in a folder of its own, at a time that stands still.
struct Home {
    folder: TempDir,
    clock: Clock,
}

impl Home {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self { folder, clock: Clock::standing_at(NOON) }
    }

    /// The store, as another process would open it.
    fn store(&self) -> Store {
        let file = file_in(&self.folder.path().join(".openclaw"));
        Store::open(&file, self.clock.clone()).expect("the store opens")
    }

    /// The sessions, as another process would open them.
    async fn sessions(&self) -> Sessions {
        Sessions::open(self.store(), &Tasks::new()).await.expect("the sessions open")
    }
}

fn key(rest: &str) -> SessionKey {
    SessionKey::parse(&format!("agent:main:{rest}")).expect("valid")
}

/// A run that no other is.
fn run() -> RunId {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    RunId::from_bits(COUNT.fetch_add(1, Ordering::Relaxed).into())
}

/// `s:` system, `u:` user, `a:` assistant, one word each.
fn messages(script: &str) -> Vec<Message> {
    script.split_whitespace().map(message).collect()
}

fn message(word: &str) -> Message {
    let (role, text) = word.split_once(':').expect("role:text");
    match role {
        "s" => Message::System { text: text.to_owned() },
        "u" => Message::User { content: Content::Text(text.to_owned()), name: None },
        "a" => Message::Assistant { text: Some(text.to_owned()), tool_calls: Vec::new() },
        other => panic!("no role {other}"),
    }
}

fn script(messages: &[Message]) -> String {
    let word = |message: &Message| match message {
        Message::System { text } => format!("s:{text}"),
        Message::User { content, .. } => format!("u:{}", content.text()),
        Message::Assistant { text, .. } => format!("a:{}", text.as_deref().unwrap_or("")),
        Message::Tool { call_id, .. } => format!("t:{call_id}"),
    };
    messages.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// A turn with this input.
fn begin(key: &SessionKey, input: &str) -> Begin {
    Begin {
        key: key.clone(),
        owner: None,
        channel: "openai".to_owned(),
        reset: Reset::default(),
        run: run(),
        input: messages(input),
        idempotency_key: None,
        fingerprint: [0; 32],
    }
}

/// A whole answer.
fn answer(text: &str) -> Ended {
    Ended {
        answer: Some(Message::Assistant { text: Some(text.to_owned()), tool_calls: Vec::new() }),
        ending: Ending::Stop,
        why: String::new(),
        model: Some(ModelRef::parse("fake/chat").expect("valid")),
        usage: Some(Usage { input: 10, output: 3, ..Usage::default() }),
    }
}

/// An end without a whole answer.
fn failure(partial: Option<&str>) -> Ended {
    Ended {
        answer: partial.map(|text| message(&format!("a:{text}"))),
        ending: Ending::Failed,
        why: "the provider is away".to_owned(),
        model: None,
        usage: None,
    }
}

async fn claim(sessions: &Sessions, begin: Begin) -> Writer {
    match sessions.begin(begin).await.expect("it begins") {
        Begun::Turn(writer) => *writer,
        Begun::Answered(said) => panic!("answered already: {said:?}"),
    }
}

/// A turn from its beginning to its end. Gives back what the model read.
async fn turn(sessions: &Sessions, key: &SessionKey, input: &str, reply: &str) -> String {
    let mut writer = claim(sessions, begin(key, input)).await;
    let read = script(&writer.take_conversation());
    writer.finish(answer(reply)).await.expect("it is written");
    read
}

async fn row(sessions: &Sessions, key: &SessionKey) -> Row {
    sessions.row(key).await.expect("readable").expect("there")
}

async fn entries(sessions: &Sessions, key: &SessionKey) -> Vec<Entry> {
    let page = Page::After { sequence: 0, limit: 1_000 };
    sessions.history(key, page).await.expect("readable").expect("there")
}

/// A transcript as a script: messages, `o:` opened, `b:` broken, `n:` notice.
async fn transcript(sessions: &Sessions, key: &SessionKey) -> String {
    let entries = entries(sessions, key).await;
    assert!(entries.iter().zip(1..).all(|(entry, place)| entry.sequence == place), "{entries:?}");
    let word = |entry: &Entry| match &entry.body {
        Body::Opened { why, .. } => format!("o:{why}"),
        Body::Message(said) => script(std::slice::from_ref(&said.message)),
        Body::Broken { ending, partial, .. } => match partial {
            Some(partial) => format!("b:{ending:?}:{partial}"),
            None => format!("b:{ending:?}"),
        },
        Body::Notice(text) => format!("n:{text}"),
    };
    entries.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Makes a session's row unreadable.
async fn break_row(home: &Home, key: &SessionKey) {
    let mut batch = Batch::new();
    let record = NewRecord { value: "{".to_owned(), rank: NOON, group: String::new() };
    batch.put(Slot { space: "sessions", key: key.as_str() }, record, Expect::Any);
    home.store().commit(batch).await.expect("committed");
}
