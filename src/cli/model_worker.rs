//! `openclaw model-worker`: runs one model for a gateway; started by it, not by people.

use super::Exit;
use crate::config::Level;
use crate::providers::local::Kind;
use crate::providers::local::worker::{self, Worker};
use crate::telemetry;
use std::path::PathBuf;

/// Runs one local model for a gateway.
#[derive(Debug, clap::Args)]
pub(super) struct ModelWorker {
    /// Path of the Unix socket to serve on.
    #[arg(long)]
    socket: PathBuf,
    /// What the model does.
    #[arg(long)]
    kind: Kind,
    /// The model's folder.
    #[arg(long)]
    model: PathBuf,
    /// The name to answer as.
    #[arg(long)]
    name: String,
    /// Write the engine's own log to stderr too.
    #[arg(long)]
    verbose: bool,
}

/// Serves until the parent is gone.
pub(super) fn run(args: ModelWorker) -> Result<(), Exit> {
    let level = if args.verbose { Level::Debug } else { Level::Warn };
    telemetry::worker_console(level, worker::ENGINE_LOG).map_err(Exit::new)?;
    let worker =
        Worker { socket: args.socket, kind: args.kind, model: args.model, name: args.name };
    worker::run(&worker).map_err(Exit::new)
}
