//! The gateway under test: its files, its command line and its readiness.

use crate::process::{Process, this_program};
use crate::startup;
use anyhow::{Context, Result, bail, ensure};
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Lines of its output shown when it fails.
const LOG_TAIL: usize = 20;

/// What stands in the gateway's place.
pub(crate) enum Program {
    /// The gateway.
    Binary(PathBuf),
    /// A second bare proxy, to check the measurement itself.
    Proxy,
}

/// A gateway that can be started any number of times, always on the same state directory.
pub(crate) struct Gateway {
    program: Program,
    upstream: SocketAddr,
    token: String,
    home: TempDir,
}

impl Gateway {
    /// Writes a configuration with one agent whose model is the upstream's.
    pub(crate) fn new(program: Program, upstream: SocketAddr) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("openclaw-load-").tempdir()?;
        let token = format!("load-{:x}", crate::stats::unix_nanos());
        let config = serde_json::json!({
            "gateway": { "mode": "local", "auth": { "mode": "token", "token": &token } },
            "agents": {
                "defaults": { "model": "load/load" },
                "list": [{ "id": "main", "default": true }],
            },
            // Nothing that is stored for the measurement is too much.
            "session": { "maintenance": { "maxEntries": 100_000_000 } },
            "models": { "providers": { "load": {
                "api": "openai-completions",
                "baseUrl": format!("http://{upstream}/v1"),
                "apiKey": "load",
                "models": [{ "id": "load" }],
            }}},
        });
        let gateway = Self { program, upstream, token, home };
        fs::write(gateway.config_file(), format!("{config:#}"))
            .context("could not write the gateway's configuration")?;
        Ok(gateway)
    }

    /// What callers prove themselves with.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Where it keeps its sessions.
    pub(crate) fn store_file(&self) -> PathBuf {
        self.home.path().join("state/openclaw.sqlite")
    }

    /// Starts it; returns it with the time from spawn to its first 200 on `/v1/models`.
    pub(crate) fn start(&self) -> Result<(Process, Duration)> {
        let address = free_address()?;
        let mut command = self.command(&["--port", &address.port().to_string()])?;
        let log = File::create(self.log_file())?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let spawned = Instant::now();
        let child = command.spawn().with_context(|| format!("could not start {command:?}"))?;
        let mut process = Process { child, address };
        startup::first_answer(&mut process, &self.token, spawned)
            .with_context(|| self.log_tail())
            .map(|took| (process, took))
    }

    /// Stops it and checks that it ended well.
    pub(crate) fn stop(&self, process: Process) -> Result<()> {
        let status = process.stop().with_context(|| self.log_tail())?;
        // The bare proxy does not handle the signal.
        let fine = status.success() || matches!(self.program, Program::Proxy);
        ensure!(fine, "the gateway ended with {status} after SIGTERM. {}", self.log_tail());
        Ok(())
    }

    /// The time the same file takes to print its version and end.
    pub(crate) fn spawn_and_end(&self) -> Result<Duration> {
        let mut command = match &self.program {
            Program::Binary(path) => self.surroundings(Command::new(path)),
            Program::Proxy => Command::new(this_program()?),
        };
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null());
        let spawned = Instant::now();
        let status = command.status().with_context(|| format!("could not start {command:?}"))?;
        if !status.success() {
            bail!("{command:?} ended with {status}");
        }
        Ok(spawned.elapsed())
    }

    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = match &self.program {
            Program::Binary(path) => {
                let mut command = self.surroundings(Command::new(path));
                command.arg("gateway");
                command
            }
            Program::Proxy => {
                let mut command = Command::new(this_program()?);
                command.args(["proxy", "--upstream", &self.upstream.to_string()]);
                command
            }
        };
        command.args(arguments);
        Ok(command)
    }

    /// Nothing of the caller's own OpenClaw set-up may reach the gateway under test.
    fn surroundings(&self, mut command: Command) -> Command {
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("OPENCLAW_STATE_DIR", self.home.path())
            .env("OPENCLAW_CONFIG_PATH", self.config_file());
        command
    }

    fn config_file(&self) -> PathBuf {
        self.home.path().join("openclaw.json")
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("output.log")
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.log_file()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(LOG_TAIL)..];
        format!("The end of the gateway's output:\n{}", tail.join("\n"))
    }
}

/// A port nobody listens on now. Should somebody take it before the gateway does, the gateway
/// ends or answers to another token, and the run fails instead of measuring a stranger.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?)
}
