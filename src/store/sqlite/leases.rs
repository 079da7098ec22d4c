//! Leases. A released one leaves no row; its token is never given again.

use super::fault::Fault;
use super::{later, stored};
use crate::store::{Error, Fence};
use rusqlite::{Connection, OptionalExtension};
use std::time::Duration;

/// What somebody wants to hold, and for how long.
pub(super) struct Terms<'a> {
    pub(super) lease: &'a str,
    pub(super) holder: &'a str,
    pub(super) term: Duration,
}

pub(super) fn acquire(connection: &Connection, terms: &Terms, now: i64) -> Result<Fence, Fault> {
    let held: Option<(String, i64)> = connection
        .prepare_cached("SELECT holder, expires_at FROM leases WHERE lease = ?1")?
        .query_row([terms.lease], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((holder, expires_at)) = held {
        if holder != terms.holder && expires_at > now {
            return Err(Error::Held { lease: terms.lease.to_owned(), holder }.into());
        }
        connection.prepare_cached("DELETE FROM leases WHERE lease = ?1")?.execute([terms.lease])?;
    }
    let token = connection
        .prepare_cached("INSERT INTO leases (lease, holder, expires_at) VALUES (?1, ?2, ?3)")?
        .insert((terms.lease, terms.holder, later(now, terms.term)))?;
    Ok(Fence { lease: terms.lease.to_owned(), token: token.unsigned_abs() })
}

pub(super) fn fenced(connection: &Connection, fence: &Fence) -> Result<(), Fault> {
    let newest = connection
        .prepare_cached("SELECT 1 FROM leases WHERE lease = ?1 AND token = ?2")?
        .exists((&fence.lease, stored(fence.token)))?;
    if newest { Ok(()) } else { Err(stale(fence)) }
}

pub(super) fn renew(connection: &Connection, fence: &Fence, until: i64) -> Result<(), Fault> {
    let renewed = connection
        .prepare_cached("UPDATE leases SET expires_at = ?3 WHERE lease = ?1 AND token = ?2")?
        .execute((&fence.lease, stored(fence.token), until))?;
    if renewed == 1 { Ok(()) } else { Err(stale(fence)) }
}

pub(super) fn release(connection: &Connection, fence: &Fence) -> Result<(), Fault> {
    let released = connection
        .prepare_cached("DELETE FROM leases WHERE lease = ?1 AND token = ?2")?
        .execute((&fence.lease, stored(fence.token)))?;
    if released == 1 { Ok(()) } else { Err(stale(fence)) }
}

pub(super) fn forget(connection: &Connection, lease: &str, now: i64) -> Result<(), Fault> {
    let holder: Option<String> = connection
        .prepare_cached("SELECT holder FROM leases WHERE lease = ?1 AND expires_at > ?2")?
        .query_row((lease, now), |row| row.get(0))
        .optional()?;
    if let Some(holder) = holder {
        return Err(Error::Held { lease: lease.to_owned(), holder }.into());
    }
    connection.prepare_cached("DELETE FROM leases WHERE lease = ?1")?.execute([lease])?;
    Ok(())
}

fn stale(fence: &Fence) -> Fault {
    Error::Fenced { lease: fence.lease.clone() }.into()
}
