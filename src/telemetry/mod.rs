//! Logs: one JSONL file for programs, the console for people.
//!
//! [`start`] sets both up and gives back a [`Guard`] that flushes the file when it is dropped.
//! Nothing here decides what is worth logging.

mod file;

use crate::config::{ConsoleStyle, Level};
use file::DailyFile;
use std::io::IsTerminal;
use std::path::PathBuf;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// Where logs go and how much of them.
#[derive(Debug, Clone)]
pub struct Options {
    /// The log file, or the folder of daily files.
    pub file: Destination,
    /// Level of the file.
    pub level: Level,
    /// Level of the console.
    pub console_level: Level,
    /// Form of the console's lines.
    pub console_style: ConsoleStyle,
    /// Whether the console may use colour.
    pub colour: bool,
}

/// Where the log file lies.
#[derive(Debug, Clone)]
pub enum Destination {
    /// One file a day (UTC), `openclaw-YYYY-MM-DD.log`, in this folder.
    Daily(PathBuf),
    /// This file.
    File(PathBuf),
}

/// Keeps the log file open; dropping it writes what is still queued.
#[derive(Debug)]
pub struct Guard {
    _worker: WorkerGuard,
    path: PathBuf,
}

/// Logs cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log file cannot be opened.
    #[error("cannot open the log file {path}; set logging.file to a writable place")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Logs were set up before.
    #[error("logging is already set up in this process")]
    Twice(#[from] TryInitError),
}

impl Guard {
    /// The log file of this moment.
    pub fn path(&self) -> &PathBuf {
        &self.path
    }
}

/// Sets up the process's logs.
///
/// # Errors
/// [`Error`] when the file cannot be opened or logs were set up before.
pub fn start(options: &Options) -> Result<Guard, Error> {
    let file = DailyFile::open(options.file.clone())?;
    let path = file.path().clone();
    let (writer, worker) = tracing_appender::non_blocking(file);
    tracing_subscriber::registry()
        .with(file_layer(writer).with_filter(filter(options.level)))
        .with(console_layer(options).with_filter(filter(options.console_level)))
        .try_init()?;
    log_panics();
    Ok(Guard { _worker: worker, path })
}

/// Sets up the logs of a model worker: plain lines on stderr, which its gateway reads. `engine_log`
/// is the target of its engine's own log, which calls ordinary things warnings: of that only
/// errors count, unless `level` asks for more.
///
/// # Errors
/// [`Error::Twice`] when logs were set up before.
pub fn worker_console(level: Level, engine_log: &str) -> Result<(), Error> {
    let ours = level_filter(level);
    let engine = if ours > LevelFilter::INFO { ours } else { ours.min(LevelFilter::ERROR) };
    let levels = Targets::new().with_default(ours).with_target(engine_log, engine);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(lines.with_filter(levels)).try_init()?;
    Ok(())
}

/// A panic is a fault of ours that the log must have; by itself it would only reach stderr.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panicked: {}", panic.payload_as_str().unwrap_or("(no text)"));
    }));
}

fn file_layer<S>(writer: NonBlocking) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(writer)
}

fn console_layer<S>(options: &Options) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let ansi = options.colour && std::io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(ansi);
    match options.console_style {
        ConsoleStyle::Pretty => layer.boxed(),
        ConsoleStyle::Compact => layer.without_time().with_target(false).boxed(),
        ConsoleStyle::Json => layer.json().flatten_event(true).boxed(),
    }
}

/// Our own events at `level`; a library's only where something is wrong, or at `trace`.
fn filter(level: Level) -> Targets {
    let ours = level_filter(level);
    let others =
        if level == Level::Trace { LevelFilter::DEBUG } else { ours.min(LevelFilter::WARN) };
    Targets::new().with_default(others).with_target("openclaw", ours)
}

fn level_filter(level: Level) -> LevelFilter {
    match level {
        Level::Silent => LevelFilter::OFF,
        Level::Fatal | Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}
