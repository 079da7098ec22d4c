//! `openclaw sessions`: what conversations there are, what was said in them, and how long they
//! are kept. Works beside a running gateway and without one.

mod cleanup;
mod list;
mod show;
mod text;

use super::{Context, Exit};
use crate::config;
use crate::sessions::Sessions;
use crate::store::{Clock, Store, file_in};
use crate::tasks::Tasks;
use crate::types::AgentId;
use std::path::PathBuf;
use std::time::Duration;

/// How long the end of a command waits for what it has under way.
const END: Duration = Duration::from_secs(5);

/// Lists sessions unless another subcommand is given.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: list::List,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List sessions, the one used last first
    List(list::List),
    /// Show a session and what was said in it
    Show(show::Show),
    /// Remove what is too old, too much or too large, as session.maintenance says
    Cleanup(cleanup::Cleanup),
}

impl Command {
    fn only_reads(&self) -> bool {
        match self {
            Command::List(_) | Command::Show(_) => true,
            Command::Cleanup(cleanup) => cleanup.dry_run,
        }
    }
}

/// The sessions of an installation, opened for a command.
struct Opened {
    sessions: Sessions,
    store: Store,
    tasks: Tasks,
    file: PathBuf,
}

/// Runs a `sessions` command.
///
/// # Errors
/// What went wrong and what to do next.
pub(super) fn run(context: &Context, args: Args) -> Result<(), Exit> {
    let command = args.command.unwrap_or(Command::List(args.list));
    let json = match &command {
        Command::List(list) => list.json,
        Command::Show(show) => show.json,
        Command::Cleanup(cleanup) => cleanup.json,
    };
    let done = super::runtime()?.block_on(async {
        let opened = if command.only_reads() {
            Opened::to_read(context)?
        } else {
            Opened::to_change(context).await?
        };
        let done = match command {
            Command::List(list) => list::run(context, &opened, list).await,
            Command::Show(show) => show::run(context, &opened, show).await,
            Command::Cleanup(cleanup) => cleanup::run(context, &opened, cleanup).await,
        };
        opened.tasks.drain(END).await;
        opened.store.close().await;
        done
    });
    done.map_err(|exit| if json { exit.in_json() } else { exit })
}

impl Opened {
    /// What only shows must not bring the store's schema up to date under an older gateway.
    fn to_read(context: &Context) -> Result<Self, Exit> {
        let file = file_in(&context.paths.state_dir);
        let store = Store::open_read_only(&file, Clock::system()).map_err(Exit::new)?;
        let tasks = Tasks::new();
        let sessions = Sessions::open_read_only(store.clone(), &tasks);
        Ok(Self { sessions, store, tasks, file })
    }

    async fn to_change(context: &Context) -> Result<Self, Exit> {
        let file = file_in(&context.paths.state_dir);
        let store = Store::open_existing(&file, Clock::system()).map_err(Exit::new)?;
        let tasks = Tasks::new();
        let sessions = Sessions::open(store.clone(), &tasks).await.map_err(Exit::new)?;
        Ok(Self { sessions, store, tasks, file })
    }

    /// Milliseconds since 1970.
    fn now(&self) -> i64 {
        self.sessions.clock().now()
    }
}

/// The agent that the config means where none is named.
fn default_agent(context: &Context) -> Result<AgentId, Exit> {
    let loaded = config::load(&context.paths, &context.env)?;
    Ok(config::default_agent(&loaded.config))
}
