use super::*;

fn keyed(key: &SessionKey, input: &str, idempotency_key: &str) -> Begin {
    Begin { idempotency_key: Some(idempotency_key.to_owned()), ..begin(key, input) }
}

async fn answered(sessions: &Sessions, begin: Begin) -> Said {
    match sessions.begin(begin).await.expect("it begins") {
        Begun::Answered(said) => *said,
        Begun::Turn(writer) => panic!("asked again: {writer:?}"),
    }
}

#[tokio::test]
async fn a_repeat_gets_the_answer_there_is() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let first = keyed(&key, "s:x u:1", "k");
    let asked_by = first.run;
    claim(&sessions, first).await.finish(answer("2")).await.expect("written");
    turn(&sessions, &key, "u:3", "4").await;

    // Later, in another process, with other instructions: what was asked is the same.
    let said = answered(&home.sessions().await, keyed(&key, "s:y u:1", "k")).await;
    assert_eq!((said.message, said.run), (message("a:2"), asked_by));
    assert_eq!(said.usage.map(|usage| usage.output), Some(3));
    assert_eq!(transcript(&sessions, &key).await, "o:new u:1 a:2 u:3 a:4");
    // The repeat took no claim and left no mark.
    assert!(sessions.remove(&key).await.expect("removed"));
}

#[tokio::test]
async fn a_repeat_of_another_request_is_refused() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let check = async |input: &str| {
        let error = sessions.begin(keyed(&key, input, "k")).await.expect_err("refused");
        assert!(matches!(&error, Error::Conflict(other) if *other == key), "{error}");
    };
    let writer = claim(&sessions, keyed(&key, "u:1", "k")).await;
    check("u:2").await;
    writer.finish(answer("a")).await.expect("written");
    check("u:2").await;
    check("u:1 u:1").await;
    // Another session's keys are its own.
    let other = super::key("direct:bert");
    claim(&sessions, keyed(&other, "u:2", "k")).await.finish(answer("b")).await.expect("written");
}

#[tokio::test]
async fn a_question_without_an_answer_is_not_asked_twice() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    turn(&sessions, &key, "u:0", "0").await;
    sessions.announce(&key, "news").await.expect("queued");
    // It fails; the repeat goes on with what is there.
    let mut writer = claim(&sessions, keyed(&key, "u:1 u:2", "k")).await;
    assert_eq!(script(&writer.take_conversation()), "s:news u:0 a:0 u:1 u:2");
    writer.finish(failure(None)).await.expect("written");
    let mut writer = claim(&sessions, keyed(&key, "u:1 u:2", "k")).await;
    assert_eq!(script(&writer.take_conversation()), "s:news u:0 a:0 u:1 u:2");
    drop(writer);

    // The process goes away; the repeat after a further turn does too.
    let sessions = home.sessions().await;
    turn(&sessions, &key, "u:3", "4").await;
    let mut writer = claim(&sessions, keyed(&key, "u:1 u:2", "k")).await;
    assert_eq!(script(&writer.take_conversation()), "s:news u:0 a:0 u:3 a:4 u:1 u:2");
    writer.finish(answer("5")).await.expect("written");
    assert_eq!(
        transcript(&sessions, &key).await,
        "o:new u:0 a:0 n:news u:1 u:2 b:Failed b:Interrupted u:3 a:4 a:5"
    );
    let said = answered(&sessions, keyed(&key, "u:1 u:2", "k")).await;
    assert_eq!(said.message, message("a:5"));
}

#[tokio::test]
async fn a_repeat_from_a_client_that_holds_the_history_appends_nothing_either() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let writer = claim(&sessions, keyed(&key, "u:1 a:2 u:3", "k")).await;
    writer.finish(failure(None)).await.expect("written");
    let mut writer = claim(&sessions, keyed(&key, "u:1 a:2 u:3", "k")).await;
    assert_eq!(script(&writer.take_conversation()), "u:1 a:2 u:3");
    writer.finish(answer("4")).await.expect("written");
    assert_eq!(transcript(&sessions, &key).await, "o:new u:1 a:2 u:3 b:Failed a:4");
}

#[tokio::test]
async fn a_turn_without_a_message_is_known_by_its_answer() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    claim(&sessions, keyed(&key, "s:greet", "k")).await.finish(answer("hi")).await.expect("ok");
    assert_eq!(answered(&sessions, keyed(&key, "s:greet", "k")).await.message, message("a:hi"));
    let error = sessions.begin(keyed(&key, "u:1", "k")).await.expect_err("refused");
    assert!(matches!(error, Error::Conflict(_)), "{error}");
}

#[tokio::test]
async fn keys_hold_until_the_session_begins_anew() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    claim(&sessions, keyed(&key, "u:1", "k")).await.finish(answer("a")).await.expect("written");
    sessions.reset(&key).await.expect("reset").expect("there");
    claim(&sessions, keyed(&key, "u:2", "k")).await.finish(answer("b")).await.expect("written");
    assert_eq!(transcript(&sessions, &key).await, "o:reset u:2 a:b");
}

#[tokio::test]
async fn a_repeat_with_another_model_or_format_is_another_request() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let asked = |with: u8| Begin { fingerprint: [with; 32], ..keyed(&key, "u:1", "k") };
    let check = async |sessions: &Sessions| {
        let error = sessions.begin(asked(2)).await.expect_err("refused");
        assert!(matches!(&error, Error::Conflict(_)), "{error}");
    };
    let writer = claim(&sessions, asked(1)).await;
    check(&sessions).await;
    writer.finish(answer("a")).await.expect("written");
    let later = home.sessions().await;
    check(&later).await;
    assert_eq!(answered(&later, asked(1)).await.message, message("a:a"));
}
