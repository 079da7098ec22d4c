//! Records: one by one. [`super::listing`] reads many.

use super::fault::Fault;
use super::unsigned;
use crate::store::batch::Place;
use crate::store::{Counters, Error, Expect, NewRecord, Record};
use rusqlite::{Connection, OptionalExtension, Row};

pub(super) const ONE: &str =
    "SELECT key, value, rank, \"group\", revision FROM records WHERE space = ?1 AND key = ?2";

pub(super) fn put(
    connection: &Connection,
    at: &Place,
    record: &NewRecord,
    expect: Expect,
) -> Result<u64, Fault> {
    let found = find(connection, at)?;
    demand(at, found, expect)?;
    write(connection, at, record, found)
}

pub(super) fn add(
    connection: &Connection,
    at: &Place,
    record: &NewRecord,
    counters: &Counters,
) -> Result<(), Fault> {
    let found = one(connection, &at.space, &at.key)?;
    let mut sums: Counters = match &found {
        None => Counters::new(),
        Some(record) => serde_json::from_str(&record.value).map_err(|_| {
            let what = format!("{} of {}, which does not hold counters,", at.key, at.space);
            Error::Conflict { what }
        })?,
    };
    for (name, amount) in counters {
        let sum = sums.entry(name.clone()).or_default();
        *sum = sum.saturating_add(*amount);
    }
    let value = serde_json::to_string(&sums).expect("names and whole numbers are JSON");
    let record = NewRecord { value, rank: record.rank, group: record.group.clone() };
    let found = find(connection, at)?;
    write(connection, at, &record, found).map(|_| ())
}

pub(super) fn delete(connection: &Connection, at: &Place, expect: Expect) -> Result<(), Fault> {
    let found = find(connection, at)?;
    demand(at, found, expect)?;
    if let Some(found) = found {
        connection.prepare_cached("DELETE FROM records WHERE id = ?1")?.execute([found.id])?;
    }
    Ok(())
}

pub(in crate::store) fn record(
    connection: &Connection,
    space: &str,
    key: &str,
) -> Result<Option<Record>, Fault> {
    Ok(one(connection, space, key)?)
}

/// A record, from the columns of [`ONE`].
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        key: row.get(0)?,
        value: row.get(1)?,
        rank: row.get(2)?,
        group: row.get(3)?,
        revision: unsigned(row, 4)?,
    })
}

fn one(connection: &Connection, space: &str, key: &str) -> rusqlite::Result<Option<Record>> {
    connection.prepare_cached(ONE)?.query_row([space, key], read).optional()
}

/// The row of a record.
#[derive(Debug, Clone, Copy)]
struct Found {
    id: i64,
    revision: u64,
}

fn find(connection: &Connection, at: &Place) -> rusqlite::Result<Option<Found>> {
    connection
        .prepare_cached("SELECT id, revision FROM records WHERE space = ?1 AND key = ?2")?
        .query_row([&at.space, &at.key], |row| {
            Ok(Found { id: row.get(0)?, revision: unsigned(row, 1)? })
        })
        .optional()
}

fn demand(at: &Place, found: Option<Found>, expect: Expect) -> Result<(), Fault> {
    let holds = match expect {
        Expect::Any => true,
        Expect::Absent => found.is_none(),
        Expect::Revision(revision) => found.is_some_and(|found| found.revision == revision),
    };
    if holds {
        return Ok(());
    }
    Err(Error::Conflict { what: format!("{} of {}", at.key, at.space) }.into())
}

fn write(
    connection: &Connection,
    at: &Place,
    record: &NewRecord,
    found: Option<Found>,
) -> Result<u64, Fault> {
    let revision = |row: &Row<'_>| unsigned(row, 0);
    let written = match found {
        Some(found) => connection
            .prepare_cached(
                "UPDATE records SET value = ?2, rank = ?3, \"group\" = ?4, revision = revision + 1
                 WHERE id = ?1 RETURNING revision",
            )?
            .query_row((found.id, &record.value, record.rank, &record.group), revision)?,
        // A new record begins above every revision of a deleted one.
        None => connection
            .prepare_cached(
                "INSERT INTO records (space, key, value, rank, \"group\", revision)
                 VALUES (?1, ?2, ?3, ?4, ?5,
                     1 + coalesce((SELECT revision FROM spaces WHERE space = ?1), 0))
                 RETURNING revision",
            )?
            .query_row((&at.space, &at.key, &record.value, record.rank, &record.group), revision)?,
    };
    Ok(written)
}
