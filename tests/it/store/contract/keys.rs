//! API keys.

use super::{Ground, MINUTE, NOON, batch};
use openclaw::store::{Clock, Error, Key, Store};
use std::time::Duration;

fn key(id: &str) -> Key {
    Key {
        id: id.to_owned(),
        grants: "{\"agents\":[\"main\"]}".to_owned(),
        created_at: NOON,
        expires_at: None,
        revoked_at: None,
    }
}

async fn add(store: &Store, hash: u8, key: &Key) -> Result<(), Error> {
    store.commit(batch(|b| b.add_key([hash; 32], key.clone()))).await.map(|_| ())
}

pub(crate) async fn a_key_is_found_by_its_hash(ground: &Ground) {
    let store = ground.open();
    let (first, second) = (key("b"), Key { created_at: NOON + 1, ..key("a") });
    add(&store, 1, &first).await.expect("added");
    add(&store, 2, &second).await.expect("added");
    assert_eq!(store.key(&[1; 32]).await, Ok(Some(first.clone())));
    assert_eq!(store.key(&[2; 32]).await, Ok(Some(second.clone())));
    assert_eq!(store.key(&[3; 32]).await, Ok(None));
    assert_eq!(store.keys().await, Ok(vec![first, second]), "in the order they were made");
}

pub(crate) async fn a_revoked_key_is_not_found(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    add(&store, 1, &key("a")).await.expect("added");
    add(&store, 2, &key("b")).await.expect("added");
    for _ in 0..2 {
        clock.advance(MINUTE);
        store.commit(batch(|b| b.revoke_key("a"))).await.expect("revoked");
    }
    store.commit(batch(|b| b.revoke_key("nobody's"))).await.expect("nothing to revoke is fine");
    assert_eq!(store.key(&[1; 32]).await, Ok(None));
    assert_eq!(store.key(&[2; 32]).await, Ok(Some(key("b"))));
    let revoked = Key { revoked_at: Some(NOON + 60_000), ..key("a") };
    assert_eq!(store.keys().await, Ok(vec![revoked, key("b")]), "revoked when it first was");
}

pub(crate) async fn an_expired_key_is_not_found(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    let ending = Key { expires_at: Some(NOON + 60_000), ..key("a") };
    add(&store, 1, &ending).await.expect("added");
    clock.advance(MINUTE - Duration::from_millis(1));
    assert_eq!(store.key(&[1; 32]).await, Ok(Some(ending.clone())));
    clock.advance(Duration::from_millis(1));
    assert_eq!(store.key(&[1; 32]).await, Ok(None));
    assert_eq!(store.keys().await, Ok(vec![ending]));
}

pub(crate) async fn a_key_is_added_once(ground: &Ground) {
    let store = ground.open();
    add(&store, 1, &key("a")).await.expect("added");
    for (hash, id) in [(1, "b"), (2, "a"), (1, "a")] {
        let what = format!("the API key {id}");
        assert_eq!(add(&store, hash, &key(id)).await, Err(Error::Conflict { what }));
    }
    assert_eq!(store.keys().await, Ok(vec![key("a")]));
}
