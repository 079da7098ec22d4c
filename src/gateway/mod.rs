//! The composition root: builds the services, owns the one listener, starts and stops.
//!
//! [`Prepared::load`] reads a config, [`Gateway::start`] brings it to life and [`Gateway::stop`]
//! drains it. No request logic lives here.

mod addresses;
mod build;
mod error;
mod listener;
mod lock;
mod prepared;
mod upkeep;

pub use error::Error;
pub use prepared::{Options, Prepared};

use crate::health::{Health, Phase};
use crate::runs::Runs;
use crate::store::Store;
use crate::tasks::Tasks;
use crate::types::ModelRef;
use build::Built;
use listener::Patience;
use lock::Lock;
use std::net::SocketAddr;
use std::time::Duration;

/// How long requests in flight may take to finish once the gateway stops.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(30);

/// How long runs that are cut short may take to write so.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    addresses: Vec<SocketAddr>,
    health: Health,
    tasks: Tasks,
    notes: Notes,
    runs: Runs,
    store: Store,
    _lock: Lock,
}

/// What an operator wants to read after the start.
#[derive(Debug, Clone)]
pub struct Notes {
    /// The default agent's chat model.
    pub chat_model: ModelRef,
    /// The default agent's embedding model.
    pub embedding_model: ModelRef,
    /// What callers have to show.
    pub credential: Credential,
}

/// Where the credential that callers have to show comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// They need none.
    None,
    /// A token that this start or an earlier one has minted.
    Minted,
    /// This flag, key of the config, or environment variable.
    From(&'static str),
}

impl Gateway {
    /// Brings a config to life: once this returns, requests are answered.
    ///
    /// # Errors
    /// [`Error`] when the authentication or the listener is not as it must be.
    pub async fn start(prepared: Prepared) -> Result<Self, Error> {
        let health = Health::starting();
        let tasks = Tasks::new();
        let place = prepared.place()?;
        // The port and the state folder first: whoever has them may have runs under way, which
        // are not to be taken for left behind.
        let listeners = addresses::bind(&place.addresses).await?;
        let lock = Lock::take(prepared.state_dir())?;
        let built = prepared.build(place, &health, &tasks).await?;
        let addresses = listeners.iter().filter_map(|socket| socket.local_addr().ok()).collect();
        listener::raise_file_limit();
        for socket in listeners {
            let (endpoint, patience) = (built.endpoint.clone(), Patience::default());
            tasks.spawn(listener::serve(socket, endpoint, tasks.clone(), patience));
        }
        health.enter(Phase::Ready);
        let Built { notes, runs, store, .. } = built;
        Ok(Self { addresses, health, tasks, notes, runs, store, _lock: lock })
    }

    /// The addresses it listens on; the first is the one to tell people.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What an operator wants to read after the start.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Takes nothing new, lets what runs finish for at most `limit`, and says whether all did.
    pub async fn stop(self, limit: Duration) -> bool {
        self.health.enter(Phase::Draining);
        let drained = self.tasks.drain(limit).await;
        if !drained {
            self.runs.interrupt();
            self.tasks.drain(LAST_WORDS).await;
        }
        self.store.close().await;
        drained
    }
}
