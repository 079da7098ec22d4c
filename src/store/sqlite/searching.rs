//! Searches: one at a time, on a connection of its own, and only for so long. However much a
//! search has to look through, other reads find their places free.

use super::fault::{Fault, told};
use super::interrupting::Interrupting;
use super::{connection, journal};
use crate::store::{Error, Hit};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// The longest a search may take, once it is its turn.
const LONGEST: Duration = Duration::from_secs(5);

/// The way to search a store.
#[derive(Debug)]
pub(in crate::store) struct Searching {
    file: PathBuf,
    turn: Arc<Semaphore>,
    closing: CancellationToken,
}

/// What is looked for.
#[derive(Debug)]
pub(in crate::store) struct Sought {
    pub(in crate::store) prefix: String,
    pub(in crate::store) words: String,
    pub(in crate::store) limit: usize,
}

impl Searching {
    pub(in crate::store) fn new(file: &Path, closing: CancellationToken) -> Self {
        Self { file: file.to_owned(), turn: Arc::new(Semaphore::new(1)), closing }
    }

    pub(in crate::store) async fn search(&self, sought: Sought) -> Result<Vec<Hit>, Error> {
        self.within(LONGEST, move |connection| journal::search(connection, &sought)).await
    }

    /// Waits for the search under way, which has been told to end. Later ones get
    /// [`Error::Closed`].
    pub(in crate::store) async fn close(&self) {
        drop(self.turn.acquire().await);
        self.turn.close();
    }

    /// Runs `query` when it is its turn, and ends it after `longest` or when its caller leaves.
    async fn within<T: Send + 'static>(
        &self,
        longest: Duration,
        query: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(|_| Error::Closed)?;
        let path = self.file.clone();
        // The turn goes where the connection goes: it is over when that is closed.
        let opening = spawn_blocking(move || (connection::reader(&path), turn)).await;
        let Ok((opened, turn)) = opening else { return Err(Error::Closed) };
        let connection = opened.map_err(|error| told(&self.file, &error))?;
        let _interrupting = Interrupting(connection.get_interrupt_handle());
        let left = CancellationToken::new();
        let _leaving = left.clone().drop_guard();
        let reading = spawn_blocking(move || {
            let _turn = turn;
            let connection = connection;
            // What has not begun cannot be interrupted.
            if left.is_cancelled() {
                return Err(Error::Closed.into());
            }
            query(&connection)
        });
        let found = tokio::select! {
            found = reading => found,
            () = tokio::time::sleep(longest) => return Err(Error::TooSlow(longest)),
            () = self.closing.cancelled() => return Err(Error::Closed),
        };
        found.unwrap_or(Err(Fault::Refused(Error::Closed))).map_err(|fault| fault.at(&self.file))
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::{Missing, open};
    use super::*;

    /// Counts without end.
    fn endless(connection: &Connection) -> Result<i64, Fault> {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
             SELECT count(*) FROM n";
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_search_ends_in_time_and_the_next_has_its_turn() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("store");
        let _writer = open(&file, Missing::IsMade).expect("opened");
        let searching = Searching::new(&file, CancellationToken::new());
        let short = Duration::from_millis(20);
        assert_eq!(searching.within(short, endless).await, Err(Error::TooSlow(short)));
        let next = searching.within(LONGEST, |_| Ok(1));
        let next = tokio::time::timeout(LONGEST, next).await;
        assert_eq!(next, Ok(Ok(1)), "the one before was ended");
        {
            let mut left = Box::pin(searching.within(LONGEST, endless));
            let moment = tokio::time::sleep(short);
            tokio::select! { _ = &mut left => unreachable!("it has no end"), () = moment => {} }
            assert_eq!(searching.turn.available_permits(), 0, "one at a time");
        }
        let closed = tokio::time::timeout(LONGEST, searching.close()).await;
        assert_eq!(closed, Ok(()), "one whose caller left was ended");
        assert_eq!(searching.within(LONGEST, |_| Ok(1)).await, Err(Error::Closed));
    }
}
