use super::*;
use crate::support::soon;
use openclaw::sessions::{Ledger, Spent, Total};
use openclaw::types::AgentId;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn spent(agent: &str, model: &str, input: u64) -> Spent {
    Spent {
        agent: AgentId::parse(agent).expect("valid"),
        model: ModelRef::parse(model).expect("valid"),
        usage: Usage { input, output: 2, cached_input: 1, reasoning: 1 },
        microdollars: 7,
    }
}

fn total([day, agent, model]: [&str; 3], runs: u64, input: u64) -> Total {
    Total {
        day: day.to_owned(),
        agent: agent.to_owned(),
        model: model.to_owned(),
        runs,
        usage: Usage { input, output: 2 * runs, cached_input: runs, reasoning: runs },
        microdollars: 7 * runs,
    }
}

async fn totals(ledger: &Ledger, from: &str, to: &str) -> Vec<Total> {
    ledger.totals(from, to).await.expect("readable")
}

#[tokio::test]
async fn totals_are_there_at_once_and_survive_the_end() {
    let home = Home::new();
    let (store, tasks) = (home.store(), Tasks::new());
    let sessions = Sessions::open(store.clone(), &tasks).await.expect("opens");
    let ledger = sessions.ledger();
    ledger.spent(spent("main", "fake/a/b", 10));
    ledger.spent(spent("main", "fake/a/b", 5));
    ledger.spent(spent("ops", "fake/a/b", 1));
    home.clock.advance(Duration::from_secs(86_400));
    ledger.spent(spent("main", "fake/a/b", 3));
    let (first, second) = ("2026-03-10", "2026-03-11");
    let all = [
        total([first, "main", "fake/a/b"], 2, 15),
        total([first, "ops", "fake/a/b"], 1, 1),
        total([second, "main", "fake/a/b"], 1, 3),
    ];
    assert_eq!(totals(ledger, first, second).await, all);
    assert_eq!(totals(ledger, first, first).await, all[..2]);
    assert_eq!(totals(ledger, second, "2027-01-01").await, all[2..]);
    assert_eq!(totals(ledger, "2026-03-12", "2027-01-01").await, []);

    // What waits when the drain begins is written, and what ends during it is as well.
    ledger.spent(spent("ops", "fake/a/b", 8));
    assert!(tasks.drain(Duration::from_secs(30)).await);
    let last = total([second, "ops", "fake/a/b"], 1, 8);
    let written = home.sessions().await;
    assert_eq!(totals(written.ledger(), second, second).await, [all[2].clone(), last.clone()]);
    ledger.spent(spent("main", "fake/a/b", 4));
    assert!(tasks.drain(Duration::from_secs(30)).await);
    store.close().await;
    let again = home.sessions().await;
    let all_of_second = [total([second, "main", "fake/a/b"], 2, 7), last];
    assert_eq!(totals(again.ledger(), second, second).await, all_of_second);
    assert_eq!(totals(again.ledger(), first, first).await, all[..2]);
}

#[tokio::test]
async fn what_is_spent_is_written_by_itself() {
    let home = Home::new();
    let sessions = home.sessions().await;
    sessions.ledger().spent(spent("main", "fake/a", 10));
    let other = home.sessions().await;
    let expected = [total(["2026-03-10", "main", "fake/a"], 1, 10)];
    soon(async {
        while totals(other.ledger(), "2026-03-10", "2026-03-10").await != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // It is not counted twice.
    assert_eq!(totals(sessions.ledger(), "2026-03-10", "2026-03-10").await, expected);
}

/// Whoever adds up sees every run that was counted before, and none twice, while others count and
/// write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_run_is_missed_or_counted_twice() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let counted = Arc::new(AtomicU64::new(0));
    let (counting, count) = (sessions.clone(), counted.clone());
    let counter = tokio::task::spawn_blocking(move || {
        let started = Instant::now();
        // Long enough to be written a few times.
        while started.elapsed() < Duration::from_millis(2_500) {
            counting.ledger().spent(spent("main", "fake/a", 1));
            count.fetch_add(1, Ordering::SeqCst);
            std::thread::yield_now();
        }
    });
    let mut looks = 0;
    while !counter.is_finished() {
        let before = counted.load(Ordering::SeqCst);
        let now = totals(sessions.ledger(), "2026-03-10", "2026-03-10").await;
        let after = counted.load(Ordering::SeqCst);
        let runs = now.first().map_or(0, |total| total.runs);
        // One more may have been spent than was counted here.
        assert!((before..=after + 1).contains(&runs), "{runs} of {before} to {after}");
        looks += 1;
    }
    counter.await.expect("no panic");
    let all = counted.load(Ordering::SeqCst);
    let end = totals(sessions.ledger(), "2026-03-10", "2026-03-10").await;
    assert_eq!(end, [total(["2026-03-10", "main", "fake/a"], all, all)], "after {looks} looks");
}
