//! The processes a run starts, each of which ends with it.

use crate::serve::READY;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a process may take to end after SIGTERM.
const STOP_LIMIT: Duration = Duration::from_secs(10);
const STOP_POLL: Duration = Duration::from_millis(5);

/// A running process; killed if it still runs when this is dropped.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// Starts this program again as one of its servers and waits until it listens.
    pub(crate) fn start_server(arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(this_program()?)
            .args(arguments)
            .arg("--until-stdin-ends")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("could not start `load {}`", arguments.join(" ")))?;
        let out = child.stdout.take().expect("standard output was asked to be piped");
        let mut line = String::new();
        let read = BufReader::new(out).read_line(&mut line);
        let address = line.strip_prefix(READY).and_then(|address| address.trim().parse().ok());
        let Some(address) = address else {
            child.kill().and_then(|()| child.wait()).context("could not end a failed server")?;
            bail!("`load {}` did not say where it listens ({read:?})", arguments.join(" "));
        };
        Ok(Self { child, address })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it with SIGTERM, as a service manager would.
    pub(crate) fn stop(mut self) -> Result<ExitStatus> {
        let pid = self.pid();
        // The standard library can only send SIGKILL; every POSIX shell has `kill` built in.
        Command::new("sh")
            .args(["-c", "kill -TERM \"$0\"", &pid.to_string()])
            .status()
            .with_context(|| format!("could not send SIGTERM to process {pid}"))?;
        let asked = Instant::now();
        while asked.elapsed() < STOP_LIMIT {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            sleep(STOP_POLL);
        }
        bail!("process {pid} still runs {STOP_LIMIT:?} after SIGTERM")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only when the process has ended already, which is what is wanted.
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}

/// The path of this example.
pub(crate) fn this_program() -> Result<OsString> {
    let path = std::env::current_exe().context("could not find this program's own file")?;
    Ok(path.into_os_string())
}
