use super::*;
use crate::types::{Delta, StopReason};
use std::future::pending;
use std::sync::atomic::AtomicUsize;
use std::thread;

/// Counts when it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn text() -> RunEvent {
    RunEvent::Delta(Delta::Text("x".to_owned()))
}

fn is_aborted(step: &Step) -> bool {
    matches!(step, Step::Event(RunEvent::Finished(Outcome::Aborted)))
}

#[tokio::test]
async fn a_turn_that_is_ended_is_dropped_though_nobody_polls_it() {
    let drops = Arc::new(AtomicUsize::new(0));
    let inside = Dropped(drops.clone());
    let mut driven = Driven::of(|events| async move {
        let _inside = inside;
        let _ = events.send(text()).await;
        pending::<()>().await;
    });
    assert!(matches!(driven.step().await, Step::Event(RunEvent::Delta(_))));
    driven.driving().end();
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    assert!(is_aborted(&driven.step().await));
    assert!(matches!(driven.step().await, Step::Over) && driven.ready().is_none());
}

#[tokio::test]
async fn an_end_from_within_a_poll_counts_after_it() {
    let (sender, receiver) = std::sync::mpsc::channel::<Arc<Driving>>();
    let mut driven = Driven::of(|_events| async move {
        receiver.recv().expect("itself").end();
        pending::<()>().await;
    });
    sender.send(driven.driving().clone()).expect("received later");
    assert!(is_aborted(&driven.step().await));
}

#[tokio::test]
async fn an_end_that_comes_too_late_changes_nothing() {
    let done = Outcome::Completed(StopReason::Stop);
    let mut driven = Driven::of(|events| async move {
        let _ = events.send(text()).await;
        let _ = events.send(RunEvent::Finished(done)).await;
    });
    assert!(matches!(driven.step().await, Step::Event(RunEvent::Delta(_))));
    driven.driving().end();
    let step = driven.step().await;
    assert!(matches!(step, Step::Event(RunEvent::Finished(Outcome::Completed(_)))), "{step:?}");
    assert!(matches!(driven.step().await, Step::Over));
}

#[test]
fn an_end_from_another_thread_is_never_missed() {
    for _ in 0..2_000 {
        let drops = Arc::new(AtomicUsize::new(0));
        let inside = Dropped(drops.clone());
        let mut driven = Driven::of(|_events| async move {
            let _inside = inside;
            pending::<()>().await;
        });
        let driving = driven.driving().clone();
        let ending = thread::spawn(move || driving.end());
        let step = futures_util::FutureExt::now_or_never(driven.step());
        ending.join().expect("ended");
        assert_eq!(drops.load(Ordering::SeqCst), 1, "{step:?}");
    }
}
