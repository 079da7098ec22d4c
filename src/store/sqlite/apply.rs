//! Makes the changes of a batch, in order.

use super::fault::Fault;
use super::{journal, keys, leases, outbox, records};
use crate::store::batch::Change;
use crate::store::{Batch, Committed};
use rusqlite::Connection;

/// Makes the changes of a batch within a transaction, which the caller undoes on an error.
pub(super) fn batch(connection: &Connection, batch: &Batch, now: i64) -> Result<Committed, Fault> {
    let mut given = Committed::default();
    for change in batch.changes() {
        apply(connection, change, now, &mut given)?;
    }
    Ok(given)
}

fn apply(
    connection: &Connection,
    change: &Change,
    now: i64,
    given: &mut Committed,
) -> Result<(), Fault> {
    match change {
        Change::Acquire { lease, holder, term } => {
            let terms = leases::Terms { lease, holder, term: *term };
            given.fence = Some(leases::acquire(connection, &terms, now)?);
            Ok(())
        }
        Change::Fenced(fence) => leases::fenced(connection, fence),
        Change::Renew { fence, term } => leases::renew(connection, fence, super::later(now, *term)),
        Change::Release(fence) => leases::release(connection, fence),
        Change::ForgetLease(lease) => leases::forget(connection, lease, now),
        Change::Append { stream, event } => {
            given.sequences.push(journal::append(connection, stream, event, now)?);
            Ok(())
        }
        Change::RemoveStream(stream) => journal::remove(connection, stream),
        Change::TrimStream { stream, limit } => {
            given.left.push(journal::trim(connection, stream, *limit)?);
            Ok(())
        }
        Change::Put { at, record, expect } => {
            given.revisions.push(records::put(connection, at, record, *expect)?);
            Ok(())
        }
        Change::Add { at, record, counters } => records::add(connection, at, record, counters),
        Change::Delete { at, expect } => records::delete(connection, at, *expect),
        Change::Send { topic, body, once } => {
            let parcel = outbox::NewParcel { topic, body, once: once.as_deref() };
            outbox::send(connection, &parcel, now)
        }
        Change::Delivered(parcel) => outbox::delivered(connection, *parcel, now),
        Change::Postpone { parcel, wait, why } => {
            outbox::postpone(connection, *parcel, super::later(now, *wait), why)
        }
        Change::AddKey { hash, key } => keys::add(connection, hash, key),
        Change::RevokeKey(id) => keys::revoke(connection, id, now),
    }
}
