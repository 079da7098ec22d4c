//! Port and bind: which setting wins, seen at the sockets of the running process.
//!
//! The pure table, every row of it, is tested beside `config::listen`.

use crate::support::process::{Process, free_port};
use std::net::TcpListener;

/// Starts a gateway and gives back where it listens.
fn listening(arguments: &[&str], variables: &[(&str, &str)], config: &str) -> Vec<String> {
    let mut process = Process::start(arguments, variables, Some(config));
    process.wait_for("ready");
    process.listening()
}

fn config(gateway: &str) -> String {
    format!(r#"{{ gateway: {{ mode: "local", auth: {{ token: "t" }}, {gateway} }} }}"#)
}

/// Whether something listens at this address.
fn expect(addresses: &[String], wanted: String) {
    assert!(addresses.contains(&wanted), "{wanted} is not among {addresses:?}");
}

#[test]
fn pb_1_the_port_flag_beats_the_variable_and_the_config() {
    let [flag, variable, file] = [free_port(), free_port(), free_port()];
    let variable = variable.to_string();
    let variable = [("OPENCLAW_GATEWAY_PORT", variable.as_str())];
    let file = config(&format!("port: {file}"));
    for (variables, config) in [(&variable[..], &file), (&variable, &config("")), (&[], &file)] {
        let got = listening(&["gateway", "--port", &flag.to_string()], variables, config);
        expect(&got, format!("127.0.0.1:{flag}"));
    }
}

#[test]
fn pb_2_the_variable_beats_the_config() {
    let [variable, file] = [free_port(), free_port()];
    let port = variable.to_string();
    let got = listening(
        &["gateway"],
        &[("OPENCLAW_GATEWAY_PORT", &port)],
        &config(&format!("port: {file}")),
    );
    expect(&got, format!("127.0.0.1:{variable}"));
}

#[test]
fn pb_3_the_config_beats_the_default() {
    let file = free_port();
    expect(
        &listening(&["gateway"], &[], &config(&format!("port: {file}"))),
        format!("127.0.0.1:{file}"),
    );
}

/// The two fixed ports of the runbook, one after the other in one test: no other test may hold
/// them, and a process of the machine's that does is named.
#[test]
fn pb_4_without_any_setting_the_port_is_18789_and_in_the_dev_profile_19001() {
    for port in [18789, 19001] {
        if let Err(error) = TcpListener::bind(("127.0.0.1", port)) {
            panic!("port {port} is taken ({error}); `ss -ltnp sport = :{port}` names the holder");
        }
    }
    expect(&listening(&["gateway"], &[], &config("")), "127.0.0.1:18789".to_owned());
    let mut dev = Process::start(&["--dev", "gateway", "--allow-unconfigured"], &[], None);
    dev.wait_for("ready");
    expect(&dev.listening(), "127.0.0.1:19001".to_owned());
}

#[test]
fn pb_5_the_bind_flag_beats_the_config() {
    let port = free_port();
    let got = listening(
        &["gateway", "--bind", "lan"],
        &[],
        &config(&format!(r#"port: {port}, bind: "loopback""#)),
    );
    assert_eq!(got, [format!("0.0.0.0:{port}")]);
}

#[test]
fn pb_6_the_config_beats_the_default_bind() {
    let port = free_port();
    let got = listening(
        &["gateway"],
        &[],
        &config(&format!(r#"port: {port}, bind: "custom", customBindHost: "127.0.0.2""#)),
    );
    assert_eq!(got, [format!("127.0.0.2:{port}")]);
}

#[test]
fn pb_7_the_default_bind_is_loopback() {
    let port = free_port();
    let got = listening(&["gateway"], &[], &config(&format!("port: {port}")));
    expect(&got, format!("127.0.0.1:{port}"));
    let loopback = |address: &String| address.starts_with("127.") || address.starts_with("[::1]");
    assert!(got.iter().all(loopback), "{got:?}");
}
