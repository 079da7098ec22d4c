//! From a prepared start to services: the one way to bring a config to life.

use super::listener::Shared;
use super::upkeep::{self, Kept};
use super::{Credential, Error, Notes, Prepared, addresses};
use crate::agents::Agents;
use crate::auth::{self, Effective, Gate, Limits};
use crate::config::{self, Listen};
use crate::health::Health;
use crate::http::{self, Services};
use crate::media::Media;
use crate::net::egress::Egress;
use crate::providers::Providers;
use crate::responses::Responses;
use crate::runs::Runs;
use crate::secrets::{self, Live};
use crate::sessions::{self, Sessions};
use crate::store::{self, Clock, Store};
use crate::tasks::Tasks;
use crate::tools::{self, Toolbox};
use crate::types::ModelRef;
use arc_swap::ArcSwap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// A gateway's parts, put together.
pub(super) struct Built {
    pub(super) endpoint: Shared,
    pub(super) notes: Notes,
    pub(super) runs: Runs,
    pub(super) store: Store,
}

/// Where to listen, and how callers prove themselves there.
pub(super) struct Place {
    /// The very addresses that the check of the authentication saw.
    pub(super) addresses: Vec<SocketAddr>,
    proof: Proof,
}

/// How callers prove themselves, and where the credential for it comes from.
struct Proof {
    effective: Effective,
    credential: Credential,
}

impl Prepared {
    /// Decides where to listen and how callers prove themselves there.
    pub(super) fn place(&self) -> Result<Place, Error> {
        let gateway = &self.loaded.config.gateway;
        let listen = config::listen(self.options.listen, &self.loaded.env, gateway, &self.paths)?;
        let addresses = addresses::of(&listen);
        let proof = self.proof(&listen, &addresses)?;
        Ok(Place { addresses, proof })
    }

    /// The folder everything is kept in.
    pub(super) fn state_dir(&self) -> &Path {
        &self.paths.state_dir
    }

    /// Builds the services of a gateway.
    pub(super) async fn build(
        self,
        place: Place,
        health: &Health,
        tasks: &Tasks,
    ) -> Result<Built, Error> {
        let Proof { effective, credential } = place.proof;
        for warning in self.loaded.warnings.iter().chain(&self.found.warnings) {
            tracing::warn!(config = %self.paths.config_file.display(), "{warning}");
        }
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
        let sessions = Sessions::open(store.clone(), tasks).await?;
        // Looked up once: after an upgrade in place the system no longer tells where it lies.
        let program = self.options.program.or_else(|| std::env::current_exe().ok());
        let egress = Egress::new();
        let media = Media::new(egress.clone(), program);
        let toolbox = Toolbox::new(tools::Services {
            live: live.clone(),
            sessions: sessions.clone(),
            tasks: tasks.clone(),
            egress,
            media: media.clone(),
        });
        let runs = Runs::new(live.clone(), agents.clone(), sessions.clone(), tasks);
        let interrupted = runs.recover().await?;
        if interrupted > 0 {
            tracing::warn!(runs = interrupted, "an earlier process left runs unfinished");
        }
        let limits = Limits::of(live.load().config.gateway.http.limits);
        let responses = Responses::new(runs.clone(), store.clone(), tasks);
        let interrupted = responses.recover().await?;
        if interrupted > 0 {
            tracing::warn!(responses = interrupted, "an earlier process left responses unfinished");
        }
        upkeep::start(Kept { sessions, responses: responses.clone() }, live.clone(), tasks);
        let endpoint = http::endpoint(Services {
            responses,
            media,
            tasks: tasks.clone(),
            toolbox,
            gate: Arc::new(Gate::new(&effective).limited(limits)),
            runs: runs.clone(),
            health: health.clone(),
            agents,
            providers,
            live,
        });
        Ok(Built { endpoint: Arc::new(endpoint), notes, runs, store })
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
