//! API keys.

use super::fault::{Fault, is_duplicate};
use crate::store::{Error, Key};
use rusqlite::{Connection, OptionalExtension, Row};

pub(super) const VALID: &str = "SELECT id, grants, created_at, expires_at, revoked_at FROM keys
     WHERE hash = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)";

pub(super) fn add(connection: &Connection, hash: &[u8; 32], key: &Key) -> Result<(), Fault> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO keys (hash, id, grants, created_at, expires_at, revoked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((hash, &key.id, &key.grants, key.created_at, key.expires_at, key.revoked_at));
    match inserted {
        Err(error) if is_duplicate(&error) => {
            Err(Error::Conflict { what: format!("the API key {}", key.id) }.into())
        }
        other => Ok(other.map(|_| ())?),
    }
}

pub(super) fn revoke(connection: &Connection, id: &str, now: i64) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")?
        .execute((id, now))?;
    Ok(())
}

pub(in crate::store) fn key(
    connection: &Connection,
    hash: &[u8; 32],
    now: i64,
) -> Result<Option<Key>, Fault> {
    Ok(connection.prepare_cached(VALID)?.query_row((hash, now), read).optional()?)
}

pub(in crate::store) fn keys(connection: &Connection) -> Result<Vec<Key>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT id, grants, created_at, expires_at, revoked_at FROM keys ORDER BY created_at, id",
    )?;
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Key> {
    Ok(Key {
        id: row.get(0)?,
        grants: row.get(1)?,
        created_at: row.get(2)?,
        expires_at: row.get(3)?,
        revoked_at: row.get(4)?,
    })
}
