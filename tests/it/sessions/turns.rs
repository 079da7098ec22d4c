use super::*;
use openclaw::sessions::Patch;
use openclaw::types::ToolCall;
use std::time::Duration;

#[tokio::test]
async fn a_turn_is_kept_and_the_next_one_builds_on_it() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    assert_eq!(
        sessions.history(&key, Page::Before { sequence: 9, limit: 9 }).await.expect("ok"),
        None
    );

    let mut writer = claim(&sessions, begin(&key, "s:be-kind u:hello")).await;
    // What was asked is there before anything is answered.
    assert_eq!(transcript(&home.sessions().await, &key).await, "o:new u:hello");
    assert_eq!(script(&writer.take_conversation()), "s:be-kind u:hello");
    assert_eq!(writer.take_conversation(), []);
    assert_eq!(writer.row().channel, "openai");
    home.clock.advance(Duration::from_secs(2));
    writer.finish(answer("hi")).await.expect("written");

    let row = row(&sessions, &key).await;
    assert_eq!((row.entries, row.messages, row.input_tokens, row.output_tokens), (3, 2, 10, 3));
    assert_eq!((row.channel.as_str(), row.chat_type.as_str()), ("openai", "direct"));
    assert_eq!((row.session_started_at, row.last_interaction_at), (NOON, NOON));
    assert_eq!((row.updated_at, row.aborted_last_run), (NOON + 2_000, false));

    let read = turn(&sessions, &key, "s:be-brief u:who", "me").await;
    assert_eq!(read, "s:be-brief u:hello a:hi u:who");
    assert_eq!(transcript(&sessions, &key).await, "o:new u:hello a:hi u:who a:me");
    let entries = entries(&sessions, &key).await;
    let Body::Message(said) = &entries[2].body else { panic!("{entries:?}") };
    assert_eq!(
        (said.model.as_ref().map(ToString::to_string), said.ending),
        (Some("fake/chat".to_owned()), Some(Ending::Stop))
    );
    assert_eq!(entries[2].at, NOON + 2_000);
}

#[tokio::test]
async fn a_client_that_sends_earlier_turns_is_taken_at_its_word() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    // A transcript that begins in the middle of a conversation is completed.
    let read = turn(&sessions, &key, "s:x u:1 a:2 u:3", "4").await;
    assert_eq!(read, "s:x u:1 a:2 u:3");
    assert_eq!(transcript(&sessions, &key).await, "o:new u:1 a:2 u:3 a:4");
    // From then on only the turn is new, whatever the client remembers of the rest.
    let read = turn(&sessions, &key, "s:x u:1 a:edited u:5", "6").await;
    assert_eq!(read, "s:x u:1 a:edited u:5");
    let read = turn(&sessions, &key, "u:7", "8").await;
    assert_eq!(read, "u:1 a:2 u:3 a:4 u:5 a:6 u:7");
    assert_eq!(row(&sessions, &key).await.messages, 8);
}

#[tokio::test]
async fn a_broken_turn_keeps_its_question_and_not_its_answer() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let writer = claim(&sessions, begin(&key, "u:1")).await;
    writer.finish(failure(Some("half"))).await.expect("written");
    assert!(row(&sessions, &key).await.aborted_last_run);
    assert_eq!(turn(&sessions, &key, "u:2", "3").await, "u:1 u:2");
    assert_eq!(transcript(&sessions, &key).await, "o:new u:1 b:Failed:half u:2 a:3");
    assert!(!row(&sessions, &key).await.aborted_last_run);
}

#[tokio::test]
async fn what_joins_a_turn_is_appended() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let mut writer = claim(&sessions, begin(&key, "u:1")).await;
    // A label that somebody sets meanwhile stays.
    let patch = Patch { label: Some("Anna".to_owned()), model_override: None };
    sessions.patch(&key, patch).await.expect("patched").expect("there");
    writer.say(messages("s:never u:2 u:3")).await.expect("written");
    writer.finish(answer("4")).await.expect("written");
    assert_eq!(transcript(&sessions, &key).await, "o:new u:1 u:2 u:3 a:4");
    let row = row(&sessions, &key).await;
    assert_eq!((row.entries, row.messages, row.label.as_deref()), (5, 4, Some("Anna")));
}

#[tokio::test]
async fn an_open_tool_call_never_reaches_the_model_unanswered() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let call = ToolCall { id: "c1".to_owned(), name: "f".to_owned(), arguments: "{}".to_owned() };
    let calls = Message::Assistant { text: None, tool_calls: vec![call] };
    let ended = Ended { answer: Some(calls.clone()), ending: Ending::ToolCalls, ..answer("") };
    claim(&sessions, begin(&key, "u:1")).await.finish(ended).await.expect("written");
    // The client comes back with the result, without the history.
    let result = Message::Tool { call_id: "c1".to_owned(), content: Content::Text("7".to_owned()) };
    let mut with_result = begin(&key, "");
    with_result.input = vec![result.clone()];
    let mut writer = claim(&sessions, with_result).await;
    let read = writer.take_conversation();
    assert_eq!(read, [message("u:1"), calls.clone(), result]);
    writer.finish(answer("seven")).await.expect("written");
    assert_eq!(transcript(&sessions, &key).await, "o:new u:1 a: t:c1 a:seven");
}

#[tokio::test]
async fn history_is_bounded() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let long: Vec<String> = (0..2_100).map(|at| format!("u:{at}")).collect();
    let mut writer = claim(&sessions, begin(&key, &long.join(" "))).await;
    assert_eq!(writer.take_conversation().len(), 2_100);
    writer.finish(answer("end")).await.expect("written");
    let mut writer = claim(&sessions, begin(&key, "u:next")).await;
    let read = writer.take_conversation();
    // The last 2,000 entries, and the turn.
    assert_eq!(read.len(), 2_001);
    assert_eq!(script(&read[..1]), "u:101");
    assert_eq!(script(&read[1_998..]), "u:2099 a:end u:next");
    writer.finish(answer("end")).await.expect("written");

    let mut large = begin(&key, "");
    let text = "x".repeat(5 << 20);
    large.input = vec![Message::User { content: Content::Text(text), name: None }];
    claim(&sessions, large.clone()).await.finish(answer("a")).await.expect("written");
    large.run = run();
    claim(&sessions, large).await.finish(answer("b")).await.expect("written");
    let mut writer = claim(&sessions, begin(&key, "u:next")).await;
    // Of two messages of 5 MiB, 8 MiB have room for one; an answer without its question is left out.
    let read = writer.take_conversation();
    assert_eq!(read.len(), 3);
    assert_eq!(script(&read[1..]), "a:b u:next");
}

#[tokio::test]
async fn a_page_of_history_is_bounded_and_the_next_one_goes_on() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    for mebibytes in [5, 5, 9] {
        let text = "x".repeat(mebibytes << 20);
        let mut large = begin(&key, "");
        large.input = vec![Message::User { content: Content::Text(text), name: None }];
        claim(&sessions, large).await.finish(answer("a")).await.expect("written");
    }
    let read = async |page| {
        let entries = sessions.history(&key, page).await.expect("readable").expect("there");
        entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>()
    };
    let mut pages = Vec::new();
    let mut sequence = 0;
    loop {
        pages.push(read(Page::After { sequence, limit: 50 }).await);
        let Some(last) = pages.last().and_then(|page| page.last()) else { break };
        sequence = *last;
    }
    // The third question is larger than a page, and still shown.
    assert_eq!(pages, [vec![1, 2, 3], vec![4, 5], vec![6], vec![7], vec![]]);
    assert_eq!(read(Page::Before { sequence: u64::MAX, limit: 50 }).await, [7]);
    assert_eq!(read(Page::Before { sequence: 7, limit: 50 }).await, [6]);
    assert_eq!(read(Page::Before { sequence: 6, limit: 50 }).await, [3, 4, 5]);
    assert_eq!(read(Page::Before { sequence: 3, limit: 1 }).await, [2]);
    assert_eq!(read(Page::Before { sequence: 2, limit: 50 }).await, [1]);
    assert_eq!(read(Page::Before { sequence: 1, limit: 50 }).await, Vec::<u64>::new());
    assert_eq!(read(Page::After { sequence: 0, limit: 0 }).await, Vec::<u64>::new());
}
