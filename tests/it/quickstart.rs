//! `openclaw quickstart` as a process, as far as it goes without fetching a model.

use crate::support::process::binary;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A gateway whose agents need nothing from this machine.
const ELSEWHERE: &str = r#"{
  gateway: { mode: "local" },
  models: { providers: { up: { baseUrl: "http://127.0.0.1:9/v1" } } },
  agents: { defaults: { model: "up/chat", memorySearch: { provider: "up", model: "embed" } } },
}"#;

fn home(config: &str) -> TempDir {
    let home = TempDir::new().expect("a temporary folder");
    let state = home.path().join(".openclaw");
    std::fs::create_dir(&state).expect("the state folder");
    std::fs::write(state.join("openclaw.json"), config).expect("the config");
    home
}

/// Starts it with nothing in its environment but a home: no key, and no Python to fetch with.
fn start(home: &TempDir, arguments: &[&str]) -> Child {
    Command::new(binary())
        .args(["quickstart", "--port", "0"])
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// Expects it to end with an error, and gives back what it said.
fn refused(config: &str) -> String {
    let output = start(&home(config), &[]).wait_with_output().expect("waited for");
    let console = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{console}");
    console
}

/// What stdout says, up to the command to try.
fn welcome(arguments: &[&str]) -> String {
    let home = home(ELSEWHERE);
    let mut child = start(&home, arguments);
    let mut said = String::new();
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    while !said.contains("curl ") {
        let line = lines.next().unwrap_or_else(|| panic!("the end came after {said:?}"));
        said.push_str(&line.expect("UTF-8"));
        said.push('\n');
    }
    child.kill().expect("running");
    child.wait().expect("waited for");
    said
}

#[test]
fn only_what_agents_use_and_is_missing_is_fetched() {
    let console = refused(
        r#"{ gateway: { mode: "local" },
             models: { providers: { up: { baseUrl: "http://127.0.0.1:9/v1" } } },
             agents: { defaults: { model: "up/chat" } } }"#,
    );
    let embedder = "fetching local/all-minilm-l6-v2: ";
    assert!(console.contains(embedder) && console.contains("licence: Apache-2.0"), "{console}");
    assert!(!console.contains("gemma"), "{console}");
}

#[test]
fn a_model_that_cannot_be_fetched_by_name_names_the_command() {
    let console = refused(
        r#"{ gateway: { mode: "local" }, agents: { defaults: { model: "local/qwen3-4b" } } }"#,
    );
    assert!(console.contains("not on this machine: local/qwen3-4b"), "{console}");
    assert!(console.contains("`openclaw models pull owner/repo:file.gguf`"), "{console}");
    assert!(!console.contains("fetching"), "nothing is fetched in vain: {console}");
}

#[test]
fn it_says_where_the_credential_comes_from_and_an_address_that_works() {
    let said = welcome(&["--bind", "lan", "--token", "t0k3n"]);
    assert!(said.contains("Base URL: http://127.0.0.1:") && !said.contains("0.0.0.0"), "{said}");
    assert!(said.contains("from other machines: port "), "{said}");
    assert!(said.contains("Token:    the value of --token\n"), "{said}");
    assert!(said.contains("Model:    up/chat\n") && !said.contains("t0k3n"), "{said}");
    let said = welcome(&[]);
    assert!(said.contains("credentials/gateway-token (mode 0600)"), "{said}");
    assert!(!said.contains("other machines"), "{said}");
}

#[test]
fn a_reader_that_goes_away_does_not_stop_the_gateway() {
    let home = home(ELSEWHERE);
    let mut child = start(&home, &["--verbose"]);
    drop(child.stdout.take());
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("ready") {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).expect("UTF-8"), 0, "it ended");
    }
    let pid = child.id().to_string();
    let sent = Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]).status();
    assert!(sent.expect("sh runs").success());
    let status = child.wait().expect("waited for");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("UTF-8");
    assert!(status.success() && rest.contains("stopped"), "{rest}");
}
