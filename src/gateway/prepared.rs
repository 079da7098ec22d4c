//! A start as far as it goes without touching anything: the config read, the models found.

use super::Error;
use crate::auth;
use crate::config::{self, Api, Env, ListenFlags, Loaded, Logging, Mode, Paths, Roster};
use crate::providers::discovery::{self, Found, Nearby, Servers};
use crate::providers::{LOCAL, local};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--port` and `--bind`.
    pub listen: ListenFlags,
    /// `--auth`, `--token` and `--password`.
    pub auth: auth::Flags,
    /// `--allow-unconfigured`: start without `gateway.mode`.
    pub allow_unconfigured: bool,
    /// Where model servers on this machine are looked for.
    pub servers: Servers,
    /// The process's environment.
    pub env: Env,
    /// Our own binary, where it is not the one that runs this process.
    pub program: Option<PathBuf>,
}

/// All that [`super::Gateway::start`] needs to know.
#[derive(Debug)]
pub struct Prepared {
    pub(super) paths: Paths,
    pub(super) options: Options,
    /// The config, with the providers that were found.
    pub(super) loaded: Loaded,
    pub(super) found: Found,
}

impl Prepared {
    /// Reads the config and finds what it leaves open.
    ///
    /// # Errors
    /// [`Error`] when the config is wrong, or does not let a gateway start here.
    pub async fn load(paths: &Paths, options: Options) -> Result<Self, Error> {
        let mut loaded = config::load(paths, &options.env)?;
        check_mode(&loaded, paths, &options)?;
        let store = local::Store::at(&paths.state_dir);
        let near = Nearby { servers: &options.servers, store: &store };
        let mut found = discovery::find(&loaded.config, &loaded.env, near).await?;
        loaded.config.models.providers.extend(found.providers.drain(..));
        Ok(Self { paths: paths.clone(), options, loaded, found })
    }

    /// Which model will answer, and why.
    pub fn why(&self) -> &str {
        &self.found.why
    }

    /// The config's `logging` section.
    pub fn logging(&self) -> &Logging {
        &self.loaded.config.logging
    }

    /// The environment the config was read with.
    pub fn env(&self) -> &Env {
        &self.loaded.env
    }

    /// The models on this machine that agents and aliases name, for answers or for embeddings.
    pub fn local_models(&self) -> Vec<String> {
        let config = &self.loaded.config;
        let is_local = |provider: &str| {
            let settings = config.models.providers.get(provider);
            settings.map_or(provider == LOCAL, |settings| settings.api == Api::Local)
        };
        let roster = Roster::of(config, &self.found.fallback);
        let aliased = config::aliased_models(config);
        let used: BTreeSet<_> = roster
            .iter()
            .flat_map(|agent| {
                let (chat, embedding) = (&agent.model, &agent.embedding);
                [(&chat.provider, &chat.model), (&embedding.provider, &embedding.model)]
            })
            .chain(aliased.iter().map(|model| (&model.provider, &model.model)))
            .filter(|(provider, _)| is_local(provider))
            .map(|(_, model)| model.clone())
            .collect();
        used.into_iter().collect()
    }
}

/// A gateway starts only where somebody said that one shall run here.
fn check_mode(loaded: &Loaded, paths: &Paths, options: &Options) -> Result<(), Error> {
    let file = || paths.config_file.display().to_string();
    match loaded.config.gateway.mode {
        Some(Mode::Local) => Ok(()),
        _ if options.allow_unconfigured => Ok(()),
        Some(Mode::Remote) => Err(Error::Remote),
        None if loaded.exists => Err(Error::NoMode(file())),
        None => Err(Error::NoConfig(file())),
    }
}
