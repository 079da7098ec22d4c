//! Rules for `gateway.http`: who may call from where, by which names, and how often.

use super::{Models, Unknown};
use crate::config::alias::{AliasTarget, own_agent};
use crate::config::finding::Finding;
use crate::config::key_path::KeyPath;
use crate::config::{Config, roster};
use std::ops::RangeInclusive;
use url::Url;

/// Bytes a name may have that stands for an agent or a model.
const ALIAS_BYTES: RangeInclusive<usize> = 1..=256;
/// Requests or tokens a minute.
const PER_MINUTE: RangeInclusive<u32> = 1..=1_000_000_000;

pub(super) fn check(config: &Config, findings: &mut Vec<Finding>) {
    origins(config, findings);
    hosts(config, findings);
    limits(config, findings);
}

fn origins(config: &Config, findings: &mut Vec<Finding>) {
    let path = KeyPath::of("gateway.http.cors.allowedOrigins");
    for (at, origin) in config.gateway.http.cors.allowed_origins.iter().enumerate() {
        if let Err(message) = check_origin(origin) {
            findings.push(Finding::at(path.index(at), message));
        }
    }
}

/// An origin must be written as browsers send it, since it is compared as it stands.
fn check_origin(text: &str) -> Result<(), String> {
    if text.contains('*') {
        let why = "origins are compared exactly; list each one, such as https://chat.example.com";
        return Err(why.to_owned());
    }
    let form = || {
        "expected an origin such as https://chat.example.com or http://localhost:3000".to_owned()
    };
    let url = Url::parse(text).map_err(|_| form())?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(form)?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let sent = format!("{}://{host}{port}", url.scheme());
    if text == sent {
        return Ok(());
    }
    Err(format!("an origin has no path, user or default port: write {sent:?}"))
}

fn hosts(config: &Config, findings: &mut Vec<Finding>) {
    let path = KeyPath::of("gateway.allowedHosts");
    for (at, name) in config.gateway.allowed_hosts.iter().enumerate() {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let labels = name.split('.').all(|label| !label.is_empty());
        if !labels || !name.chars().all(plain) {
            let message =
                "expected a host name such as gateway.example.com, without scheme or port";
            findings.push(Finding::at(path.index(at), message));
        }
    }
}

fn limits(config: &Config, findings: &mut Vec<Finding>) {
    let limits = &config.gateway.http.limits;
    let path = KeyPath::of("gateway.http.limits");
    let each = [
        ("requestsPerMinute", limits.requests_per_minute),
        ("tokensPerMinute", limits.tokens_per_minute),
        ("burst", limits.burst),
    ];
    for (key, value) in each {
        if let Some(value) = value.filter(|value| !PER_MINUTE.contains(value)) {
            let (least, most) = (PER_MINUTE.start(), PER_MINUTE.end());
            let message = format!("expected {least} to {most}, found {value}");
            findings.push(Finding::at(path.key(key), message));
        }
    }
    if limits.burst.is_some() && limits.requests_per_minute.is_none() {
        let message = "needs requestsPerMinute: it is how many of its requests may come at once";
        findings.push(Finding::at(path.key("burst"), message));
    }
}

impl Models<'_> {
    /// Every alias must be a name that can be sent and is not taken, and lead somewhere.
    pub(super) fn aliases(&mut self) {
        let path = KeyPath::of("gateway.http.models.aliases");
        for (name, target) in &self.config.gateway.http.models.aliases {
            let found = check_name(name).or_else(|| self.nowhere(target));
            if let Some(message) = found {
                self.findings.push(Finding::at(path.key(name), message));
            }
        }
    }

    /// Why what an alias stands for is not there.
    fn nowhere(&self, target: &str) -> Option<String> {
        match AliasTarget::parse(target) {
            Err(_) => Some(format!(
                "{target:?} is neither an agent's id nor `provider/model`; write one of them"
            )),
            Ok(AliasTarget::Agent(None)) => None,
            Ok(AliasTarget::Agent(Some(id))) => {
                let there = roster::ids(self.config);
                let names: Vec<_> = there.iter().map(|id| id.as_str()).collect();
                let message = || {
                    format!("there is no agent {:?}; there is {}", id.as_str(), names.join(", "))
                };
                (!there.contains(&id)).then(message)
            }
            Ok(AliasTarget::Model(model)) => match self.unknown(&model.provider, &model.model) {
                Some(Unknown::Provider(message) | Unknown::Model(message)) => Some(message),
                None => None,
            },
        }
    }
}

/// What is wrong with a name that shall stand for something.
fn check_name(name: &str) -> Option<String> {
    if own_agent(name).is_some() {
        return Some(
            "is a name of the gateway's own and always means an agent; choose another".to_owned(),
        );
    }
    let sendable = name.trim() == name && !name.chars().any(char::is_control);
    if ALIAS_BYTES.contains(&name.len()) && sendable {
        return None;
    }
    let most = ALIAS_BYTES.end();
    Some(format!("a name has 1 to {most} bytes, no space at its ends and no control characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        let good = [
            "https://chat.example.com",
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "tauri://localhost",
            "chrome-extension://abcdefghijklmnop",
        ];
        for origin in good {
            assert_eq!(check_origin(origin), Ok(()), "{origin}");
        }
        for (bad, hint) in [
            ("https://chat.example.com/", "https://chat.example.com\""),
            ("https://Chat.example.com", "https://chat.example.com\""),
            ("https://chat.example.com:443", "https://chat.example.com\""),
            ("https://user@chat.example.com", "https://chat.example.com\""),
            ("https://chat.example.com/app?x#y", "https://chat.example.com\""),
            ("chat.example.com", "expected an origin"),
            ("null", "expected an origin"),
            ("file:///x", "expected an origin"),
            ("*", "list each one"),
            ("https://*.example.com", "list each one"),
            ("", "expected an origin"),
        ] {
            let message = check_origin(bad).expect_err(bad);
            assert!(message.contains(hint), "{bad}: {message}");
        }
    }
}
