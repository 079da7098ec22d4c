//! Journals: sequences, pages, marks.

use super::{Ground, MINUTE, NOON, append, batch, event, marked, runtime};
use openclaw::store::{Clock, Error, Event, Page, Store};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Mutex;

const TASKS: u64 = 16;
const EACH: u64 = 12;

pub(crate) async fn sequences_have_no_gaps(ground: &Ground) {
    let store = ground.open();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut given = Vec::new();
                for i in 0..EACH {
                    let both = batch(|b| {
                        b.append("shared", event(&format!("{task} {i} a")));
                        b.append("shared", event(&format!("{task} {i} b")));
                        b.append(&format!("own {task}"), event("{}"));
                    });
                    let sequences = store.commit(both).await.expect("committed").sequences;
                    assert_eq!(sequences[1], sequences[0] + 1, "a batch is not interleaved");
                    assert_eq!(sequences[2], i + 1, "journals count for themselves");
                    given.extend_from_slice(&sequences[..2]);
                }
                assert!(given.is_sorted(), "later batches come later");
                given
            })
        })
        .collect();
    let mut given = BTreeSet::new();
    for task in tasks {
        given.extend(task.await.expect("no panic"));
    }
    let expected: BTreeSet<u64> = (1..=TASKS * EACH * 2).collect();
    assert_eq!(given, expected);
    let read = store.events("shared", Page::After { sequence: 0, limit: usize::MAX }).await;
    let read: BTreeSet<u64> = read.expect("read").iter().map(|event| event.sequence).collect();
    assert_eq!(read, expected);
}

pub(crate) async fn pages_lead_through_a_journal_both_ways(ground: &Ground) {
    let store = ground.open();
    store
        .commit(batch(|b| (1..=10).for_each(|i| b.append("journal", event(&i.to_string())))))
        .await
        .expect("committed");
    append(&store, "journal 2", event("another")).await;
    for (page, expected) in [
        (Page::After { sequence: 0, limit: 3 }, vec![1, 2, 3]),
        (Page::After { sequence: 3, limit: 3 }, vec![4, 5, 6]),
        (Page::After { sequence: 9, limit: 3 }, vec![10]),
        (Page::After { sequence: 10, limit: 3 }, vec![]),
        (Page::After { sequence: u64::MAX, limit: 3 }, vec![]),
        (Page::Before { sequence: u64::MAX, limit: 3 }, vec![8, 9, 10]),
        (Page::Before { sequence: 8, limit: 3 }, vec![5, 6, 7]),
        (Page::Before { sequence: 2, limit: 3 }, vec![1]),
        (Page::Before { sequence: 1, limit: 3 }, vec![]),
        (Page::Before { sequence: 0, limit: 3 }, vec![]),
        (Page::After { sequence: 0, limit: 0 }, vec![]),
        (Page::Before { sequence: u64::MAX, limit: usize::MAX }, (1..=10).collect()),
    ] {
        let found = store.events("journal", page).await.expect("read");
        let sequences: Vec<u64> = found.iter().map(|event| event.sequence).collect();
        assert_eq!(sequences, expected, "{page:?}");
        assert!(found.iter().all(|event| event.body == event.sequence.to_string()));
    }
    let nothing = store.events("no journal", Page::After { sequence: 0, limit: 3 }).await;
    assert_eq!(nothing, Ok(Vec::new()));
}

pub(crate) async fn a_mark_is_unique_in_its_journal(ground: &Ground) {
    let store = ground.open();
    append(&store, "journal", marked("first", "mark")).await;
    let second = store.commit(batch(|b| b.append("journal", marked("second", "mark")))).await;
    let what = "the mark mark in journal".to_owned();
    assert_eq!(second, Err(Error::Conflict { what }));
    let twice = batch(|b| {
        b.append("journal", marked("a", "twice"));
        b.append("journal", marked("b", "twice"));
    });
    assert!(matches!(store.commit(twice).await, Err(Error::Conflict { .. })));
    assert_eq!(append(&store, "another", marked("other", "mark")).await, 1);
    assert_eq!(append(&store, "journal", event("unmarked")).await, 2);
    assert_eq!(append(&store, "journal", event("unmarked")).await, 3);
    let found = store.event_once("journal", "mark").await.expect("read").expect("there");
    assert_eq!((found.sequence, found.body.as_str()), (1, "first"));
    assert_eq!(found.once.as_deref(), Some("mark"));
    assert_eq!(store.event_once("journal", "twice").await, Ok(None));
    assert_eq!(store.event_once("no journal", "mark").await, Ok(None));
}

pub(crate) async fn a_removed_journal_begins_anew(ground: &Ground) {
    let store = ground.open();
    append(&store, "journal", marked("old", "mark")).await;
    append(&store, "journal", event("old")).await;
    append(&store, "journal 2", event("kept")).await;
    let replaced = batch(|b| {
        b.remove_stream("journal");
        b.remove_stream("was never there");
        b.append("journal", marked("new", "mark"));
    });
    assert_eq!(store.commit(replaced).await.expect("committed").sequences, [1]);
    let all = Page::After { sequence: 0, limit: 9 };
    let found = store.events("journal", all).await.expect("read");
    assert_eq!(found.iter().map(|event| event.body.as_str()).collect::<Vec<_>>(), ["new"]);
    assert_eq!(store.events("journal 2", all).await.expect("read").len(), 1);
}

pub(crate) async fn a_page_is_bounded_by_bytes(ground: &Ground) {
    let store = ground.open();
    let large = "x".repeat(3 << 20);
    for _ in 0..4 {
        append(&store, "journal", event(&large)).await;
    }
    append(&store, "journal", event(&"x".repeat(9 << 20))).await;
    append(&store, "journal", event("small")).await;
    for (page, expected) in [
        (Page::After { sequence: 0, limit: 9 }, vec![1, 2, 3]),
        (Page::After { sequence: 3, limit: 9 }, vec![4, 5]),
        (Page::After { sequence: 4, limit: 9 }, vec![5]),
        (Page::After { sequence: 5, limit: 9 }, vec![6]),
        (Page::Before { sequence: u64::MAX, limit: 9 }, vec![5, 6]),
        (Page::Before { sequence: 5, limit: 9 }, vec![2, 3, 4]),
    ] {
        let found = store.events("journal", page).await.expect("read");
        let sequences: Vec<u64> = found.iter().map(|event| event.sequence).collect();
        assert_eq!(sequences, expected, "{page:?}");
    }
}

pub(crate) async fn names_of_journals_come_in_order(ground: &Ground) {
    let store = ground.open();
    let all = batch(|b| {
        for name in ["b/2", "a/1", "b/10", "c", "b/1", "b"] {
            b.append(name, event("{}"));
        }
    });
    store.commit(all).await.expect("committed");
    for (prefix, after, limit, expected) in [
        ("", "", 9, &["a/1", "b", "b/1", "b/10", "b/2", "c"][..]),
        ("b/", "", 2, &["b/1", "b/10"]),
        ("b/", "b/10", 2, &["b/2"]),
        ("b/", "b/2", 2, &[]),
        ("b/", "a", 1, &["b/1"]),
        ("b/", "c", 9, &[]),
        ("\u{10ffff}", "", 9, &[]),
        ("", "b", 2, &["b/1", "b/10"]),
    ] {
        let found = store.streams(prefix, after, limit).await.expect("read");
        assert_eq!(found, expected, "{prefix:?} after {after:?}");
    }
}

pub(crate) async fn a_journal_is_trimmed_in_steps(ground: &Ground) {
    let store = ground.open();
    let many = batch(|b| (0..5).for_each(|_| b.append("journal", super::worded("findable"))));
    store.commit(many).await.expect("committed");
    append(&store, "journal 2", super::worded("findable")).await;
    for (limit, left) in [(2, 3), (0, 3), (2, 1)] {
        let done = store.commit(batch(|b| b.trim_stream("journal", limit))).await;
        assert_eq!(done.expect("committed").left, [left], "after {limit} more");
        let found = store.events("journal", Page::After { sequence: 0, limit: 9 }).await;
        let found: Vec<u64> = found.expect("read").iter().map(|event| event.sequence).collect();
        assert_eq!(found, (6 - left..=5).collect::<Vec<_>>(), "the rest keep their sequences");
        let hits = store.search("", "findable", 9).await.expect("searched");
        assert_eq!(hits.len() as u64, left + 1, "and are found");
    }
    assert_eq!(append(&store, "journal", event("more")).await, 6);
    let done = store.commit(batch(|b| {
        b.trim_stream("journal", usize::MAX);
        b.trim_stream("no journal", 2);
        b.append("journal", event("anew"));
    }));
    let done = done.await.expect("committed");
    assert_eq!((done.left, done.sequences), (vec![0, 0], vec![1]));
    assert_eq!(store.streams("", "", 9).await, Ok(vec!["journal".into(), "journal 2".into()]));
    store.check().await.expect("whole");
}

pub(crate) async fn events_carry_the_time_of_the_clock(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    assert_eq!(store.clock().now(), NOON);
    append(&store, "journal", marked("{\"a\":1}", "mark")).await;
    clock.advance(MINUTE);
    append(&store, "journal", event("{}")).await;
    let found = store.events("journal", Page::After { sequence: 0, limit: 9 }).await;
    let expected = |sequence, at, body: &str, once: Option<&str>| Event {
        sequence,
        at,
        kind: "note".to_owned(),
        body: body.to_owned(),
        once: once.map(str::to_owned),
    };
    let first = expected(1, NOON, "{\"a\":1}", Some("mark"));
    assert_eq!(found, Ok(vec![first, expected(2, NOON + 60_000, "{}", None)]));
}

/// Appends and removals in any order, beside a list that does the same.
pub(crate) async fn journals_do_what_a_list_does(ground: &Ground) {
    let store = ground.open();
    let cases = Mutex::new(0);
    tokio::task::spawn_blocking(move || {
        let changes = prop::collection::vec(prop::option::weighted(0.9, 0u8..6), 1..12);
        let batches = prop::collection::vec(changes, 1..6);
        proptest!(ProptestConfig::with_cases(48), |(batches in batches)| {
            let case = { let mut cases = cases.lock().expect("unpoisoned"); *cases += 1; *cases };
            runtime().block_on(like_a_list(&store, &format!("journal {case}"), &batches))?;
        });
    })
    .await
    .expect("no counterexample");
}

/// `Some(mark)` appends, with a mark unless it is 0; `None` removes the journal.
async fn like_a_list(
    store: &Store,
    name: &str,
    batches: &[Vec<Option<u8>>],
) -> Result<(), TestCaseError> {
    let mut list: Vec<Option<String>> = Vec::new();
    for changes in batches {
        let mut next = list.clone();
        let mut refused = false;
        let asked = batch(|b| {
            for change in changes {
                let Some(mark) = change else {
                    b.remove_stream(name);
                    next.clear();
                    continue;
                };
                let mark = (*mark > 0).then(|| format!("mark {mark}"));
                refused |= mark.is_some() && next.contains(&mark);
                next.push(mark.clone());
                b.append(name, openclaw::store::NewEvent { once: mark, ..event("{}") });
            }
        });
        let done = store.commit(asked).await;
        prop_assert_eq!(done.is_err(), refused, "{:?}", done);
        if !refused {
            list = next;
        }
        let found = store.events(name, Page::After { sequence: 0, limit: usize::MAX }).await;
        let found = found.expect("read");
        let sequences: Vec<u64> = found.iter().map(|event| event.sequence).collect();
        prop_assert_eq!(sequences, (1..=list.len() as u64).collect::<Vec<_>>());
        let marks: Vec<Option<String>> = found.into_iter().map(|event| event.once).collect();
        prop_assert_eq!(&marks, &list);
    }
    Ok(())
}
