use super::*;
use crate::types::{StopReason, Usage};
use proptest::prelude::*;
use std::sync::Arc;
use tokio::runtime::Builder;
use tokio::task::yield_now;

fn text(number: u64) -> RunEvent {
    RunEvent::Delta(Delta::Text(number.to_string()))
}

/// The event with this number of a run in which all kinds come.
fn any(number: u64) -> RunEvent {
    let usage = Usage { output: number, ..Usage::default() };
    match number % 13 {
        0 => RunEvent::Usage(usage),
        3 | 4 => RunEvent::Delta(Delta::Reasoning(number.to_string())),
        6 => RunEvent::Delta(Delta::ToolCallStart {
            index: 0,
            id: number.to_string(),
            name: "look".to_owned(),
        }),
        7 | 8 => {
            RunEvent::Delta(Delta::ToolCallArguments { index: 0, fragment: number.to_string() })
        }
        11 => RunEvent::Accepted,
        _ => text(number),
    }
}

/// What events say, however it is cut into pieces: each kind of text with what it grew to, and
/// the last count of tokens.
fn sense(events: &[RunEvent]) -> (Vec<(String, String)>, Option<Usage>) {
    let (mut said, mut usage) = (Vec::<(String, String)>::new(), None);
    for event in events {
        let (kind, text) = match event {
            RunEvent::Usage(latest) => {
                usage = Some(*latest);
                continue;
            }
            RunEvent::Delta(Delta::Text(text)) => ("text", text),
            RunEvent::Delta(Delta::Reasoning(text)) => ("reasoning", text),
            RunEvent::Delta(Delta::ToolCallArguments { fragment, .. }) => ("arguments", fragment),
            other => {
                said.push((format!("{other:?}"), String::new()));
                continue;
            }
        };
        match said.last_mut() {
            Some((last, grown)) if last == kind => grown.push_str(text),
            _ => said.push((kind.to_owned(), text.clone())),
        }
    }
    (said, usage)
}

fn done() -> Outcome {
    Outcome::Completed(StopReason::Stop)
}

fn small(events: usize) -> Log {
    Log::new(Bounds { events, bytes: usize::MAX, ..BOUNDS })
}

/// Reads to the end; whether it came, or the reader was too slow.
async fn read(log: &Log, reader: ReaderId) -> (Vec<String>, bool) {
    let mut events = Vec::new();
    loop {
        match log.next(reader).await {
            Found::Event(event) => events.push(format!("{event:?}")),
            Found::End => return (events, true),
            Found::Lost => return (events, false),
            Found::Nothing => unreachable!("`next` waits"),
        }
    }
}

/// What an uninterrupted reader gets of a run with so many events.
fn whole(count: u64) -> Vec<String> {
    let end = RunEvent::Finished(done());
    (1..=count).map(text).chain([end]).map(|event| format!("{event:?}")).collect()
}

/// Reads to the end, or so many events.
async fn some(log: &Log, reader: ReaderId, most: usize) -> Vec<RunEvent> {
    let mut events = Vec::new();
    while events.len() < most {
        match log.next(reader).await {
            Found::Event(event) => events.push(event),
            Found::End => break,
            Found::Lost | Found::Nothing => panic!("a prompt reader loses nothing"),
        }
    }
    events
}

/// Reads from a sequence, with a break after so many events; what it got as one.
async fn resumed(log: Arc<Log>, reader: ReaderId, pause: usize) -> Vec<RunEvent> {
    let mut events = some(&log, reader, pause).await;
    if matches!(events.last(), Some(RunEvent::Finished(_))) {
        return events;
    }
    let next = log.next_of(reader).expect("it lost nothing");
    let again = log.open(next).expect("what comes next is kept while somebody needs it");
    log.close(reader);
    events.extend(some(&log, again, usize::MAX).await);
    events
}

/// Readers that come after so many events, to read from a sequence, with a break.
fn readers() -> impl Strategy<Value = (u64, Vec<(u64, u64, usize)>, usize)> {
    (0..150_u64).prop_flat_map(|count| {
        let from = prop_oneof![Just(1), 0..=count + 3];
        let reader = (0..=count, from, 0..20_usize);
        (Just(count), prop::collection::vec(reader, 0..6), 2..80_usize)
    })
}

proptest! {
    #[test]
    fn a_resumed_stream_equals_the_uninterrupted_one((count, readers, bound) in readers()) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let log = Arc::new(small(bound));
            let end = RunEvent::Finished(done());
            let whole: Vec<_> = (1..=count).map(any).chain([end]).collect();
            let mut reading = Vec::new();
            for number in 0..=count {
                for (_, from, pause) in readers.iter().filter(|(when, ..)| *when == number) {
                    let from = (*from).max(1);
                    let Ok(reader) = log.open(from) else {
                        // Refused only where that event is within what was folded.
                        assert!(from > 1 && number + 1 - from > bound as u64, "{from} of {number}");
                        continue;
                    };
                    let exact = from >= log.state().first;
                    let reading_now = tokio::spawn(resumed(log.clone(), reader, *pause));
                    reading.push((from, exact, reading_now));
                }
                if number < count {
                    log.push(any(number + 1)).await;
                }
            }
            log.finish(done());
            // And after the end, from whatever is kept.
            for from in 1..=count + 3 {
                let Ok(reader) = log.open(from) else { continue };
                let exact = from >= log.state().first;
                let reading_now = tokio::spawn(resumed(log.clone(), reader, 3));
                reading.push((from, exact, reading_now));
            }
            for (from, exact, reading) in reading {
                let events = reading.await.expect("no panic");
                // Who asks for more than there is gets the end.
                let from = usize::try_from(from - 1).expect("small").min(whole.len() - 1);
                if exact {
                    assert_eq!(format!("{events:?}"), format!("{:?}", &whole[from..]));
                }
                assert!(matches!(events.last(), Some(RunEvent::Finished(_))));
                assert_eq!(sense(&events), sense(&whole[from..]));
            }
            assert!(log.open(count + 1).is_ok(), "the end is always kept");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_log_waits_for_its_reader() {
    let log = Arc::new(small(2));
    let reader = log.open(1).expect("the beginning");
    let writing = log.clone();
    let writing = tokio::spawn(async move {
        for number in 1..=20 {
            writing.push(text(number)).await;
        }
        writing.finish(done());
    });
    yield_now().await;
    assert_eq!(log.state().events.len(), 2, "it does not run ahead");
    assert_eq!(read(&log, reader).await, (whole(20), true));
    writing.await.expect("written");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stalls_loses_its_events_and_no_other_does() {
    let log = Arc::new(small(4));
    let (stalled, awake) = (log.open(1).expect("first"), log.open(1).expect("second"));
    let reading = log.clone();
    let reading = tokio::spawn(async move { read(&reading, awake).await });
    let begun = Instant::now();
    for number in 1..=10 {
        log.push(text(number)).await;
    }
    log.finish(done());
    assert_eq!(reading.await.expect("read"), (whole(10), true));
    assert_eq!(begun.elapsed(), Duration::from_secs(10), "one wait, then it is given up");
    assert!(matches!(log.take(stalled), Found::Lost));
    assert_eq!(log.open(3).expect_err("folded").kind, FailureKind::UnknownRun);
    let again = log.open(1).expect("folded");
    assert_eq!(sense(&some(&log, again, 99).await).0[0].1, "12345678910");
}

#[tokio::test]
async fn without_a_reader_the_oldest_events_are_folded_until_that_is_too_much() {
    let log = Log::new(Bounds { bytes: 500, folded: 300, ..BOUNDS });
    for number in 1..=50 {
        log.push(text(number)).await;
    }
    assert!(log.bytes() <= 800 + 2 * EVENT_BYTES, "{}", log.bytes());
    let first = log.state().first;
    assert!(first > 40);
    assert!(log.open(first - 1).is_err());
    log.push(RunEvent::Delta(Delta::Text("x".repeat(400)))).await;
    for number in 1..=50 {
        log.push(text(number)).await;
    }
    assert!(log.bytes() <= 500 + 2 * EVENT_BYTES, "{}", log.bytes());
    let failure = log.open(1).expect_err("too much");
    assert!(failure.message.contains("Read on from there"), "{}", failure.message);
}

#[tokio::test]
async fn nothing_follows_the_end() {
    let log = small(10);
    assert!(log.finish(done()));
    assert!(!log.finish(Outcome::Aborted));
    log.push(text(1)).await;
    let reader = log.open(1).expect("the end is kept");
    assert_eq!(read(&log, reader).await, (whole(0), true));
    assert_eq!(log.close(reader), Left::Cared);
}

#[tokio::test]
async fn the_last_reader_that_leaves_is_missed_until_the_next_comes() {
    let log = small(10);
    let (one, other) = (log.open(1).expect("one"), log.open(1).expect("another"));
    assert_eq!(log.close(one), Left::Cared);
    let Left::Alone(moment) = log.close(other) else { panic!("nobody is left") };
    assert!(log.alone_since(moment));
    let third = log.open(1).expect("a third");
    assert!(!log.alone_since(moment));
    log.close(third);
    assert!(!log.alone_since(moment), "that is another moment");
}
