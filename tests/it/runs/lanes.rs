//! What becomes of a message for a session in which a run is under way.

use super::*;
use openclaw::types::RunId;

/// A house whose first answer, `first`, waits for the gate; later ones repeat the last message.
async fn talking(extra: Value) -> (House, Upstream, TempDir, Gate) {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("first", &gate)]).await;
    upstream.otherwise(|seen| answer(&format!("re {}", asked(seen).last().expect("a message"))));
    let (house, folder) = House::new(&upstream, extra).await;
    (house, upstream, folder, gate)
}

#[tokio::test]
async fn followups_are_turns_of_their_own_in_order() {
    let (house, upstream, _folder, gate) = talking(json!({})).await;
    let runs = ["a", "b", "c"].map(|text| house.start(followup(text)));
    upstream.requests(1).await;
    gate.open();
    for (run, text) in runs.into_iter().zip(["first", "re b", "re c"]) {
        assert_eq!(read(run).await.text, text);
    }
    let asked: Vec<_> = upstream.seen().iter().map(asked).collect();
    assert_eq!(asked, [vec!["a"], vec!["a", "b"], vec!["a", "b", "c"]]);
}

#[tokio::test]
async fn what_waits_can_be_cancelled() {
    let (house, upstream, _folder, gate) = talking(json!({})).await;
    let [a, b, c] = ["a", "b", "c"].map(|text| house.start(followup(text)));
    house.runs.cancel(&Caller::OPERATOR, b.id()).expect("it waits");
    assert!(read(b).await.aborted());
    gate.open();
    assert!(read(a).await.completed() && read(c).await.completed());
    assert_eq!(asked(&upstream.seen()[1]), ["a", "c"]);
}

#[tokio::test]
async fn a_waiting_message_whose_reader_leaves_is_never_asked() {
    let (house, upstream, _folder, gate) = talking(json!({})).await;
    let first = house.start(followup("a"));
    upstream.requests(1).await;
    let request = RunRequest { on_disconnect: OnDisconnect::Cancel, ..followup("b") };
    drop(house.start(request));
    gate.open();
    assert!(read(first).await.completed());
    assert!(read(house.start(followup("c"))).await.completed());
    assert_eq!(asked(&upstream.seen()[1]), ["a", "c"]);
}

#[tokio::test]
async fn a_steering_message_joins_the_run_at_its_next_boundary() {
    let (house, upstream, _folder, gate) = talking(json!({})).await;
    let run = house.start(turn("a", QueueMode::Steer));
    upstream.requests(1).await;
    let steering = ["b", "c"].map(|text| house.start(turn(text, QueueMode::Steer)));
    gate.open();
    let got = read(run).await;
    assert!(got.completed());
    assert_eq!((got.text.as_str(), got.accepted, got.started), ("firstre c", 1, 2));
    let usage = got.events.iter().rfind(|event| event.starts_with("Usage"));
    assert!(usage.is_some_and(|usage| usage.contains("input: 20, output: 10")), "{usage:?}");
    for run in steering {
        let joined = read(run).await;
        assert!(joined.completed());
        assert_eq!((joined.text.as_str(), joined.accepted, joined.started), ("re c", 1, 1));
    }
    let seen = upstream.seen();
    assert_eq!(seen.len(), 2);
    let roles: Vec<_> = seen[1].body["messages"].as_array().expect("messages").iter().collect();
    let roles: Vec<_> = roles.iter().map(|m| m["role"].as_str().expect("a role")).collect();
    assert_eq!(roles, ["user", "assistant", "user", "user"]);
    let expected = ["user:a", "assistant:first", "user:b", "user:c", "assistant:re c"];
    assert_eq!(house.transcript().await, expected);
}

#[tokio::test]
async fn steering_messages_that_no_boundary_took_become_a_turn_of_their_own() {
    let gate = Gate::default();
    let call = json!({"tool_calls": [{"index": 0, "id": "1", "type": "function",
        "function": {"name": "look", "arguments": "{}"}}]});
    let calls = Reply::stream().then(says("let me see")).then_gate(&gate);
    let calls = calls.then(chunk(call, None)).then(chunk(json!({}), Some("tool_calls")));
    let upstream = Upstream::with([calls.then("data: [DONE]\n\n"), answer("both")]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let run = house.start(turn("a", QueueMode::Steer));
    upstream.requests(1).await;
    let steering = ["b", "c"].map(|text| house.start(turn(text, QueueMode::Steer)));
    gate.open();
    assert!(matches!(read(run).await.outcome, Some(Outcome::ClientToolCalls)));
    for run in steering {
        let got = read(run).await;
        assert!(got.completed() && got.text == "both" && got.accepted == 1, "{got:?}");
    }
    let seen = upstream.requests(2).await;
    assert_eq!((seen.len(), asked(&seen[1])), (2, vec!["a".into(), "b".into(), "c".into()]));
}

#[tokio::test]
async fn a_message_that_asks_otherwise_does_not_steer() {
    let (house, upstream, _folder, gate) = talking(json!({})).await;
    let run = house.start(turn("a", QueueMode::Steer));
    upstream.requests(1).await;
    let model = Some("up/small".to_owned());
    let other = house.start(RunRequest { model, ..turn("b", QueueMode::Steer) });
    let origin = Origin { surface: Surface::Chat, caller: guest() };
    let foreign = house.start(RunRequest { origin, ..turn("c", QueueMode::Steer) });
    gate.open();
    assert_eq!(read(run).await.text, "first");
    assert_eq!(read(other).await.text, "re b");
    assert_eq!(read(foreign).await.text, "re c");
    assert_eq!(upstream.seen()[1].body["model"], "small");
}

#[tokio::test]
async fn who_joined_may_leave_and_the_turn_goes_on_for_the_others() {
    let gates = [Gate::default(), Gate::default()];
    let replies = [gated("one", &gates[0]), gated("two", &gates[1])];
    let upstream = Upstream::with(replies).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let cancel =
        |text| RunRequest { on_disconnect: OnDisconnect::Cancel, ..turn(text, QueueMode::Steer) };
    let leader = house.start(cancel("a"));
    upstream.requests(1).await;
    let [b, c] = ["b", "c"].map(|text| house.start(cancel(text)));
    gates[0].open();
    upstream.requests(2).await;
    house.runs.cancel(&Caller::OPERATOR, b.id()).expect("it has joined");
    assert!(read(b).await.aborted());
    // The leader's own reader leaves, and still one is left.
    drop(leader);
    gates[1].open();
    let got = read(c).await;
    assert!(got.completed() && got.text == "two", "{got:?}");
}

#[tokio::test]
async fn a_turn_ends_when_the_last_of_its_members_leaves() {
    let gate = Gate::default();
    let hang = Reply::stream().then(says("two")).then_hang();
    let upstream = Upstream::with([gated("one", &gate), hang]).await;
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let cancel =
        |text| RunRequest { on_disconnect: OnDisconnect::Cancel, ..turn(text, QueueMode::Steer) };
    let leader = house.start(cancel("a"));
    upstream.requests(1).await;
    let steering = house.start(cancel("b"));
    gate.open();
    upstream.requests(2).await;
    drop((leader, steering));
    upstream.given_up(1).await;
}

fn collecting() -> Value {
    json!({"messages": {"queue": {"debounceMs": 80}}})
}

#[tokio::test]
async fn messages_are_collected_until_it_is_quiet_and_become_one_turn() {
    let gate = Gate::default();
    let upstream = Upstream::with([answer("all")]).await;
    upstream.otherwise(|seen| answer(&format!("re {}", asked(seen).last().expect("a message"))));
    let (house, _folder) = House::new(&upstream, collecting()).await;
    let collected = ["a", "b", "c"].map(|text| house.start(turn(text, QueueMode::Collect)));
    let ids: Vec<RunId> = collected.iter().map(Run::id).collect();
    assert!(ids[0] != ids[1], "each has an id of its own");
    let mut reads = Vec::new();
    for run in collected {
        reads.push(read(run).await);
    }
    assert!(reads[0].completed() && reads[0].text == "all");
    assert!(reads.iter().all(|got| got.events == reads[0].events), "all read the same");
    assert_eq!(house.transcript().await, ["user:a", "user:b", "user:c", "assistant:all"]);
    assert_eq!(upstream.seen().len(), 1);
    gate.open();
}

#[tokio::test]
async fn what_is_collected_waits_for_the_turn_under_way() {
    let (house, upstream, _folder, gate) = talking(collecting()).await;
    let first = house.start(followup("a"));
    upstream.requests(1).await;
    let [b, c, d] = ["b", "c", "d"].map(|text| house.start(turn(text, QueueMode::Collect)));
    house.runs.cancel(&Caller::OPERATOR, c.id()).expect("it waits");
    assert!(read(c).await.aborted());
    gate.open();
    assert!(read(first).await.completed());
    assert_eq!((read(b).await.text.as_str(), read(d).await.text.as_str()), ("re d", "re d"));
    let seen = upstream.seen();
    assert_eq!((seen.len(), asked(&seen[1])), (2, vec!["a".into(), "b".into(), "d".into()]));
}

#[tokio::test]
async fn an_interrupting_message_ends_the_run_and_what_waits_and_takes_its_place() {
    let upstream = Upstream::with([Reply::stream().then(says("half")).then_hang()]).await;
    upstream.otherwise(|seen| answer(&format!("re {}", asked(seen).last().expect("a message"))));
    let (house, _folder) = House::new(&upstream, json!({})).await;
    let mut run = house.start(followup("a"));
    until_text(&mut run).await;
    let waiting = house.start(followup("b"));
    let new = house.start(turn("c", QueueMode::Interrupt));
    assert!(read(waiting).await.aborted());
    assert!(read(run).await.aborted());
    upstream.given_up(1).await;
    assert_eq!(read(new).await.text, "re c");
    let transcript = house.transcript().await;
    assert_eq!(transcript, ["user:a", "broken:Aborted:half", "user:c", "assistant:re c"]);
}

#[tokio::test]
async fn the_config_says_what_becomes_of_a_message_that_does_not() {
    let by_channel = json!({"messages": {"queue":
        {"mode": "followup", "byChannel": {"openai": "interrupt"}}}});
    for (extra, aborted) in [(by_channel, true), (json!({}), false)] {
        let (house, upstream, _folder, gate) = talking(extra).await;
        let first = house.start(RunRequest { queue: None, ..followup("a") });
        upstream.requests(1).await;
        let second = house.start(RunRequest { queue: None, ..followup("b") });
        gate.open();
        let got = read(first).await;
        assert_eq!(got.aborted(), aborted, "{got:?}");
        if !aborted {
            assert_eq!(got.text, "firstre b", "the default is to steer");
        }
        assert!(read(second).await.completed());
    }
}

/// A request that brings along what was said before.
fn with_history(text: &str, mode: QueueMode) -> RunRequest {
    let said = Message::Assistant { text: Some(format!("old {text}")), tool_calls: Vec::new() };
    let rules = Message::System { text: format!("rules {text}") };
    let input = vec![rules, user(&format!("before {text}")), said, user(text)];
    RunRequest { input, ..turn(text, mode) }
}

#[tokio::test]
async fn of_messages_that_bring_history_along_only_the_turn_joins() {
    for mode in [QueueMode::Steer, QueueMode::Collect] {
        let (house, upstream, _folder, gate) = talking(collecting()).await;
        let runs = if mode == QueueMode::Steer {
            let a = house.start(with_history("a", mode));
            upstream.requests(1).await;
            let [b, c] = ["b", "c"].map(|text| house.start(with_history(text, mode)));
            [a, b, c]
        } else {
            ["a", "b", "c"].map(|text| house.start(with_history(text, mode)))
        };
        gate.open();
        for run in runs {
            assert!(read(run).await.completed());
        }
        let last = upstream.seen().pop().expect("asked");
        assert_eq!(asked(&last), ["before a", "a", "b", "c"], "{mode:?}");
        let mut expected = vec!["user:before a", "assistant:old a", "user:a"];
        if mode == QueueMode::Steer {
            expected.extend(["assistant:first", "user:b", "user:c", "assistant:re c"]);
        } else {
            expected.extend(["user:b", "user:c", "assistant:first"]);
        }
        assert_eq!(house.transcript().await, expected, "{mode:?}");
    }
}
