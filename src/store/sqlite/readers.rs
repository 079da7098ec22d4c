//! The read pool: a few connections that only read, opened when they are first needed.

use super::connection;
use super::fault::{Fault, told};
use crate::store::Error;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Most connections, and so most reads at once.
const CONNECTIONS: u32 = 3;
/// Connections that are kept when nobody reads.
const KEPT: usize = 2;

/// The read pool of a store.
#[derive(Debug)]
pub(in crate::store) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(in crate::store) fn new(file: PathBuf) -> Self {
        let places = Arc::new(Semaphore::new(CONNECTIONS as usize));
        Self { file, idle: Mutex::default(), places }
    }

    /// A pool that has a connection already.
    pub(in crate::store) fn having(connection: Connection, file: PathBuf) -> Self {
        let readers = Self::new(file);
        readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        readers
    }

    /// Runs `query` on a thread where it may block.
    pub(in crate::store) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| Error::Closed)?;
        let readers = Arc::clone(self);
        let reading = spawn_blocking(move || {
            // The place is kept until the read has ended, even when nobody waits for it any more.
            let _place = place;
            readers.read_here(query)
        });
        reading.await.unwrap_or(Err(Error::Closed))
    }

    fn read_here<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connection::reader(&self.file).map_err(|error| told(&self.file, &error))?,
        };
        // A connection that failed is not kept: what is wrong may lie in what it remembers.
        let found = query(&connection).map_err(|fault| fault.at(&self.file))?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(connection);
        }
        Ok(found)
    }

    /// Waits for the reads under way and closes every connection. Later reads get
    /// [`Error::Closed`].
    pub(in crate::store) async fn close(&self) {
        let all = self.places.acquire_many(CONNECTIONS).await;
        self.places.close();
        drop(all);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
