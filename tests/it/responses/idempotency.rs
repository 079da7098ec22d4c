//! Repeats under an idempotency key are the same response.

use super::*;
use openclaw::responses::Error;
use openclaw::store::Clock;
use openclaw::types::FailureKind;
use std::time::Duration;

fn keyed(mut create: Create) -> Create {
    create.run.idempotency_key = Some("key".to_owned());
    create
}

#[tokio::test]
async fn repeats_are_the_same_response_also_after_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let gate = Gate::default();
    let upstream = Upstream::with([gated("once", &gate)]).await;
    let home = Home::at(folder.path(), &upstream).await;
    let mut first = home.create(keyed(ask("a"))).await;
    let id = *first.id();
    let mut events = until_text(&mut first).await;
    let second = home.create(keyed(ask("a"))).await;
    assert_eq!(*second.id(), id);
    gate.open();
    events.extend(all(first).await);
    assert_eq!(all(second).await, events);
    assert_eq!(all(home.create(keyed(ask("a"))).await).await, events);
    home.house.store.close().await;
    let home = Home::at(folder.path(), &upstream).await;
    assert_eq!(all(home.create(keyed(ask("a"))).await).await, events);
    assert_eq!(upstream.seen().len(), 1);
    let refused = home.responses.create(keyed(ask("b"))).await.expect_err("another request");
    assert!(matches!(&refused, Error::Failed(failure) if failure.kind == FailureKind::Conflict));
}

#[tokio::test]
async fn at_once_they_are_one() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| answer("once"));
    let (home, _folder) = Home::new(&upstream).await;
    let asking = (0..8).map(|_| {
        let responses = home.responses.clone();
        tokio::spawn(async move { responses.create(keyed(ask("a"))).await })
    });
    let asking: Vec<_> = asking.collect();
    let mut ids = std::collections::HashSet::new();
    for asked in asking {
        let reader = soon(asked).await.expect("no panic").expect("it begins");
        ids.insert(*reader.id());
        assert_eq!(text(&reader.finish().await), "once");
    }
    assert_eq!((ids.len(), upstream.seen().len()), (1, 1));
}

#[tokio::test]
async fn a_failure_is_not_repeated_nor_what_was_deleted() {
    let refusal = json!({"error": {"message": "no", "type": "invalid_request_error"}});
    let replies = [Reply::json(400, &refusal), answer("yes"), answer("again")];
    let upstream = Upstream::with(replies).await;
    let (home, _folder) = Home::new(&upstream).await;
    assert_eq!(home.create(keyed(ask("a"))).await.finish().await.status, State::Failed);
    let second = home.create(keyed(ask("a"))).await;
    let id = *second.id();
    assert_eq!(text(&second.finish().await), "yes");
    home.responses.delete(&Caller::OPERATOR, &id).await.expect("deleted");
    let third = home.create(keyed(ask("b"))).await;
    assert_eq!(text(&third.finish().await), "again");
}

/// Also where the first has begun and ended while the second still gathers what it continues.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_they_meet_they_run_once() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| answer("once"));
    let (home, _folder) = Home::new(&upstream).await;
    let mut last = None;
    for _ in 0..4 {
        let reader = home.create(Create { previous: last, ..ask("a") }).await;
        last = Some(*reader.id());
        reader.finish().await;
    }
    for round in 0..40 {
        let before = upstream.seen().len();
        let asking = (0..12_u32).map(|at| {
            let responses = home.responses.clone();
            let mut create = Create { previous: last, ..ask("b") };
            create.run.idempotency_key = Some(format!("key {round}"));
            tokio::spawn(async move {
                for _ in 0..at * 20 {
                    tokio::task::yield_now().await;
                }
                responses.create(create).await
            })
        });
        let mut ids = std::collections::HashSet::new();
        for asked in asking.collect::<Vec<_>>() {
            let reader = soon(asked).await.expect("no panic").expect("it begins");
            ids.insert(*reader.id());
            assert_eq!(text(&reader.finish().await), "once");
        }
        assert_eq!((ids.len(), upstream.seen().len() - before), (1, 1), "round {round}");
    }
}

#[tokio::test]
async fn the_key_of_a_failure_is_free_in_a_session_too() {
    let refusal = json!({"error": {"message": "no", "type": "invalid_request_error"}});
    let replies = [Reply::json(400, &refusal), answer("yes"), answer("again")];
    let upstream = Upstream::with(replies).await;
    let (home, _folder) = Home::new(&upstream).await;
    let asked = || in_session("agent:main:chat:7", keyed(ask("a")));
    assert_eq!(home.create(asked()).await.finish().await.status, State::Failed);
    let second = home.create(asked()).await;
    let id = *second.id();
    assert_eq!(text(&second.finish().await), "yes");
    home.responses.delete(&Caller::OPERATOR, &id).await.expect("deleted");
    assert_eq!(text(&home.create(asked()).await.finish().await), "again");
}

#[tokio::test]
async fn who_deletes_a_failure_does_not_free_the_key_of_its_repeat() {
    let refusal = json!({"error": {"message": "no", "type": "invalid_request_error"}});
    let upstream = Upstream::with([Reply::json(400, &refusal), answer("yes")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let failed = home.create(keyed(ask("a"))).await;
    let id = *failed.id();
    failed.finish().await;
    let second = home.create(keyed(ask("a"))).await;
    let kept = *second.id();
    second.finish().await;
    home.responses.delete(&Caller::OPERATOR, &id).await.expect("deleted");
    assert_eq!(*home.create(keyed(ask("a"))).await.id(), kept);
    assert_eq!(upstream.seen().len(), 2);
}

#[tokio::test]
async fn keys_belong_to_their_callers() {
    let upstream = Upstream::with([answer("one"), answer("two")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let mine = home.create(keyed(by(guest(), ask("a")))).await.finish().await;
    let theirs = home.create(keyed(by(member(), ask("b")))).await.finish().await;
    assert_eq!((text(&mine), text(&theirs)), ("one".to_owned(), "two".to_owned()));
}

#[tokio::test]
async fn repeats_of_what_is_not_kept_are_the_same_while_the_run_is() {
    let upstream = Upstream::with([answer("once")]).await;
    let folder = TempDir::new().expect("a folder");
    let clock = Clock::standing_at(1_800_000_000_000);
    let house = House::by(clock.clone(), folder.path(), &upstream, json!({})).await;
    let responses = Responses::new(house.runs.clone(), house.store.clone(), &house.tasks);
    let home = Home { house, responses };
    let passing = || Create { keep: Keep::Nothing, ..keyed(ask("a")) };
    let first = all(home.create(passing()).await).await;
    clock.advance(Duration::from_secs(60));
    assert_eq!(all(home.create(passing()).await).await, first);
    assert_eq!(upstream.seen().len(), 1);
}
