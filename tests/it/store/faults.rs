//! What the store does when its file is not as it left it, or somebody else has it.

use super::contract::{append, batch, event, everything, marked, put, worded};
use openclaw::store::{Clock, Error, Page, Store};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PAGE: usize = 4096;

fn open(file: &Path) -> Result<Store, Error> {
    Store::open(file, Clock::system())
}

/// A folder and the name of a store in it.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("store.sqlite");
    (folder, file)
}

/// A closed store with something in every table.
async fn filled() -> (TempDir, PathBuf) {
    let (folder, file) = place();
    let store = open(&file).expect("opened");
    for i in 0..40 {
        let text = format!("words of number {i} {}", "and more ".repeat(60));
        append(&store, &format!("journal {}", i % 3), worded(&text)).await;
        put(&store, "rows", &format!("key {i}"), &"value ".repeat(30)).await;
    }
    append(&store, "journal 0", marked(&"long ".repeat(4000), "mark")).await;
    let rest = batch(|b| {
        b.acquire("lease", "me", super::contract::MINUTE);
        b.send("topic", "parcel".to_owned(), Some("mark"));
    });
    store.commit(rest).await.expect("committed");
    store.close().await;
    (folder, file)
}

#[test]
fn a_missing_store_is_not_made_unasked() {
    let (folder, file) = place();
    let missing = Store::open_existing(&file, Clock::system()).expect_err("there is none");
    assert_eq!(missing, Error::Missing(file));
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 0);
}

#[tokio::test]
async fn a_closed_store_is_one_file() {
    let (folder, _file) = filled().await;
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
}

/// The writer is the last to close the file, and then the log is gone.
#[tokio::test]
async fn a_dropped_store_ends_its_writer() {
    let (folder, file) = filled().await;
    let store = open(&file).expect("opened");
    store.record("rows", "key 1").await.expect("read");
    let queued = store.commit(batch(|b| b.append("journal", event("{}"))));
    let mut queued = Box::pin(queued);
    let _ = futures_util::poll!(&mut queued);
    drop(queued);
    drop(store);
    crate::support::soon(async {
        while fs::read_dir(folder.path()).expect("listed").count() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(append(&open(&file).expect("opened"), "journal", event("{}")).await, 2);
}

#[tokio::test]
async fn a_backup_takes_no_name_of_the_stores_own_files() {
    let (folder, file) = filled().await;
    let store = open(&file).expect("opened");
    for end in ["-journal", "-wal", "-shm"] {
        let target = folder.path().join(format!("store.sqlite{end}"));
        let there = target.exists();
        let error = store.backup(&target).await.expect_err("refused");
        assert!(error.to_string().contains(end), "{error}");
        assert_eq!(target.exists(), there, "{end}");
    }
    store.backup(&folder.path().join("store-2.sqlite")).await.expect("another name");
}

#[tokio::test]
async fn a_backup_needs_no_log() {
    let (folder, file) = filled().await;
    let to = folder.path().join("copy");
    open(&file).expect("opened").backup(&to).await.expect("copied");
    // Bytes of the header that say what journal the file is written and read with.
    assert_eq!(fs::read(&to).expect("read")[18..20], [1, 1]);
}

#[tokio::test]
async fn a_backup_says_whether_the_store_or_the_copy_is_at_fault() {
    let (folder, file) = filled().await;
    let nowhere = folder.path().join("none").join("copy");
    let store = open(&file).expect("opened");
    let refused = store.backup(&nowhere).await.expect_err("there is no such folder");
    assert!(matches!(&refused, Error::Unusable { file: at, .. } if *at == nowhere), "{refused}");
    store.close().await;
    let mut bytes = fs::read(&file).expect("read");
    let middle = bytes.len() / PAGE / 2 * PAGE;
    bytes[middle..middle + PAGE].fill(0xa5);
    fs::write(&file, bytes).expect("written");
    let store = Store::open_read_only(&file, Clock::system()).expect("the damage lies deep");
    let refused = store.backup(&folder.path().join("copy")).await.expect_err("it is damaged");
    assert!(matches!(&refused, Error::Damaged { file: at, .. } if *at == file), "{refused}");
    assert!(!folder.path().join("copy").exists());
}

#[tokio::test]
async fn what_a_killed_backup_left_is_removed_by_the_next() {
    let (folder, file) = filled().await;
    let name = |name: &str| folder.path().join(name);
    let id = "0123456789abcdef0123456789abcdef";
    let left = name(&format!(".copy.{id}.unfinished"));
    let others = [
        name(&format!(".copy.{}.unfinished", id.replace('0', "1"))),
        name(&format!(".copy 2.{id}.unfinished")),
        name(".copy.mine.unfinished"),
    ];
    for path in others.iter().chain([&left]) {
        fs::write(path, "half a store").expect("written");
    }
    let worked_on = fs::File::open(&others[0]).expect("opened");
    worked_on.lock().expect("locked");
    open(&file).expect("opened").backup(&name("copy")).await.expect("copied");
    assert!(!left.exists());
    assert!(others.iter().all(|path| path.exists()), "what is another's stays");
}

/// Killed after the first page of the log was copied into the file: the file alone looks cut short.
#[tokio::test]
async fn a_store_that_was_killed_while_its_log_was_copied_is_whole() {
    let (folder, file) = filled().await;
    let store = open(&file).expect("opened");
    for _ in 0..20 {
        append(&store, "journal", event(&"x".repeat(20_000))).await;
    }
    let killed = folder.path().join("killed");
    fs::copy(file.with_file_name("store.sqlite-wal"), killed.with_file_name("killed-wal"))
        .expect("copied");
    let mut bytes = fs::read(&file).expect("read");
    store.close().await;
    let whole = fs::read(&file).expect("read");
    assert!(whole.len() > bytes.len(), "the log made the file grow");
    bytes[..PAGE].copy_from_slice(&whole[..PAGE]);
    fs::write(&killed, bytes).expect("written");
    let store = open(&killed).expect("its log makes it whole");
    assert_eq!(append(&store, "journal", event("{}")).await, 21);
    store.check().await.expect("whole");
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    for garbage in [&b"x"[..], b"not a database", &[0; 3 * PAGE], &[0xa5; 20_000]] {
        let (folder, file) = place();
        fs::write(&file, garbage).expect("written");
        let refused = open(&file).expect_err("it is no store");
        assert!(matches!(&refused, Error::Damaged { file: at, .. } if *at == file), "{refused}");
        assert!(refused.to_string().contains("restore a backup"), "{refused}");
        assert_eq!(fs::read(&file).expect("read"), garbage);
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
}

#[test]
fn a_database_of_another_program_is_left_as_it_is() {
    for journal in ["DELETE", "WAL"] {
        let (folder, file) = place();
        let foreign = Connection::open(&file).expect("opened");
        let made = format!("PRAGMA journal_mode = {journal}; CREATE TABLE events (id);");
        foreign.execute_batch(&made).expect("made");
        drop(foreign);
        let before = fs::read(&file).expect("read");
        let refused = open(&file).expect_err("it is no store of ours");
        assert!(matches!(refused, Error::Unusable { .. }), "{refused}");
        assert!(refused.to_string().contains("another program; move it away"), "{refused}");
        assert_eq!(fs::read(&file).expect("read"), before);
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }
}

#[tokio::test]
async fn a_newer_schema_is_left_as_it_is() {
    let (folder, file) = filled().await;
    let newer = Connection::open(&file).expect("opened");
    newer.execute_batch("PRAGMA user_version = 99;").expect("marked");
    drop(newer);
    let before = fs::read(&file).expect("read");
    for refused in [open(&file), Store::open_existing(&file, Clock::system())] {
        let refused = refused.expect_err("a newer openclaw wrote it");
        let expected = Error::NewerSchema { file: file.clone(), found: 99, known: 2 };
        assert_eq!(refused, expected);
    }
    assert_eq!(fs::read(&file).expect("read"), before);
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
}

#[tokio::test]
async fn a_schema_that_becomes_newer_stops_the_writer() {
    let (_folder, file) = filled().await;
    let store = open(&file).expect("opened");
    append(&store, "journal", event("{}")).await;
    let newer = Connection::open(&file).expect("opened");
    newer.execute_batch("PRAGMA user_version = 99;").expect("marked");
    let refused = store.commit(batch(|b| b.append("journal", event("{}")))).await;
    assert_eq!(refused, Err(Error::NewerSchema { file, found: 99, known: 2 }));
}

/// Every page in turn is overwritten: the store never reads nonsense, and a check finds it.
#[tokio::test]
async fn damage_anywhere_is_told() {
    let (folder, file) = filled().await;
    let whole = fs::read(&file).expect("read");
    let pages = whole.len() / PAGE;
    assert!(pages > 40, "{pages} pages");
    let mut found_at_once = 0;
    for page in 0..pages {
        let damaged = folder.path().join(format!("damaged {page}"));
        let mut bytes = whole.clone();
        bytes[page * PAGE..(page + 1) * PAGE].fill(0xa5);
        fs::write(&damaged, bytes).expect("written");
        match open(&damaged) {
            Err(error) => {
                found_at_once += 1;
                assert!(matches!(error, Error::Damaged { .. }), "page {page}: {error}");
            }
            Ok(store) => {
                let checked = store.check().await;
                assert!(matches!(checked, Err(Error::Damaged { .. })), "page {page}: {checked:?}");
                read_all(&store, page).await;
            }
        }
    }
    assert!(found_at_once > 10, "opening found only {found_at_once} of {pages}");
}

/// Reads everything; what cannot be read is damaged and nothing else.
async fn read_all(store: &Store, page: usize) {
    let all = Page::After { sequence: 0, limit: usize::MAX };
    for error in [
        store.events("journal 0", all).await.err(),
        store.event_once("journal 0", "mark").await.err(),
        store.records("rows", everything()).await.err(),
        store.search("", "words number", 99).await.err(),
        store.commit(batch(|b| b.append("journal 0", worded("more words")))).await.err(),
    ] {
        let expected = matches!(error, None | Some(Error::Damaged { .. }));
        assert!(expected, "page {page}: {error:?}");
    }
}

#[tokio::test]
async fn a_file_cut_short_is_damaged() {
    let (_folder, file) = filled().await;
    let whole = fs::read(&file).expect("read");
    for length in [whole.len() / 2, PAGE, 200, whole.len() - PAGE] {
        fs::write(&file, &whole[..length]).expect("written");
        let cut = open(&file).expect_err("half of it is missing");
        assert!(matches!(cut, Error::Damaged { .. }), "{length} bytes: {cut}");
    }
}

#[tokio::test]
async fn a_store_without_a_table_is_damaged() {
    let (_folder, file) = filled().await;
    let connection = Connection::open(&file).expect("opened");
    connection.execute_batch("DROP TABLE leases;").expect("dropped");
    drop(connection);
    let refused = open(&file).expect_err("a table is missing");
    assert!(refused.to_string().contains("table `leases`"), "{refused}");
}

#[tokio::test]
async fn a_locked_store_says_so_and_works_again() {
    let (_folder, file) = filled().await;
    let store = open(&file).expect("opened");
    let other = Connection::open(&file).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE;").expect("locked");
    let (first, second) = tokio::join!(
        store.commit(batch(|b| b.append("journal", event("{}")))),
        store.claim("topic", 1, super::contract::MINUTE),
    );
    assert_eq!(first, Err(Error::Locked(file.clone())));
    assert_eq!(second, Err(Error::Locked(file.clone())));
    let read = store.records("rows", everything()).await.expect("reading goes on");
    assert_eq!(read.len(), 40);
    other.execute_batch("ROLLBACK;").expect("unlocked");
    assert_eq!(append(&store, "journal", event("{}")).await, 1);
}

#[tokio::test]
async fn a_store_that_is_locked_for_good_does_not_open() {
    let (_folder, file) = filled().await;
    let other = Connection::open(&file).expect("opened");
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;").expect("locked");
    let opening = file.clone();
    let refused = tokio::task::spawn_blocking(move || open(&opening)).await.expect("no panic");
    assert_eq!(refused.expect_err("it is locked"), Error::Locked(file.clone()));
    drop(other);
    open(&file).expect("free again");
}

#[tokio::test]
async fn batches_that_wait_share_one_write() {
    const BATCHES: u64 = 100;
    let (_folder, file) = filled().await;
    let log = file.with_file_name("store.sqlite-wal");
    let store = open(&file).expect("opened");
    let written = || fs::metadata(&log).map_or(0, |log| log.len());
    append(&store, "journal", event("{}")).await;
    let one = written();
    append(&store, "journal", event("{}")).await;
    let one = written() - one;
    // While somebody has the lock the batches can only wait.
    let other = Connection::open(&file).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE;").expect("locked");
    let mut commits = Vec::new();
    for i in 0..BATCHES {
        let once = format!("mark {}", i / 2);
        let mut commit =
            Box::pin(store.commit(batch(|b| b.append("journal", marked("{}", &once)))));
        let _ = futures_util::poll!(&mut commit);
        commits.push(commit);
    }
    let before = written();
    other.execute_batch("ROLLBACK;").expect("unlocked");
    for (i, commit) in commits.into_iter().enumerate() {
        let done = commit.await;
        assert_eq!(done.is_ok(), i % 2 == 0, "batch {i}: {done:?}");
    }
    let together = written() - before;
    assert!(together < one * BATCHES / 10, "{BATCHES} wrote {together} bytes, one wrote {one}");
}

#[test]
fn a_place_that_cannot_hold_a_store_is_named() {
    let (folder, file) = place();
    fs::create_dir(&file).expect("made");
    let refused = open(&file).expect_err("it is a folder").to_string();
    assert!(refused.contains("store.sqlite") && refused.contains("move it away"), "{refused}");
    let parent = folder.path().join("parent");
    fs::write(&parent, "a file").expect("written");
    let refused = open(&parent.join("store")).expect_err("its folder is a file");
    assert!(matches!(refused, Error::Unusable { .. }), "{refused}");
    assert!(refused.to_string().contains("let this user"), "{refused}");
    // Nobody makes folders here, root neither.
    let refused = open(Path::new("/proc/openclaw/store")).expect_err("not to be written");
    assert!(matches!(refused, Error::Unusable { .. }), "{refused}");
}

#[tokio::test]
async fn files_that_others_may_read_are_taken_from_them() {
    let (_folder, file) = filled().await;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("set");
    let store = open(&file).expect("opened");
    append(&store, "journal", event("{}")).await;
    for path in [&file, &file.with_file_name("store.sqlite-wal")] {
        assert_eq!(fs::metadata(path).expect("there").permissions().mode() & 0o777, 0o600);
    }
}

/// First starts at once: one makes the file, all use it.
#[tokio::test(flavor = "multi_thread")]
async fn first_starts_at_once_share_a_new_file() {
    for round in 0..10 {
        let (_folder, file) = place();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let file = file.clone();
                tokio::task::spawn_blocking(move || open(&file).map_err(|error| error.to_string()))
            })
            .collect();
        let mut stores = Vec::new();
        for task in tasks {
            stores.push(task.await.expect("no panic").expect("opened"));
        }
        for (i, store) in stores.iter().enumerate() {
            let sequence = append(store, "journal", event("{}")).await;
            assert_eq!(sequence, i as u64 + 1, "round {round}");
        }
    }
}
