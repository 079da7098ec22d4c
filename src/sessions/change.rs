//! What people change of a session.

use super::begin::ATTEMPTS;
use super::entry::Body;
use super::index::{self, Kept, TRANSCRIPTS};
use super::{Error, Patch, Row, notices, running, stored};
use crate::store::{Batch, Expect, Slot, Store};
use crate::types::SessionKey;

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
pub(super) async fn remove(store: &Store, key: &SessionKey) -> Result<bool, Error> {
    let mut tried = 1;
    loop {
        let Some(Kept { row, revision }) = index::read(store, key).await? else {
            return Ok(false);
        };
        match remove_at(store, key, &row.session_id, revision).await {
            Ok(()) => return Ok(true),
            Err(error) if error.is_conflict() && tried < ATTEMPTS => tried += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Removes a session as it was at a revision of its row.
///
/// # Errors
/// A conflict where it was used since, [`Error::Running`] where it is in use.
pub(super) async fn remove_at(
    store: &Store,
    key: &SessionKey,
    session_id: &str,
    revision: u64,
) -> Result<(), Error> {
    // A turn that begins after this look changes the row, and so fails the batch.
    if !running::of(store, key).await?.is_empty() {
        return Err(Error::Running(key.clone()));
    }
    let mut batch = Batch::new();
    batch.delete(Slot { space: index::ROWS, key: key.as_str() }, Expect::Revision(revision));
    batch.remove_stream(&index::stream(key, session_id));
    for record in index::walk(store, TRANSCRIPTS, Some(key.to_string())).all().await? {
        if let Some((_, id)) = index::of_transcript(&record.key) {
            batch.remove_stream(&index::stream(key, id));
        }
        batch.delete(Slot { space: TRANSCRIPTS, key: &record.key }, Expect::Any);
    }
    for notice in notices::waiting(store, key).await? {
        notice.take(&mut batch);
    }
    store.commit(batch).await?;
    Ok(())
}
