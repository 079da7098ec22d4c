//! The worker process: one model behind the OpenAI dialect on a Unix socket.
//!
//! [`run`] loads the model, serves it until its parent is gone (stdin ends) or it is told to stop
//! (SIGTERM), and says on stdout, a word a line, what the parent must know: `ready` once it
//! answers, then `busy` and `idle` as requests come and go. It reads no environment and no config.

mod bert;
mod chat;
mod job;
mod line;
mod prompt;
mod reply;
mod routes;
mod sampler;
mod server;
#[cfg(test)]
mod tests;
mod text;
mod threads;
mod wire;

use super::store::Kind;
use routes::{Engine, Service};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The tracing target under which llama.cpp's own log appears.
pub const ENGINE_LOG: &str = "llama-cpp-2";

/// How long the step in hand may take once the worker shall stop.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What a worker serves, and where.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Path of the Unix socket; its folder must be private to this user.
    pub socket: PathBuf,
    /// What the model does.
    pub kind: Kind,
    /// The model's folder.
    pub model: PathBuf,
    /// The name it answers as.
    pub name: String,
}

/// Why a worker could not serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model's files are damaged, or of a kind the engine does not know.
    #[error("cannot load the model in {dir}: {reason}")]
    Load {
        /// The model's folder.
        dir: PathBuf,
        /// What the engine says.
        reason: String,
    },
    /// The socket, the threads or the signals cannot be set up.
    #[error("cannot serve on {socket}: {reason}")]
    Serve {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The engine's thread panicked; what it wrote to stderr says where.
    #[error("the engine of {name:?} crashed")]
    Crashed {
        /// The name the model answers as.
        name: String,
    },
}

/// How the engine's thread ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// In order, or by being left alone.
    Quiet,
    /// By a panic.
    Panic,
}

/// Serves the model until told to stop.
///
/// # Errors
/// [`Error::Load`] when the model cannot be loaded, [`Error::Serve`] when the socket cannot be
/// served, [`Error::Crashed`] when the engine panicked.
pub fn run(worker: &Worker) -> Result<(), Error> {
    let failed = |reason| Error::Serve { socket: worker.socket.clone(), reason };
    let stop = CancellationToken::new();
    stop_at_end_of_input(stop.clone()).map_err(failed)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let Loaded { engine, thread } = load(worker, &stop)?;
    let service = Service { name: worker.name.clone(), engine };
    let end = runtime
        .block_on(async {
            stop_at_signal(stop.clone())?;
            server::serve(&worker.socket, service, stop.clone()).await?;
            Ok(settle(thread).await)
        })
        .map_err(failed)?;
    match end {
        End::Quiet => Ok(()),
        End::Panic => Err(Error::Crashed { name: worker.name.clone() }),
    }
}

/// A model ready to answer, and the thread it does so on.
struct Loaded {
    engine: Engine,
    thread: JoinHandle<()>,
}

fn load(worker: &Worker, stop: &CancellationToken) -> Result<Loaded, Error> {
    let unloadable = |reason| Error::Load { dir: worker.model.clone(), reason };
    let failed = |reason| Error::Serve { socket: worker.socket.clone(), reason };
    match worker.kind {
        Kind::Chat => {
            let file = worker.model.join(super::store::CHAT_FILE);
            let engine = chat::Engine::load(&file).map_err(unloadable)?;
            let line = engine.start(stop).map_err(failed)?;
            Ok(Loaded { engine: Engine::Chat(line.jobs), thread: line.thread })
        }
        Kind::Embedding => {
            let engine = bert::Engine::load(&worker.model).map_err(unloadable)?;
            let width = engine.width();
            let line = engine.start(stop).map_err(failed)?;
            let engine = Engine::Embedding { jobs: line.jobs, width };
            Ok(Loaded { engine, thread: line.thread })
        }
    }
}

/// The parent holds the other end of stdin and never writes: its end means the parent is gone.
fn stop_at_end_of_input(stop: CancellationToken) -> io::Result<()> {
    std::thread::Builder::new().name("parent".to_owned()).spawn(move || {
        let mut ignored = [0; 64];
        let mut stdin = io::stdin().lock();
        while stdin.read(&mut ignored).is_ok_and(|length| length > 0) {}
        stop.cancel();
    })?;
    Ok(())
}

fn stop_at_signal(stop: CancellationToken) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        terminate.recv().await;
        stop.cancel();
    });
    Ok(())
}

/// Waits until the engine has left native code, so that the process may end.
async fn settle(thread: JoinHandle<()>) -> End {
    let ended = tokio::task::spawn_blocking(move || thread.join().is_ok());
    match tokio::time::timeout(STOP_LIMIT, ended).await {
        Ok(Ok(true)) => End::Quiet,
        Ok(_) => End::Panic,
        Err(_) => {
            tracing::warn!("the engine is still computing; leaving it");
            End::Quiet
        }
    }
}

/// Tells the parent, who may be gone; then stdin ends too and the worker stops by that.
fn say(word: &str) {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{word}").and_then(|()| stdout.flush()).ok();
}
