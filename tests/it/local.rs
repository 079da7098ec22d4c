//! Local models: pulling them, running their workers, and what the real ones answer.

mod cli;
mod hub;
mod real;
mod workers;

use openclaw::providers::local::Store;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The built binary.
const OPENCLAW: &str = env!("CARGO_BIN_EXE_openclaw");

/// How long anything here may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `ready` says so.
async fn eventually(what: &str, mut ready: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !ready() {
        assert!(begun.elapsed() < PATIENCE, "{what} never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Kills a process the hard way. The shell's own `kill` needs no package.
fn kill(pid: u32) {
    let killed = Command::new("sh").args(["-c", &format!("kill -9 {pid}")]).status();
    assert!(killed.expect("sh runs").success());
}

/// Whether there is such a process, or one that has ended and its parent has not noticed yet.
fn lives(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Puts a chat model of four bytes into a state directory: enough for a stand-in worker. Gives its
/// folder.
fn install(state: &Path, name: &str) -> PathBuf {
    let dir = state.join("models/chat").join(name);
    fs::create_dir_all(&dir).expect("a folder");
    fs::write(dir.join("model.gguf"), b"GGUF").expect("a file");
    let manifest = serde_json::json!({
        "name": name, "kind": "chat", "source": "test", "licence": "none", "created": 1,
        "files": [{"name": "model.gguf", "bytes": 4, "sha256": ""}],
    });
    fs::write(dir.join("manifest.json"), manifest.to_string()).expect("a manifest");
    assert!(Store::at(state).find(name).is_some());
    dir
}
