//! The outbox.

use super::{Ground, MINUTE, NOON, batch};
use openclaw::store::{Clock, Parcel, Store};
use std::collections::BTreeMap;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn send(store: &Store, body: &str, once: Option<&str>) {
    store.commit(batch(|b| b.send("topic", body.to_owned(), once))).await.expect("sent");
}

async fn claim(store: &Store, limit: usize) -> Vec<Parcel> {
    store.claim("topic", limit, MINUTE).await.expect("claimed")
}

fn bodies(parcels: &[Parcel]) -> Vec<&str> {
    parcels.iter().map(|parcel| parcel.body.as_str()).collect()
}

async fn deliver(store: &Store, parcel: &Parcel) {
    store.commit(batch(|b| b.delivered(parcel.id))).await.expect("delivered");
}

pub(crate) async fn parcels_come_in_order_and_once(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    for body in ["a", "b", "c"] {
        send(&store, body, None).await;
    }
    clock.advance(MINUTE);
    send(&store, "d", None).await;
    let first = claim(&store, 2).await;
    assert_eq!(bodies(&first), ["a", "b"]);
    assert!(first.iter().all(|parcel| parcel.attempts == 1));
    assert_eq!(bodies(&claim(&store, 9).await), ["c", "d"]);
    assert_eq!(claim(&store, 9).await, []);
    assert_eq!(store.claim("topic", 0, MINUTE).await, Ok(Vec::new()));
}

pub(crate) async fn a_claimed_parcel_comes_back(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    send(&store, "a", None).await;
    let first = claim(&store, 9).await;
    clock.advance(MINUTE - Duration::from_millis(1));
    assert_eq!(claim(&store, 9).await, [], "still hidden");
    clock.advance(Duration::from_millis(1));
    let second = claim(&store, 9).await;
    assert_eq!(second, [Parcel { attempts: 2, ..first[0].clone() }]);
}

pub(crate) async fn a_postponed_parcel_waits(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    send(&store, "a", None).await;
    let parcel = claim(&store, 9).await.remove(0);
    let later = batch(|b| b.postpone(parcel.id, MINUTE * 5, "the network is away"));
    store.commit(later).await.expect("postponed");
    clock.advance(MINUTE * 5 - Duration::from_millis(1));
    assert_eq!(claim(&store, 9).await, []);
    clock.advance(Duration::from_millis(1));
    assert_eq!(claim(&store, 9).await, [Parcel { attempts: 2, ..parcel.clone() }]);
    store.commit(batch(|b| b.postpone(parcel.id, Duration::ZERO, ""))).await.expect("postponed");
    assert_eq!(claim(&store, 9).await[0].attempts, 3, "at once, if wanted");
}

pub(crate) async fn a_delivered_parcel_is_gone(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    send(&store, "a", None).await;
    send(&store, "b", Some("mark")).await;
    let parcels = claim(&store, 9).await;
    for parcel in &parcels {
        deliver(&store, parcel).await;
        deliver(&store, parcel).await;
        let again = batch(|b| b.postpone(parcel.id, Duration::ZERO, "too late"));
        store.commit(again).await.expect("nothing to postpone is fine");
    }
    clock.advance(DAY * 2);
    assert_eq!(claim(&store, 9).await, []);
    store.commit(batch(|b| b.delivered(12345))).await.expect("nothing to deliver is fine");
    send(&store, "c", None).await;
    let next = claim(&store, 9).await.remove(0);
    assert!(parcels.iter().all(|parcel| parcel.id != next.id), "ids are not used again");
}

pub(crate) async fn a_mark_is_remembered_for_a_day(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    send(&store, "a", Some("mark")).await;
    send(&store, "left out", Some("mark")).await;
    send(&store, "b", Some("another")).await;
    clock.advance(DAY * 3);
    send(&store, "left out", Some("mark")).await;
    let both = claim(&store, 9).await;
    assert_eq!(bodies(&both), ["a", "b"], "an undelivered one is remembered for ever");
    deliver(&store, &both[0]).await;
    clock.advance(DAY - Duration::from_millis(1));
    send(&store, "left out", Some("mark")).await;
    assert_eq!(bodies(&claim(&store, 9).await), ["b"]);
    clock.advance(Duration::from_millis(1));
    send(&store, "a again", Some("mark")).await;
    send(&store, "left out", Some("mark")).await;
    assert_eq!(bodies(&claim(&store, 9).await), ["a again"]);
}

pub(crate) async fn topics_are_apart(ground: &Ground) {
    let store = ground.open();
    let both = batch(|b| {
        b.send("topic", "a".to_owned(), Some("mark"));
        b.send("topic 2", "b".to_owned(), Some("mark"));
    });
    store.commit(both).await.expect("sent");
    assert_eq!(bodies(&claim(&store, 9).await), ["a"]);
    assert_eq!(bodies(&store.claim("topic 2", 9, MINUTE).await.expect("claimed")), ["b"]);
}

/// Consumers of two handles claim, deliver or give up at once: while a parcel is hidden only one
/// of them has it, and in the end each was delivered once.
pub(crate) async fn consumers_never_share_a_parcel(ground: &Ground) {
    const PARCELS: usize = 120;
    let handles = [ground.open(), ground.open()];
    let all = batch(|b| (0..PARCELS).for_each(|i| b.send("topic", i.to_string(), None)));
    handles[0].commit(all).await.expect("sent");
    let consumers: Vec<_> = (0..6)
        .map(|consumer| {
            let store = handles[consumer % 2].clone();
            tokio::spawn(async move { consume(&store, consumer).await })
        })
        .collect();
    let mut claims: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for consumer in consumers {
        for parcel in consumer.await.expect("no panic") {
            claims.entry(parcel.id).or_default().push(parcel.attempts);
        }
    }
    assert_eq!(claims.len(), PARCELS);
    for (parcel, mut attempts) in claims {
        attempts.sort_unstable();
        let expected: Vec<u32> = if parcel % 5 == 0 { vec![1, 2] } else { vec![1] };
        assert_eq!(attempts, expected, "parcel {parcel}");
    }
}

async fn consume(store: &Store, consumer: usize) -> Vec<Parcel> {
    let mut had = Vec::new();
    loop {
        let parcels = claim(store, 1 + consumer).await;
        if parcels.is_empty() {
            return had;
        }
        let done = batch(|b| {
            for parcel in &parcels {
                match (parcel.id % 5, parcel.attempts) {
                    (0, 1) => b.postpone(parcel.id, Duration::ZERO, "once more"),
                    _ => b.delivered(parcel.id),
                }
            }
        });
        store.commit(done).await.expect("committed");
        had.extend(parcels);
    }
}
