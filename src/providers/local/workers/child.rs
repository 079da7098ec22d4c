//! One worker process: started, listened to, stopped.

use super::Settings;
use super::socket::Place;
use crate::net::Client;
use crate::providers::local::Installed;
use crate::providers::local::last_words::{LastWords, Lines};
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::BufReader;
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio_util::task::AbortOnDropHandle;

/// How long a worker may take to end once told to.
const STOP_LIMIT: Duration = Duration::from_secs(8);
/// How long stderr may stay open once the process has ended: something else may hold it.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);

/// What a worker says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Ready,
    Busy,
    Idle,
    /// Its stdout has ended: it is dead or dying.
    Silent,
}

/// A running worker. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Child {
    process: tokio::process::Child,
    /// Open for as long as the worker shall live.
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
    last_words: LastWords,
    stderr: AbortOnDropHandle<()>,
    client: Client,
    _place: Place,
}

impl Child {
    /// Starts a worker for `model`.
    pub(super) fn spawn(settings: &Settings, model: &Installed) -> io::Result<Child> {
        let place = Place::new(&settings.state_dir)?;
        let program = settings.program.as_ref().ok_or_else(|| {
            io::Error::other("the system does not tell where our own binary lies")
        })?;
        let mut process = command(program, &place, model).spawn()?;
        let pipe = "the command asks for this pipe";
        let stdin = process.stdin.take().expect(pipe);
        let stdout = Lines::of(process.stdout.take().expect(pipe));
        let last_words = LastWords::default();
        let listening = last_words.clone().collect(process.stderr.take().expect(pipe), |line| {
            tracing::debug!(target: "openclaw::model_worker", "{line}");
        });
        let stderr = AbortOnDropHandle::new(tokio::spawn(listening));
        let client = Client::unix(place.path().to_owned());
        Ok(Child { process, stdin: Some(stdin), stdout, last_words, stderr, client, _place: place })
    }

    /// A client for its socket.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Whether the process is known to have ended, even if its pipes have not told yet.
    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }

    /// The next thing it says; safe to give up and ask again.
    pub(super) async fn listen(&mut self) -> Word {
        loop {
            match self.stdout.next().await {
                Ok(Some(line)) => match line.as_str() {
                    "ready" => return Word::Ready,
                    "busy" => return Word::Busy,
                    "idle" => return Word::Idle,
                    other => tracing::debug!(line = other, "unexpected word from a model worker"),
                },
                Ok(None) | Err(_) => return Word::Silent,
            }
        }
    }

    /// Tells it to end by closing its stdin, and sees to it.
    pub(super) async fn stop(mut self) {
        drop(self.stdin.take());
        if tokio::time::timeout(STOP_LIMIT, self.process.wait()).await.is_err() {
            tracing::warn!("a model worker does not end when told to; killing it");
            self.process.kill().await.ok();
        }
        tokio::time::timeout(LAST_WORDS_LIMIT, self.stderr).await.ok();
    }

    /// How it died, for the log; call once it is silent.
    pub(super) async fn post_mortem(mut self) -> String {
        drop(self.stdin.take());
        let status = match tokio::time::timeout(STOP_LIMIT, self.process.wait()).await {
            Ok(status) => describe(status),
            Err(_) => {
                self.process.kill().await.ok();
                "closed its stdout and was killed".to_owned()
            }
        };
        tokio::time::timeout(LAST_WORDS_LIMIT, self.stderr).await.ok();
        format!("{status}: {}", self.last_words.text(" | "))
    }
}

fn command(program: &Path, place: &Place, model: &Installed) -> Command {
    let mut command = Command::new(program);
    command
        .arg("model-worker")
        .arg("--socket")
        .arg(place.path())
        .args(["--kind", model.manifest.kind.as_str(), "--name", &model.manifest.name])
        .arg("--model")
        .arg(&model.dir)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A Ctrl-C on the terminal is for the gateway, which then ends its workers in order.
        .process_group(0)
        .kill_on_drop(true);
    if tracing::enabled!(tracing::Level::DEBUG) {
        command.arg("--verbose");
    }
    command
}

fn describe(status: io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}
