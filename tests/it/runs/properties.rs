//! What holds for any order of arrivals, cancels and departures.

use super::*;
use openclaw::runs::Filter;
use openclaw::sessions::Entry;
use openclaw::types::RunId;
use proptest::prelude::*;
use proptest::test_runner::Config;
use std::time::Duration;
use tokio::runtime::Builder;

#[derive(Debug, Clone)]
enum Act {
    Start(QueueMode, bool),
    Cancel(usize),
    Leave(usize),
    Pause,
    Open,
}

fn act() -> impl Strategy<Value = Act> {
    use QueueMode::{Collect, Followup, Interrupt, Steer};
    let mode = prop_oneof![
        3 => Just(Steer), 3 => Just(Followup), 2 => Just(Collect), 1 => Just(Interrupt)
    ];
    prop_oneof![
        6 => (mode, any::<bool>()).prop_map(|(mode, stays)| Act::Start(mode, stays)),
        1 => (0..20_usize).prop_map(Act::Cancel),
        1 => (0..20_usize).prop_map(Act::Leave),
        2 => Just(Act::Pause),
        1 => Just(Act::Open),
    ]
}

/// Turns in a transcript follow one another: what a run begins it ends before the next begins.
fn one_at_a_time(entries: &[Entry]) -> Result<(), String> {
    let mut under_way: Option<RunId> = None;
    for entry in entries {
        let (run, ends) = match &entry.body {
            Body::Message(said) => (said.run, said.ending.is_some()),
            Body::Broken { run, .. } => (*run, true),
            Body::Opened { .. } | Body::Notice(_) => continue,
        };
        if under_way.is_some_and(|other| other != run) {
            return Err(format!("{run} begins before {under_way:?} has ended: {entries:#?}"));
        }
        under_way = (!ends).then_some(run);
    }
    under_way.map_or(Ok(()), |run| Err(format!("{run} has no end")))
}

async fn play(acts: Vec<Act>) -> Result<(), String> {
    let upstream = Upstream::start().await;
    let gate = Gate::default();
    let closed = gate.clone();
    upstream.otherwise(move |seen| gated(asked(seen).last().expect("a message"), &closed));
    let queue = json!({"messages": {"queue": {"cap": 4, "drop": "old", "debounceMs": 5}}});
    let (house, _folder) = House::new(&upstream, queue).await;
    let mut readers: Vec<(RunId, Option<tokio::task::JoinHandle<Read>>)> = Vec::new();
    for (number, act) in acts.into_iter().enumerate() {
        match act {
            Act::Start(mode, stays) => {
                let policy = if stays { OnDisconnect::Detach } else { OnDisconnect::Cancel };
                let text = format!("m{number}");
                let request = RunRequest { on_disconnect: policy, ..turn(&text, mode) };
                let run = house.start(request);
                readers.push((run.id(), Some(tokio::spawn(read(run)))));
            }
            Act::Cancel(at) => {
                if let Some((id, _)) = readers.get(at) {
                    // One that has ended already is not there any more.
                    let _ = house.runs.cancel(&Caller::OPERATOR, *id);
                }
            }
            Act::Leave(at) => {
                if let Some(reading) = readers.get_mut(at).and_then(|(_, reading)| reading.take()) {
                    reading.abort();
                }
            }
            Act::Pause => tokio::time::sleep(Duration::from_millis(2)).await,
            Act::Open => gate.open(),
        }
    }
    gate.open();
    for (id, reading) in readers {
        let Some(reading) = reading else { continue };
        let got = soon(reading).await.map_err(|error| format!("{id}: {error}"))?;
        if let Some(Outcome::Failed(failure)) = &got.outcome
            && !failure.message.contains("wait in this session")
        {
            return Err(format!("{id} failed: {failure}"));
        }
    }
    if !soon(house.tasks.drain(Duration::from_secs(30))).await {
        return Err("a run never ends".to_owned());
    }
    let left = house.runs.list(&Caller::OPERATOR, &Filter::default());
    if !left.is_empty() || house.runs.all_under_way() != 0 {
        return Err(format!("still there: {left:?}"));
    }
    let page = Page::After { sequence: 0, limit: 2_000 };
    let entries = house.sessions.history(&session(), page).await.expect("readable");
    one_at_a_time(&entries.unwrap_or_default())
}

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]

    #[test]
    fn lanes_never_run_two_turns_of_a_session_at_once(
        acts in prop::collection::vec(act(), 1..25)
    ) {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let played = runtime.expect("a runtime").block_on(play(acts));
        prop_assert!(played.is_ok(), "{}", played.unwrap_err());
    }

    #[test]
    fn a_run_read_again_from_anywhere_is_the_same(
        pieces in prop::collection::vec("[a-z]{1,4}", 1..30),
        leaves in prop::collection::vec(1..8_usize, 0..6),
    ) {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let stream = pieces.iter().fold(Reply::stream(), |reply, text| reply.then(says(text)));
            let upstream = Upstream::with([stream.then(ends())]).await;
            let (house, _folder) = House::new(&upstream, json!({})).await;
            let mut run = house.start(followup("hi"));
            let id = run.id();
            let mut got = Read::default();
            // A reader that leaves again and again, after a few events each time.
            for events in leaves {
                for _ in 0..events {
                    if let Some(event) = soon(run.next()).await {
                        got.take(event);
                    }
                }
                if got.outcome.is_some() {
                    break;
                }
                let next = got.events.len() as u64 + 1;
                assert_eq!(run.next_sequence(), Some(next));
                drop(run);
                run = house.runs.attach(&Caller::OPERATOR, id, next).expect("it goes on");
            }
            while let Some(event) = soon(run.next()).await {
                got.take(event);
            }
            assert_eq!(got.text, pieces.concat());
            for from in 1..=got.events.len() {
                let again = house.runs.attach(&Caller::OPERATOR, id, from as u64).expect("kept");
                assert_eq!(read(again).await.events, got.events[from - 1..]);
            }
        });
    }

    #[test]
    fn repeats_run_once_however_they_come(
        repeats in prop::collection::vec((0..3_u8, any::<bool>(), 0..3_u64), 1..16)
    ) {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let upstream = Upstream::start().await;
            upstream.otherwise(|seen| answer(asked(seen).last().expect("a message")));
            let (house, _folder) = House::new(&upstream, json!({})).await;
            let house = Arc::new(house);
            let mut asking = Vec::new();
            for (key, waits, pause) in &repeats {
                let text = format!("k{key}");
                let session = format!("agent:main:chat:{key}");
                // The last one is of no session: nothing but the memory of this process knows it.
                let session = SessionKey::parse(&session).ok().filter(|_| *key < 2);
                let request = RunRequest {
                    idempotency_key: Some(text.clone()),
                    session,
                    ..followup(&text)
                };
                let started = house.clone();
                let reading = tokio::spawn(async move { read(started.start(request)).await });
                if *waits {
                    assert!(soon(reading).await.expect("read").completed());
                } else {
                    tokio::time::sleep(Duration::from_millis(*pause)).await;
                    asking.push(reading);
                }
            }
            for reading in asking {
                assert!(soon(reading).await.expect("read").completed());
            }
            let keys: std::collections::BTreeSet<_> = repeats.iter().map(|(key, ..)| key).collect();
            assert_eq!(upstream.seen().len(), keys.len());
        });
    }
}
