//! How a run lives: by its reader or by itself, cancelled, detached, read again.

use super::*;
use openclaw::runs::{Filter, Stage};
use openclaw::types::{AgentId, FailureKind, RunId};
use std::time::Duration;

#[tokio::test]
async fn a_stateless_run_is_listed_until_it_ends_and_leaves_no_trace() {
    let upstream = Upstream::with([answer("hello")]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let run = house.start(stateless("hi"));
    let listed = house.runs.list(&Caller::OPERATOR, &Filter::default());
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].id, listed[0].agent.as_str()), (run.id(), "main"));
    assert_eq!(house.runs.get(&Caller::OPERATOR, run.id()), listed.first().cloned());
    assert_eq!(house.runs.under_way(&AgentId::main()), 1);
    let id = run.id();
    let got = read(run).await;
    assert!(got.completed() && got.text == "hello" && got.accepted == 0, "{got:?}");
    assert!(house.runs.list(&Caller::OPERATOR, &Filter::default()).is_empty());
    assert_eq!(house.runs.all_under_way(), 0);
    let again = house.runs.attach(&Caller::OPERATOR, id, 1).expect_err("not kept");
    assert_eq!(again.kind, FailureKind::UnknownRun);
    let all = openclaw::sessions::Filter { limit: 9, ..Default::default() };
    assert_eq!(house.sessions.list(&all).await.expect("readable").total, 0);
}

#[tokio::test]
async fn an_ended_run_is_not_under_way_even_where_its_reader_holds_it() {
    let upstream = Upstream::with([answer("hello")]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let mut run = house.start(stateless("hi"));
    while !matches!(soon(run.next()).await, Some(RunEvent::Finished(_))) {}
    assert_eq!(house.runs.all_under_way(), 0);
    assert!(house.runs.get(&Caller::OPERATOR, run.id()).is_none());
    assert!(soon(run.next()).await.is_none() && run.ready().is_none());
}

#[tokio::test]
async fn cancelling_a_stateless_run_closes_its_upstream_request_though_nobody_reads() {
    let upstream = Upstream::with([Reply::stream().then(says("one")).then_hang()]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let mut run = house.start(stateless("hi"));
    until_text(&mut run).await;
    house.runs.cancel(&Caller::OPERATOR, run.id()).expect("it is there");
    // Nobody polls the run here.
    upstream.given_up(1).await;
    assert!(read(run).await.aborted());
    assert_eq!(house.runs.all_under_way(), 0);
}

#[tokio::test]
async fn cancelling_a_run_wakes_its_reader() {
    let upstream = Upstream::with([Reply::hang()]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let run = house.start(stateless("hi"));
    let id = run.id();
    let reading = tokio::spawn(read(run));
    upstream.requests(1).await;
    house.runs.cancel(&Caller::OPERATOR, id).expect("it is there");
    upstream.given_up(1).await;
    assert!(soon(reading).await.expect("read").aborted());
}

#[tokio::test]
async fn cancelling_a_turn_closes_its_upstream_request_and_writes_how_it_ended() {
    let upstream = Upstream::with([Reply::stream().then(says("half")).then_hang()]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let mut run = house.start(followup("hi"));
    assert_eq!(until_text(&mut run).await.accepted, 1);
    house.runs.cancel(&Caller::OPERATOR, run.id()).expect("it is there");
    upstream.given_up(1).await;
    assert!(read(run).await.aborted());
    assert_eq!(house.transcript().await, ["user:hi", "broken:Aborted:half"]);
}

#[tokio::test]
async fn a_session_is_cancelled_with_all_that_wait_in_it() {
    let upstream = Upstream::with([Reply::hang()]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let runs = ["a", "b", "c"].map(|text| house.start(followup(text)));
    upstream.requests(1).await;
    let stage = |run: &Run| house.runs.get(&Caller::OPERATOR, run.id()).map(|run| run.stage);
    let stages: Vec<_> = runs.iter().filter_map(stage).collect();
    assert_eq!(stages, [Stage::Running, Stage::Waiting, Stage::Waiting]);
    assert_eq!(house.runs.cancel_session(&Caller::OPERATOR, &session()), 3);
    for run in runs {
        assert!(read(run).await.aborted());
    }
    assert_eq!(upstream.seen().len(), 1);
    assert!(house.runs.list(&Caller::OPERATOR, &Filter::default()).is_empty());
}

#[tokio::test]
async fn who_saw_the_end_finds_it_in_the_transcript() {
    let upstream = Upstream::with((0..20).map(|i| answer(&format!("a{i}")))).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    for i in 0..20 {
        let got = read(house.start(followup(&format!("q{i}")))).await;
        assert!(got.completed() && got.accepted == 1, "{got:?}");
        let transcript = house.transcript().await;
        let last: Vec<_> = transcript.iter().rev().take(2).collect();
        assert_eq!(last, [&format!("assistant:a{i}"), &format!("user:q{i}")]);
    }
    let seen = upstream.seen();
    assert_eq!(asked(&seen[2]), ["q0", "q1", "q2"], "the model reads the conversation");
}

#[tokio::test]
async fn a_detached_run_outlives_its_reader_and_can_be_read_again() {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("answer", &gate)]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let mut run = house.start(followup("hi"));
    let id = run.id();
    until_text(&mut run).await;
    drop(run);
    let again = house.runs.attach(&Caller::OPERATOR, id, 1).expect("it goes on");
    gate.open();
    let got = read(again).await;
    assert!(got.completed() && got.text == "answer", "{got:?}");
    assert_eq!(house.transcript().await, ["user:hi", "assistant:answer"]);
    for from in 1..=got.events.len() {
        let kept = house.runs.attach(&Caller::OPERATOR, id, from as u64).expect("kept");
        assert_eq!(read(kept).await.events, got.events[from - 1..], "from {from}");
    }
}

#[tokio::test]
async fn a_run_can_be_detached_later() {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("answer", &gate), Reply::hang()]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let request = RunRequest { on_disconnect: OnDisconnect::Cancel, ..followup("hi") };
    let mut run = house.start(request);
    let id = run.id();
    until_text(&mut run).await;
    assert!(run.detach());
    drop(run);
    gate.open();
    let again = house.runs.attach(&Caller::OPERATOR, id, 1).expect("it goes on");
    assert!(read(again).await.completed());
    assert!(!house.start(stateless("hi")).detach(), "it lives by its reader");
}

#[tokio::test]
async fn a_run_that_is_to_be_cancelled_ends_with_its_last_reader() {
    let upstream = Upstream::with([Reply::stream().then(says("half")).then_hang()]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let request = RunRequest { on_disconnect: OnDisconnect::Cancel, ..followup("hi") };
    let mut run = house.start(request);
    let id = run.id();
    until_text(&mut run).await;
    let other = house.runs.attach(&Caller::OPERATOR, id, 1).expect("under way");
    drop(run);
    assert!(house.runs.get(&Caller::OPERATOR, id).is_some(), "somebody reads it");
    drop(other);
    upstream.given_up(1).await;
    let kept = soon(ended(&house, id)).await;
    assert!(kept.aborted());
    assert_eq!(house.transcript().await, ["user:hi", "broken:Aborted:half"]);
}

/// Reads a run whose end is near.
async fn ended(house: &House, id: RunId) -> Read {
    read(house.runs.attach(&Caller::OPERATOR, id, 1).expect("kept")).await
}

#[tokio::test]
async fn a_run_in_grace_goes_on_for_who_comes_back() {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("answer", &gate)]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let grace = OnDisconnect::Grace(Duration::from_secs(600));
    let mut run = house.start(RunRequest { on_disconnect: grace, ..stateless("hi") });
    let (id, first) = (run.id(), until_text(&mut run).await);
    drop(run);
    assert!(house.runs.get(&Caller::OPERATOR, id).is_some());
    let again = house.runs.attach(&Caller::OPERATOR, id, first.events.len() as u64 + 1);
    gate.open();
    let rest = read(again.expect("it goes on")).await;
    assert!(rest.completed() && rest.text.is_empty() && rest.started == 0, "{rest:?}");
    // The one who waited for a reader that never came back is gone with the run.
    assert!(soon(house.tasks.drain(Duration::from_secs(30))).await);
}

#[tokio::test]
async fn a_run_in_grace_ends_when_nobody_comes_back() {
    let upstream = Upstream::with([Reply::stream().then(says("half")).then_hang()]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let grace = OnDisconnect::Grace(Duration::from_millis(20));
    let mut run = house.start(RunRequest { on_disconnect: grace, ..stateless("hi") });
    let id = run.id();
    until_text(&mut run).await;
    drop(run);
    upstream.given_up(1).await;
    assert!(soon(ended(&house, id)).await.aborted());
}

#[tokio::test]
async fn another_callers_run_is_like_one_that_is_not_there() {
    let upstream = Upstream::with([Reply::hang(), Reply::hang()]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let origin = Origin { surface: Surface::Chat, caller: guest() };
    let own = house.start(RunRequest { origin, ..followup("hi") });
    let stateless = house.start(RunRequest { origin, ..stateless("hi") });
    for id in [own.id(), stateless.id()] {
        assert!(house.runs.get(&guest(), id).is_some() && house.runs.get(&member(), id).is_none());
        let foreign = house.runs.attach(&member(), id, 1).expect_err("foreign");
        assert_eq!(foreign.kind, FailureKind::UnknownRun);
        let missing = RunId::from_bits(7);
        let words = house.runs.attach(&member(), missing, 1).expect_err("missing").message;
        assert_eq!(words.replace(&missing.to_string(), &id.to_string()), foreign.message);
        let foreign = house.runs.cancel(&member(), id).expect_err("foreign").message;
        assert_eq!(words.replace(&missing.to_string(), &id.to_string()), foreign);
    }
    assert_eq!(house.runs.list(&member(), &Filter::default()).len(), 0);
    assert_eq!(house.runs.list(&guest(), &Filter::default()).len(), 2);
    let only = Filter { session: Some(session()), ..Filter::default() };
    assert_eq!(house.runs.list(&Caller::OPERATOR, &only).len(), 1);
    assert_eq!(house.runs.cancel_session(&member(), &session()), 0);
    assert!(house.runs.attach(&guest(), own.id(), 1).is_ok());
    assert!(house.runs.attach(&Caller::OPERATOR, own.id(), 1).is_ok(), "the operator sees all");
    let id = own.id();
    house.runs.cancel(&guest(), id).expect("its own");
    assert!(read(own).await.aborted());
    let kept = house.runs.attach(&member(), id, 1).expect_err("foreign, though it is kept");
    assert_eq!(kept.kind, FailureKind::UnknownRun);
    assert!(read(house.runs.attach(&guest(), id, 1).expect("kept")).await.aborted());
}

#[tokio::test]
async fn a_session_begins_anew_by_the_configs_rule() {
    let upstream = Upstream::with(["a", "b", "c"].map(answer)).await;
    let (folder, clock) =
        (TempDir::new().expect("a folder"), Clock::standing_at(1_700_000_000_000));
    let idle = json!({"mode": "idle", "idleMinutes": 10});
    let rule = json!({"session": {"resetByType": {"direct": idle}}});
    let house = House::by(clock.clone(), folder.path(), &upstream, rule).await;
    assert!(read(house.start(followup("one"))).await.completed());
    clock.advance(Duration::from_secs(9 * 60));
    assert!(read(house.start(followup("two"))).await.completed());
    let whole = ["user:one", "assistant:a", "user:two", "assistant:b"];
    assert_eq!(house.transcript().await, whole);
    clock.advance(Duration::from_secs(10 * 60));
    assert!(read(house.start(followup("three"))).await.completed());
    assert_eq!(house.transcript().await, ["user:three", "assistant:c"]);
    assert_eq!(asked(&upstream.seen()[2]), ["three"]);
}

#[tokio::test]
async fn a_side_task_is_answered_by_the_utility_model_without_tools_or_session() {
    let upstream = Upstream::with([answer("a title"), answer("a title")]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let tool = openclaw::types::ToolSpec {
        name: "look".to_owned(),
        description: None,
        parameters: None,
        strict: None,
    };
    let request = RunRequest {
        kind: RunKind::Utility,
        tools: vec![tool],
        tool_choice: ToolChoice::Required,
        ..followup("hi")
    };
    assert!(read(house.start(request.clone())).await.completed());
    let chosen = RunRequest { model: Some("up/chat".to_owned()), ..request };
    assert!(read(house.start(chosen)).await.completed());
    let seen = upstream.seen();
    assert_eq!((&seen[0].body["model"], &seen[1].body["model"]), (&json!("small"), &json!("chat")));
    assert!(seen.iter().all(|seen| seen.body.get("tools").is_none()));
    assert!(house.transcript().await.is_empty());
}

#[tokio::test]
async fn what_runs_take_is_counted_with_its_price() {
    let upstream = Upstream::with([answer("one"), answer("two")]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    read(house.start(stateless("hi"))).await;
    read(house.start(followup("hi"))).await;
    let totals = house.sessions.ledger().totals("2000-01-01", "2999-12-31").await;
    let totals = totals.expect("readable");
    assert_eq!(totals.iter().map(|total| total.runs).sum::<u64>(), 2);
    assert_eq!(totals.iter().map(|total| total.microdollars).sum::<u64>(), 2 * (10 * 2 + 5 * 10));
}

#[tokio::test]
async fn a_sessions_own_model_answers_unless_the_caller_names_one() {
    let upstream = Upstream::with([answer("1"), answer("2"), answer("3")]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    read(house.start(followup("first"))).await;
    let patch = openclaw::sessions::Patch {
        model_override: Some("up/small".to_owned()),
        ..Default::default()
    };
    house.sessions.patch(&session(), patch).await.expect("patched");
    read(house.start(followup("second"))).await;
    let named = RunRequest { model: Some("up/chat".to_owned()), ..followup("third") };
    read(house.start(named)).await;
    let models: Vec<_> = upstream.seen().iter().map(|seen| seen.body["model"].clone()).collect();
    assert_eq!(models, ["chat", "small", "chat"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_runs_at_once_leave_nothing_behind() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| answer("yes"));
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let house = Arc::new(house);
    let reading = (0..200).map(|number| {
        let house = house.clone();
        tokio::spawn(async move {
            let policy = [OnDisconnect::Cancel, OnDisconnect::Detach][number % 2];
            let mut run = house.start(RunRequest { on_disconnect: policy, ..stateless("hi") });
            match number % 5 {
                0 => drop(run),
                1 => house.runs.cancel(&Caller::OPERATOR, run.id()).expect("under way"),
                2 => drop(until_text(&mut run).await),
                _ => assert!(read(run).await.completed()),
            }
        })
    });
    let reading: Vec<_> = reading.collect();
    for reading in reading {
        soon(reading).await.expect("no panic");
    }
    assert!(soon(house.tasks.drain(Duration::from_secs(30))).await);
    assert_eq!(house.runs.all_under_way(), 0);
    assert!(house.runs.list(&Caller::OPERATOR, &Filter::default()).is_empty());
}

#[tokio::test]
async fn readers_that_come_and_go_leave_one_task() {
    let upstream = Upstream::with([Reply::stream().then(says("half")).then_hang()]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let grace = OnDisconnect::Grace(Duration::from_secs(3_600));
    let mut run = house.start(RunRequest { on_disconnect: grace, ..stateless("hi") });
    let id = run.id();
    until_text(&mut run).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    drop(run);
    for _ in 0..1_000 {
        drop(house.runs.attach(&Caller::OPERATOR, id, 1).expect("it goes on"));
    }
    assert!(tasks() <= before + 1, "{before} tasks became {}", tasks());
}

#[test]
fn a_reader_may_leave_after_the_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (house, waiting, _folder) = runtime.block_on(async {
        let upstream = Upstream::with([Reply::hang()]).await;
        let (house, folder) = House::new(&upstream, json!({})).await;
        let first = house.start(followup("a"));
        upstream.requests(1).await;
        let request = RunRequest { on_disconnect: OnDisconnect::Cancel, ..followup("b") };
        let waiting = house.start(request);
        drop(first);
        (house, waiting, folder)
    });
    let id = waiting.id();
    drop(waiting);
    assert!(house.runs.get(&Caller::OPERATOR, id).is_none(), "it has left its lane");
}
