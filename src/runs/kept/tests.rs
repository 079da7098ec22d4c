use super::*;
use crate::runs::member::Born;
use crate::types::{Delta, OnDisconnect, Outcome, RunEvent};

fn run(number: u128) -> Arc<Member> {
    let born = Born {
        id: RunId::from_bits(number),
        owner: None,
        session: None,
        repeat: None,
        on_disconnect: OnDisconnect::Detach,
    };
    Arc::new(Member::new(born))
}

#[tokio::test(start_paused = true)]
async fn a_run_is_kept_for_a_while() {
    let kept = Kept::default();
    let (first, second) = (run(1), run(2));
    first.finish(Outcome::Aborted);
    assert!(kept.keep(first).1, "somebody must sweep");
    tokio::time::advance(KEPT_FOR / 2).await;
    assert!(!kept.keep(second).1, "somebody does");
    let (gone, next) = kept.sweep();
    assert!(gone.is_empty());
    tokio::time::sleep_until(next.expect("there are two")).await;
    let (gone, next) = kept.sweep();
    assert_eq!(gone.iter().map(|run| run.id).collect::<Vec<_>>(), [RunId::from_bits(1)]);
    assert!(kept.get(RunId::from_bits(1)).is_none() && kept.get(RunId::from_bits(2)).is_some());
    tokio::time::sleep_until(next.expect("there is one")).await;
    let (gone, next) = kept.sweep();
    assert!(gone.len() == 1 && next.is_none());
    assert!(kept.keep(run(3)).1, "somebody must sweep again");
}

#[tokio::test]
async fn only_so_many_runs_are_kept_and_only_so_many_bytes() {
    let kept = Kept::default();
    for number in 1..=RUNS as u128 + 5 {
        kept.keep(run(number));
    }
    assert!(kept.get(RunId::from_bits(5)).is_none() && kept.get(RunId::from_bits(6)).is_some());
    let text = "x".repeat(1024 * 1024);
    for number in 1..=40 {
        let large = run(10_000 + number);
        large.log.push(RunEvent::Delta(Delta::Text(text.clone()))).await;
        kept.keep(large);
    }
    let shelf = kept.shelf();
    assert!(shelf.bytes <= BYTES && shelf.runs.len() == shelf.order.len());
    assert!(shelf.runs.contains_key(&RunId::from_bits(10_040)), "the newest stay");
    assert!(!shelf.runs.contains_key(&RunId::from_bits(10_020)), "the oldest go");
}
