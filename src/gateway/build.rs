//! From a prepared start to services: the one way to bring a config to life.

use super::listener::Shared;
use super::{Credential, Error, Notes, Prepared, addresses};
use crate::agents::Agents;
use crate::auth::{self, Effective, Gate};
use crate::config::{self, Listen};
use crate::health::Health;
use crate::http::{self, Services};
use crate::providers::Providers;
use crate::runs::Runs;
use crate::secrets::{self, Live};
use crate::sessions::{self, Sessions};
use crate::store::{self, Clock, Store};
use crate::tasks::Tasks;
use crate::tools::{self, Toolbox};
use crate::types::ModelRef;
use arc_swap::ArcSwap;
use std::net::SocketAddr;
use std::sync::Arc;

/// A gateway's parts, put together.
pub(super) struct Built {
    /// Where to listen: the very addresses that the check of its authentication saw.
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) endpoint: Shared,
    pub(super) notes: Notes,
    pub(super) runs: Runs,
}

/// How callers prove themselves, and where the credential for it comes from.
struct Proof {
    effective: Effective,
    credential: Credential,
}

impl Prepared {
    /// Builds the services of a gateway.
    pub(super) async fn build(self, health: &Health, tasks: &Tasks) -> Result<Built, Error> {
        for warning in self.loaded.warnings.iter().chain(&self.found.warnings) {
            tracing::warn!(config = %self.paths.config_file.display(), "{warning}");
        }
        let gateway = &self.loaded.config.gateway;
        let listen = config::listen(self.options.listen, &self.loaded.env, gateway, &self.paths)?;
        let addresses = addresses::of(&listen);
        let Proof { effective, credential } = self.proof(&listen, &addresses)?;
        let snapshot = secrets::resolve(self.loaded, &self.found.fallback);
        let agent = snapshot.roster.default_agent();
        let notes = Notes {
            chat_model: agent.model.clone(),
            embedding_model: ModelRef::from(&agent.embedding),
            credential,
        };
        tracing::info!(model = %notes.chat_model, "{}", self.found.why);
        let providers = Providers::new(&self.paths, tasks);
        let agents = Agents::new(providers.clone());
        let live: Live = Arc::new(ArcSwap::from_pointee(snapshot));
        let file = store::file_in(&self.paths.state_dir);
        let store = Store::open(&file, Clock::system()).map_err(sessions::Error::from)?;
        let sessions = Sessions::open(store, tasks).await?;
        let toolbox = Toolbox::new(tools::Services {
            live: live.clone(),
            sessions: sessions.clone(),
            tasks: tasks.clone(),
        });
        let runs = Runs::new(live.clone(), agents.clone(), sessions, tasks);
        let interrupted = runs.recover().await?;
        if interrupted > 0 {
            tracing::warn!(runs = interrupted, "an earlier process left runs unfinished");
        }
        let endpoint = http::endpoint(Services {
            toolbox,
            gate: Arc::new(Gate::new(&effective)),
            runs: runs.clone(),
            health: health.clone(),
            agents,
            providers,
            live,
        });
        Ok(Built { addresses, endpoint: Arc::new(endpoint), notes, runs })
    }

    /// Decides how callers prove themselves, and refuses to let others in unproven.
    fn proof(&self, listen: &Listen, addresses: &[SocketAddr]) -> Result<Proof, Error> {
        let gateway = &self.loaded.config.gateway;
        let effective = auth::effective(&self.options.auth, gateway, &self.loaded.env)?;
        let exposed = addresses.iter().find(|address| !address.ip().is_loopback());
        match (effective, exposed) {
            (Effective::Open | Effective::Missing, Some(address)) => {
                Err(Error::Exposed { bind: listen.bind, address: *address })
            }
            (Effective::Missing, None) => {
                let folder = self.paths.state_dir.display().to_string();
                let minted = auth::mint(&self.paths.state_dir);
                let token = minted.map_err(|error| Error::Mint(folder, error))?;
                let effective = Effective::Token(token);
                Ok(Proof { effective, credential: Credential::Minted })
            }
            (effective, _) => {
                let credential = self.credential(&effective);
                Ok(Proof { effective, credential })
            }
        }
    }

    /// Where the credential comes from, in the order in which `auth` looks for it.
    fn credential(&self, effective: &Effective) -> Credential {
        let (flags, file) = (&self.options.auth, &self.loaded.config.gateway.auth);
        Credential::From(match effective {
            Effective::Open | Effective::Missing => return Credential::None,
            Effective::Token(_) if flags.token.is_some() => "--token",
            Effective::Token(_) if file.token.is_some() => "gateway.auth.token",
            Effective::Token(_) => "OPENCLAW_GATEWAY_TOKEN",
            Effective::Password(_) if flags.password.is_some() => "--password",
            Effective::Password(_) if file.password.is_some() => "gateway.auth.password",
            Effective::Password(_) => "OPENCLAW_GATEWAY_PASSWORD",
        })
    }
}
