//! The gateway's side of the workers: who runs which model, from first use until idle.
//!
//! [`Workers::endpoint`] is the whole face. Each model in use has one supervisor task that owns its
//! child process; the task ends when the gateway drains, and the child with it.

mod child;
mod socket;
mod supervisor;

use super::{Error, Installed, Store, catalogue};
use crate::config::{Paths, ProfileChoice};
use crate::net::Client;
use crate::tasks::Tasks;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use supervisor::{Ask, Supervisor};
use tokio::sync::{mpsc, oneshot};

/// The base URL for a client of [`Workers::endpoint`]; the socket makes the host meaningless.
pub const BASE_URL: &str = "http://local/v1";

/// How long a worker may be idle before it is stopped.
const IDLE: Duration = Duration::from_secs(10 * 60);
/// How long a worker may take until it answers: loading reads the whole model once.
const START_LIMIT: Duration = Duration::from_secs(120);
/// Callers that may wait for one worker's start before further ones wait in line.
const MAX_ASKING: usize = 64;

/// How workers are run; [`Settings::new`] has the defaults.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The state directory: models are read from it, sockets lie in it.
    pub state_dir: PathBuf,
    /// How an operator calls this program for this state directory, such as `openclaw --dev`;
    /// clients may see it, so it holds no path.
    pub command: String,
    /// The program to run as a worker. Our own binary, looked up once: after an upgrade in place
    /// the system no longer tells where it lies.
    pub program: Option<PathBuf>,
    /// How long a worker may be idle before it is stopped.
    pub idle: Duration,
    /// How long a worker may take until it answers.
    pub start_limit: Duration,
}

impl Settings {
    /// The defaults for this state directory.
    pub fn new(state_dir: PathBuf) -> Settings {
        Settings {
            state_dir,
            command: "openclaw".to_owned(),
            program: std::env::current_exe().ok(),
            idle: IDLE,
            start_limit: START_LIMIT,
        }
    }

    /// The defaults for this installation.
    pub fn of(paths: &Paths) -> Settings {
        Settings { command: command(paths), ..Settings::new(paths.state_dir.clone()) }
    }

    /// The model, or what to run to get it. Reads the disk.
    fn find(&self, model: &str) -> Result<Installed, Error> {
        let store = Store::at(&self.state_dir);
        store.find(model).ok_or_else(|| Error::not_installed(model, &self.advice(&store, model)))
    }

    fn advice(&self, store: &Store, model: &str) -> String {
        let command = &self.command;
        if catalogue::find(model).is_some() {
            return format!("run `{command} models pull {model}`");
        }
        let source = store.source(model);
        match source.as_deref().and_then(|source| source.strip_prefix("hub ")) {
            Some(file) => format!("its files are damaged; run `{command} models pull {file}`"),
            None => format!(
                "run `{command} models list` to see what there is, or `{command} models pull \
                 OWNER/REPO:FILE.gguf` to fetch it"
            ),
        }
    }

    /// The same off the async threads.
    async fn look_up(&self, model: &str) -> Result<Installed, Error> {
        let (settings, model) = (self.clone(), model.to_owned());
        let found = tokio::task::spawn_blocking(move || settings.find(&model)).await;
        found.unwrap_or_else(|_| Err(stopping()))
    }
}

/// What calls this program for the same state directory as ours.
fn command(paths: &Paths) -> String {
    let (folder, command) = match &paths.profile {
        ProfileChoice::Default => (".openclaw".to_owned(), "openclaw".to_owned()),
        ProfileChoice::Dev => (".openclaw-dev".to_owned(), "openclaw --dev".to_owned()),
        ProfileChoice::Named(name) => {
            (format!(".openclaw-{name}"), format!("openclaw --profile {name}"))
        }
    };
    match paths.state_dir == paths.home.join(folder) {
        true => command,
        // Whoever set it knows to what.
        false => format!("OPENCLAW_STATE_DIR=… {command}"),
    }
}

fn stopping() -> Error {
    Error::unavailable("The gateway is stopping.")
}

/// The workers of this process; clones share them.
#[derive(Debug, Clone)]
pub struct Workers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    tasks: Tasks,
    supervisors: Mutex<HashMap<String, mpsc::Sender<Ask>>>,
}

impl Workers {
    /// No worker yet; each starts when its model is first asked for and ends when `tasks` drain.
    pub fn new(settings: Settings, tasks: &Tasks) -> Workers {
        let supervisors = Mutex::default();
        Workers(Arc::new(Inner { settings, tasks: tasks.clone(), supervisors }))
    }

    /// A client connected to this model's worker, to be used with [`BASE_URL`]. Starts the worker
    /// if none runs and waits until it answers.
    ///
    /// # Errors
    /// `NotInstalled` when the model was never pulled; `Overloaded` when its worker has failed too
    /// often in a row; `Unavailable` when it does not start or the process is stopping.
    pub async fn endpoint(&self, model: &str) -> Result<Client, Error> {
        let supervisor = self.supervisor(model).await?;
        let (ask, answer) = oneshot::channel();
        supervisor.send(ask).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }

    /// The line to the model's supervisor. Only installed models get one, so their number is
    /// bounded.
    async fn supervisor(&self, model: &str) -> Result<mpsc::Sender<Ask>, Error> {
        let known = self.supervisors().get(model).cloned();
        if let Some(supervisor) = known {
            return Ok(supervisor);
        }
        self.0.settings.look_up(model).await?;
        let start = || {
            let (asks, asked) = mpsc::channel(MAX_ASKING);
            let supervisor = Supervisor::new(model.to_owned(), self.0.settings.clone(), asked);
            self.0.tasks.spawn(supervisor.run(self.0.tasks.stopping()));
            asks
        };
        // Another caller may have been quicker in the meantime.
        Ok(self.supervisors().entry(model.to_owned()).or_insert_with(start).clone())
    }

    fn supervisors(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Ask>>> {
        self.0.supervisors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_command_reaches_the_same_state_directory() {
        let check = |profile, state_dir: &str, expected| {
            let paths = Paths {
                config_file: PathBuf::new(),
                state_dir: Path::new("/home/me").join(state_dir),
                home: PathBuf::from("/home/me"),
                profile,
            };
            assert_eq!(Settings::of(&paths).command, expected);
        };
        check(ProfileChoice::Default, ".openclaw", "openclaw");
        check(ProfileChoice::Dev, ".openclaw-dev", "openclaw --dev");
        let named = || ProfileChoice::Named("work".to_owned());
        check(named(), ".openclaw-work", "openclaw --profile work");
        check(named(), "/srv/state", "OPENCLAW_STATE_DIR=… openclaw --profile work");
    }
}
