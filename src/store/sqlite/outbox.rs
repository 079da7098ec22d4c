//! The outbox.

use super::fault::Fault;
use super::{later, rows, stored, unsigned};
use crate::store::Parcel;
use rusqlite::{Connection, OptionalExtension};
use std::time::Duration;

/// How long the mark of a delivered parcel is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// Most forgotten marks that one change clears away.
const CLEARED: usize = 16;

pub(super) const DUE: &str = "SELECT id FROM parcels INDEXED BY parcels_due
     WHERE topic = ?1 AND delivered_at IS NULL AND due_at <= ?2 ORDER BY due_at, id LIMIT ?3";
pub(super) const FORGOTTEN: &str = "SELECT id FROM parcels INDEXED BY parcels_delivered
     WHERE delivered_at IS NOT NULL AND delivered_at <= ?1 ORDER BY delivered_at LIMIT ?2";

/// A parcel to send.
pub(super) struct NewParcel<'a> {
    pub(super) topic: &'a str,
    pub(super) body: &'a str,
    pub(super) once: Option<&'a str>,
}

/// Which parcels somebody wants to deliver.
#[derive(Debug)]
pub(in crate::store) struct Claim {
    pub(in crate::store) topic: String,
    pub(in crate::store) limit: usize,
    pub(in crate::store) hidden: Duration,
}

pub(super) fn send(connection: &Connection, parcel: &NewParcel, now: i64) -> Result<(), Fault> {
    forget(connection, now)?;
    if let Some(once) = parcel.once {
        let earlier: Option<(i64, Option<i64>)> = connection
            .prepare_cached("SELECT id, delivered_at FROM parcels WHERE topic = ?1 AND once = ?2")?
            .query_row((parcel.topic, once), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match earlier {
            None => {}
            Some((id, Some(delivered))) if later(delivered, REMEMBERED) <= now => {
                remove(connection, id)?;
            }
            Some(_) => return Ok(()),
        }
    }
    connection
        .prepare_cached("INSERT INTO parcels (topic, body, once, due_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute((parcel.topic, parcel.body, parcel.once, now))?;
    Ok(())
}

pub(super) fn delivered(connection: &Connection, parcel: u64, now: i64) -> Result<(), Fault> {
    forget(connection, now)?;
    // Only its mark is remembered; without one there is nothing to keep.
    connection
        .prepare_cached(
            "UPDATE parcels SET delivered_at = ?2, body = '', why = NULL
             WHERE id = ?1 AND delivered_at IS NULL AND once IS NOT NULL",
        )?
        .execute((stored(parcel), now))?;
    connection
        .prepare_cached("DELETE FROM parcels WHERE id = ?1 AND once IS NULL")?
        .execute([stored(parcel)])?;
    Ok(())
}

pub(super) fn postpone(
    connection: &Connection,
    parcel: u64,
    until: i64,
    why: &str,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "UPDATE parcels SET due_at = ?2, why = ?3 WHERE id = ?1 AND delivered_at IS NULL",
        )?
        .execute((stored(parcel), until, why))?;
    Ok(())
}

pub(super) fn claim(
    connection: &Connection,
    claim: &Claim,
    now: i64,
) -> Result<Vec<Parcel>, Fault> {
    let due = connection
        .prepare_cached(DUE)?
        .query_map((&claim.topic, now, rows(claim.limit)), |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    let until = later(now, claim.hidden);
    let mut take = connection.prepare_cached(
        "UPDATE parcels SET due_at = ?2, attempts = attempts + 1 WHERE id = ?1
         RETURNING id, body, attempts",
    )?;
    let mut parcels = Vec::with_capacity(due.len());
    for id in due {
        parcels.push(take.query_row((id, until), |row| {
            Ok(Parcel { id: unsigned(row, 0)?, body: row.get(1)?, attempts: row.get(2)? })
        })?);
    }
    Ok(parcels)
}

/// Clears away a few marks that have been remembered for long enough.
fn forget(connection: &Connection, now: i64) -> Result<(), Fault> {
    let until = now.saturating_sub(later(0, REMEMBERED));
    let forgotten = connection
        .prepare_cached(FORGOTTEN)?
        .query_map((until, rows(CLEARED)), |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    forgotten.into_iter().try_for_each(|id| remove(connection, id))
}

fn remove(connection: &Connection, id: i64) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM parcels WHERE id = ?1")?.execute([id])?;
    Ok(())
}
