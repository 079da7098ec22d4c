//! Records: revisions, expectations, lists, counters.

use super::{Ground, batch, everything, put, record, runtime};
use openclaw::store::{
    Batch, Counters, Error, Expect, Listing, NewRecord, Order, Record, Slot, Store,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

pub(crate) async fn revisions_count_and_never_repeat(ground: &Ground) {
    let store = ground.open();
    assert_eq!(put(&store, "rows", "a", "1").await, 1);
    assert_eq!(put(&store, "rows", "a", "2").await, 2);
    assert_eq!(put(&store, "rows", "b", "1").await, 1);
    assert_eq!(put(&store, "other", "a", "1").await, 1);
    let mut seen = BTreeSet::from([1, 2]);
    for _ in 0..3 {
        store
            .commit(batch(|b| b.delete(Slot { space: "rows", key: "a" }, Expect::Any)))
            .await
            .expect("deleted");
        assert_eq!(store.record("rows", "a").await, Ok(None));
        for value in ["x", "y"] {
            let revision = put(&store, "rows", "a", value).await;
            assert!(seen.insert(revision), "revision {revision} was there before: {seen:?}");
        }
    }
    let found = store.record("rows", "a").await.expect("read").expect("there");
    assert_eq!((found.value.as_str(), Some(&found.revision)), ("y", seen.last()));
}

pub(crate) async fn expectations_guard_a_record(ground: &Ground) {
    let store = ground.open();
    let first = put(&store, "rows", "a", "1").await;
    let second = put(&store, "rows", "a", "2").await;
    let change = |expect| batch(|b| b.put(Slot { space: "rows", key: "a" }, record("3"), expect));
    let delete =
        |key: &'static str, expect| batch(move |b| b.delete(Slot { space: "rows", key }, expect));
    let conflict = |key| Err(Error::Conflict { what: format!("{key} of rows") });
    for refused in [Expect::Absent, Expect::Revision(first), Expect::Revision(second + 1)] {
        assert_eq!(store.commit(change(refused)).await, conflict("a"), "put {refused:?}");
        assert_eq!(store.commit(delete("a", refused)).await, conflict("a"), "delete {refused:?}");
    }
    assert_eq!(store.commit(delete("none", Expect::Revision(1))).await, conflict("none"));
    store.commit(delete("none", Expect::Any)).await.expect("nothing to delete is fine");
    store.commit(delete("none", Expect::Absent)).await.expect("nothing to delete is fine");
    let third = store.commit(change(Expect::Revision(second))).await.expect("as expected");
    store.commit(delete("a", Expect::Revision(third.revisions[0]))).await.expect("as expected");
    store.commit(change(Expect::Absent)).await.expect("as expected");
    let in_one = batch(|b| {
        b.delete(Slot { space: "rows", key: "a" }, Expect::Any);
        b.put(Slot { space: "rows", key: "a" }, record("4"), Expect::Absent);
    });
    store.commit(in_one).await.expect("a batch sees its own changes");
}

pub(crate) async fn a_race_for_a_record_has_one_winner(ground: &Ground) {
    let store = ground.open();
    let revision = put(&store, "rows", "a", "0").await;
    let tasks: Vec<_> = (0..32)
        .map(|i| {
            let store = store.clone();
            let next = batch(|b| {
                b.put(
                    Slot { space: "rows", key: "a" },
                    record(&i.to_string()),
                    Expect::Revision(revision),
                );
            });
            tokio::spawn(async move { store.commit(next).await.is_ok().then_some(i) })
        })
        .collect();
    let mut winners = Vec::new();
    for task in tasks {
        winners.extend(task.await.expect("no panic"));
    }
    let found = store.record("rows", "a").await.expect("read").expect("there");
    assert_eq!(winners.iter().map(i32::to_string).collect::<Vec<_>>(), [found.value]);
}

pub(crate) async fn counters_add_up(ground: &Ground) {
    let store = ground.open();
    let amounts: Counters = [("runs".to_owned(), 1), ("tokens".to_owned(), 10)].into();
    let tasks: Vec<_> = (0..40)
        .map(|i| {
            let (store, amounts) = (store.clone(), amounts.clone());
            let row = NewRecord { value: String::new(), rank: i, group: "day".to_owned() };
            let add = batch(|b| b.add(Slot { space: "sums", key: "today" }, row, &amounts));
            tokio::spawn(async move { store.commit(add).await.expect("added") })
        })
        .collect();
    for task in tasks {
        let done = task.await.expect("no panic");
        assert!(done.revisions.is_empty(), "only puts are told of: {done:?}");
    }
    let less = Counters::from([("tokens".to_owned(), -1), ("late".to_owned(), i64::MAX)]);
    let row = NewRecord { value: "unused".to_owned(), rank: 7, group: "week".to_owned() };
    let twice = batch(|b| {
        b.add(Slot { space: "sums", key: "today" }, row.clone(), &less);
        b.add(Slot { space: "sums", key: "today" }, row, &less);
    });
    store.commit(twice).await.expect("added");
    let found = store.record("sums", "today").await.expect("read").expect("there");
    let sums: Counters = serde_json::from_str(&found.value).expect("a JSON object of numbers");
    let expected = [("late", i64::MAX), ("runs", 40), ("tokens", 398)];
    assert_eq!(sums, expected.map(|(name, sum)| (name.to_owned(), sum)).into());
    assert_eq!((found.rank, found.group.as_str()), (7, "week"));

    put(&store, "sums", "text", "not counters").await;
    let refused = store
        .commit(batch(|b| b.add(Slot { space: "sums", key: "text" }, record(""), &amounts)))
        .await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
}

pub(crate) async fn names_of_every_kind_are_kept_apart(ground: &Ground) {
    let store = ground.open();
    let names = ["", " ", "a", "A", "a\0b", "a\0", "'; DROP", "%", "_", "ä", "\u{10ffff}", "日"];
    for (i, name) in names.iter().enumerate() {
        put(&store, name, name, &i.to_string()).await;
    }
    for (i, name) in names.iter().enumerate() {
        let found = store.record(name, name).await.expect("read").expect("there");
        assert_eq!((found.key.as_str(), found.value), (*name, i.to_string()));
        let prefixed = Listing { prefix: (*name).to_owned(), ..everything() };
        let found = store.records(name, prefixed).await.expect("read");
        assert_eq!(found.len(), 1, "{name:?}");
        assert_eq!(store.count(name, &of_group("")).await, Ok(1), "{name:?}");
    }
}

#[derive(Debug, Clone)]
enum Change {
    Put(String, i64, String),
    Delete(String),
}

/// Any changes, beside a map that does the same, listed in any way.
pub(crate) async fn records_do_what_a_map_does(ground: &Ground) {
    let store = ground.open();
    let cases = Mutex::new(0);
    tokio::task::spawn_blocking(move || {
        let change = prop_oneof![
            4 => (key(), -3i64..4, group()).prop_map(|(k, rank, g)| Change::Put(k, rank, g)),
            1 => key().prop_map(Change::Delete),
        ];
        let changes = prop::collection::vec(change, 1..40);
        let listings = prop::collection::vec(listing(), 12);
        proptest!(ProptestConfig::with_cases(64), |(changes in changes, listings in listings)| {
            let case = { let mut cases = cases.lock().expect("unpoisoned"); *cases += 1; *cases };
            let space = format!("space {case}");
            runtime().block_on(like_a_map(&store, &space, &changes, &listings))?;
        });
    })
    .await
    .expect("no counterexample");
}

fn of_group(group: &str) -> Listing {
    Listing { group: Some(group.to_owned()), ..everything() }
}

fn key() -> impl Strategy<Value = String> {
    "([a\0]?:){0,2}[ab:\0\u{7f}é\u{d7ff}\u{10ffff}]{0,3}"
}

fn group() -> impl Strategy<Value = String> {
    "[xy]?"
}

fn listing() -> impl Strategy<Value = Listing> {
    let order = prop_oneof![Just(Order::Key), Just(Order::Newest), Just(Order::Oldest)];
    let from = prop::option::of(-3i64..4);
    let below = prop::option::of(-3i64..4);
    let page = (0usize..4, 0usize..12);
    (
        "([a\0]?:){0,2}[abé\u{d7ff}\u{10ffff}]{0,2}",
        prop::option::of(group()),
        order,
        from,
        below,
        page,
    )
        .prop_map(|(prefix, group, order, from_rank, below_rank, (skip, limit))| Listing {
            prefix,
            group,
            order,
            from_rank,
            below_rank,
            skip,
            limit,
        })
}

async fn like_a_map(
    store: &Store,
    space: &str,
    changes: &[Change],
    listings: &[Listing],
) -> Result<(), TestCaseError> {
    let mut map: BTreeMap<String, (i64, String)> = BTreeMap::new();
    let mut asked = Batch::new();
    for change in changes {
        match change {
            Change::Put(key, rank, group) => {
                let row = NewRecord { value: key.clone(), rank: *rank, group: group.clone() };
                asked.put(Slot { space, key }, row, Expect::Any);
                map.insert(key.clone(), (*rank, group.clone()));
            }
            Change::Delete(key) => {
                asked.delete(Slot { space, key }, Expect::Any);
                map.remove(key);
            }
        }
    }
    store.commit(asked).await.expect("committed");
    for listing in listings {
        let found = store.records(space, listing.clone()).await.expect("listed");
        let found: Vec<&str> = found.iter().map(|row: &Record| row.key.as_str()).collect();
        prop_assert_eq!(found, listed(&map, listing), "{:?}", listing);
        let all = Listing { skip: 0, limit: usize::MAX, ..listing.clone() };
        let count = store.count(space, listing).await;
        prop_assert_eq!(count, Ok(listed(&map, &all).len() as u64), "{:?}", listing);
    }
    prop_assert_eq!(store.count(space, &everything()).await, Ok(map.len() as u64));
    for group in ["", "x", "y", "z"] {
        let expected = map.values().filter(|(_, of)| of == group).count() as u64;
        prop_assert_eq!(
            store.count(space, &of_group(group)).await,
            Ok(expected),
            "group {}",
            group
        );
    }
    Ok(())
}

fn listed<'a>(map: &'a BTreeMap<String, (i64, String)>, listing: &Listing) -> Vec<&'a str> {
    let mut rows: Vec<(&str, i64)> = map
        .iter()
        .filter(|(key, (rank, group))| {
            key.starts_with(&listing.prefix)
                && listing.group.as_ref().is_none_or(|only| only == group)
                && listing.from_rank.is_none_or(|from| *rank >= from)
                && listing.below_rank.is_none_or(|below| *rank < below)
        })
        .map(|(key, (rank, _))| (key.as_str(), *rank))
        .collect();
    match listing.order {
        Order::Key => {}
        Order::Oldest => rows.sort_by_key(|(_, rank)| *rank),
        Order::Newest => {
            rows.sort_by_key(|(_, rank)| *rank);
            rows.reverse();
        }
    }
    rows.into_iter().map(|(key, _)| key).skip(listing.skip).take(listing.limit).collect()
}
