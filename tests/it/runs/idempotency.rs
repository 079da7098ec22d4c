//! Repeats of a request run once.

use super::*;
use openclaw::types::FailureKind;

fn keyed(request: RunRequest) -> RunRequest {
    RunRequest { idempotency_key: Some("key".to_owned()), ..request }
}

#[tokio::test]
async fn concurrent_and_later_repeats_are_the_same_run() {
    for request in [keyed(stateless("hi")), keyed(followup("hi"))] {
        let gate = Gate::default();
        let upstream = Upstream::with([gated("once", &gate)]).await;
        let (house, _folder) = House::new(&upstream, json!({})).await;
        let house = Arc::new(house);
        let asking = (0..8).map(|_| {
            let (house, request) = (house.clone(), request.clone());
            tokio::spawn(async move { house.start(request) })
        });
        let asking: Vec<_> = asking.collect();
        let mut runs = Vec::new();
        for run in asking {
            runs.push(run.await.expect("started"));
        }
        let id = runs[0].id();
        gate.open();
        let mut reads = Vec::new();
        for run in runs {
            assert_eq!(run.id(), id);
            reads.push(read(run).await);
        }
        assert!(reads[0].completed() && reads[0].text == "once");
        let later = house.start(request);
        assert_eq!(later.id(), id);
        reads.push(read(later).await);
        assert!(reads.iter().all(|got| got.events == reads[0].events));
        assert_eq!(upstream.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_key_belongs_to_its_request_its_caller_and_its_session() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen| answer(&format!("re {}", asked(seen).last().expect("a message"))));
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let first = house.start(keyed(stateless("a")));
    let refused = house.runs.start(keyed(stateless("b"))).expect_err("used otherwise");
    assert_eq!(refused.kind, FailureKind::Conflict);
    let model = Some("up/small".to_owned());
    let refused = house.runs.start(RunRequest { model, ..keyed(stateless("a")) });
    assert_eq!(refused.expect_err("used otherwise").kind, FailureKind::Conflict);
    let origin = Origin { surface: Surface::Chat, caller: guest() };
    let guest = house.start(RunRequest { origin, ..keyed(stateless("b")) });
    let session = house.start(keyed(followup("c")));
    for (run, text) in [(first, "re a"), (guest, "re b"), (session, "re c")] {
        assert_eq!(read(run).await.text, text);
    }
    let refused = house.runs.start(keyed(stateless("b"))).expect_err("used otherwise");
    assert_eq!(refused.kind, FailureKind::Conflict);
}

#[tokio::test]
async fn a_failure_is_not_repeated() {
    let refusal = json!({"error": {"message": "no", "type": "invalid_request_error"}});
    let upstream = Upstream::with([Reply::json(400, &refusal), answer("yes")]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let got = read(house.start(keyed(stateless("a")))).await;
    assert_eq!(got.failure().kind, FailureKind::UpstreamRejected);
    assert_eq!(read(house.start(keyed(stateless("a")))).await.text, "yes");
}

#[tokio::test]
async fn who_is_refused_may_use_the_key_again() {
    let upstream = Upstream::with([Reply::hang(), answer("yes")]).await;
    let limit = json!({"agents": {"defaults": {"maxConcurrent": 1}}});
    let (house, _folder) = House::new(&upstream, limit).await;
    let first = house.start(stateless("a"));
    let refused = house.runs.start(keyed(stateless("b"))).expect_err("no room");
    assert_eq!(refused.kind, FailureKind::Busy);
    house.runs.cancel(&Caller::OPERATOR, first.id()).expect("under way");
    assert!(read(first).await.aborted());
    assert!(house.runs.start(keyed(stateless("c"))).is_ok(), "the key stands for nothing");
}

#[tokio::test]
async fn a_session_repeats_its_answer_after_a_restart() {
    let folder = TempDir::new().expect("a folder");
    let upstream = Upstream::with([answer("once")]).await;
    let first = House::at(folder.path(), &upstream, json!({})).await;
    let told = read(first.start(keyed(followup("a")))).await;
    let second = House::at(folder.path(), &upstream, json!({})).await;
    let again = read(second.start(keyed(followup("a")))).await;
    assert!(again.completed());
    assert_eq!((again.text.as_str(), again.accepted, again.started), ("once", 1, 1));
    assert_eq!(
        again.events.iter().filter(|e| e.starts_with("Usage")).collect::<Vec<_>>(),
        told.events.iter().filter(|e| e.starts_with("Usage")).collect::<Vec<_>>()
    );
    assert_eq!(upstream.seen().len(), 1);
    assert_eq!(second.transcript().await, ["user:a", "assistant:once"]);
    let refused =
        read(House::at(folder.path(), &upstream, json!({})).await.start(keyed(followup("b"))))
            .await;
    assert_eq!(refused.failure().kind, FailureKind::Conflict);
    let model = Some("up/small".to_owned());
    let other = RunRequest { model, ..keyed(followup("a")) };
    let third = House::at(folder.path(), &upstream, json!({})).await;
    assert_eq!(read(third.start(other)).await.failure().kind, FailureKind::Conflict);
}

#[tokio::test]
async fn a_repeat_of_a_long_answer_is_the_same_answer() {
    let pieces = 6_000;
    let expected: String = (0..pieces).map(|number| format!("{number} ")).collect();
    for request in [keyed(stateless("hi")), keyed(followup("hi"))] {
        let gate = Gate::default();
        let stream = (0..pieces)
            .fold(Reply::stream(), |reply, number| reply.then(says(&format!("{number} "))));
        let upstream = Upstream::with([stream.then_gate(&gate).then(ends())]).await;
        let (house, _folder) = House::new(&upstream, json!({})).await;
        let mut first = house.start(request.clone());
        let mut got = Read::default();
        while got.text.len() < expected.len() {
            got.take(soon(first.next()).await.expect("more"));
        }
        // While it is under way, long after its first events have gone.
        let mut second = house.start(request.clone());
        assert_eq!(second.id(), first.id());
        let mut again = Read::default();
        while again.text.len() < expected.len() / 2 {
            again.take(soon(second.next()).await.expect("more"));
        }
        let next = second.next_sequence().expect("it has a log");
        let resumed = house.runs.attach(&Caller::OPERATOR, second.id(), next).expect("goes on");
        gate.open();
        let resumed = read(resumed).await;
        assert!(resumed.completed() && again.text + &resumed.text == expected);
        assert!(read(second).await.completed());
        while let Some(event) = soon(first.next()).await {
            got.take(event);
        }
        assert!(got.completed() && got.text == expected);
        // And once it has ended.
        let later = read(house.start(request)).await;
        assert!(later.completed() && later.text == expected);
        assert_eq!((later.accepted, later.started), (got.accepted, got.started));
        let usage = |read: &Read| read.events.iter().rfind(|e| e.starts_with("Usage")).cloned();
        assert_eq!(usage(&later), usage(&got));
        assert_eq!(upstream.seen().len(), 1);
    }
}
