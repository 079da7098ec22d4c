//! Opening, closing, backups, upkeep.

use super::{Ground, MINUTE, NOON, append, batch, event, everything, marked, put, record, worded};
use openclaw::store::{Batch, Clock, Error, Expect, Key, Page, Slot, Store};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One of everything.
fn one_of_each() -> Batch {
    batch(|b| {
        b.acquire("lease", "me", MINUTE);
        b.append("journal", marked("{}", "mark"));
        b.append("journal", worded("word"));
        b.put(Slot { space: "rows", key: "a" }, record("value"), Expect::Absent);
        b.add(Slot { space: "rows", key: "sum" }, record(""), &[("n".to_owned(), 2)].into());
        b.send("topic", "parcel".to_owned(), Some("mark"));
        let (id, grants) = ("key".to_owned(), "{}".to_owned());
        let key = Key { id, grants, created_at: NOON, expires_at: None, revoked_at: None };
        b.add_key([7; 32], key);
    })
}

/// Everything a store tells, as text.
async fn told(store: &Store) -> String {
    let events = store.events("journal", Page::After { sequence: 0, limit: 99 }).await;
    let once = store.event_once("journal", "mark").await;
    let hits = store.search("", "word", 9).await;
    let rows = store.records("rows", everything()).await;
    let count = store.count("rows", &everything()).await;
    let keys = (store.keys().await, store.key(&[7; 32]).await);
    let held = store.commit(batch(|b| b.acquire("lease", "you", MINUTE))).await;
    format!("{events:?} {once:?} {hits:?} {rows:?} {count:?} {keys:?} {held:?}")
}

pub(crate) async fn everything_is_there_after_reopening(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    let fence = store.commit(one_of_each()).await.expect("committed").fence.expect("a fence");
    let before = told(&store).await;
    assert!(!before.contains("Ok([])") && before.contains("Held"), "{before}");
    store.close().await;
    let store = ground.open_at(&clock);
    assert_eq!(told(&store).await, before);
    drop(store);
    let store = ground.open_at(&clock);
    assert_eq!(told(&store).await, before, "a store that was dropped loses nothing either");
    store.commit(batch(|b| b.fenced(&fence))).await.expect("a fence outlives the process");
    let parcels = store.claim("topic", 9, MINUTE).await.expect("claimed");
    assert_eq!(parcels.len(), 1);
    assert_eq!(append(&store, "journal", event("{}")).await, 3);
}

pub(crate) async fn a_closed_store_says_so(ground: &Ground) {
    let store = ground.open();
    let other = store.clone();
    append(&store, "journal", event("{}")).await;
    tokio::join!(store.close(), other.close());
    other.close().await;
    let page = Page::After { sequence: 0, limit: 1 };
    assert_eq!(other.commit(Batch::new()).await, Err(Error::Closed));
    assert_eq!(other.events("journal", page).await, Err(Error::Closed));
    assert_eq!(other.claim("topic", 1, MINUTE).await, Err(Error::Closed));
    assert_eq!(other.keys().await, Err(Error::Closed));
    assert_eq!(other.check().await, Err(Error::Closed));
    assert_eq!(other.compact().await, Err(Error::Closed));
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(other.backup(&folder.path().join("copy")).await, Err(Error::Closed));
    assert_eq!(files_in(folder.path()), [""; 0]);
}

pub(crate) async fn closing_finishes_what_is_queued(ground: &Ground) {
    let store = ground.open();
    let mut commits = Vec::new();
    for _ in 0..100 {
        let mut commit = Box::pin(store.commit(batch(|b| b.append("journal", event("{}")))));
        // Queued, and not waited for.
        let _ = futures_util::poll!(&mut commit);
        commits.push(commit);
    }
    store.close().await;
    drop(commits);
    assert_eq!(append(&ground.open(), "journal", event("{}")).await, 101);
}

pub(crate) async fn two_open_stores_share_a_file(ground: &Ground) {
    let stores = [ground.open(), ground.open()];
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = stores[task % 2].clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    append(&store, "journal", event("{}")).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    stores[0].close().await;
    assert_eq!(append(&stores[1], "journal", event("{}")).await, 81);
    let seen = ground.open().events("journal", Page::After { sequence: 79, limit: 9 }).await;
    assert_eq!(seen.expect("read").len(), 2);
}

pub(crate) async fn a_backup_is_a_store(ground: &Ground) {
    let clock = Clock::standing_at(NOON);
    let store = ground.open_at(&clock);
    store.commit(one_of_each()).await.expect("committed");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let to = folder.path().join("copy");
    let backup = store.backup(&to).await.expect("copied");
    assert_eq!(files_in(folder.path()), ["copy"], "one file and nothing beside it");
    assert_eq!(std::fs::metadata(&to).expect("there").len(), backup.bytes);
    let before = told(&store).await;
    put(&store, "rows", "later", "is not in the copy").await;
    let copy = Store::open_existing(&to, clock).expect("a copy opens");
    assert_eq!(told(&copy).await, before);
    copy.check().await.expect("whole");
    assert_eq!(append(&copy, "journal", event("{}")).await, 3, "a copy is written on");
}

pub(crate) async fn a_backup_is_one_moment_while_others_write(ground: &Ground) {
    let store = ground.open();
    let filler = "x".repeat(20_000);
    for _ in 0..100 {
        append(&store, "filler", event(&filler)).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let (writer, stopped) = (store.clone(), Arc::clone(&stop));
    let writing = tokio::spawn(async move {
        let mut written = 0;
        while !stopped.load(Ordering::Acquire) {
            written += 1;
            let both = batch(|b| {
                b.append("journal", event(&written.to_string()));
                b.put(
                    Slot { space: "rows", key: "last" },
                    record(&written.to_string()),
                    Expect::Any,
                );
            });
            writer.commit(both).await.expect("writers go on during a backup");
        }
        written
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    for i in 0..5 {
        let to = folder.path().join(format!("copy {i}"));
        let before = last_of(&store).await;
        store.backup(&to).await.expect("copied");
        let copy = Store::open_existing(&to, Clock::system()).expect("a copy opens");
        let (event, row) = (last_of(&copy).await, copy.record("rows", "last").await);
        let row = row.expect("read").map_or(0, |row| row.value.parse().expect("a number"));
        assert_eq!(event, row, "both of a batch or none");
        assert!(event >= before, "nothing that was committed before is missing");
    }
    stop.store(true, Ordering::Release);
    assert!(writing.await.expect("no panic") > 5, "the writer was not held up");
}

async fn last_of(store: &Store) -> u64 {
    let last = store.events("journal", Page::Before { sequence: u64::MAX, limit: 1 }).await;
    last.expect("read").first().map_or(0, |event| event.sequence)
}

pub(crate) async fn a_backup_replaces_nothing(ground: &Ground) {
    let store = ground.open();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let to = folder.path().join("copy");
    std::fs::write(&to, "precious").expect("written");
    let refused = store.backup(&to).await.expect_err("it is there already").to_string();
    assert!(refused.contains("choose another name"), "{refused}");
    assert_eq!(std::fs::read_to_string(&to).expect("read"), "precious");
    let nowhere = store.backup(&folder.path().join("no folder").join("copy")).await;
    assert!(matches!(nowhere, Err(Error::Unusable { .. })), "{nowhere:?}");
    let race = folder.path().join("race");
    let at_once = tokio::join!(store.backup(&race), store.backup(&race));
    assert_eq!(u8::from(at_once.0.is_ok()) + u8::from(at_once.1.is_ok()), 1, "{at_once:?}");
    assert_eq!(files_in(folder.path()), ["copy", "race"], "nothing is left behind");
}

pub(crate) async fn compacting_gives_room_back(ground: &Ground) {
    let store = ground.open();
    let text = "many different words ".repeat(500);
    for stream in 0..40 {
        let many = batch(|b| {
            (0..10).for_each(|_| b.append(&format!("journal {stream}"), worded(&text)));
        });
        store.commit(many).await.expect("committed");
    }
    let full = store.size().await.expect("measured");
    let all = batch(|b| (1..40).for_each(|i| b.remove_stream(&format!("journal {i}"))));
    store.commit(all).await.expect("removed");
    let busy = store.clone();
    let (compacted, written) = tokio::join!(store.compact(), async move {
        for _ in 0..20 {
            append(&busy, "journal 0", event("{}")).await;
        }
    });
    compacted.expect("compacted");
    let () = written;
    store.compact().await.expect("compacted");
    let left = store.size().await.expect("measured");
    assert!(left < full / 5, "{left} of {full} bytes are left");
    store.check().await.expect("whole");
    assert_eq!(last_event(&store).await, 30);
}

async fn last_event(store: &Store) -> u64 {
    let last = store.events("journal 0", Page::Before { sequence: u64::MAX, limit: 1 }).await;
    last.expect("read")[0].sequence
}

pub(crate) async fn a_whole_store_checks(ground: &Ground) {
    let store = ground.open();
    assert_eq!(store.check().await, Ok(()));
    store.commit(one_of_each()).await.expect("committed");
    assert_eq!(store.check().await, Ok(()));
}

/// The names of the files in a folder.
fn files_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a readable folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
