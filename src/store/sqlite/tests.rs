use super::connection::{Missing, open, reader};
use super::{above, journal, keys, listing, outbox, records, schema};
use crate::store::{Listing, Order};
use rusqlite::Connection;
use rusqlite::types::Value;

fn store() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let connection = open(&folder.path().join("store"), Missing::IsMade).expect("opened");
    (folder, connection)
}

/// What SQLite would do for a statement.
fn plan(connection: &Connection, sql: &str, values: usize) -> String {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("valid");
    let values = rusqlite::params_from_iter(std::iter::repeat_n(Value::Null, values));
    let steps = statement.query_map(values, |row| row.get::<_, String>(3)).expect("planned");
    steps.collect::<Result<Vec<_>, _>>().expect("a plan").join("\n")
}

#[test]
fn every_read_goes_by_an_index() {
    let (_folder, connection) = store();
    for (sql, values, expected) in [
        (journal::AFTER, 3, "INDEX sqlite_autoindex_events_1 (stream=? AND sequence>?)"),
        (journal::BEFORE, 3, "INDEX sqlite_autoindex_events_1 (stream=? AND sequence<?)"),
        (journal::ONCE, 2, "INDEX events_once (stream=? AND once=?)"),
        (records::ONE, 2, "INDEX records_by_key (space=? AND key=?)"),
        (listing::COUNT, 1, "PRIMARY KEY (space=?)"),
        (listing::COUNT_GROUP, 2, "PRIMARY KEY (space=? AND group=?)"),
        (journal::STREAMS_FROM, 3, "INDEX sqlite_autoindex_streams_1 (name>? AND name<?)"),
        (journal::STREAMS_AFTER, 3, "INDEX sqlite_autoindex_streams_1 (name>? AND name<?)"),
        (journal::TRIMMED, 1, "INDEX sqlite_autoindex_events_1 (stream=?)"),
        (outbox::DUE, 3, "INDEX parcels_due (topic=? AND due_at<?)"),
        (outbox::FORGOTTEN, 2, "INDEX parcels_delivered (delivered_at>? AND delivered_at<?)"),
        (keys::VALID, 2, "PRIMARY KEY (hash=?)"),
    ] {
        let plan = plan(&connection, sql, values);
        assert!(plan.contains(expected), "{sql}\n{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
    }
    let search = plan(&connection, journal::SEARCH, 5);
    let found: Vec<&str> = search.lines().take(4).collect();
    assert_eq!(found[0], "MATERIALIZE found", "{search}");
    assert!(found[1].starts_with("SCAN words VIRTUAL TABLE INDEX"), "{search}");
    assert!(found[2].starts_with("SEARCH events USING INTEGER PRIMARY KEY"), "{search}");
    assert!(found[3].starts_with("SEARCH streams USING INTEGER PRIMARY KEY"), "{search}");
    assert_eq!(
        search.matches("TEMP B-TREE").count(),
        1,
        "only what was found is sorted:\n{search}"
    );
}

#[test]
fn every_list_goes_by_an_index_in_its_order() {
    let (_folder, connection) = store();
    for order in [Order::Key, Order::Newest, Order::Oldest] {
        for group in [None, Some("group".to_owned())] {
            for prefix in [String::new(), "prefix".to_owned(), "agent:main:".to_owned()] {
                for (from_rank, below_rank) in [(None, None), (Some(1), None), (Some(1), Some(2))] {
                    let group = group.clone();
                    let prefix = prefix.clone();
                    let (skip, limit) = (0, 10);
                    let listing =
                        Listing { prefix, group, order, from_rank, below_rank, skip, limit };
                    let (space, schema) = ("space", schema::KNOWN);
                    let asked = listing::Asked { space, listing: &listing, schema };
                    let (sql, values) = listing::statement(asked);
                    let plan = plan(&connection, &sql, values.len());
                    assert!(plan.starts_with("SEARCH records USING INDEX"), "{listing:?}\n{plan}");
                    assert!(!plan.contains("TEMP B-TREE"), "{listing:?}\n{plan}");
                    let is_family = listing.group.is_none()
                        && order != Order::Key
                        && listing.prefix.contains(':');
                    let by_family = "records_by_family (space=? AND <expr>=?";
                    assert_eq!(plan.contains(by_family), is_family, "{listing:?}\n{plan}");
                    let (sql, values) = listing::counting(asked);
                    let plan = self::plan(&connection, &sql, values.len());
                    let expected = "SEARCH records USING COVERING INDEX";
                    assert!(plan.starts_with(expected), "{listing:?}\n{plan}");
                }
            }
        }
    }
}

#[test]
fn the_writer_waits_for_the_disk_and_readers_cannot_write() {
    let (folder, connection) = store();
    let number = |name: &str| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).expect("a number")
    };
    assert_eq!(number("synchronous"), 2, "FULL");
    assert_eq!(number("foreign_keys"), 1);
    assert_eq!(number("auto_vacuum"), 2, "INCREMENTAL");
    assert_eq!(number("user_version"), schema::KNOWN);
    assert!((1..=10_000).contains(&number("busy_timeout")));
    let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
    assert_eq!(mode.as_deref(), Ok("wal"));
    let reader = reader(&folder.path().join("store")).expect("opened");
    assert!(reader.execute_batch("DELETE FROM keys").is_err());
}

#[test]
fn what_begins_with_a_prefix_lies_below_its_bound() {
    let check = |prefix: &str, bound: Option<&str>| {
        assert_eq!(above(prefix).as_deref(), bound, "{prefix:?}");
    };
    check("a", Some("b"));
    check("ab\u{10ffff}", Some("ac"));
    check("\u{7f}", Some("\u{80}"));
    check("\u{d7ff}", Some("\u{e000}"));
    check("\u{10ffff}\u{10ffff}", None);
    check("", None);
}
