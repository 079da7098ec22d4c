//! Reads the configuration of a process: the config file, its `.env` file and the environment.

use super::interpret::interpret;
use super::{Config, Env, Error, Paths, dotenv, file};
use std::time::SystemTime;

/// Largest config file read.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// A configuration as it was at one moment. Load again for a later one; nothing is kept between.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The validated config; the defaults where there is no file.
    pub config: Config,
    /// Whether there is a config file.
    pub exists: bool,
    /// What the operator should know, one text each.
    pub warnings: Vec<String>,
    /// When the config file was last written.
    pub modified: Option<SystemTime>,
    /// The process environment, then the state directory's `.env`, then the config's `env`
    /// section; the first that has a variable wins.
    pub env: Env,
}

/// Reads and validates the configuration.
///
/// # Errors
/// [`Error::Unreadable`] and [`Error::Syntax`] for either file, [`Error::Invalid`] with everything
/// that is wrong in the config.
pub fn load(paths: &Paths, env: &Env) -> Result<Loaded, Error> {
    let env = env.or(&dotenv::read(&paths.state_dir.join(".env"))?);
    let Some(file) = file::read_text(&paths.config_file, MAX_BYTES)? else {
        let (config, warnings) = (Config::default(), Vec::new());
        return Ok(Loaded { config, exists: false, warnings, modified: None, env });
    };
    let read = interpret(&paths.config_file, &file.text, &env)?;
    Ok(Loaded {
        config: read.config,
        exists: true,
        warnings: read.warnings,
        modified: file.modified,
        env: read.env,
    })
}
