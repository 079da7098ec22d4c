//! Opening a store only to read it: beside a writer, after a crash, of another schema.

use super::contract::{MINUTE, append, batch, event, everything, put, worded};
use openclaw::store::{Clock, Error, Listing, Order, Page, Store};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ALL: Page = Page::After { sequence: 0, limit: usize::MAX };

fn read_only(file: &Path) -> Result<Store, Error> {
    Store::open_read_only(file, Clock::system())
}

/// A store with some content, still open.
async fn written() -> (TempDir, PathBuf, Store) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("store");
    let store = Store::open(&file, Clock::system()).expect("opened");
    append(&store, "journal", worded("findable")).await;
    put(&store, "rows", "key", "value").await;
    (folder, file, store)
}

async fn assert_readable(store: &Store, events: usize) {
    assert_eq!(store.events("journal", ALL).await.expect("read").len(), events);
    assert_eq!(store.search("", "findable", 9).await.expect("searched").len(), 1);
    assert_eq!(store.records("rows", everything()).await.expect("listed").len(), 1);
    assert_eq!(store.count("rows", &everything()).await, Ok(1));
    store.check().await.expect("whole");
}

#[tokio::test]
async fn a_reader_follows_a_writer_and_changes_nothing() {
    let (folder, file, writer) = written().await;
    let reader = read_only(&file).expect("opened");
    assert_readable(&reader, 1).await;
    append(&writer, "journal", event("{}")).await;
    assert_readable(&reader, 2).await;
    let refused = Error::ReadOnly(file.clone());
    let change = batch(|b| b.append("journal", event("{}")));
    assert_eq!(reader.commit(change).await, Err(refused.clone()));
    assert_eq!(reader.claim("topic", 1, MINUTE).await, Err(refused.clone()));
    assert_eq!(reader.compact().await, Err(refused));
    let to = folder.path().join("copy");
    reader.backup(&to).await.expect("copied");
    assert_readable(&read_only(&to).expect("a copy opens"), 2).await;
    reader.close().await;
    assert_eq!(reader.commit(batch(|_| {})).await, Err(Error::Closed));
    assert_eq!(reader.events("journal", ALL).await, Err(Error::Closed));
    assert_eq!(append(&writer, "journal", event("{}")).await, 3);
}

#[tokio::test]
async fn a_store_that_nobody_has_open_is_read() {
    let (_folder, file, writer) = written().await;
    writer.close().await;
    let before = fs::read(&file).expect("read");
    let reader = read_only(&file).expect("opened");
    assert_readable(&reader, 1).await;
    reader.close().await;
    assert_eq!(fs::read(&file).expect("read"), before);
    let writer = Store::open(&file, Clock::system()).expect("opened");
    assert_eq!(append(&writer, "journal", event("{}")).await, 2);
}

/// What a killed process leaves: the file and a log that holds what was committed last.
#[tokio::test]
async fn the_log_of_a_killed_process_is_read() {
    for with_index in [true, false] {
        let (folder, file, writer) = written().await;
        append(&writer, "journal", event("{}")).await;
        let killed = folder.path().join("killed");
        for ending in ["", "-wal", "-shm"] {
            let name = |of: &str| folder.path().join(format!("{of}{ending}"));
            if with_index || ending != "-shm" {
                fs::copy(name("store"), name("killed")).expect("copied");
            }
        }
        writer.close().await;
        assert!(fs::metadata(folder.path().join("killed-wal")).expect("there").len() > 0);
        let before = fs::read(&killed).expect("read");
        let reader = read_only(&killed).expect("opened");
        assert_readable(&reader, 2).await;
        reader.close().await;
        assert_eq!(fs::read(&killed).expect("read"), before);
        let writer = Store::open(&killed, Clock::system()).expect("opened");
        assert_eq!(append(&writer, "journal", event("{}")).await, 3);
        assert!(file.exists());
    }
}

#[tokio::test]
async fn only_schemas_that_are_known_are_read() {
    let (_folder, file, writer) = written().await;
    writer.close().await;
    let mark = |schema: i64| {
        let connection = Connection::open(&file).expect("opened");
        connection.pragma_update(None, "user_version", schema).expect("marked");
    };
    mark(99);
    let newer = read_only(&file).expect_err("a newer openclaw wrote it");
    assert!(matches!(newer, Error::NewerSchema { found: 99, .. }), "{newer}");
    mark(0);
    let before = fs::read(&file).expect("read");
    let older = read_only(&file).expect_err("no schema is that old");
    assert_eq!(older, Error::OlderSchema { file: file.clone(), found: 0, least: 1 });
    assert!(older.to_string().contains("start the gateway once"), "{older}");
    assert_eq!(fs::read(&file).expect("read"), before, "it was not brought up to date");
}

/// A gateway of before the index by family may run on beside it.
#[tokio::test]
async fn an_older_schema_is_read_as_it_is_and_brought_up_to_date_for_writing() {
    let (_folder, file, writer) = written().await;
    for key in ["agent:a:1", "agent:b:1", "agent:a:2"] {
        put(&writer, "rows", key, "value").await;
    }
    writer.close().await;
    let connection = Connection::open(&file).expect("opened");
    let older = "DROP INDEX records_by_family; PRAGMA user_version = 1;";
    connection.execute_batch(older).expect("as it was");
    drop(connection);
    let before = fs::read(&file).expect("read");
    let listing = || Listing { prefix: "agent:a:".into(), order: Order::Newest, ..everything() };
    let ranked = || Listing { from_rank: Some(0), ..listing() };
    let reader = read_only(&file).expect("opened");
    let found = reader.records("rows", listing()).await.expect("listed");
    assert_eq!(found.len(), 2);
    assert_eq!(reader.count("rows", &ranked()).await, Ok(2));
    reader.close().await;
    assert_eq!(fs::read(&file).expect("read"), before);
    let writer = Store::open(&file, Clock::system()).expect("opened");
    assert_eq!(writer.records("rows", listing()).await, Ok(found));
    assert_eq!(writer.count("rows", &ranked()).await, Ok(2));
    writer.close().await;
    assert_ne!(fs::read(&file).expect("read"), before);
}

#[test]
fn what_is_no_store_is_not_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("store");
    assert_eq!(read_only(&file).expect_err("there is none"), Error::Missing(file.clone()));
    fs::write(&file, "not a database").expect("written");
    let refused = read_only(&file).expect_err("it is no store");
    assert!(matches!(refused, Error::Damaged { .. }), "{refused}");
    let foreign = folder.path().join("foreign");
    Connection::open(&foreign).expect("opened").execute_batch("CREATE TABLE t (a);").expect("made");
    let refused = read_only(&foreign).expect_err("it is no store of ours");
    assert!(refused.to_string().contains("another program"), "{refused}");
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 2);
}
