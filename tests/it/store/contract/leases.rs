//! Leases and their fences.

use super::{Ground, MINUTE, NOON, append, batch, event};
use openclaw::store::{Clock, Committed, Error, Fence, Page, Store};
use std::time::Duration;

async fn acquire(store: &Store, holder: &str) -> Result<Fence, Error> {
    let done = store.commit(batch(|b| b.acquire("lease", holder, MINUTE))).await?;
    Ok(done.fence.expect("a lease was acquired"))
}

async fn append_under(store: &Store, fence: &Fence) -> Result<Committed, Error> {
    let asked = batch(|b| {
        b.fenced(fence);
        b.append("journal", event("{}"));
    });
    store.commit(asked).await
}

fn stale() -> Error {
    Error::Fenced { lease: "lease".to_owned() }
}

fn held_by(holder: &str) -> Error {
    Error::Held { lease: "lease".to_owned(), holder: holder.to_owned() }
}

pub(crate) async fn a_lease_has_one_holder(ground: &Ground) {
    let store = ground.open();
    let fence = acquire(&store, "a").await.expect("free");
    assert_eq!(acquire(&store, "b").await, Err(held_by("a")));
    let other = store.commit(batch(|b| b.acquire("another", "b", MINUTE))).await;
    assert!(other.is_ok(), "another lease is another's");
    append_under(&store, &fence).await.expect("the holder writes");
    // A lease that is acquired in a batch covers that batch.
    let at_once = batch(|b| {
        b.acquire("fresh", "c", MINUTE);
        b.append("journal", event("{}"));
    });
    let done = store.commit(at_once).await.expect("committed");
    assert_eq!(done.sequences, [2]);
    assert!(done.fence.expect("a fence").token > fence.token);
}

pub(crate) async fn a_stale_writer_cannot_append(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    let old = acquire(&store, "a").await.expect("free");
    append_under(&store, &old).await.expect("the holder writes");
    clock.advance(MINUTE);
    let new = acquire(&store, "b").await.expect("expired");
    assert!(new.token > old.token, "{new:?} after {old:?}");
    assert_eq!(append_under(&store, &old).await, Err(stale()));
    let renewed = store.commit(batch(|b| b.renew(&old, MINUTE))).await;
    assert_eq!(renewed, Err(stale()));
    let released = store.commit(batch(|b| b.release(&old))).await;
    assert_eq!(released, Err(stale()));
    append_under(&store, &new).await.expect("the newest holder writes");
    let events = store.events("journal", Page::After { sequence: 0, limit: 9 }).await;
    assert_eq!(events.expect("read").len(), 2);
}

pub(crate) async fn the_same_holder_takes_over_at_once(ground: &Ground) {
    let store = ground.open();
    let first = acquire(&store, "a").await.expect("free");
    let second = acquire(&store, "a").await.expect("its own");
    assert!(second.token > first.token);
    assert_eq!(append_under(&store, &first).await, Err(stale()));
    append_under(&store, &second).await.expect("the newest writes");
}

pub(crate) async fn an_expired_lease_is_free_but_not_stale(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    let fence = acquire(&store, "a").await.expect("free");
    clock.advance(MINUTE - Duration::from_millis(1));
    assert_eq!(acquire(&store, "b").await, Err(held_by("a")));
    store.commit(batch(|b| b.renew(&fence, MINUTE))).await.expect("renewed");
    clock.advance(MINUTE - Duration::from_millis(1));
    assert_eq!(acquire(&store, "b").await, Err(held_by("a")), "a minute since it was renewed");
    clock.advance(Duration::from_millis(1));
    append_under(&store, &fence).await.expect("nobody has taken it yet");
    acquire(&store, "b").await.expect("free");
    assert_eq!(append_under(&store, &fence).await, Err(stale()));
}

pub(crate) async fn a_released_lease_is_stale(ground: &Ground) {
    let store = ground.open();
    let first = acquire(&store, "a").await.expect("free");
    store.commit(batch(|b| b.release(&first))).await.expect("released");
    assert_eq!(append_under(&store, &first).await, Err(stale()));
    let second = acquire(&store, "b").await.expect("free at once");
    assert!(second.token > first.token, "{second:?} after {first:?}");
    assert_eq!(append_under(&store, &first).await, Err(stale()));
    let invented = Fence { token: second.token + 1, ..second.clone() };
    assert_eq!(append_under(&store, &invented).await, Err(stale()));
    let last = batch(|b| {
        b.append("journal", event("{}"));
        b.release(&second);
    });
    store.commit(last).await.expect("released with the last words");
    assert_eq!(append(&store, "journal", event("{}")).await, 2);
}

pub(crate) async fn only_an_expired_lease_is_forgotten(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    let forget = || batch(|b| b.forget_lease("lease"));
    store.commit(forget()).await.expect("nothing to forget is fine");
    let first = acquire(&store, "a").await.expect("free");
    assert_eq!(store.commit(forget()).await, Err(held_by("a")));
    append_under(&store, &first).await.expect("it is still there");
    clock.advance(MINUTE);
    append_under(&store, &first).await.expect("nobody has taken it yet");
    store.commit(forget()).await.expect("expired");
    assert_eq!(append_under(&store, &first).await, Err(stale()));
    let second = acquire(&store, "b").await.expect("free");
    assert!(second.token > first.token, "{second:?} after {first:?}");
}

pub(crate) async fn a_race_for_a_lease_has_one_winner(ground: &Ground) {
    let store = ground.open();
    let tasks: Vec<_> = (0..32)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move { acquire(&store, &format!("holder {i}")).await })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.expect("no panic") {
            Ok(_) => won += 1,
            Err(error) => assert!(matches!(error, Error::Held { .. }), "{error}"),
        }
    }
    assert_eq!(won, 1);
}
