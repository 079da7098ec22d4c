//! `openclaw models` as a process.

use super::{OPENCLAW, install};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn openclaw(state: &Path, path: &Path, args: &[&str]) -> Output {
    Command::new(OPENCLAW)
        .args(args)
        .env_clear()
        .env("HOME", state)
        .env("OPENCLAW_STATE_DIR", state)
        .env("PATH", path)
        .output()
        .expect("the binary runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_list_says_what_is_there_and_what_could_be() {
    let state = tempfile::tempdir().expect("a folder");
    install(state.path(), "tiny");
    let output = openclaw(state.path(), state.path(), &["models", "list", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let list: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let find = |name: &str| {
        let models = list["models"].as_array().expect("a list");
        models.iter().find(|model| model["name"] == name).expect(name).clone()
    };
    assert_eq!(find("tiny")["installed"], true);
    assert_eq!(find("tiny")["default"], true);
    assert_eq!(find("gemma-3-270m")["installed"], false);
    assert_eq!(find("gemma-3-270m")["bytes"], 253_113_024);
    assert!(find("all-minilm-l6-v2")["licence"].as_str().expect("text").contains("Apache-2.0"));

    let output = openclaw(state.path(), state.path(), &["models", "list"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("tiny") && text.contains("254 MB") && text.contains("Gemma"), "{text}");
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let state = tempfile::tempdir().expect("a folder");
    for arguments in ["models list", "models list --json"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = Command::new(OPENCLAW)
            .args(arguments.split(' '))
            .env_clear()
            .env("HOME", state.path())
            .stdout(Stdio::from(writer))
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{arguments}: {}", output.status);
        assert_eq!(stderr(&output), "", "{arguments}");
    }
}

#[test]
fn without_python_the_error_says_how_to_get_it() {
    let state = tempfile::tempdir().expect("a folder");
    let output = openclaw(state.path(), state.path(), &["models", "pull", "--yes"]);
    assert!(!output.status.success());
    let text = stderr(&output);
    assert!(text.contains("apt install python3-pip") && text.contains("--source hub"), "{text}");
}

#[test]
fn a_failing_pip_is_quoted() {
    let state = tempfile::tempdir().expect("a folder");
    let bin = state.path().join("bin");
    fs::create_dir(&bin).expect("a folder");
    let script = "#!/bin/sh\necho 'ERROR: No matching distribution' >&2\nexit 1\n";
    fs::write(bin.join("python3"), script).expect("a script");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(bin.join("python3"), executable).expect("permissions");
    let output = openclaw(state.path(), &bin, &["models", "pull", "--yes"]);
    assert!(!output.status.success());
    let text = stderr(&output);
    assert!(
        text.contains("No matching distribution") && text.contains("pip config list"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_pulled_is_a_clear_error() {
    let state = tempfile::tempdir().expect("a folder");
    let pull = |args: &[&str]| {
        let output = openclaw(state.path(), state.path(), &[&["models", "pull"], args].concat());
        assert!(!output.status.success(), "{args:?}");
        stderr(&output)
    };
    assert!(pull(&["nonsense"]).contains("models list"));
    assert!(pull(&["a/b:c.gguf", "--sha256", "12"]).contains("64 hexadecimal digits"));
    let sum = "0".repeat(64);
    assert!(pull(&["gemma-3-270m", "--sha256", &sum]).contains("--sha256 is for"));
    let text = pull(&["a/b:c.gguf", "--endpoint", "hub.test"]);
    assert!(text.contains("not the root of a hub"), "{text}");
}

#[test]
fn a_damaged_model_ends_the_worker_with_a_reason() {
    let state = tempfile::tempdir().expect("a folder");
    install(state.path(), "tiny");
    let model = state.path().join("models/chat/tiny");
    let socket = state.path().join("s.sock");
    let [model, socket] = [&model, &socket].map(|path| path.to_str().expect("text"));
    let args = ["model-worker", "--kind", "chat", "--name", "tiny", "--model", model];
    let output = openclaw(state.path(), state.path(), &[&args[..], &["--socket", socket]].concat());
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "it must not call itself ready");
    assert!(stderr(&output).contains("cannot load the model"), "{}", stderr(&output));
    assert!(stderr(&output).contains("failed to load model"), "llama.cpp's own words are kept");
}
