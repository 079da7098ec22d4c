use super::*;
use openclaw::sessions::Interrupted;

#[tokio::test]
async fn what_a_process_left_is_marked_once() {
    let home = Home::new();
    let (anna, bert) = (key("direct:anna"), key("direct:bert"));
    let left = begin(&anna, "u:1");
    let run = left.run;
    // Forgotten, as by a process that dies.
    let first = home.sessions().await;
    std::mem::forget(claim(&first, left).await);
    turn(&first, &bert, "u:1", "2").await;

    let second = home.sessions().await;
    let own = claim(&second, begin(&bert, "u:3")).await;
    let found = second.recover().await.expect("recovered");
    assert_eq!(found, [Interrupted { run, key: anna.clone() }]);
    assert_eq!(second.recover().await.expect("recovered"), []);
    // The claim was given back: anybody may have the session at once.
    let mut batch = Batch::new();
    batch.acquire(&format!("session/{anna}"), "another machine", std::time::Duration::ZERO);
    home.store().commit(batch).await.expect("free");
    assert!(row(&second, &anna).await.aborted_last_run);
    assert_eq!(transcript(&second, &anna).await, "o:new u:1 b:Interrupted");
    own.finish(answer("4")).await.expect("its own run goes on");
    assert_eq!(transcript(&second, &bert).await, "o:new u:1 a:2 u:3 a:4");

    let entries = entries(&second, &anna).await;
    let Body::Broken { run: broken, why, .. } = &entries[2].body else { panic!("{entries:?}") };
    assert_eq!(
        (*broken, why.as_str()),
        (run, "the gateway stopped before the run came to its end")
    );
    // The session goes on, and can be removed.
    assert_eq!(turn(&second, &anna, "u:2", "3").await, "u:1 u:2");
    assert!(second.remove(&anna).await.expect("removed"));
}

#[tokio::test]
async fn a_process_that_is_not_gone_after_all_is_shut_out() {
    let home = Home::new();
    let key = key("direct:anna");
    let first = home.sessions().await;
    let writer = claim(&first, begin(&key, "u:1")).await;
    let second = home.sessions().await;
    assert_eq!(second.recover().await.expect("recovered").len(), 1);
    let error = writer.finish(answer("late")).await.expect_err("stale");
    assert!(matches!(error, Error::Stale(_)), "{error}");
    assert_eq!(transcript(&second, &key).await, "o:new u:1 b:Interrupted");
}

#[tokio::test]
async fn a_run_in_an_earlier_transcript_is_marked_there() {
    let home = Home::new();
    let key = key("direct:anna");
    let first = home.sessions().await;
    let writer = claim(&first, begin(&key, "u:1")).await;
    first.reset(&key).await.expect("reset").expect("there");
    drop(writer);
    let second = home.sessions().await;
    assert_eq!(second.recover().await.expect("recovered").len(), 1);
    assert_eq!(transcript(&second, &key).await, "o:reset");
    let row = row(&second, &key).await;
    assert_eq!((row.entries, row.aborted_last_run), (1, false));
}
