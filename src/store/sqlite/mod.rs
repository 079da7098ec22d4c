//! SQLite under the store: one file, one writer, a few readers.
//!
//! Every other file of the store is free of SQL; nothing of this folder shows in the store's face.

mod apply;
mod backup;
mod checking;
mod compacting;
mod connection;
mod fault;
mod files;
mod interrupting;
mod journal;
mod keys;
mod leases;
mod listing;
mod outbox;
mod readers;
mod records;
mod schema;
mod searching;
mod words;
mod writer;

#[cfg(test)]
mod tests;

pub(super) use backup::copy;
pub(super) use checking::check;
pub(super) use connection::{Missing, open, open_read_only};
pub(super) use files::size;
pub(super) use journal::{event_once, events, streams};
pub(super) use keys::{key, keys};
pub(super) use listing::{count, list};
pub(super) use outbox::Claim;
pub(super) use readers::Readers;
pub(super) use records::record;
pub(super) use searching::{Searching, Sought};
pub(super) use writer::Writer;

use std::time::Duration;

/// A number for SQLite, which knows none above `i64::MAX`.
fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number from a column that is never negative.
fn unsigned(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// A number of rows for SQLite.
fn rows(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The time that lies `by` after `now`.
fn later(now: i64, by: Duration) -> i64 {
    now.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}

/// What texts that begin with `prefix` are below, if anything is.
fn above(prefix: &str) -> Option<String> {
    let mut bound = prefix.to_owned();
    while let Some(last) = bound.pop() {
        // A character range steps over the surrogates, as the order of UTF-8 does.
        if let Some(next) = (last..=char::MAX).nth(1) {
            bound.push(next);
            return Some(bound);
        }
    }
    None
}
