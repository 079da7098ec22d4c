//! The built binary as a process, with a home of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;
use tempfile::TempDir;

/// Guards against a hang; far above anything seen.
const LIMIT: Duration = Duration::from_secs(60);

/// A port that is free, below those that systems give to connections by themselves: no other
/// test's client takes it before it is used.
pub(crate) fn free_port() -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let next = |_| std::process::id().wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed)) % 10_000;
    let mut ports = (0..1000).map(next).map(|at| u16::try_from(20_000 + at).expect("a port"));
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// The built `openclaw`.
pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_openclaw")
}

/// A process with an empty environment but for a home folder, killed when dropped.
pub(crate) struct Process {
    /// Its home.
    pub(crate) home: TempDir,
    child: Option<Child>,
    lines: Receiver<String>,
    seen: String,
}

impl Process {
    /// Starts `openclaw` with these arguments and variables, in a new home with this config.
    pub(crate) fn start(
        arguments: &[&str],
        variables: &[(&str, &str)],
        config: Option<&str>,
    ) -> Self {
        let home = TempDir::new().expect("a temporary folder");
        if let Some(text) = config {
            let folder = home.path().join(".openclaw");
            std::fs::create_dir(&folder).expect("the state folder");
            std::fs::write(folder.join("openclaw.json"), text).expect("the config");
        }
        Self::start_in(home, arguments, variables)
    }

    /// Starts `openclaw` in a home that is there already.
    pub(crate) fn start_in(home: TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(binary())
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stderr = child.stderr.take().expect("piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { home, child: Some(child), lines, seen: String::new() }
    }

    /// Waits until a console line contains `text`, and gives that line back.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => {
                    self.seen.push_str(&line);
                    self.seen.push('\n');
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(error) => panic!("no line with {text:?} ({error}); so far:\n{}", self.seen),
            }
        }
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("running").id()
    }

    /// Sends a signal by name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        // The shell's own `kill` needs no package.
        let sent =
            Command::new("sh").args(["-c", &format!("kill -{name} {}", self.pid())]).status();
        assert!(sent.expect("sh runs").success());
    }

    /// Waits for the end; gives back the status and all console lines.
    pub(crate) fn wait(mut self) -> (ExitStatus, String, TempDir) {
        // The console closes with the process. One that goes on is killed when this panics.
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => {
                    self.seen.push_str(&line);
                    self.seen.push('\n');
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it still runs; so far:\n{}", self.seen),
            }
        }
        let status = self.child.as_mut().expect("running").wait().expect("waited for");
        self.child = None;
        let home = std::mem::replace(&mut self.home, TempDir::new().expect("a temporary folder"));
        (status, std::mem::take(&mut self.seen), home)
    }

    /// The addresses it listens on, from the system's own table.
    pub(crate) fn listening(&self) -> Vec<String> {
        listening(self.pid())
    }

    /// The state folder of the default profile.
    pub(crate) fn state(&self) -> PathBuf {
        self.home.path().join(".openclaw")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; there is nothing to do about either failure.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The TCP addresses a process listens on.
fn listening(pid: u32) -> Vec<String> {
    let mut inodes = Vec::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).expect("its files").flatten() {
        if let Ok(target) = std::fs::read_link(entry.path()) {
            let target = target.to_string_lossy().into_owned();
            if let Some(inode) = target.strip_prefix("socket:[") {
                inodes.push(inode.trim_end_matches(']').to_owned());
            }
        }
    }
    let mut addresses = Vec::new();
    for table in ["tcp", "tcp6"] {
        let mut text = String::new();
        let file = std::fs::File::open(format!("/proc/{pid}/net/{table}"));
        file.and_then(|mut file| file.read_to_string(&mut text)).expect("the table is readable");
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // State 0A is LISTEN.
            if fields[3] == "0A" && inodes.contains(&fields[9].to_owned()) {
                addresses.push(readable(fields[1]));
            }
        }
    }
    addresses
}

/// `0100007F:4965` as `127.0.0.1:18789`; IPv6 loopback as `[::1]:…`.
fn readable(hex: &str) -> String {
    let (address, port) = hex.split_once(':').expect("address and port");
    let port = u16::from_str_radix(port, 16).expect("a port");
    if address.len() == 8 {
        let bytes = u32::from_str_radix(address, 16).expect("an address").to_le_bytes();
        return format!("{}:{port}", std::net::Ipv4Addr::from(bytes));
    }
    let words = address.as_bytes().chunks(8).map(|word| {
        let word = std::str::from_utf8(word).expect("hexadecimal digits");
        u32::from_str_radix(word, 16).expect("a word").to_le_bytes()
    });
    let bytes: Vec<u8> = words.flatten().collect();
    let address: [u8; 16] = bytes.try_into().expect("16 bytes");
    format!("[{}]:{port}", std::net::Ipv6Addr::from(address))
}
