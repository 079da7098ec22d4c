//! Batches: all or nothing, together but apart.

use super::{Ground, append, batch, event, everything, marked, put, record};
use openclaw::store::{Batch, Committed, Error, Expect, Fence, Page, Slot};
use std::time::Duration;

pub(crate) async fn all_or_nothing(ground: &Ground) {
    let store = ground.open();
    put(&store, "rows", "taken", "first").await;
    append(&store, "other", worded_event()).await;
    let refused = store.commit(batch(|b| {
        b.acquire("lease", "me", Duration::from_secs(60));
        b.append("journal", worded_event());
        b.put(Slot { space: "rows", key: "new" }, record("value"), Expect::Any);
        b.delete(Slot { space: "rows", key: "taken" }, Expect::Any);
        b.add(Slot { space: "rows", key: "sum" }, record(""), &[("n".to_owned(), 1)].into());
        b.send("topic", "parcel".to_owned(), None);
        b.remove_stream("other");
        b.put(Slot { space: "rows", key: "last" }, record("value"), Expect::Revision(7));
    }));
    let what = "last of rows".to_owned();
    assert_eq!(refused.await, Err(Error::Conflict { what }));

    let all = Page::After { sequence: 0, limit: 9 };
    assert_eq!(store.events("journal", all).await, Ok(Vec::new()));
    assert_eq!(store.events("other", all).await.expect("read").len(), 1);
    let rows = store.records("rows", everything()).await.expect("read");
    assert_eq!(rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["taken"]);
    assert_eq!(store.count("rows", &everything()).await, Ok(1));
    assert_eq!(store.claim("topic", 9, Duration::ZERO).await, Ok(Vec::new()));
    let hits = store.search("", "findable", 9).await.expect("searched");
    assert_eq!(hits.len(), 1, "only the event that was there before: {hits:?}");
    let taken = batch(|b| b.acquire("lease", "somebody else", Duration::from_secs(60)));
    store.commit(taken).await.expect("the lease is free");
}

fn worded_event() -> openclaw::store::NewEvent {
    super::worded("findable")
}

pub(crate) async fn a_refused_batch_leaves_the_others(ground: &Ground) {
    let store = ground.open();
    append(&store, "journal", marked("0", "taken")).await;
    let tasks: Vec<_> = (0..60)
        .map(|i| {
            let store = store.clone();
            let once = if i % 3 == 0 { "taken".to_owned() } else { format!("mark {i}") };
            let batch = batch(|b| {
                b.put(Slot { space: "rows", key: &i.to_string() }, record("value"), Expect::Absent);
                b.append("journal", marked("{}", &once));
            });
            (i, tokio::spawn(async move { store.commit(batch).await }))
        })
        .collect();
    for (i, task) in tasks {
        let done = task.await.expect("no panic");
        assert_eq!(done.is_err(), i % 3 == 0, "batch {i}: {done:?}");
        let row = store.record("rows", &i.to_string()).await.expect("read");
        assert_eq!(row.is_some(), i % 3 != 0, "record of batch {i}");
    }
    let last = store.events("journal", Page::Before { sequence: u64::MAX, limit: 1 }).await;
    assert_eq!(last.expect("read")[0].sequence, 41, "refused batches leave no gap");
}

pub(crate) async fn concurrent_batches_all_commit(ground: &Ground) {
    let store = ground.open();
    let tasks: Vec<_> = (0..400)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move { put(&store, "rows", &i.to_string(), "value").await })
        })
        .collect();
    for task in tasks {
        task.await.expect("committed");
    }
    assert_eq!(store.count("rows", &everything()).await, Ok(400));
}

pub(crate) async fn a_batch_outlives_its_caller(ground: &Ground) {
    let store = ground.open();
    for i in 0..20 {
        let commit = store.commit(batch(|b| b.append("journal", event(&i.to_string()))));
        // Polled once, which queues it, and then dropped.
        tokio::select! {
            biased;
            _ = commit => {}
            () = std::future::ready(()) => {}
        }
    }
    // Batches are committed in the order they were queued in.
    assert_eq!(append(&store, "journal", event("last")).await, 21);
}

pub(crate) async fn an_empty_batch_is_fine(ground: &Ground) {
    let store = ground.open();
    assert_eq!(store.commit(Batch::new()).await, Ok(Committed::default()));
    let stale = Fence { lease: "never taken".to_owned(), token: 1 };
    let fenced = store.commit(batch(|b| b.fenced(&stale))).await;
    assert_eq!(fenced, Err(Error::Fenced { lease: stale.lease }));
}
