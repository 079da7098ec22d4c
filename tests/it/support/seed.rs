//! Sessions that are there before a gateway starts.

use openclaw::config::Reset;
use openclaw::sessions::{Begin, Begun, Ended, Ending, Sessions};
use openclaw::store::{Clock, Store, file_in};
use openclaw::tasks::Tasks;
use openclaw::types::{Message, ModelRef, RunId, SessionKey, Usage};
use rusqlite::Connection;
use serde::Deserialize;
use std::path::Path;
use std::time::Duration;

/// A session that is there already.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    /// Its complete key.
    pub(crate) key: String,
    /// The namespace it belongs to: `anonymous`, or nobody's.
    #[serde(default)]
    pub(crate) owner: Option<String>,
    /// Its turns: what is asked, what is said meanwhile, and the answer.
    #[serde(default)]
    pub(crate) turns: Vec<Vec<Message>>,
    /// Whether its transcript is to be unreadable.
    #[serde(default)]
    pub(crate) damaged: bool,
}

/// Writes sessions into the store of a state folder.
pub(crate) async fn sow(state_dir: &Path, seeds: Vec<Seed>) {
    if seeds.is_empty() {
        return;
    }
    let file = file_in(state_dir);
    // A second between turns, so that their order is beyond doubt.
    let turns: usize = seeds.iter().map(|seed| seed.turns.len()).sum();
    let clock = Clock::standing_at(Clock::system().now() - 1000 * turns as i64);
    let store = Store::open(&file, clock.clone()).expect("a store");
    let tasks = Tasks::new();
    let sessions = Sessions::open(store.clone(), &tasks).await.expect("sessions");
    let mut run = 0;
    for seed in &seeds {
        for turn in &seed.turns {
            run += 1;
            clock.advance(Duration::from_secs(1));
            take_turn(&sessions, seed, RunId::from_bits(run), turn).await;
        }
    }
    drop(sessions);
    assert!(tasks.drain(Duration::from_secs(10)).await, "the ledger ends");
    store.close().await;
    let damaged = seeds.iter().filter(|seed| seed.damaged);
    damaged.for_each(|seed| damage(&file, &seed.key));
}

async fn take_turn(sessions: &Sessions, seed: &Seed, run: RunId, turn: &[Message]) {
    let [asked, meanwhile @ .., answer] = turn else {
        panic!("a turn has a question and an answer")
    };
    let owner = seed.owner.as_deref().map(|owner| match owner {
        "anonymous" => "anonymous",
        other => panic!("no namespace {other}"),
    });
    let begin = Begin {
        key: SessionKey::parse(&seed.key).expect("a complete key"),
        owner,
        channel: "openai".to_owned(),
        reset: Reset::default(),
        run,
        input: vec![asked.clone()],
        idempotency_key: None,
        fingerprint: [0; 32],
    };
    let Begun::Turn(mut writer) = sessions.begin(begin).await.expect("a turn begins") else {
        panic!("a turn without an idempotency key was answered already");
    };
    if !meanwhile.is_empty() {
        writer.say(meanwhile.to_vec()).await.expect("it is written");
    }
    let ended = Ended {
        answer: Some(answer.clone()),
        ending: Ending::Stop,
        why: String::new(),
        model: Some(ModelRef { provider: "fake".to_owned(), model: "chat".to_owned() }),
        usage: Some(Usage { input: 10, output: 5, ..Usage::default() }),
    };
    writer.finish(ended).await.expect("it is written");
}

/// Makes the entries of a session's transcript unreadable.
fn damage(file: &Path, key: &str) {
    let store = Connection::open(file).expect("the store's file");
    let sql = "UPDATE events SET body = '{' WHERE stream IN \
               (SELECT id FROM streams WHERE name LIKE 'session/' || ?1 || '/%')";
    let changed = store.execute(sql, [key]).expect("the events are there");
    assert!(changed > 0, "{key} has no entries");
}
