use super::*;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use openclaw::config::ResetMode;
use openclaw::sessions::Patch;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

/// The clock of `home` shows this hour of 10 March 2026 where the tests run.
fn at_hour(home: &mut Home, hour: i8) {
    let time = civil::date(2026, 3, 10).at(hour, 0, 0, 0);
    let time = time.to_zoned_datetime(TimeZone::system()).expect("a time").timestamp();
    home.clock = Clock::standing_at(Timestamp::as_millisecond(time));
}

#[tokio::test]
async fn a_session_begins_anew_by_its_rule() {
    let mut home = Home::new();
    at_hour(&mut home, 3);
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let with = |mode, idle_minutes, input: &str| {
        let reset = Reset { mode, at_hour: 4, idle_minutes };
        Begin { reset, ..begin(&key, input) }
    };
    let ask = async |begin: Begin| {
        let mut writer = claim(&sessions, begin).await;
        let read = script(&writer.take_conversation());
        writer.finish(answer("re")).await.expect("written");
        read
    };
    assert_eq!(ask(with(ResetMode::Daily, None, "u:1")).await, "u:1");
    let first = row(&sessions, &key).await;
    let patch = Patch { label: Some("Anna".to_owned()), model_override: Some("a/b".to_owned()) };
    sessions.patch(&key, patch).await.expect("patched");
    assert_eq!(ask(with(ResetMode::Daily, None, "u:2")).await, "u:1 a:re u:2");
    home.clock.advance(HOUR);
    assert_eq!(ask(with(ResetMode::None, None, "u:3")).await, "u:1 a:re u:2 a:re u:3");
    home.clock.advance(24 * HOUR);
    assert_eq!(ask(with(ResetMode::Daily, None, "u:4")).await, "u:4");
    assert_eq!(transcript(&sessions, &key).await, "o:daily u:4 a:re");
    let daily = row(&sessions, &key).await;
    assert_ne!(daily.session_id, first.session_id);
    assert_eq!(daily.session_started_at, home.clock.now());
    assert_eq!((daily.entries, daily.messages, daily.output_tokens), (3, 2, 3));
    // What people set outlives it.
    assert_eq!(
        (daily.label.as_deref(), daily.model_override.as_deref()),
        (Some("Anna"), Some("a/b"))
    );

    home.clock.advance(Duration::from_secs(29 * 60));
    assert_eq!(ask(with(ResetMode::Idle, Some(30), "u:5")).await, "u:4 a:re u:5");
    home.clock.advance(Duration::from_secs(30 * 60));
    // A client that holds the history begins a transcript with it.
    assert_eq!(ask(with(ResetMode::Idle, Some(30), "u:8 a:9 u:6")).await, "u:8 a:9 u:6");
    assert_eq!(transcript(&sessions, &key).await, "o:idle u:8 a:9 u:6 a:re");
}

#[tokio::test]
async fn only_turns_count_as_use() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    turn(&sessions, &key, "u:1", "2").await;
    home.clock.advance(HOUR);
    sessions.announce(&key, "news").await.expect("queued");
    sessions
        .patch(&key, Patch { label: Some("x".to_owned()), ..Patch::default() })
        .await
        .expect("ok");
    let reset = Reset { mode: ResetMode::Idle, at_hour: 4, idle_minutes: Some(60) };
    let mut writer = claim(&sessions, Begin { reset, ..begin(&key, "u:3") }).await;
    assert_eq!(script(&writer.take_conversation()), "s:news u:3");
}

#[tokio::test]
async fn people_begin_a_session_anew() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    assert_eq!(sessions.reset(&key).await.expect("ok"), None);
    turn(&sessions, &key, "u:1", "2").await;
    // A run that is under way goes on where it began.
    let writer = claim(&sessions, begin(&key, "u:3")).await;
    let fresh = sessions.reset(&key).await.expect("reset").expect("there");
    writer.finish(answer("4")).await.expect("written");
    assert_eq!(transcript(&sessions, &key).await, "o:reset");
    let row = row(&sessions, &key).await;
    assert_eq!((row.entries, row.messages, row.input_tokens), (1, 0, 0));
    assert_eq!(row.session_id, fresh.session_id);
    // The rule has nothing to add to a reset by hand.
    home.clock.advance(48 * HOUR);
    let reset = Reset { mode: ResetMode::Daily, at_hour: 4, idle_minutes: Some(1) };
    let mut writer = claim(&sessions, Begin { reset, ..begin(&key, "u:5") }).await;
    assert_eq!(script(&writer.take_conversation()), "u:5");
    writer.finish(answer("6")).await.expect("written");
    assert_eq!(transcript(&sessions, &key).await, "o:reset u:5 a:6");
}
