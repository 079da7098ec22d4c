//! What people change of a session.

use super::begin::ATTEMPTS;
use super::entry::Body;
use super::index::{self, Kept, TRANSCRIPTS};
use super::recover::{self, TERM};
use super::{Error, Inner, Patch, Row, notices, running, stored};
use crate::store::{Batch, Expect, NewRecord, Record, Slot, Store};
use crate::types::SessionKey;

/// Events that one commit removes, between which others have their turn.
const EVENTS_AT_A_TIME: usize = 256;

/// Begins a session anew.
pub(super) async fn reset(store: &Store, key: &SessionKey) -> Result<Option<Row>, Error> {
    change(store, key, |row, batch| {
        let now = store.clock().now();
        index::retire(batch, key, row, now);
        row.renew(now);
        index::open(batch, key, row);
        let opened = stored::event(&Body::Opened {
            session: row.session_id.clone(),
            why: "reset".to_owned(),
        });
        (row.entries, row.bytes) = (1, opened.body.len() as u64);
        batch.append(&index::stream(key, &row.session_id), opened);
    })
    .await
}

/// Changes what people may set.
pub(super) async fn patch(
    store: &Store,
    key: &SessionKey,
    patch: &Patch,
) -> Result<Option<Row>, Error> {
    change(store, key, |row, _| {
        row.updated_at = store.clock().now();
        patch.apply(row);
    })
    .await
}

/// Changes a row, together with what `make` adds to the batch.
async fn change(
    store: &Store,
    key: &SessionKey,
    make: impl Fn(&mut Row, &mut Batch),
) -> Result<Option<Row>, Error> {
    let mut tried = 1;
    loop {
        let Some(Kept { mut row, revision }) = index::read(store, key).await? else {
            return Ok(None);
        };
        let mut batch = Batch::new();
        make(&mut row, &mut batch);
        index::put(&mut batch, &row, Expect::Revision(revision));
        match store.commit(batch).await.map_err(Error::Store) {
            Ok(_) => return Ok(Some(row)),
            Err(error) if error.is_conflict() && tried < ATTEMPTS => tried += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Removes a session with its transcripts.
pub(super) async fn remove(inner: &Inner, key: &SessionKey) -> Result<bool, Error> {
    let mut tried = 1;
    loop {
        let Some(Kept { row, revision }) = index::read(&inner.store, key).await? else {
            return Ok(false);
        };
        match remove_at(inner, key, &row.session_id, revision).await {
            Ok(()) => return Ok(true),
            Err(error) if error.is_conflict() && tried < ATTEMPTS => tried += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Removes a session as it was at a revision of its row: first from sight, in one commit, then its
/// events bit by bit. What a process that dies leaves of them, the next maintenance removes.
///
/// # Errors
/// A conflict where it was used since, [`Error::Running`] where it is in use.
pub(super) async fn remove_at(
    inner: &Inner,
    key: &SessionKey,
    session_id: &str,
    revision: u64,
) -> Result<(), Error> {
    let store = &inner.store;
    let mut batch = Batch::new();
    // A turn that begins after this look changes the row, and so fails the batch.
    let left = running::of(store, key).await?;
    if left.iter().any(|running| !running.is_over(inner)) {
        return Err(Error::Running(key.clone()));
    }
    if left.is_empty() {
        batch.forget_lease(&index::lease(key));
    } else {
        // A run that is over may still hold the lease.
        batch.acquire(&index::lease(key), &inner.node, TERM);
        left.iter().for_each(|running| running.forget(&mut batch));
    }
    batch.delete(Slot { space: index::ROWS, key: key.as_str() }, Expect::Revision(revision));
    let mut transcripts = index::walk(store, TRANSCRIPTS, Some(key.to_string())).all().await?;
    transcripts.retain(|record| index::of_transcript(&record.key).is_some());
    let mut ids: Vec<&str> = Vec::with_capacity(transcripts.len() + 1);
    ids.extend(transcripts.iter().filter_map(|record| Some(index::of_transcript(&record.key)?.1)));
    // A row whose transcript has no record loses its events too.
    if !ids.contains(&session_id) {
        ids.push(session_id);
    }
    for id in &ids {
        index::abandon(&mut batch, key, id);
    }
    for notice in notices::waiting(store, key).await? {
        notice.take(&mut batch);
    }
    let committed = store.commit(batch).await.map_err(|error| Error::of_claim(error, key))?;
    recover::give_back(store, committed.fence).await;
    for id in ids {
        discard(store, key, id).await?;
    }
    Ok(())
}

/// Removes a transcript that belongs to no session any more: its events, and then its record,
/// so that there is always something left to find it by.
pub(super) async fn discard(
    store: &Store,
    key: &SessionKey,
    session_id: &str,
) -> Result<(), Error> {
    let stream = index::stream(key, session_id);
    loop {
        let mut batch = Batch::new();
        batch.trim_stream(&stream, EVENTS_AT_A_TIME);
        if store.commit(batch).await?.left.iter().sum::<u64>() == 0 {
            break;
        }
    }
    let mut batch = Batch::new();
    let record = index::transcript(key, session_id);
    batch.delete(Slot { space: TRANSCRIPTS, key: &record }, Expect::Any);
    store.commit(batch).await?;
    Ok(())
}

/// Removes a row that cannot be read. Its transcript is kept for as long as earlier ones are: it
/// may be all there is left.
///
/// # Errors
/// A conflict where it was changed since.
pub(super) async fn put_away(store: &Store, row: &str, revision: u64) -> Result<(), Error> {
    let mut batch = Batch::new();
    batch.delete(Slot { space: index::ROWS, key: row }, Expect::Revision(revision));
    let transcripts = index::walk(store, TRANSCRIPTS, Some(row.to_owned())).all().await?;
    for Record { key, value, group, .. } in transcripts.into_iter().filter(index::is_current) {
        let record = NewRecord { value, rank: store.clock().now(), group };
        batch.put(Slot { space: TRANSCRIPTS, key: &key }, record, Expect::Any);
    }
    store.commit(batch).await?;
    Ok(())
}
