//! Whoever reads a response gets the same events, while it grows, afterwards, and after a restart.

use super::*;
use openclaw::responses::{Order, Page};

#[tokio::test]
async fn every_tail_is_the_same_for_whoever_reads_it_and_whenever() {
    for background in [false, true] {
        let folder = TempDir::new().expect("a folder");
        let upstream = Upstream::with([rich()]).await;
        let home = Home::at(folder.path(), &upstream).await;
        let reader = home.create(Create { background, ..with_tools(ask("hi")) }).await;
        let id = *reader.id();
        let first = all(reader).await;
        let kinds: Vec<_> = first.iter().map(Event::kind).collect();
        let expected = expected_kinds(background);
        assert_eq!(kinds, expected);
        for (at, event) in first.iter().enumerate() {
            assert_eq!(event.sequence_number(), at as u64);
        }
        let last = first.last().and_then(Event::last).expect("the response");
        assert_eq!(&home.get(&id).await, last);
        home.house.store.close().await;

        let home = Home::at(folder.path(), &upstream).await;
        assert_eq!(home.responses.recover().await.expect("recovered"), 0);
        assert_eq!(&home.get(&id).await, last);
        assert_eq!(home.read(&id, None).await, first);
        for after in 0..first.len() {
            assert_eq!(home.read(&id, Some(after as u64)).await, first[after + 1..], "{after}");
        }
        let whole = home.responses.read(&Caller::OPERATOR, &id, Some(3)).await.expect("there");
        assert_eq!(&whole.finish().await, last);
    }
}

fn expected_kinds(background: bool) -> Vec<&'static str> {
    let mut kinds = vec!["response.created"];
    if background {
        kinds.push("response.queued");
    }
    kinds.extend([
        "response.in_progress",
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ]);
    kinds
}

#[tokio::test]
async fn readers_that_come_while_it_grows_miss_nothing() {
    let gate = Gate::default();
    let upstream = Upstream::with([gated("half", &gate)]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let mut first = home.create(ask("hi")).await;
    let id = *first.id();
    let mut events = until_text(&mut first).await;
    let grown = events.len() as u64;
    let now = home.get(&id).await;
    assert_eq!((now.status, text(&now).as_str()), (State::InProgress, "half"));
    let mut readers = Vec::new();
    for after in [None, Some(0), Some(grown - 1), Some(grown + 2), Some(1_000)] {
        let reader = home.responses.read(&Caller::OPERATOR, &id, after).await.expect("there");
        assert_eq!(reader.next_sequence(), after.map_or(0, |after| after + 1));
        readers.push((after, reader));
    }
    gate.open();
    events.extend(all(first).await);
    for (after, reader) in readers {
        let start = after.map_or(0, |after| usize::try_from(after).expect("small") + 1);
        assert_eq!(all(reader).await, events[start.min(events.len())..], "{after:?}");
    }
}

#[tokio::test]
async fn what_was_asked_can_be_paged_through_and_referred_to() {
    let upstream = Upstream::with([answer("yes")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let items = vec![said("a"), said("b"), said("c"), said("d"), said("e")];
    let reader = home.create(asks(items)).await;
    let id = *reader.id();
    let response = reader.finish().await;
    let page = |after: Option<&str>, order| {
        let (after, limit) = (after.map(str::to_owned), 2);
        home.responses.input_items(&Caller::OPERATOR, &id, Page { limit, after, order })
    };
    for (order, expected) in [(Order::Ascending, "abcde"), (Order::Descending, "edcba")] {
        let (mut got, mut after, mut pages) = (Vec::new(), None::<String>, 0);
        loop {
            let items = page(after.as_deref(), order).await.expect("a page");
            after = items.items.last().map(|item| item.id().to_owned());
            got.extend(items.items);
            pages += 1;
            if !items.has_more {
                break;
            }
        }
        let texts: String = got.iter().map(of_user).collect();
        assert_eq!((texts.as_str(), pages), (expected, 3));
        assert!(got.iter().all(|item| item.id().starts_with("msg_")), "{got:?}");
        let said = &response.output[0];
        let ids: Vec<&str> = got.iter().chain([said]).map(Item::id).collect();
        let found = home.responses.items(&Caller::OPERATOR, &ids).await.expect("found");
        assert_eq!(found.len(), ids.len());
        assert!(got.iter().chain([said]).all(|item| &found[item.id()] == item), "{found:?}");
    }
    let nowhere = page(Some("msg_1"), Order::Ascending).await.expect_err("not there");
    assert!(matches!(nowhere, openclaw::responses::Error::UnknownItem(_)));
    let said = &response.output[0];
    for (caller, id) in [(guest(), said.id()), (Caller::OPERATOR, "msg_7"), (Caller::OPERATOR, "")]
    {
        let refused = home.responses.items(&caller, &[id]).await.expect_err("not there");
        assert!(matches!(refused, openclaw::responses::Error::UnknownItem(_)), "{refused}");
    }
}

fn of_user(item: &Item) -> &str {
    match item {
        Item::Message { content, .. } => match content.as_slice() {
            [Part::InputText { text }] => text,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_not_kept_leaves_no_trace() {
    let upstream = Upstream::with([answer("yes")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let reader = home.create(Create { keep: Keep::Nothing, ..ask("hi") }).await;
    let id = *reader.id();
    assert_eq!(reader.session(), None);
    let response = reader.finish().await;
    assert_eq!((text(&response).as_str(), response.store), ("yes", false));
    assert_eq!(response.id, id.to_string());
    let unknown = home.responses.get(&Caller::OPERATOR, &id).await.expect_err("not kept");
    assert!(matches!(unknown, openclaw::responses::Error::Unknown(_)));
    let listing = openclaw::store::Listing { limit: 9, ..Default::default() };
    for space in ["responses", "response_inputs", "sessions"] {
        let records = home.house.store.records(space, listing.clone()).await.expect("readable");
        assert!(records.is_empty(), "{space}: {records:?}");
    }
}

#[tokio::test]
async fn others_do_not_see_it() {
    let upstream = Upstream::with([answer("yes")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let reader = home.create(by(guest(), ask("hi"))).await;
    let id = *reader.id();
    reader.finish().await;
    assert!(home.responses.get(&guest(), &id).await.is_ok());
    assert!(home.responses.get(&Caller::OPERATOR, &id).await.is_ok(), "admins see all");
    let foreign = member();
    let page = Page { limit: 20, after: None, order: Order::Ascending };
    let refusals = [
        home.responses.get(&foreign, &id).await.err(),
        home.responses.read(&foreign, &id, None).await.err(),
        home.responses.cancel(&foreign, &id).await.err(),
        home.responses.delete(&foreign, &id).await.err(),
        home.responses.input_items(&foreign, &id, page).await.err(),
    ];
    for refused in refusals {
        let refused = refused.expect("refused");
        assert!(matches!(refused, openclaw::responses::Error::Unknown(_)), "{refused}");
    }
    let refused = home.responses.create(by(foreign, continuing(&id, ask("more")))).await;
    let refused = refused.expect_err("refused");
    assert!(matches!(refused, openclaw::responses::Error::UnknownPrevious(_)), "{refused}");
}

#[tokio::test]
async fn whoever_asks_again_and_again_sees_it_grow() {
    let (first, second) = (Gate::default(), Gate::default());
    let piece = |text: &str| chunk(json!({"content": text}), None);
    let reply = Reply::stream().then(piece("a")).then_gate(&first).then(piece("b"));
    let upstream = Upstream::with([reply.then_gate(&second).then(ends())]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let mut reader = home.create(ask("hi")).await;
    let id = *reader.id();
    assert_eq!(text(&home.get(&id).await), "");
    until_text(&mut reader).await;
    for _ in 0..2 {
        let response = home.get(&id).await;
        assert_eq!((text(&response).as_str(), response.status), ("a", State::InProgress));
    }
    first.open();
    until_text(&mut reader).await;
    let response = home.get(&id).await;
    assert_eq!((text(&response).as_str(), response.status), ("ab", State::InProgress));
    second.open();
    let whole = reader.finish().await;
    assert_eq!((text(&whole).as_str(), whole.status), ("ab", State::Completed));
    assert_eq!(home.get(&id).await, whole);
}
