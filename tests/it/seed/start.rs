//! Starting: the foreground server, its console, its refusals, the dev profile.

use crate::support::process::{Process, free_port};
use std::fs;

const LOCAL: &str = r#"{ gateway: { mode: "local" } }"#;
const FREE_PORT: &str = "0";

/// Starts on a port the system picks and gives back the process with its base URL.
fn start(
    arguments: &[&str],
    variables: &[(&str, &str)],
    config: Option<&str>,
) -> (Process, String) {
    let mut process = Process::start(arguments, variables, config);
    let line = process.wait_for("listening on ws://");
    let address = line.split("ws://").nth(1).and_then(|rest| rest.split(' ').next());
    let url = format!("http://{}", address.expect("an address"));
    process.wait_for("ready");
    (process, url)
}

/// Runs to its end and expects a refusal.
fn refused(arguments: &[&str], variables: &[(&str, &str)], config: Option<&str>) -> (i32, String) {
    let (status, console, _home) = Process::start(arguments, variables, config).wait();
    (status.code().expect("an exit code"), console)
}

fn get(url: &str) -> (u16, serde_json::Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let response = reqwest::get(url).await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    })
}

#[test]
fn st_1_gateway_runs_in_the_foreground_and_answers_health() {
    let port = free_port();
    let (process, _) = start(&["gateway", "--port", &port.to_string()], &[], Some(LOCAL));
    let (status, body) = get(&format!("http://127.0.0.1:{port}/healthz"));
    assert_eq!((status, &body["status"]), (200, &"live".into()));
    process.signal("TERM");
    let (status, console, _home) = process.wait();
    assert!(status.success(), "a stop is a success: {console}");
    assert!(console.contains("stopped"), "{console}");
}

#[test]
fn st_2_verbose_shows_debug_lines_on_the_console_and_leaves_the_file_alone() {
    let logs = |arguments: &[&str]| {
        let (process, url) = start(arguments, &[], Some(LOCAL));
        get(&format!("{url}/healthz"));
        let folder = process.state().join("logs");
        process.signal("TERM");
        let (_, console, _home) = process.wait();
        let file = fs::read_dir(folder).expect("the log folder").next().expect("a log file");
        let file = fs::read_to_string(file.expect("an entry").path()).expect("the log");
        (console, file)
    };
    let (quiet, quiet_file) = logs(&["gateway", "--port", FREE_PORT]);
    let (verbose, verbose_file) = logs(&["gateway", "--port", FREE_PORT, "--verbose"]);
    assert!(!quiet.contains("DEBUG") && verbose.contains("DEBUG"), "{quiet}\n---\n{verbose}");
    for file in [&quiet_file, &verbose_file] {
        assert!(file.contains("\"INFO\"") && !file.contains("\"DEBUG\""), "{file}");
        for line in file.lines() {
            serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON");
        }
    }
}

#[test]
fn fs_1_a_bind_that_others_reach_needs_auth() {
    let expected = "refusing to bind gateway to 0.0.0.0:18789 without auth (set \
                    gateway.auth.token/password, or set OPENCLAW_GATEWAY_TOKEN/\
                    OPENCLAW_GATEWAY_PASSWORD";
    for arguments in
        [&["gateway", "--bind", "lan"][..], &["gateway", "--bind", "lan", "--auth", "none"]]
    {
        let (code, console) = refused(arguments, &[], Some(LOCAL));
        assert_eq!(code, 78, "{console}");
        assert!(console.contains("Refusing to bind gateway to lan without auth."), "{console}");
        assert!(console.contains(expected), "{console}");
    }
}

#[test]
fn fs_3_a_remote_config_blocks_the_start() {
    let (code, console) = refused(&["gateway"], &[], Some(r#"{ gateway: { mode: "remote" } }"#));
    assert_eq!(code, 78, "{console}");
    let expected = "Gateway start blocked: set gateway.mode=local (current: remote) or pass \
                    --allow-unconfigured.";
    assert!(console.contains(expected), "{console}");
}

#[test]
fn fs_4_a_config_without_the_local_marker_blocks_the_start() {
    let (code, console) = refused(&["gateway"], &[], Some("{ agents: {} }"));
    assert_eq!(code, 78, "{console}");
    let expected = "Gateway start blocked: existing config is missing gateway.mode.";
    assert!(console.contains(expected), "{console}");
    let (process, _) = start(
        &["gateway", "--allow-unconfigured", "--port", FREE_PORT],
        &[],
        Some("{ agents: {} }"),
    );
    drop(process);
}

#[test]
fn no_config_blocks_the_start_and_names_the_ways_out() {
    let (code, console) = refused(&["gateway"], &[], None);
    assert_eq!(code, 78, "{console}");
    assert!(console.contains("openclaw quickstart"), "{console}");
    assert!(console.contains("--allow-unconfigured"), "{console}");
}

#[test]
fn a_wrong_config_blocks_the_start_and_says_where() {
    let text = "{\n  gateway: { mode: \"local\", prot: 1 },\n}";
    let (code, console) = refused(&["gateway"], &[], Some(text));
    assert_eq!(code, 78, "{console}");
    assert!(console.contains("gateway.prot: unknown key; did you mean \"port\"?"), "{console}");
    assert!(console.contains("(line 2, column 29)"), "{console}");
    let (code, console) = refused(&["gateway"], &[], Some("{ gateway: "));
    assert_eq!(code, 78, "{console}");
    assert!(console.contains("openclaw.json:1:"), "{console}");
}

#[test]
fn dv_2_the_dev_profile_starts_without_a_config() {
    let (process, url) =
        start(&["--dev", "gateway", "--allow-unconfigured", "--port", FREE_PORT], &[], None);
    assert_eq!(get(&format!("{url}/healthz")).0, 200);
    drop(process);
}

#[test]
fn dv_4_the_dev_profile_leaves_the_default_one_alone() {
    // The default config would not let it start, were it read.
    let broken = "{ gateway: ";
    let (process, _) = start(
        &["--dev", "gateway", "--allow-unconfigured", "--port", FREE_PORT],
        &[],
        Some(broken),
    );
    assert!(process.home.path().join(".openclaw-dev/credentials/gateway-token").exists());
    let left = fs::read_dir(process.state()).expect("the default state folder").flatten();
    assert_eq!(left.map(|entry| entry.file_name()).collect::<Vec<_>>(), ["openclaw.json"]);
    let kept = fs::read_to_string(process.state().join("openclaw.json"));
    assert_eq!(kept.expect("the default config"), broken);
}

#[test]
fn a_bare_start_mints_a_token_and_never_prints_it() {
    let (process, url) = start(&["gateway", "--port", FREE_PORT], &[], Some(LOCAL));
    let token = fs::read_to_string(process.state().join("credentials/gateway-token"));
    let token = token.expect("a minted token").trim().to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let status = |bearer: &str| {
        let request = reqwest::Client::new().get(format!("{url}/v1/models")).bearer_auth(bearer);
        let runtime = runtime.as_ref().expect("a runtime");
        runtime.block_on(request.send()).expect("an answer").status().as_u16()
    };
    assert_eq!((status(&token), status("other")), (200, 401));
    process.signal("INT");
    let (_, console, home) = process.wait();
    let log = fs::read_dir(home.path().join(".openclaw/logs")).expect("logs");
    let log: String =
        log.map(|file| fs::read_to_string(file.expect("an entry").path()).expect("text")).collect();
    assert!(!console.contains(&token) && !log.contains(&token), "the token was printed");
    let printed = std::process::Command::new(crate::support::process::binary())
        .args(["gateway", "auth-token"])
        .env_clear()
        .env("HOME", home.path())
        .output()
        .expect("the command runs");
    assert_eq!(String::from_utf8_lossy(&printed.stdout).trim(), token);
}
