//! Journals and what their events are found by.

use super::fault::{Fault, is_duplicate};
use super::searching::Sought;
use super::{above, rows, stored, unsigned, words};
use crate::store::{Error, Event, Hit, NewEvent, Page};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row};

/// Most hits of a search that are compared with each other.
const COMPARED: usize = 2000;
/// A page of events ends after the one with which it passes so many bytes.
const MAX_PAGE_BYTES: usize = 8 << 20;

pub(super) const AFTER: &str = "SELECT sequence, at, kind, body, once FROM events
     WHERE stream = (SELECT id FROM streams WHERE name = ?1) AND sequence > ?2
     ORDER BY sequence LIMIT ?3";
pub(super) const BEFORE: &str = "SELECT sequence, at, kind, body, once FROM events
     WHERE stream = (SELECT id FROM streams WHERE name = ?1) AND sequence < ?2
     ORDER BY sequence DESC LIMIT ?3";
pub(super) const ONCE: &str = "SELECT sequence, at, kind, body, once FROM events
     WHERE stream = (SELECT id FROM streams WHERE name = ?1) AND once = ?2";
/// A journal, its first event and its last.
pub(super) const TRIMMED: &str = "SELECT id,
         (SELECT sequence FROM events WHERE stream = streams.id ORDER BY sequence LIMIT 1), last
     FROM streams WHERE name = ?1";
/// The newest hits, and of them the best. Sorting all there are would take as much memory as
/// there are hits.
pub(super) const SEARCH: &str = "WITH found AS MATERIALIZED (
         SELECT events.id, streams.name, events.sequence, bm25(words) AS score
         FROM words JOIN events ON events.id = words.rowid
         JOIN streams ON streams.id = events.stream
         WHERE words MATCH ?1 AND streams.name >= ?2 AND streams.name < ?3
         ORDER BY words.rowid DESC LIMIT ?4
     ) SELECT id, name, sequence FROM found ORDER BY score, id DESC LIMIT ?5";

pub(super) const STREAMS_FROM: &str =
    "SELECT name FROM streams WHERE name >= ?1 AND name < ?2 ORDER BY name LIMIT ?3";
pub(super) const STREAMS_AFTER: &str =
    "SELECT name FROM streams WHERE name > ?1 AND name < ?2 ORDER BY name LIMIT ?3";

pub(super) fn append(
    connection: &Connection,
    stream: &str,
    event: &NewEvent,
    now: i64,
) -> Result<u64, Fault> {
    let (id, sequence): (i64, i64) = connection
        .prepare_cached(
            "INSERT INTO streams (name, last) VALUES (?1, 1)
             ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING id, last",
        )?
        .query_row([stream], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let inserted = connection
        .prepare_cached(
            "INSERT INTO events (stream, sequence, at, kind, once, body, text)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .insert((id, sequence, now, event.kind, &event.once, &event.body, &event.text));
    let row = match (inserted, &event.once) {
        (Err(error), Some(once)) if is_duplicate(&error) => {
            return Err(Error::Conflict { what: format!("the mark {once} in {stream}") }.into());
        }
        (inserted, _) => inserted?,
    };
    if let Some(text) = &event.text {
        connection
            .prepare_cached("INSERT INTO words (rowid, text) VALUES (?1, ?2)")?
            .execute((row, words::spaced(text)))?;
    }
    Ok(sequence.unsigned_abs())
}

pub(super) fn remove(connection: &Connection, stream: &str) -> Result<(), Fault> {
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM streams WHERE name = ?1")?
        .query_row([stream], |row| row.get(0))
        .optional()?;
    let Some(id) = id else { return Ok(()) };
    for sql in [
        "DELETE FROM words WHERE rowid IN
             (SELECT id FROM events WHERE stream = ?1 AND text IS NOT NULL)",
        "DELETE FROM events WHERE stream = ?1",
        "DELETE FROM streams WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

/// Removes the first events, and says how many are left.
pub(super) fn trim(connection: &Connection, stream: &str, limit: usize) -> Result<u64, Fault> {
    let found: Option<(i64, i64, i64)> = connection
        .prepare_cached(TRIMMED)?
        .query_row([stream], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((id, first, last)) = found else { return Ok(0) };
    let end = first.saturating_add(rows(limit));
    if end > last {
        remove(connection, stream)?;
        return Ok(0);
    }
    for sql in [
        "DELETE FROM words WHERE rowid IN
             (SELECT id FROM events WHERE stream = ?1 AND sequence < ?2 AND text IS NOT NULL)",
        "DELETE FROM events WHERE stream = ?1 AND sequence < ?2",
    ] {
        connection.prepare_cached(sql)?.execute([id, end])?;
    }
    Ok((last - end).unsigned_abs() + 1)
}

pub(in crate::store) fn events(
    connection: &Connection,
    stream: &str,
    page: Page,
) -> Result<Vec<Event>, Fault> {
    let (sql, sequence, limit) = match page {
        Page::After { sequence, limit } => (AFTER, sequence, limit),
        Page::Before { sequence, limit } => (BEFORE, sequence, limit),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    for event in statement.query_map((stream, stored(sequence), rows(limit)), event)? {
        let event = event?;
        bytes += event.body.len() + event.once.as_ref().map_or(0, String::len);
        found.push(event);
        if bytes > MAX_PAGE_BYTES {
            break;
        }
    }
    if matches!(page, Page::Before { .. }) {
        found.reverse();
    }
    Ok(found)
}

pub(in crate::store) fn streams(
    connection: &Connection,
    prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<String>, Fault> {
    // One lower bound: of two, SQLite would look up the first and walk to the second.
    let (sql, from) = if after < prefix { (STREAMS_FROM, prefix) } else { (STREAMS_AFTER, after) };
    let mut statement = connection.prepare_cached(sql)?;
    let names = statement.query_map((from, below(prefix), rows(limit)), |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

pub(in crate::store) fn event_once(
    connection: &Connection,
    stream: &str,
    once: &str,
) -> Result<Option<Event>, Fault> {
    Ok(connection.prepare_cached(ONCE)?.query_row((stream, once), event).optional()?)
}

pub(super) fn search(connection: &Connection, sought: &Sought) -> Result<Vec<Hit>, Fault> {
    let Sought { prefix, words: asked, limit } = sought;
    let limit = *limit;
    let Some(query) = words::query(asked) else { return Ok(Vec::new()) };
    let newest = rows(COMPARED.max(limit));
    let mut statement = connection.prepare_cached(SEARCH)?;
    let found = statement
        .query_map((&query, prefix, below(prefix), newest, rows(limit)), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, unsigned(row, 2)?))
        })?;
    let mut text = connection.prepare_cached("SELECT text FROM events WHERE id = ?1")?;
    let mut hits = Vec::new();
    for found in found {
        let (id, stream, sequence) = found?;
        let text: String = text.query_row([id], |row| row.get(0))?;
        hits.push(Hit { stream, sequence, snippet: words::snippet(&text, asked) });
    }
    Ok(hits)
}

/// What every name that begins with `prefix` is below. A blob is above every text.
fn below(prefix: &str) -> Value {
    above(prefix).map_or(Value::Blob(Vec::new()), Value::Text)
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        sequence: unsigned(row, 0)?,
        at: row.get(1)?,
        kind: row.get(2)?,
        body: row.get(3)?,
        once: row.get(4)?,
    })
}
