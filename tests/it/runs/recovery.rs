//! What happens to runs when the process ends or the store fails.

use super::*;
use openclaw::types::FailureKind;
use std::time::Duration;

#[tokio::test]
async fn runs_that_a_crash_interrupted_are_marked_and_their_clients_told() {
    let folder = TempDir::new().expect("a folder");
    let upstream = Upstream::with([Reply::stream().then(says("half")).then_hang()]).await;
    let dead = House::at(folder.path(), &upstream, json!({})).await;
    let origin = Origin { surface: Surface::Chat, caller: guest() };
    let mut run = dead.start(RunRequest { origin, ..followup("hi") });
    until_accepted(&mut run).await;
    let house = House::at(folder.path(), &upstream, json!({})).await;
    let before = house.runs.attach(&guest(), run.id(), 1).expect_err("not known yet");
    assert_eq!(house.runs.recover().await.expect("recovered"), 1);
    assert_eq!(house.transcript().await, ["user:hi", "broken:Interrupted:"]);
    for (caller, from) in [(guest(), 1), (Caller::OPERATOR, 3)] {
        let got = read(house.runs.attach(&caller, run.id(), from).expect("remembered")).await;
        assert_eq!(got.events.len(), 1);
        assert_eq!(got.failure().kind, FailureKind::Interrupted);
        assert!(got.failure().message.contains("ask again"));
    }
    let foreign = house.runs.attach(&member(), run.id(), 1).expect_err("foreign");
    assert_eq!((foreign.kind, foreign.message), (before.kind, before.message));
    assert_eq!(house.runs.recover().await.expect("recovered"), 0, "once");
}

#[tokio::test]
async fn a_stop_writes_what_it_interrupts() {
    let upstream = Upstream::with([Reply::stream().then(says("half")).then_hang()]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let mut run = house.start(followup("a"));
    let waiting = house.start(followup("b"));
    until_text(&mut run).await;
    assert!(!house.tasks.drain(Duration::from_millis(10)).await, "it goes on while it may");
    house.runs.interrupt();
    for run in [run, waiting] {
        assert_eq!(read(run).await.failure().kind, FailureKind::Interrupted);
    }
    upstream.given_up(1).await;
    assert!(house.tasks.drain(Duration::from_secs(30)).await);
    assert_eq!(house.transcript().await, ["user:a", "broken:Interrupted:half"]);
}

#[tokio::test]
async fn a_stop_also_ends_a_turn_whose_leader_has_left() {
    let gate = Gate::default();
    let hang = Reply::stream().then(says("two")).then_hang();
    let upstream = Upstream::with([gated("one", &gate), hang]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let steer = |text, on_disconnect| RunRequest { on_disconnect, ..turn(text, QueueMode::Steer) };
    let leader = house.start(steer("a", OnDisconnect::Cancel));
    upstream.requests(1).await;
    let follower = house.start(steer("b", OnDisconnect::Detach));
    gate.open();
    upstream.requests(2).await;
    drop(leader);
    house.runs.interrupt();
    assert_eq!(read(follower).await.failure().kind, FailureKind::Interrupted);
    upstream.given_up(1).await;
    let expected = ["user:a", "assistant:one", "user:b", "broken:Interrupted:"];
    let transcript = house.transcript().await;
    assert!(transcript.iter().zip(expected).all(|(line, wanted)| line.starts_with(wanted)));
}

#[tokio::test]
async fn an_answer_that_cannot_be_kept_is_a_failure() {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("answer", &gate)]).await;
    let (house, folder) = House::new(&upstream, json!({})).await;
    let mut run = house.start(followup("a"));
    until_text(&mut run).await;
    house.store.close().await;
    gate.open();
    let got = read(run).await;
    assert_eq!(got.failure().kind, FailureKind::StoreUnavailable);
    let path = folder.path().to_str().expect("UTF-8");
    assert!(!got.failure().message.contains(path), "{}", got.failure().message);
    let refused = read(house.start(followup("b"))).await;
    assert_eq!(refused.failure().kind, FailureKind::StoreUnavailable);
    assert_eq!(refused.accepted, 0);
    assert_eq!(upstream.seen().len(), 1, "nothing is asked that cannot be kept");
    assert_eq!(house.runs.all_under_way(), 0);
}

#[tokio::test]
async fn an_answer_whose_session_was_taken_over_is_not_told_as_if_it_were_kept() {
    let folder = TempDir::new().expect("a folder");
    let gate = Gate::default();
    let upstream = Upstream::with([gated("old", &gate), answer("new")]).await;
    let first = House::at(folder.path(), &upstream, json!({})).await;
    let mut run = first.start(followup("a"));
    until_text(&mut run).await;
    let second = House::at(folder.path(), &upstream, json!({})).await;
    assert!(read(second.start(followup("b"))).await.completed());
    gate.open();
    let got = read(run).await;
    assert_eq!(got.failure().kind, FailureKind::Busy);
    assert!(got.failure().message.contains("taken over"), "{}", got.failure().message);
}
