//! How responses end: by themselves, cut short, failed, cancelled, left alone, deleted.

use super::*;
use openclaw::responses::{Error, ErrorCode, Reason};
use openclaw::types::FailureKind;
use std::time::Duration;

fn cut(finish: &str) -> Reply {
    let end = format!("{}data: [DONE]\n\n", chunk(json!({}), Some(finish)));
    Reply::stream().then(chunk(json!({"content": "half"}), None)).then(end)
}

#[tokio::test]
async fn an_answer_that_is_cut_short_says_why() {
    let cases = [("length", Reason::MaxOutputTokens), ("content_filter", Reason::ContentFilter)];
    for (finish, reason) in cases {
        let upstream = Upstream::with([cut(finish)]).await;
        let (home, _folder) = Home::new(&upstream).await;
        let events = all(home.create(ask("hi")).await).await;
        let last = events.last().expect("an end");
        assert_eq!(last.kind(), "response.incomplete");
        let response = last.last().expect("the response");
        assert_eq!(response.status, State::Incomplete);
        assert_eq!(response.incomplete_details.map(|details| details.reason), Some(reason));
        assert_eq!((response.completed_at, text(response).as_str()), (None, "half"));
        let [Item::Message { status, .. }] = response.output.as_slice() else {
            panic!("{response:?}");
        };
        assert_eq!(*status, Status::Incomplete);
    }
}

#[tokio::test]
async fn a_failure_is_the_last_event_and_can_be_read_again() {
    let refusal = json!({"error": {"message": "slower", "type": "rate_limit_error"}});
    let refused = Reply::json(429, &refusal).header("retry-after", "3600");
    let broken = Reply::stream().then(chunk(json!({"content": "half"}), None)).then_cut();
    let cases = [
        (refused, ErrorCode::RateLimitExceeded, FailureKind::UpstreamRateLimit, 0),
        (broken, ErrorCode::ServerError, FailureKind::UpstreamUnavailable, 1),
    ];
    for (reply, code, kind, items) in cases {
        let upstream = Upstream::with([reply]).await;
        let (home, _folder) = Home::new(&upstream).await;
        let mut reader = home.create(ask("hi")).await;
        let mut events = Vec::new();
        while let Some(event) = soon(reader.next()).await {
            events.push(event);
        }
        assert_eq!(reader.failure().map(|failure| failure.kind), Some(kind));
        let last = events.last().expect("an end");
        assert_eq!(last.kind(), "response.failed");
        let response = last.last().expect("the response");
        assert_eq!(response.status, State::Failed);
        assert_eq!(response.error.as_ref().map(|error| error.code), Some(code));
        assert_eq!(response.output.len(), items);
        for item in &response.output {
            let Item::Message { status, .. } = item else { panic!("{item:?}") };
            assert_eq!(*status, Status::Incomplete);
        }
        let id = *reader.id();
        assert_eq!(home.read(&id, None).await, events);
    }
}

/// Headers of a stream may wait for its first events, so that a failure has a status of its own.
#[tokio::test]
async fn nothing_is_told_before_the_model_answers_except_of_background_responses() {
    let gate = Gate::default();
    let late = || Reply::stream().then_gate(&gate).then(chunk(json!({"content": "x"}), None));
    let upstream = Upstream::with([late().then(ends()), Reply::hang()]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let mut reader = home.create(in_background("hi")).await;
    let kinds = [reader.ready(), reader.ready()].map(|event| event.map(|event| event.kind()));
    assert_eq!(kinds, [Some("response.created"), Some("response.queued")]);
    assert!(home.get(reader.id()).await.background);
    gate.open();
    all(reader).await;
    let mut reader = home.create(ask("hi")).await;
    upstream.requests(2).await;
    assert_eq!(reader.ready(), None);
    assert_eq!(home.get(reader.id()).await.status, State::InProgress);
}

#[tokio::test]
async fn only_background_responses_are_cancelled() {
    let hang = || Reply::stream().then(chunk(json!({"content": "half"}), None)).then_hang();
    let upstream = Upstream::with([hang(), answer("yes"), answer("no")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let mut reader = home.create(in_background("hi")).await;
    let id = *reader.id();
    let mut events = until_text(&mut reader).await;
    let cancelled = soon(home.responses.cancel(&Caller::OPERATOR, &id)).await.expect("cancelled");
    assert_eq!((cancelled.status, text(&cancelled).as_str()), (State::Cancelled, "half"));
    let [Item::Message { status, .. }] = cancelled.output.as_slice() else {
        panic!("{cancelled:?}");
    };
    assert_eq!(*status, Status::Incomplete);
    events.extend(all(reader).await);
    assert_eq!(events.last().and_then(Event::last), Some(&cancelled));
    assert_eq!(home.read(&id, None).await, events);
    upstream.given_up(1).await;
    let again = home.responses.cancel(&Caller::OPERATOR, &id).await.expect("as it is");
    assert_eq!(again, cancelled);

    let reader = home.create(in_background("hi")).await;
    let id = *reader.id();
    let whole = reader.finish().await;
    let late = home.responses.cancel(&Caller::OPERATOR, &id).await.expect("as it is");
    assert_eq!((late.status, &late), (State::Completed, &whole));

    let reader = home.create(ask("hi")).await;
    let refused = home.responses.cancel(&Caller::OPERATOR, reader.id()).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
}

#[tokio::test]
async fn who_hangs_up_decides_what_becomes_of_it() {
    let half = || Reply::stream().then(chunk(json!({"content": "half"}), None));
    let gate = Gate::default();
    let detached = half().then_gate(&gate).then(ends());
    let replies = [half().then_hang(), detached.clone(), detached, half().then_hang()];
    let upstream = Upstream::with(replies).await;
    let (home, _folder) = Home::new(&upstream).await;

    let mut cancelled = home.create(ask("a")).await;
    let id = *cancelled.id();
    until_text(&mut cancelled).await;
    drop(cancelled);
    upstream.given_up(1).await;
    ends_as(&home, &id, State::Cancelled).await;

    let mut left = Vec::new();
    for create in [in_background("b"), disconnecting(OnDisconnect::Detach, ask("c"))] {
        let mut reader = home.create(create).await;
        until_text(&mut reader).await;
        left.push(*reader.id());
    }
    let patience = OnDisconnect::Grace(Duration::from_millis(30));
    let mut graced = home.create(disconnecting(patience, ask("d"))).await;
    let id = *graced.id();
    until_text(&mut graced).await;
    drop(graced);
    upstream.given_up(2).await;
    ends_as(&home, &id, State::Cancelled).await;
    gate.open();
    for id in left {
        ends_as(&home, &id, State::Completed).await;
    }
}

/// Waits for a response's end without being what keeps it alive: it is asked for, not followed.
async fn ends_as(home: &Home, id: &ResponseId, state: State) {
    let ended = soon(async {
        loop {
            let response = home.get(id).await;
            if response.status.is_final() {
                return response;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(ended.await.status, state);
}

#[tokio::test]
async fn who_comes_back_in_time_finds_it_going_on() {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("half", &gate)]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let patience = OnDisconnect::Grace(Duration::from_secs(3_600));
    let mut reader = home.create(disconnecting(patience, ask("d"))).await;
    let id = *reader.id();
    let before = until_text(&mut reader).await;
    drop(reader);
    // On this test's one thread, every task that has something to do gets its turn.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(home.get(&id).await.status, State::InProgress);
    let after = before.last().map(Event::sequence_number);
    let reader = home.responses.read(&Caller::OPERATOR, &id, after).await.expect("it is there");
    gate.open();
    let rest = all(reader).await;
    assert_eq!(rest.first().map(Event::sequence_number), after.map(|after| after + 1));
    assert_eq!(rest.last().and_then(Event::last).map(|end| end.status), Some(State::Completed));
}

#[tokio::test]
async fn a_deleted_response_is_gone_and_ended_first() {
    let half = Reply::stream().then(chunk(json!({"content": "half"}), None)).then_hang();
    let upstream = Upstream::with([half, answer("yes")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let mut live = home.create(ask("a")).await;
    until_text(&mut live).await;
    let ended = home.create(ask("b")).await;
    let ids = [*live.id(), *ended.id()];
    ended.finish().await;
    for id in &ids {
        soon(home.responses.delete(&Caller::OPERATOR, id)).await.expect("deleted");
        let gone = home.responses.get(&Caller::OPERATOR, id).await.expect_err("gone");
        assert!(matches!(gone, Error::Unknown(_)), "{gone}");
        let gone = home.responses.delete(&Caller::OPERATOR, id).await.expect_err("gone");
        assert!(matches!(gone, Error::Unknown(_)), "{gone}");
    }
    assert_eq!(live.finish().await.status, State::Cancelled);
    upstream.given_up(1).await;
    let listing = openclaw::store::Listing { limit: 9, ..Default::default() };
    for space in ["responses", "response_inputs"] {
        let records = home.house.store.records(space, listing.clone()).await.expect("readable");
        assert!(records.is_empty(), "{space}: {records:?}");
    }
}

#[tokio::test]
async fn a_run_that_is_refused_leaves_nothing_behind() {
    let upstream = Upstream::start().await;
    let (home, _folder) = Home::new(&upstream).await;
    let mut create = ask("a");
    create.run.agent = Some(AgentId::parse("nobody").expect("a name"));
    let refused = home.responses.create(create).await.expect_err("refused");
    assert!(
        matches!(&refused, Error::Failed(failure) if failure.kind == FailureKind::UnknownAgent)
    );
    let listing = openclaw::store::Listing { limit: 9, ..Default::default() };
    for space in ["responses", "response_inputs"] {
        let records = home.house.store.records(space, listing.clone()).await.expect("readable");
        assert!(records.is_empty(), "{space}: {records:?}");
    }
}

#[tokio::test]
async fn a_response_that_grows_without_end_is_ended() {
    let large = chunk(json!({"content": "x".repeat(1024 * 1024)}), None);
    let mut reply = Reply::stream();
    for _ in 0..20 {
        reply = reply.then(large.clone());
    }
    let upstream = Upstream::with([reply.then_hang()]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let reader = home.create(ask("a")).await;
    let id = *reader.id();
    let response = soon(reader.finish()).await;
    let error = response.error.clone().expect("it failed");
    assert!(error.message.contains("16 MiB"), "{}", error.message);
    assert_eq!(home.get(&id).await, response);
}
