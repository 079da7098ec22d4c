use super::*;

#[tokio::test]
async fn a_stale_writer_cannot_append() {
    let home = Home::new();
    let key = key("direct:anna");
    // Two processes of one installation, the second of which takes over.
    let (first, second) = (home.sessions().await, home.sessions().await);
    let mut old = claim(&first, begin(&key, "u:1")).await;
    let new = claim(&second, begin(&key, "u:2")).await;
    let error = old.say(messages("u:late")).await.expect_err("stale");
    assert!(matches!(&error, Error::Stale(stale) if *stale == key), "{error}");
    let error = old.finish(answer("late")).await.expect_err("stale");
    assert!(matches!(error, Error::Stale(_)), "{error}");
    new.finish(answer("3")).await.expect("written");
    let told = transcript(&first, &key).await;
    assert_eq!(told, "o:new u:1 b:Interrupted u:2 a:3");
}

#[tokio::test]
async fn a_writer_stays_stale_after_the_newer_one_is_done() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let old = claim(&sessions, begin(&key, "u:1")).await;
    turn(&sessions, &key, "u:2", "3").await;
    let before = row(&sessions, &key).await;
    let error = old.finish(answer("late")).await.expect_err("stale");
    assert!(matches!(error, Error::Stale(_)), "{error}");
    assert_eq!(row(&sessions, &key).await, before);
}

#[tokio::test]
async fn a_claim_elsewhere_is_respected() {
    let home = Home::new();
    let (sessions, store) = (home.sessions().await, home.store());
    let key = key("direct:anna");
    let mut batch = openclaw::store::Batch::new();
    batch.acquire(&format!("session/{key}"), "another machine", std::time::Duration::from_secs(60));
    store.commit(batch).await.expect("committed");
    let error = sessions.begin(begin(&key, "u:1")).await.expect_err("held");
    assert!(matches!(&error, Error::Running(held) if *held == key), "{error}");
    assert_eq!(sessions.row(&key).await.expect("readable"), None);
    home.clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(turn(&sessions, &key, "u:1", "2").await, "u:1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sessions_grow_at_once() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let mut tasks = tokio::task::JoinSet::new();
    for session in 0..20 {
        let sessions = sessions.clone();
        tasks.spawn(async move {
            let key = key(&format!("direct:{session}"));
            for at in 0..5 {
                turn(&sessions, &key, &format!("u:{at}"), &format!("re-{at}")).await;
            }
            transcript(&sessions, &key).await
        });
    }
    let whole = "o:new u:0 a:re-0 u:1 a:re-1 u:2 a:re-2 u:3 a:re-3 u:4 a:re-4";
    while let Some(told) = tasks.join_next().await {
        assert_eq!(told.expect("no panic"), whole);
    }
}

/// Whoever claims last writes; everybody else is told so, and nothing is lost of what was asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_of_one_session_do_not_mix() {
    let home = Home::new();
    let key = key("direct:anna");
    let mut tasks = tokio::task::JoinSet::new();
    let handles = [home.sessions().await, home.sessions().await];
    for writer in 0..12 {
        let (sessions, key) = (handles[writer % 2].clone(), key.clone());
        tasks.spawn(async move {
            let mut asked = 0;
            let mut answered = Vec::new();
            for at in 0..4 {
                let begun = sessions.begin(begin(&key, &format!("u:{writer}.{at}"))).await;
                // Under such a crowd a claim may fail, but then it leaves no trace.
                let Ok(Begun::Turn(claimed)) = begun else { continue };
                asked += 1;
                let reply = format!("re-{writer}.{at}");
                if claimed.finish(answer(&reply)).await.is_ok() {
                    answered.push(reply);
                }
            }
            (asked, answered)
        });
    }
    let (mut asked, mut answered) = (0, Vec::new());
    while let Some(told) = tasks.join_next().await {
        let (mine, replies) = told.expect("no panic");
        asked += mine;
        answered.extend(replies);
    }
    let told = transcript(&handles[0], &key).await;
    let words: Vec<&str> = told.split(' ').collect();
    let questions: Vec<&str> =
        words.iter().copied().filter(|word| word.starts_with("u:")).collect();
    assert_eq!(questions.len(), asked);
    for pair in words.windows(2).filter(|pair| pair[1].starts_with("a:")) {
        assert_eq!(pair[0].trim_start_matches("u:"), pair[1].trim_start_matches("a:re-"), "{told}");
    }
    let mut written: Vec<String> =
        words.iter().filter_map(|word| word.strip_prefix("a:")).map(str::to_owned).collect();
    written.sort();
    answered.sort();
    assert_eq!(written, answered);
    let row = row(&handles[1], &key).await;
    assert_eq!((row.entries, row.messages), (words.len() as u64, (asked + answered.len()) as u64));
}

#[tokio::test]
async fn an_end_that_the_store_does_not_take_is_tried_again() {
    let home = Home::new();
    let store = home.store();
    let sessions = Sessions::open(store.clone(), &Tasks::new()).await.expect("the sessions open");
    let key = key("direct:anna");
    let writer = claim(&sessions, begin(&key, "u:1")).await;
    let file = file_in(&home.folder.path().join(".openclaw"));
    let other = rusqlite::Connection::open(&file).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE;").expect("locked");
    let unlock = async {
        // It waits behind the end, and so fails no sooner.
        let refused = store.commit(Batch::new()).await;
        assert!(matches!(refused, Err(openclaw::store::Error::Locked(_))), "{refused:?}");
        other.execute_batch("ROLLBACK;").expect("unlocked");
    };
    let (finished, ()) = tokio::join!(writer.finish(answer("2")), unlock);
    finished.expect("written after all");
    assert_eq!(transcript(&sessions, &key).await, "o:new u:1 a:2");
}
