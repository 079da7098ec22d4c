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

/// The end is in the store before anybody is told of it.
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
    let early = tokio::time::timeout(Duration::from_millis(300), &mut reader).await;
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
