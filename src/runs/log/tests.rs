use super::*;
use crate::types::StopReason;
use proptest::prelude::*;
use std::sync::Arc;
use tokio::runtime::Builder;
use tokio::task::yield_now;

fn text(number: u64) -> RunEvent {
    RunEvent::Delta(Delta::Text(number.to_string()))
}

fn done() -> Outcome {
    Outcome::Completed(StopReason::Stop)
}

fn small(events: usize) -> Log {
    Log::new(Bounds { events, bytes: usize::MAX, stall: Duration::from_secs(10) })
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

/// Readers that come after so many events, to read from a sequence.
fn readers() -> impl Strategy<Value = (u64, Vec<(u64, u64)>, usize)> {
    (0..60_u64).prop_flat_map(|count| {
        let reader = (0..=count, 0..=count + 2);
        (Just(count), prop::collection::vec(reader, 0..6), 2..80_usize)
    })
}

proptest! {
    #[test]
    fn a_resumed_stream_equals_the_uninterrupted_one((count, readers, bound) in readers()) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let log = Arc::new(small(bound));
            let mut reading = Vec::new();
            for number in 0..=count {
                for (_, from) in readers.iter().filter(|(when, _)| *when == number) {
                    let from = (*from).max(1);
                    let Ok(reader) = log.open(from) else {
                        // Refused only where that event is gone.
                        assert!(number + 1 - from > bound as u64, "{from} of {number}");
                        continue;
                    };
                    let log = log.clone();
                    reading.push((from, tokio::spawn(async move { read(&log, reader).await })));
                }
                if number < count {
                    log.push(text(number + 1)).await;
                }
            }
            log.finish(done());
            for (from, reading) in reading {
                let (events, complete) = reading.await.expect("no panic");
                let whole = whole(count);
                let from = usize::try_from(from - 1).expect("small").min(whole.len());
                assert!(complete);
                assert_eq!(events, whole[from..]);
            }
            // And after the end, from whatever is kept.
            for from in 1..=count + 2 {
                let Ok(reader) = log.open(from) else { continue };
                let whole = whole(count);
                let kept = usize::try_from(from - 1).expect("small").min(whole.len());
                assert_eq!(read(&log, reader).await, (whole[kept..].to_vec(), true));
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
    assert_eq!(log.open(1).expect_err("gone").kind, FailureKind::UnknownRun);
}

#[tokio::test]
async fn without_a_reader_the_oldest_events_go() {
    let log = Log::new(Bounds { bytes: 500, ..BOUNDS });
    for number in 1..=100 {
        log.push(text(number)).await;
    }
    assert!(log.bytes() <= 500 + 2 * EVENT_BYTES, "{}", log.bytes());
    let first = log.state().first;
    assert!(first > 90);
    assert!(log.open(first - 1).is_err() && log.open(first).is_ok());
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
