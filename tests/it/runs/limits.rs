//! What is bounded: runs at once, messages that wait, time.

use super::*;
use openclaw::types::{AgentId, FailureKind};
use std::time::Duration;

fn busy(started: Result<Run, openclaw::types::Failure>) {
    let failure = started.expect_err("there is no room");
    assert_eq!(failure.kind, FailureKind::Busy);
    assert!(failure.retry_after.is_some());
}

#[tokio::test]
async fn no_more_runs_than_may_be_at_once() {
    let upstream = Upstream::with([answer("one"), answer("two"), answer("three")]).await;
    let limit = json!({"agents": {"defaults": {"maxConcurrent": 2}}});
    let (house, _folder) = House::new(&upstream, limit).await;
    let (first, second) = (house.start(stateless("a")), house.start(followup("b")));
    busy(house.runs.start(stateless("c")));
    let detached = RunRequest { on_disconnect: OnDisconnect::Detach, ..stateless("c") };
    busy(house.runs.start(detached));
    let other = SessionKey::parse("agent:main:chat:2").expect("a key");
    busy(house.runs.start(RunRequest { session: Some(other), ..followup("c") }));
    // Those that wait for their turn do not count.
    let waiting = house.start(followup("d"));
    assert_eq!(house.runs.all_under_way(), 2);
    for run in [first, second, waiting] {
        assert!(read(run).await.completed());
    }
    assert_eq!(house.runs.all_under_way(), 0);
}

#[tokio::test]
async fn a_client_that_saw_the_end_may_start_the_next_at_once() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| answer("yes"));
    let limit = json!({"agents": {"defaults": {"maxConcurrent": 1}}});
    let (house, _folder) = House::new(&upstream, limit).await;
    for _ in 0..30 {
        assert!(read(house.start(stateless("a"))).await.completed());
        assert!(read(house.start(followup("b"))).await.completed());
    }
}

#[tokio::test]
async fn an_agent_has_its_own_limit_within_that_of_all() {
    let upstream = Upstream::with([Reply::hang(), Reply::hang()]).await;
    let agents = json!({"agents": {"list": [{"id": "main", "maxConcurrent": 1}, {"id": "other"}]}});
    let (house, _folder) = House::new(&upstream, agents).await;
    let first = house.start(stateless("a"));
    busy(house.runs.start(stateless("b")));
    let other = AgentId::parse("other").expect("an id");
    let elsewhere = house.start(RunRequest { agent: Some(other.clone()), ..stateless("c") });
    assert_eq!((house.runs.under_way(&other), house.runs.all_under_way()), (1, 2));
    drop((first, elsewhere));
    assert_eq!(house.runs.all_under_way(), 0);
}

async fn full(drop: &str) -> (House, Upstream, TempDir, Gate, Vec<Run>) {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("first", &gate)]).await;
    upstream.otherwise(|seen| answer(asked(seen).last().expect("a message")));
    let queue = json!({"messages": {"queue": {"cap": 2, "drop": drop}}});
    let (house, folder) = House::new(&upstream, queue).await;
    let runs = ["a", "b", "c"].map(|text| house.start(followup(text)));
    (house, upstream, folder, gate, runs.into())
}

#[tokio::test]
async fn a_full_lane_refuses_the_new_message() {
    let (house, _upstream, _folder, gate, runs) = full("new").await;
    busy(house.runs.start(followup("d")));
    gate.open();
    for run in runs {
        assert!(read(run).await.completed());
    }
    let expected = ["user:a", "assistant:first", "user:b", "assistant:b", "user:c", "assistant:c"];
    assert_eq!(house.transcript().await, expected);
}

#[tokio::test]
async fn a_full_lane_may_drop_the_oldest_message_instead() {
    let (house, _upstream, _folder, gate, mut runs) = full("old").await;
    let new = house.start(followup("d"));
    let dropped = read(runs.remove(1)).await;
    assert_eq!(dropped.failure().kind, FailureKind::Busy);
    assert!(dropped.failure().retry_after.is_some());
    gate.open();
    for run in runs.into_iter().chain([new]) {
        assert!(read(run).await.completed());
    }
    let expected = ["user:a", "assistant:first", "user:c", "assistant:c", "user:d", "assistant:d"];
    assert_eq!(house.transcript().await, expected);
}

#[tokio::test]
async fn a_run_that_takes_too_long_ends_and_closes_its_upstream_request() {
    let hang = || Reply::stream().then(says("half")).then_hang();
    let upstream = Upstream::with([hang(), hang(), hang()]).await;
    let limit = json!({"agents": {"defaults": {"timeoutSeconds": 1}}});
    let (house, _folder) = House::new(&upstream, limit).await;
    let soon = Some(Duration::from_millis(50));
    let got = read(house.start(RunRequest { timeout: soon, ..stateless("hi") })).await;
    assert_eq!((got.failure().kind, got.text.as_str()), (FailureKind::Timeout, "half"));
    let message = &got.failure().message;
    assert!(message.starts_with("The run took longer than the 0.05 s it may take."), "{message}");
    assert!(message.contains("agents.defaults.timeoutSeconds"), "{message}");
    upstream.given_up(1).await;
    let got = read(house.start(RunRequest { timeout: soon, ..followup("hi") })).await;
    assert_eq!((got.failure().kind, got.text.as_str()), (FailureKind::Timeout, "half"));
    upstream.given_up(2).await;
    assert_eq!(house.transcript().await, ["user:hi", "broken:Failed:half"]);
    let got = read(house.start(stateless("hi"))).await;
    let message = &got.failure().message;
    assert!(message.contains("the 1 s it may take"), "{message}");
    assert!(message.contains("agents.defaults.timeoutSeconds"), "{message}");
}

#[tokio::test]
async fn a_reader_that_stalls_is_cut_off_and_the_run_goes_on_for_the_others() {
    let pieces = 6_000;
    let stream = (0..pieces).fold(Reply::stream(), |reply, _| reply.then(says("x")));
    let upstream = Upstream::with([stream.then(ends())]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let mut stalled = house.start(followup("hi"));
    until_accepted(&mut stalled).await;
    let awake = house.runs.attach(&Caller::OPERATOR, stalled.id(), 1).expect("under way");
    let got = read(awake).await;
    assert!(got.completed() && got.text.len() == pieces);
    let cut = read(stalled).await;
    assert_eq!(cut.failure().kind, FailureKind::UnknownRun);
    assert!(cut.failure().message.contains("read faster"), "{}", cut.failure().message);
    assert_eq!(house.transcript().await.len(), 2);
}

#[tokio::test]
async fn what_waits_in_a_lane_waits_on_where_the_gateway_has_no_room() {
    let (gate, other_gate) = (Gate::default(), Gate::default());
    let upstream = Upstream::with([gated("first", &gate), gated("other", &other_gate)]).await;
    upstream.otherwise(|seen| answer(asked(seen).last().expect("a message")));
    let agents = json!({"agents": {"list": [{"id": "main"}, {"id": "other", "maxConcurrent": 1}]}});
    let (house, _folder) = House::new(&upstream, agents).await;
    let agent = AgentId::parse("other").ok();
    let mut first = house.start(followup("a"));
    until_text(&mut first).await;
    let mut other = house.start(RunRequest { agent: agent.clone(), ..stateless("x") });
    until_text(&mut other).await;
    let elsewhere = |text| RunRequest { agent: agent.clone(), ..followup(text) };
    let [b, c, d] = ["b", "c", "d"].map(|text| house.start(elsewhere(text)));
    gate.open();
    assert!(read(first).await.completed());
    // The lane is free, but its next turn has no room.
    house.runs.cancel(&Caller::OPERATOR, b.id()).expect("it waits");
    assert!(read(b).await.aborted());
    house.runs.cancel(&Caller::OPERATOR, c.id()).expect("it waits");
    assert!(read(c).await.aborted());
    let e = house.start(elsewhere("e"));
    assert!(house.runs.get(&Caller::OPERATOR, d.id()).is_some(), "it waits on");
    other_gate.open();
    assert!(read(other).await.completed());
    for (run, text) in [(d, "d"), (e, "e")] {
        let got = read(run).await;
        assert!(got.completed() && got.text == text, "{got:?}");
    }
    assert_eq!(house.runs.all_under_way(), 0);
}

#[tokio::test]
async fn who_waits_for_room_waits_no_longer_than_its_timeout() {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("first", &gate), Reply::hang()]).await;
    let agents = json!({"agents": {"list": [{"id": "main"}, {"id": "other", "maxConcurrent": 1}]}});
    let (house, _folder) = House::new(&upstream, agents).await;
    let (agent, timeout) = (AgentId::parse("other").ok(), Some(Duration::from_millis(20)));
    let first = house.start(followup("a"));
    upstream.requests(1).await;
    let _other = house.start(RunRequest {
        agent: agent.clone(),
        on_disconnect: OnDisconnect::Detach,
        ..stateless("x")
    });
    let waiting = house.start(RunRequest { agent, timeout, ..followup("b") });
    upstream.requests(2).await;
    gate.open();
    assert!(read(first).await.completed());
    let got = read(waiting).await;
    assert_eq!(got.failure().kind, FailureKind::Busy);
    assert!(got.failure().retry_after.is_some());
}
