use super::*;

#[tokio::test]
async fn a_notice_is_told_once_before_the_next_turn() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    // It may come before the session itself.
    sessions.announce(&key, "one").await.expect("queued");
    sessions.announce(&key, "two").await.expect("queued");
    sessions.announce(&super::key("direct:anna2"), "other").await.expect("queued");
    assert_eq!(turn(&sessions, &key, "s:x u:1", "2").await, "s:x s:one s:two u:1");
    sessions.announce(&key, "three").await.expect("queued");
    assert_eq!(turn(&sessions, &key, "s:x u:1 a:2 u:3", "4").await, "s:x s:three u:1 a:2 u:3");
    assert_eq!(turn(&sessions, &key, "u:5", "6").await, "u:1 a:2 u:3 a:4 u:5");
    assert_eq!(
        transcript(&sessions, &key).await,
        "o:new n:one n:two u:1 a:2 n:three u:3 a:4 u:5 a:6"
    );
}

#[tokio::test]
async fn notices_are_bounded() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    for at in 0..53 {
        sessions.announce(&key, &format!("{at}")).await.expect("queued");
    }
    let read = turn(&sessions, &key, "u:1", "2").await;
    let told: Vec<&str> = read.split(' ').collect();
    assert_eq!((told.len(), told[0], told[49]), (51, "s:3", "s:52"));
    sessions.announce(&key, &"ä".repeat(3_000)).await.expect("queued");
    let mut writer = claim(&sessions, begin(&key, "u:3")).await;
    let Message::System { text } = &writer.take_conversation()[0] else { panic!("a notice") };
    assert_eq!(text.len(), 4_096);
}

#[tokio::test]
async fn a_removed_session_leaves_no_notice() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    turn(&sessions, &key, "u:1", "2").await;
    sessions.announce(&key, "late").await.expect("queued");
    assert!(sessions.remove(&key).await.expect("removed"));
    assert_eq!(turn(&sessions, &key, "u:1", "2").await, "u:1");
}
