//! Responses that continue others: what the model is told, and in which session.

use super::*;
use openclaw::responses::Error;
use openclaw::types::Message;

/// Answers `re` and what was said last.
async fn echo() -> Upstream {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen| {
        let last = told(seen).pop().expect("a message");
        answer(&format!("re {}", last.split_once(':').expect("a role").1))
    });
    upstream
}

/// How many sessions there are.
async fn sessions(home: &Home) -> usize {
    let listing = openclaw::store::Listing { limit: 9, ..Default::default() };
    home.house.store.records("sessions", listing).await.expect("readable").len()
}

#[tokio::test]
async fn what_was_said_before_is_told_again_and_no_session_appears() {
    let upstream = echo().await;
    let (home, _folder) = Home::new(&upstream).await;
    let first = home.create(ask("a")).await;
    let id = *first.id();
    assert_eq!(first.session(), None);
    first.finish().await;
    let second = home.create(continuing(&id, ask("b"))).await;
    let id = *second.id();
    assert_eq!(second.session(), None);
    let response = second.finish().await;
    assert!(response.previous_response_id.is_some());
    let mut create = continuing(&id, ask("c"));
    create.echo.instructions = Some("be brief".to_owned());
    create.run.input.insert(0, Message::System { text: "be brief".to_owned() });
    home.create(create).await.finish().await;
    let seen = upstream.seen();
    assert_eq!(told(&seen[1]), ["user:a", "assistant:re a", "user:b"]);
    let third =
        ["system:be brief", "user:a", "assistant:re a", "user:b", "assistant:re b", "user:c"];
    assert_eq!(told(&seen[2]), third);
    assert_eq!(sessions(&home).await, 0);
}

#[tokio::test]
async fn a_conversation_branches_where_it_is_continued_twice() {
    let upstream = echo().await;
    let (home, _folder) = Home::new(&upstream).await;
    let first = home.create(ask("a")).await;
    let id = *first.id();
    first.finish().await;
    for text in ["b", "c"] {
        home.create(continuing(&id, ask(text))).await.finish().await;
    }
    let seen = upstream.seen();
    assert_eq!(told(&seen[2]), ["user:a", "assistant:re a", "user:c"]);
}

#[tokio::test]
async fn calls_and_their_outputs_go_together() {
    let upstream = Upstream::with([rich(), answer("done")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let first = home.create(with_tools(ask("a"))).await;
    let id = *first.id();
    first.finish().await;
    let outputs = asks(vec![output("call_a", "1"), output("call_b", "2")]);
    let done = home.create(continuing(&id, with_tools(outputs))).await.finish().await;
    assert_eq!(text(&done), "done");
    let expected = ["user:a", "assistant:Ich sähe nach.[call_a][call_b]", "tool:1", "tool:2"];
    assert_eq!(told(&upstream.seen()[1]), expected);
}

#[tokio::test]
async fn a_call_that_was_cut_short_is_not_told_again() {
    let function = json!({"name": "look", "arguments": "{\"q\":"});
    let call = json!([{"index": 0, "id": "call_a", "type": "function", "function": function}]);
    let cut = Reply::stream()
        .then(chunk(json!({"content": "so"}), None))
        .then(chunk(json!({"tool_calls": call}), None))
        .then(chunk(json!({}), Some("length")) + "data: [DONE]\n\n");
    let upstream = Upstream::with([cut, answer("on")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let first = home.create(with_tools(ask("a"))).await;
    let id = *first.id();
    assert_eq!(first.finish().await.status, State::Incomplete);
    home.create(continuing(&id, ask("b"))).await.finish().await;
    assert_eq!(told(&upstream.seen()[1]), ["user:a", "assistant:so", "user:b"]);
}

#[tokio::test]
async fn a_session_that_keeps_its_conversation_is_not_told_it_again() {
    let upstream = echo().await;
    let (home, _folder) = Home::new(&upstream).await;
    let key = "agent:main:chat:7";
    let first = home.create(in_session(key, ask("a"))).await;
    let id = *first.id();
    first.finish().await;
    let second = home.create(continuing(&id, ask("b"))).await;
    assert_eq!(second.session().map(SessionKey::as_str), Some(key));
    let id = *second.id();
    second.finish().await;
    let elsewhere = home.create(in_session("agent:main:chat:8", continuing(&id, ask("c")))).await;
    assert_eq!(elsewhere.session().map(SessionKey::as_str), Some("agent:main:chat:8"));
    elsewhere.finish().await;
    let nowhere = Create { keep: Keep::Nothing, ..continuing(&id, ask("d")) };
    home.create(nowhere).await.finish().await;
    let seen = upstream.seen();
    assert_eq!(told(&seen[1]), ["user:a", "assistant:re a", "user:b"]);
    let all = ["user:a", "assistant:re a", "user:b", "assistant:re b"];
    assert_eq!(told(&seen[2]), [&all[..], &["user:c"]].concat());
    assert_eq!(told(&seen[3]), [&all[..], &["user:d"]].concat());
}

#[tokio::test]
async fn another_agent_or_caller_takes_the_conversation_but_not_the_session() {
    let upstream = echo().await;
    let folder = TempDir::new().expect("a folder");
    let house = House::at(
        folder.path(),
        &upstream,
        json!({"agents": {"list": [{"id": "main"}, {"id": "other"}]}}),
    );
    let house = house.await;
    let responses = Responses::new(house.runs.clone(), house.store.clone(), &house.tasks);
    let home = Home { house, responses };
    let key = "agent:main:caller:anonymous:chat:7";
    let first = home.create(in_session(key, by(guest(), ask("a")))).await;
    let id = *first.id();
    assert_eq!(first.session().map(SessionKey::as_str), Some(key));
    first.finish().await;
    let operators = home.create(continuing(&id, ask("b"))).await;
    assert_eq!(operators.session(), None);
    operators.finish().await;
    let mut create = by(guest(), continuing(&id, ask("c")));
    create.run.agent = Some(AgentId::parse("other").expect("a name"));
    let others = home.create(create).await;
    assert_eq!(others.session(), None);
    others.finish().await;
    for (at, said) in [(1, "user:b"), (2, "user:c")] {
        assert_eq!(told(&upstream.seen()[at]), ["user:a", "assistant:re a", said]);
    }
}

#[tokio::test]
async fn what_was_given_to_read_is_read_on() {
    let upstream = echo().await;
    let (home, _folder) = Home::new(&upstream).await;
    let mut create = in_session("agent:main:chat:7", ask("a"));
    create.run.context = vec!["file one".to_owned().into()];
    let first = home.create(create).await;
    let (id, session) = (*first.id(), first.session().cloned().expect("a session"));
    first.finish().await;
    let mut create = continuing(&id, ask("b"));
    create.run.context = vec!["file two".to_owned().into()];
    let second = home.create(create).await;
    let id = *second.id();
    second.finish().await;
    home.create(continuing(&id, ask("c"))).await.finish().await;
    let seen = upstream.seen();
    let read = ["system:file one", "system:file two"];
    assert_eq!(told(&seen[1])[..2], read);
    assert_eq!(told(&seen[2])[..2], read);
    assert_eq!(told(&seen[2]).len(), 7);
    let page = openclaw::store::Page::After { sequence: 0, limit: 100 };
    let entries = home.house.sessions.history(&session, page).await.expect("read").expect("there");
    assert!(!format!("{entries:?}").contains("file one"), "no transcript has it");
}

#[tokio::test]
async fn what_cannot_be_continued_says_why() {
    let upstream = Upstream::with([Reply::hang(), answer("x")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let nowhere = continuing(&ResponseId::from_bits(1), ask("b"));
    let refused = home.responses.create(nowhere).await.expect_err("refused");
    assert!(matches!(refused, Error::UnknownPrevious(_)), "{refused}");
    let live = home.create(in_background("a")).await;
    upstream.requests(1).await;
    let refused = home.responses.create(continuing(live.id(), ask("b"))).await;
    assert!(matches!(refused, Err(Error::PreviousUnfinished(_))), "{refused:?}");
    let passing = home.create(Create { keep: Keep::Nothing, ..ask("a") }).await;
    let id = *passing.id();
    passing.finish().await;
    let refused = home.responses.create(continuing(&id, ask("b"))).await.expect_err("not kept");
    assert!(matches!(refused, Error::UnknownPrevious(_)), "{refused}");
}

/// A deleted response takes what continues it along: nobody knows any more what that was about.
#[tokio::test]
async fn a_chain_with_a_gap_cannot_be_continued() {
    let upstream = echo().await;
    let (home, _folder) = Home::new(&upstream).await;
    let first = home.create(ask("a")).await;
    let id = *first.id();
    first.finish().await;
    let second = home.create(continuing(&id, ask("b"))).await;
    let last = *second.id();
    second.finish().await;
    home.responses.delete(&Caller::OPERATOR, &id).await.expect("deleted");
    let refused = home.responses.create(continuing(&last, ask("c"))).await.expect_err("refused");
    assert!(matches!(&refused, Error::UnknownPrevious(gone) if *gone == id.to_string()));
}
