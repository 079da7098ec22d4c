use super::*;
use openclaw::config::{Bytes, Maintenance, MaintenanceMode, Span};
use openclaw::sessions::Upkeep;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn rules() -> Maintenance {
    Maintenance {
        mode: MaintenanceMode::Enforce,
        prune_after: Span(30 * DAY),
        max_entries: 100,
        max_disk_bytes: Bytes(1 << 40),
    }
}

/// One session a day, the first 40 days ago; the main one is the oldest.
async fn forty(home: &Home) -> Sessions {
    let sessions = home.sessions().await;
    turn(&sessions, &key("main"), "u:1", "2").await;
    for day in 0..40 {
        turn(&sessions, &key(&format!("d{day}")), "u:1", "2").await;
        home.clock.advance(DAY);
    }
    sessions
}

async fn count(sessions: &Sessions) -> u64 {
    sessions.list(&openclaw::sessions::Filter::default()).await.expect("readable").total
}

fn names(keys: &[SessionKey]) -> String {
    keys.iter().map(SessionKey::rest).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn old_and_surplus_sessions_go_but_not_the_main_one_nor_one_in_use() {
    let home = Home::new();
    let sessions = forty(&home).await;
    let in_use = claim(&sessions, begin(&key("d1"), "u:3")).await;
    home.clock.advance(Duration::from_secs(1));
    let rules = Maintenance { max_entries: 28, ..rules() };
    let plan = sessions.plan_upkeep(&rules).await.expect("planned");
    assert_eq!(names(&plan.expired), "d0 d2 d3 d4 d5 d6 d7 d8 d9 d10");
    // 31 are left: the main one, the one in use, and 29 more; 3 are too many.
    assert_eq!(names(&plan.surplus), "d11 d12 d13");
    assert_eq!(count(&sessions).await, 41);
    let warned = Maintenance { mode: MaintenanceMode::Warn, ..rules.clone() };
    assert_eq!(sessions.maintain(&warned).await.expect("planned"), plan);
    assert_eq!(count(&sessions).await, 41);

    assert_eq!(sessions.maintain(&rules).await.expect("done"), plan);
    assert_eq!(count(&sessions).await, 28);
    assert_eq!(sessions.maintain(&rules).await.expect("done"), Upkeep::default());
    assert_eq!(sessions.row(&key("d0")).await.expect("ok"), None);
    assert_eq!(transcript(&sessions, &key("main")).await, "o:new u:1 a:2");
    in_use.finish(answer("4")).await.expect("written");

    // However few may stay, those two do.
    let in_use = claim(&sessions, begin(&key("d1"), "u:5")).await;
    home.clock.advance(90 * DAY);
    let rules = Maintenance { max_entries: 1, ..rules };
    let plan = sessions.plan_upkeep(&rules).await.expect("planned");
    assert_eq!((plan.expired.len(), plan.surplus.len()), (26, 0));
    assert_eq!(sessions.maintain(&rules).await.expect("done"), plan);
    assert_eq!(count(&sessions).await, 2);
    in_use.finish(answer("6")).await.expect("written");
}

#[tokio::test]
async fn the_disk_budget_is_kept() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let text = "tulips and roses ".repeat(4_000);
    for at in 0..20 {
        let key = key(&format!("d{at}"));
        let mut large = begin(&key, "");
        large.input = vec![Message::User { content: Content::Text(text.clone()), name: None }];
        claim(&sessions, large).await.finish(answer("a")).await.expect("written");
        home.clock.advance(Duration::from_secs(1));
    }
    // An earlier transcript goes before a session does.
    sessions.reset(&key("d19")).await.expect("reset");
    let store = home.store();
    store.compact().await.expect("compacted");
    let full = store.size().await.expect("readable");
    let budget = Maintenance { max_disk_bytes: Bytes(full * 3 / 4), ..rules() };
    let done = sessions.maintain(&budget).await.expect("done");
    assert_eq!((done.retired, done.expired.len(), done.surplus.len()), (1, 0, 0));
    assert!(names(&done.oversize).starts_with("d0 d1 d2"), "{done:?}");
    assert!((3..=7).contains(&done.oversize.len()), "{done:?}");
    for _ in 0..3 {
        sessions.maintain(&budget).await.expect("done");
    }
    let size = store.size().await.expect("readable");
    assert!(size <= full * 3 / 4, "{size} of {full}");
    assert!(count(&sessions).await >= 10);
}

#[tokio::test]
async fn earlier_transcripts_go_when_they_are_old() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    turn(&sessions, &key, "u:1", "2").await;
    let first = row(&sessions, &key).await.session_id;
    sessions.reset(&key).await.expect("reset");
    home.clock.advance(20 * DAY);
    turn(&sessions, &key, "u:3", "4").await;
    assert_eq!(sessions.maintain(&rules()).await.expect("done"), Upkeep::default());
    home.clock.advance(20 * DAY);
    let plan = sessions.plan_upkeep(&rules()).await.expect("planned");
    assert_eq!(plan, Upkeep { retired: 1, ..Upkeep::default() });
    assert_eq!(sessions.maintain(&rules()).await.expect("done"), plan);
    let page = Page::After { sequence: 0, limit: 1 };
    let left = home.store().events(&format!("session/{key}/{first}"), page).await;
    assert_eq!(left.expect("readable"), []);
    assert_eq!(transcript(&sessions, &key).await, "o:reset u:3 a:4");
}

#[tokio::test]
async fn what_has_lost_its_other_half_is_found_and_mended() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let (hollow, alone, whole) = (key("hollow"), key("alone"), key("whole"));
    for key in [&hollow, &alone, &whole] {
        turn(&sessions, key, "u:1", "2").await;
    }
    let id = row(&sessions, &alone).await.session_id;
    let damage = async || {
        let id = row(&sessions, &hollow).await.session_id;
        let mut batch = Batch::new();
        batch.remove_stream(&format!("session/{hollow}/{id}"));
        home.store().commit(batch).await.expect("committed");
    };
    damage().await;
    let mut batch = Batch::new();
    batch.delete(Slot { space: "sessions", key: alone.as_str() }, Expect::Any);
    home.store().commit(batch).await.expect("committed");

    let plan = sessions.plan_upkeep(&rules()).await.expect("planned");
    assert_eq!(plan, Upkeep { orphans: 2, ..Upkeep::default() });
    assert_eq!(sessions.maintain(&rules()).await.expect("done"), plan);
    assert_eq!(sessions.plan_upkeep(&rules()).await.expect("planned"), Upkeep::default());
    assert_eq!(sessions.row(&hollow).await.expect("ok"), None);
    assert_eq!(transcript(&sessions, &whole).await, "o:new u:1 a:2");
    // The transcript without a row is kept as long as other earlier ones.
    let stream = format!("session/{alone}/{id}");
    let page = Page::After { sequence: 0, limit: 9 };
    assert_eq!(home.store().events(&stream, page).await.expect("ok").len(), 3);

    // Mending alone removes nothing else.
    turn(&sessions, &hollow, "u:1", "2").await;
    damage().await;
    home.clock.advance(60 * DAY);
    assert_eq!(sessions.mend().await.expect("mended"), 1);
    assert_eq!(count(&sessions).await, 1);
    assert_eq!(sessions.mend().await.expect("mended"), 0);
    sessions.maintain(&rules()).await.expect("done");
    assert_eq!(home.store().events(&stream, page).await.expect("ok"), []);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_put_away() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let (broken, whole) = (key("broken"), key("whole"));
    turn(&sessions, &broken, "u:1", "2").await;
    turn(&sessions, &whole, "u:1", "2").await;
    let id = row(&sessions, &broken).await.session_id;
    break_row(&home, &broken).await;

    let plan = sessions.plan_upkeep(&rules()).await.expect("planned");
    assert_eq!(plan, Upkeep { orphans: 1, ..Upkeep::default() });
    assert_eq!(sessions.mend().await.expect("mended"), 1);
    assert_eq!(sessions.plan_upkeep(&rules()).await.expect("planned"), Upkeep::default());
    // The session can be used again; what was said in it is kept for a while.
    assert_eq!(turn(&sessions, &broken, "u:3", "4").await, "u:3");
    let stream = format!("session/{broken}/{id}");
    let page = Page::After { sequence: 0, limit: 9 };
    assert_eq!(home.store().events(&stream, page).await.expect("ok").len(), 3);
    home.clock.advance(40 * DAY);
    turn(&sessions, &broken, "u:5", "6").await;
    let done = sessions.maintain(&rules()).await.expect("done");
    assert_eq!((done.retired, names(&done.expired).as_str()), (1, "whole"));
    assert_eq!(home.store().events(&stream, page).await.expect("ok"), []);
}

#[tokio::test]
async fn what_a_removal_left_behind_goes_at_once() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    turn(&sessions, &key, "u:1", "2").await;
    let id = row(&sessions, &key).await.session_id;
    // As after the first commit of a removal whose process then dies.
    let mut batch = Batch::new();
    batch.delete(Slot { space: "sessions", key: key.as_str() }, Expect::Any);
    let record =
        NewRecord { value: "{\"bytes\":0}".to_owned(), rank: i64::MIN, group: key.to_string() };
    batch.put(Slot { space: "transcripts", key: &format!("{key} {id}") }, record, Expect::Any);
    home.store().commit(batch).await.expect("committed");
    turn(&sessions, &key, "u:3", "4").await;

    let done = sessions.maintain(&rules()).await.expect("done");
    assert_eq!(done, Upkeep { retired: 1, ..Upkeep::default() });
    let page = Page::After { sequence: 0, limit: 9 };
    let left = home.store().events(&format!("session/{key}/{id}"), page).await;
    assert_eq!(left.expect("readable"), []);
    assert_eq!(transcript(&sessions, &key).await, "o:new u:3 a:4");
}

#[tokio::test]
async fn a_run_whose_end_could_not_be_written_keeps_nothing() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let (anna, bert) = (key("direct:anna"), key("direct:bert"));
    // Their marks stay: no end is written.
    drop(claim(&sessions, begin(&anna, "u:1")).await);
    drop(claim(&sessions, begin(&bert, "u:1")).await);
    // Another process cannot tell that they are over.
    let error = home.sessions().await.remove(&anna).await.expect_err("in use");
    assert!(matches!(error, Error::Running(_)), "{error}");
    assert!(sessions.remove(&anna).await.expect("removed"));
    home.clock.advance(40 * DAY);
    let done = sessions.maintain(&rules()).await.expect("done");
    assert_eq!(names(&done.expired), "direct:bert");
    assert_eq!(home.store().count("running", &Listing::default()).await.expect("ok"), 0);
}

#[tokio::test]
async fn notices_that_nobody_reads_go_under_either_mode() {
    let home = Home::new();
    let sessions = home.sessions().await;
    for mode in [MaintenanceMode::Warn, MaintenanceMode::Enforce] {
        sessions.announce(&key("direct:anna"), "news").await.expect("queued");
        home.clock.advance(40 * DAY);
        sessions.maintain(&Maintenance { mode, ..rules() }).await.expect("done");
        assert_eq!(
            home.store().count("notices", &Listing::default()).await.expect("ok"),
            0,
            "{mode:?}"
        );
    }
}

#[tokio::test]
async fn a_removal_is_one_commit_and_then_bit_by_bit() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let long: Vec<String> = (0..1_000).map(|at| format!("u:{at}")).collect();
    turn(&sessions, &key, &long.join(" "), "a").await;
    sessions.reset(&key).await.expect("reset");
    turn(&sessions, &key, "u:1", "a").await;
    // A lease that nobody gave back, long ago.
    let mut batch = Batch::new();
    batch.acquire(&format!("session/{key}"), "another machine", Duration::ZERO);
    home.store().commit(batch).await.expect("free");
    home.clock.advance(Duration::from_secs(1));
    assert!(sessions.remove(&key).await.expect("removed"));
    let store = home.store();
    assert_eq!(store.streams("session/", "", 9).await.expect("ok"), Vec::<String>::new());
    for space in ["sessions", "transcripts", "running", "notices"] {
        assert_eq!(store.count(space, &Listing::default()).await.expect("ok"), 0, "{space}");
    }

    // Somebody who holds the session keeps it.
    turn(&sessions, &key, "u:1", "a").await;
    let mut batch = Batch::new();
    batch.acquire(&format!("session/{key}"), "another machine", DAY);
    home.store().commit(batch).await.expect("free");
    let error = sessions.remove(&key).await.expect_err("in use");
    assert!(matches!(error, Error::Running(_)), "{error}");
}
