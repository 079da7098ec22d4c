//! What becomes of responses when the process ends or the store fails.

use super::*;
use openclaw::responses::{Error, ErrorCode};
use openclaw::store::{Clock, Store, file_in};
use openclaw::types::FailureKind;
use rusqlite::Connection;
use std::time::Duration;

/// Holds the write lock of the store in a folder.
fn locked(folder: &TempDir) -> Connection {
    let other = Connection::open(file_in(folder.path())).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    other
}

#[tokio::test]
async fn what_a_process_left_unfinished_has_failed() {
    let folder = TempDir::new().expect("a folder");
    let half = || Reply::stream().then(chunk(json!({"content": "half"}), None)).then_hang();
    let upstream = Upstream::with([half(), half(), answer("more")]).await;
    let dead = Home::at(folder.path(), &upstream).await;
    let mut readers = Vec::new();
    for create in [ask("a"), by(guest(), in_background("b"))] {
        let mut reader = dead.create(create).await;
        until_text(&mut reader).await;
        readers.push(reader);
    }
    let home = Home::at(folder.path(), &upstream).await;
    assert_eq!(home.responses.recover().await.expect("recovered"), 2);
    assert_eq!(home.responses.recover().await.expect("recovered"), 0, "once");
    for reader in &readers {
        let response = home.get(reader.id()).await;
        assert_eq!((response.status, response.output.len()), (State::Failed, 0));
        let error = response.error.clone().expect("why");
        assert_eq!(error.code, ErrorCode::ServerError);
        assert!(error.message.contains("gateway stopped"), "{}", error.message);
        let events = home.read(reader.id(), None).await;
        let kinds: Vec<_> = events.iter().map(Event::kind).collect();
        assert_eq!(kinds.first(), Some(&"response.created"));
        assert_eq!(kinds.last(), Some(&"response.failed"));
        assert_eq!(events.last().and_then(Event::last), Some(&response));
    }
    let foreign = home.responses.get(&member(), readers[1].id()).await.expect_err("foreign");
    assert!(matches!(foreign, Error::Unknown(_)));
    // What was asked is there, and can be gone on from.
    let on = home.create(continuing(readers[0].id(), ask("c"))).await;
    assert_eq!(text(&on.finish().await), "more");
    assert_eq!(told(&upstream.seen()[2]), ["user:a", "user:c"]);
}

/// As where the task that made it broke off, or its beginning could not be taken back.
#[tokio::test]
async fn what_is_unfinished_and_nobody_makes_has_failed_at_once() {
    let folder = TempDir::new().expect("a folder");
    let half = || Reply::stream().then(chunk(json!({"content": "half"}), None)).then_hang();
    let upstream = Upstream::with([half(), answer("on"), answer("again")]).await;
    let dead = Home::at(folder.path(), &upstream).await;
    let mut create = in_background("a");
    create.run.idempotency_key = Some("key".to_owned());
    let mut reader = dead.create(create).await;
    until_text(&mut reader).await;
    let id = *reader.id();
    let home = Home::at(folder.path(), &upstream).await;
    assert_eq!(home.get(&id).await.status, State::Failed);
    let cancelled = home.responses.cancel(&Caller::OPERATOR, &id).await.expect("as it is");
    assert_eq!(cancelled.status, State::Failed);
    let events = home.read(&id, None).await;
    assert_eq!(events.last().map(Event::kind), Some("response.failed"));
    let on = home.create(continuing(&id, ask("b"))).await;
    assert_eq!(text(&on.finish().await), "on");
    let open =
        openclaw::store::Listing { group: Some("open".to_owned()), limit: 9, ..Default::default() };
    let left = || home.house.store.records("responses", open.clone());
    assert_eq!(left().await.expect("readable").len(), 1);
    home.responses.maintain().await.expect("done");
    assert_eq!(left().await.expect("readable").len(), 0, "upkeep closes it");
    assert_eq!(home.get(&id).await, cancelled);
    let mut create = in_background("a");
    create.run.idempotency_key = Some("key".to_owned());
    assert_eq!(text(&home.create(create).await.finish().await), "again");
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_left_alone() {
    let upstream = Upstream::start().await;
    let (home, _folder) = Home::new(&upstream).await;
    let id = ResponseId::from_bits(7).to_string();
    let slot = openclaw::store::Slot { space: "responses", key: &id };
    let record = openclaw::store::NewRecord {
        value: "{\"form\":9}".to_owned(),
        rank: home.house.store.clock().now(),
        group: "open".to_owned(),
    };
    let mut batch = openclaw::store::Batch::new();
    batch.put(slot, record, openclaw::store::Expect::Absent);
    home.house.store.commit(batch).await.expect("written");
    assert_eq!(home.responses.recover().await.expect("recovered"), 0);
    home.responses.maintain().await.expect("done");
    let kept = home.house.store.record("responses", &id).await.expect("readable");
    assert_eq!(kept.map(|record| record.value).as_deref(), Some("{\"form\":9}"));
}

#[tokio::test]
async fn a_stop_writes_what_it_interrupts() {
    let folder = TempDir::new().expect("a folder");
    let half = Reply::stream().then(chunk(json!({"content": "half"}), None)).then_hang();
    let upstream = Upstream::with([half]).await;
    let home = Home::at(folder.path(), &upstream).await;
    let mut reader = home.create(in_background("a")).await;
    let id = *reader.id();
    let mut events = until_text(&mut reader).await;
    assert!(!home.house.tasks.drain(Duration::from_millis(10)).await, "it goes on while it may");
    home.house.runs.interrupt();
    events.extend(all(reader).await);
    assert!(home.house.tasks.drain(Duration::from_secs(30)).await);
    home.house.store.close().await;
    let home = Home::at(folder.path(), &upstream).await;
    assert_eq!(home.responses.recover().await.expect("recovered"), 0);
    let response = home.get(&id).await;
    assert_eq!((response.status, text(&response).as_str()), (State::Failed, "half"));
    assert_eq!(home.read(&id, None).await, events);
}

/// The end is in the store before anybody is told of it. The store itself waits 5 s for a lock;
/// this one is held for longer.
#[tokio::test]
async fn an_end_waits_for_a_store_that_is_locked() {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("yes", &gate)]).await;
    let (home, folder) = Home::new(&upstream).await;
    // No session, so that only the response is to be written.
    let mut create = ask("a");
    create.run.kind = openclaw::types::RunKind::Utility;
    let mut reader = home.create(create).await;
    let id = *reader.id();
    until_text(&mut reader).await;
    let lock = locked(&folder);
    gate.open();
    let mut reader = tokio::spawn(async move { all(reader).await });
    let early = tokio::time::timeout(Duration::from_millis(5_500), &mut reader).await;
    assert!(early.is_err(), "told before it is written: {early:?}");
    lock.execute_batch("ROLLBACK").expect("unlocked");
    let events = soon(reader).await.expect("no panic");
    let response = events.last().and_then(Event::last).expect("the end");
    assert_eq!(response.status, State::Completed);
    let file = file_in(folder.path());
    let store = Store::open_read_only(&file, Clock::system()).expect("opened");
    let record = store.record("responses", &id.to_string()).await.expect("read").expect("there");
    assert!(record.value.contains("\"completed\""), "{}", record.value);
}

#[tokio::test]
async fn an_end_that_cannot_be_written_is_a_failure() {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("yes", &gate)]).await;
    let (home, folder) = Home::new(&upstream).await;
    let mut create = ask("a");
    create.run.kind = openclaw::types::RunKind::Utility;
    let mut reader = home.create(create).await;
    let id = *reader.id();
    until_text(&mut reader).await;
    home.house.store.close().await;
    gate.open();
    let mut rest = Vec::new();
    while let Some(event) = soon(reader.next()).await {
        rest.push(event);
    }
    let failure = reader.failure().expect("it failed");
    assert_eq!(failure.kind, FailureKind::StoreUnavailable);
    let path = folder.path().to_str().expect("UTF-8");
    assert!(!failure.message.contains(path), "{}", failure.message);
    assert_eq!(rest.last().map(Event::kind), Some("response.failed"));
    // It can be read for as long as the process runs.
    assert_eq!(home.get(&id).await.status, State::Failed);
    let refused = home.responses.create(ask("b")).await.expect_err("nothing can be kept");
    assert!(matches!(refused, Error::Store(_)), "{refused}");
    assert_eq!(upstream.seen().len(), 1, "nothing is asked that cannot be kept");
    let home = Home::at(folder.path(), &upstream).await;
    assert_eq!(home.responses.recover().await.expect("recovered"), 1);
}

#[tokio::test]
async fn what_is_old_is_removed_and_what_is_under_way_stays() {
    let gate = Gate::default();
    let replies = [answer("old"), gated("open", &gate), answer("new")];
    let upstream = Upstream::with(replies).await;
    let folder = TempDir::new().expect("a folder");
    let clock = Clock::standing_at(1_800_000_000_000);
    let house = House::by(clock.clone(), folder.path(), &upstream, json!({})).await;
    let responses = Responses::new(house.runs.clone(), house.store.clone(), &house.tasks);
    let home = Home { house, responses };
    let old = home.create(ask("a")).await;
    let ids = *old.id();
    old.finish().await;
    let mut open = home.create(in_background("b")).await;
    until_text(&mut open).await;
    clock.advance(Duration::from_secs(30 * 24 * 60 * 60 + 1));
    let new = home.create(ask("c")).await;
    let new_id = *new.id();
    new.finish().await;
    assert_eq!(home.responses.maintain().await.expect("done"), 1);
    let gone = home.responses.get(&Caller::OPERATOR, &ids).await.expect_err("too old");
    assert!(matches!(gone, Error::Unknown(_)));
    assert_eq!(home.get(&new_id).await.status, State::Completed);
    assert_eq!(home.get(open.id()).await.status, State::InProgress);
    gate.open();
    assert_eq!(open.finish().await.status, State::Completed);
}

#[tokio::test]
async fn a_conversation_stays_for_as_long_as_it_is_continued() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| answer("x"));
    let folder = TempDir::new().expect("a folder");
    let clock = Clock::standing_at(1_800_000_000_000);
    let house = House::by(clock.clone(), folder.path(), &upstream, json!({})).await;
    let responses = Responses::new(house.runs.clone(), house.store.clone(), &house.tasks);
    let home = Home { house, responses };
    let day = Duration::from_secs(24 * 60 * 60);
    let mut ids: Vec<ResponseId> = Vec::new();
    for _ in 0..4 {
        let reader = home.create(Create { previous: ids.last().copied(), ..ask("a") }).await;
        ids.push(*reader.id());
        reader.finish().await;
        clock.advance(20 * day);
        assert_eq!(home.responses.maintain().await.expect("done"), 0);
    }
    // One that nothing keeps continues it as well.
    let passing = Create { previous: ids.last().copied(), keep: Keep::Nothing, ..ask("a") };
    home.create(passing).await.finish().await;
    clock.advance(29 * day);
    assert_eq!(home.responses.maintain().await.expect("done"), 0);
    clock.advance(2 * day);
    assert_eq!(home.responses.maintain().await.expect("done"), 4);
}
