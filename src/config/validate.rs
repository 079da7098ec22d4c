//! Rules that the types of the schema cannot hold.

mod http;

use super::finding::Finding;
use super::key_path::KeyPath;
use super::node::Node;
use super::{
    Api, Bind, Config, Cost, EmbeddingChoice, Model, ModelChoice, Provider, ResetMode, reach,
    roster, url,
};
use crate::types::SecretInput;
use ::http::{HeaderName, HeaderValue};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Providers that agents may name without configuring them, since the gateway finds them by a key
/// in the environment or a server on this machine.
pub const DISCOVERABLE: [&str; 7] =
    ["openai", "openrouter", "mistral", "deepseek", "ollama", "lmstudio", "llamacpp"];

/// The id of the provider that needs no configuration: models on this machine.
pub const LOCAL: &str = "local";

/// Bytes a request body may be limited to: 1 KiB to 1 GiB.
const BODY_BYTES: RangeInclusive<usize> = 1024..=1024 * 1024 * 1024;

/// Seconds a time-out may have, at most a day.
const TIMEOUT_SECONDS: RangeInclusive<u64> = 1..=86_400;

/// Sessions are kept at least this long, and have at least this much room.
const LEAST_KEPT: Duration = Duration::from_secs(60);
const LEAST_DISK: u64 = 1 << 20;
/// Milliseconds a stream's status may wait for the answer's beginning; nought sends it at once.
const COMMIT_AFTER_MS: RangeInclusive<u64> = 0..=600_000;
/// Milliseconds a stream may be silent. What lies between it and its client gives up after some
/// more than the most of it.
const KEEP_ALIVE_MS: RangeInclusive<u64> = 10..=15_000;
/// Messages that may wait in one session.
const QUEUE_CAP: RangeInclusive<u64> = 1..=1_000;
/// Milliseconds a `collect` queue may wait for more, at most a minute.
const DEBOUNCE_MS: RangeInclusive<u64> = 0..=60_000;
/// Runs that may be under way at once.
const CONCURRENT: RangeInclusive<u64> = 1..=1_000_000;
/// Seconds a run may take, at most a month.
const RUN_SECONDS: RangeInclusive<u64> = 1..=2_678_400;
/// Inputs and tokens of one embeddings request, up to OpenAI's own limits.
const EMBED_INPUTS: RangeInclusive<u64> = 1..=2_048;
const EMBED_TOKENS: RangeInclusive<u64> = 1..=300_000;

/// Headers that belong to the connection or the body, which a config must not set.
const RESERVED_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Everything wrong with a config whose types are right. `tree` is the config as written, since
/// a provider with a mistake in it is still a provider that models may name.
pub(super) fn check(config: &Config, tree: &Node) -> Vec<Finding> {
    let mut findings = Vec::new();
    gateway(config, &mut findings);
    http::check(config, &mut findings);
    for (id, settings) in &config.models.providers {
        provider(id, settings, &mut findings);
    }
    if config.logging.file.as_deref().is_some_and(|file| file.trim().is_empty()) {
        let message = "must not be empty; leave the key out for the default";
        findings.push(Finding::at(KeyPath::of("logging.file"), message));
    }
    sessions(config, &mut findings);
    limits(config, &mut findings);
    reach::check(config, tree, &mut findings);
    findings.extend(roster::check(config));
    Models { config, tree, findings: &mut findings }.check();
    findings
}

fn gateway(config: &Config, findings: &mut Vec<Finding>) {
    let gateway = &config.gateway;
    let path = KeyPath::of("gateway");
    if gateway.port == Some(0) {
        let message = "expected a port number, 1 to 65535, found 0";
        findings.push(Finding::at(path.key("port"), message));
    }
    if gateway.bind == Some(Bind::Custom) && gateway.custom_bind_host.is_none() {
        let message = "is missing; bind \"custom\" needs it";
        findings.push(Finding::at(path.key("customBindHost"), message));
    }
    let auth = path.key("auth");
    let credentials = [("token", &gateway.auth.token), ("password", &gateway.auth.password)];
    for (key, value) in credentials {
        if let Some(value) = value {
            credential(value, auth.key(key), findings);
        }
    }
    let endpoints = &gateway.http.endpoints;
    let path = path.key("http").key("endpoints");
    let each = [
        ("chatCompletions", endpoints.chat_completions.max_body_bytes),
        ("responses", endpoints.responses.max_body_bytes),
        ("embeddings", endpoints.embeddings.max_body_bytes),
        ("models", endpoints.models.max_body_bytes),
    ];
    for (key, bytes) in each {
        if !BODY_BYTES.contains(&bytes) {
            let (least, most) = (BODY_BYTES.start(), BODY_BYTES.end());
            let message = format!("expected {least} to {most} bytes, found {bytes}");
            findings.push(Finding::at(path.key(key).key("maxBodyBytes"), message));
        }
    }
}

fn sessions(config: &Config, findings: &mut Vec<Finding>) {
    let session = &config.session;
    let path = KeyPath::of("session");
    let by_type = &session.reset_by_type;
    let types = path.key("resetByType");
    let rules = [
        (path.key("reset"), Some(&session.reset)),
        (types.key("direct"), by_type.direct.as_ref()),
        (types.key("group"), by_type.group.as_ref()),
        (types.key("thread"), by_type.thread.as_ref()),
    ];
    let channels = path.key("resetByChannel");
    let by_channel = session.reset_by_channel.iter();
    let by_channel = by_channel.map(|(name, rule)| (channels.key(name), Some(rule)));
    for (path, rule) in rules.into_iter().chain(by_channel) {
        let Some(rule) = rule else { continue };
        if rule.at_hour > 23 {
            let message = format!("expected an hour, 0 to 23, found {}", rule.at_hour);
            findings.push(Finding::at(path.key("atHour"), message));
        }
        if rule.mode == ResetMode::Idle && rule.idle_minutes.is_none() {
            let message = "is missing; reset mode \"idle\" needs it";
            findings.push(Finding::at(path.key("idleMinutes"), message));
        }
        if rule.idle_minutes == Some(0) {
            findings.push(Finding::at(path.key("idleMinutes"), "must be at least 1"));
        }
    }
    let maintenance = &session.maintenance;
    let path = path.key("maintenance");
    // Nought would mean that everything is removed, to people who mean that nothing is.
    let least = [
        ("maxEntries", maintenance.max_entries == 0, "must be at least 1"),
        ("pruneAfter", maintenance.prune_after.0 < LEAST_KEPT, "must be at least a minute"),
        ("maxDiskBytes", maintenance.max_disk_bytes.0 < LEAST_DISK, "must be at least 1mb"),
    ];
    for (key, is_too_small, message) in least {
        if is_too_small {
            findings.push(Finding::at(path.key(key), message));
        }
    }
}

fn limits(config: &Config, findings: &mut Vec<Finding>) {
    let mut within = |path: KeyPath, value: Option<u64>, range: RangeInclusive<u64>| {
        if let Some(value) = value.filter(|value| !range.contains(value)) {
            let message = format!("expected {} to {}, found {value}", range.start(), range.end());
            findings.push(Finding::at(path, message));
        }
    };
    let count = |value: Option<usize>| value.map(|value| u64::try_from(value).unwrap_or(u64::MAX));
    let queue = KeyPath::of("messages.queue");
    within(queue.key("cap"), count(Some(config.messages.queue.cap)), QUEUE_CAP);
    within(queue.key("debounceMs"), Some(config.messages.queue.debounce_ms), DEBOUNCE_MS);
    let (sse, path) = (config.gateway.http.sse, KeyPath::of("gateway.http.sse"));
    within(path.key("commitAfterMs"), Some(sse.commit_after_ms), COMMIT_AFTER_MS);
    within(path.key("keepAliveMs"), Some(sse.keep_alive_ms), KEEP_ALIVE_MS);
    let defaults = KeyPath::of("agents.defaults");
    let agents = &config.agents;
    within(defaults.key("maxConcurrent"), count(agents.defaults.max_concurrent), CONCURRENT);
    within(defaults.key("timeoutSeconds"), agents.defaults.timeout_seconds, RUN_SECONDS);
    let list = KeyPath::of("agents.list");
    let listed = agents.list.iter().enumerate().map(|(at, agent)| (list.index(at), agent));
    let entries = KeyPath::of("agents.entries");
    let named = agents.entries.iter().map(|(id, agent)| (entries.key(id), agent));
    for (path, agent) in listed.chain(named) {
        within(path.key("maxConcurrent"), count(agent.max_concurrent), CONCURRENT);
    }
    for (id, provider) in &config.models.providers {
        let caps = KeyPath::of("models.providers").key(id).key("embedding");
        within(caps.key("maxInputs"), provider.embedding.max_inputs.map(u64::from), EMBED_INPUTS);
        within(caps.key("maxTokens"), provider.embedding.max_tokens.map(u64::from), EMBED_TOKENS);
    }
    for (id, provider) in &config.models.providers {
        let models = KeyPath::of("models.providers").key(id).key("models");
        for (at, model) in provider.models.iter().enumerate() {
            let Cost { input, output, cache_read, cache_write } = model.cost;
            let path = models.index(at).key("cost");
            let keys = ["input", "output", "cacheRead", "cacheWrite"];
            for (key, price) in keys.into_iter().zip([input, output, cache_read, cache_write]) {
                if !price.is_finite() || price < 0.0 {
                    findings.push(Finding::at(path.key(key), "expected a number, 0 or more"));
                }
            }
        }
    }
}

/// A credential is sent in a header, so it must be able to stand in one.
fn credential(value: &SecretInput, path: KeyPath, findings: &mut Vec<Finding>) {
    let text = value.expose();
    if text.trim().is_empty() {
        let message = "must not be empty; leave the key out if there is no credential";
        findings.push(Finding::at(path, message));
    } else if HeaderValue::from_str(text).is_err() || text != text.trim() {
        let message = "has a line break, a control character, or space at one end";
        findings.push(Finding::at(path, message));
    }
}

fn provider(id: &str, provider: &Provider, findings: &mut Vec<Finding>) {
    let path = KeyPath::of("models.providers").key(id);
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let starts = id.bytes().next().is_some_and(plain);
    if !starts || !id.bytes().all(|b| plain(b) || matches!(b, b'_' | b'-')) {
        let message = "a provider's id has a-z, 0-9, _ and -, and starts with a letter or digit";
        findings.push(Finding::at(path.clone(), message));
    }
    if id == LOCAL && provider.api != Api::Local {
        let message = "\"local\" is the built-in provider; choose another id";
        findings.push(Finding::at(path.clone(), message));
    }
    match (&provider.base_url, provider.api) {
        (None, Api::OpenAiCompletions) => {
            let message =
                "is missing; it is the root of the API, such as https://api.openai.com/v1";
            findings.push(Finding::at(path.key("baseUrl"), message));
        }
        (Some(text), _) => {
            if let Err(message) = url::check(text) {
                findings.push(Finding::at(path.key("baseUrl"), message));
            }
        }
        (None, _) => {}
    }
    match (&provider.script, provider.api) {
        (None, Api::Scripted) => {
            let message = "is missing; api \"scripted\" answers from this file";
            findings.push(Finding::at(path.key("script"), message));
        }
        (Some(_), Api::OpenAiCompletions | Api::Local) => {
            let message = "is only for api \"scripted\"";
            findings.push(Finding::at(path.key("script"), message));
        }
        _ => {}
    }
    let timeouts = [
        ("timeoutSeconds", provider.timeout_seconds),
        ("idleTimeoutSeconds", provider.idle_timeout_seconds),
    ];
    for (key, seconds) in timeouts {
        if let Some(seconds) = seconds.filter(|seconds| !TIMEOUT_SECONDS.contains(seconds)) {
            let message =
                format!("expected 1 to {} seconds, found {seconds}", TIMEOUT_SECONDS.end());
            findings.push(Finding::at(path.key(key), message));
        }
    }
    if let Some(key) = &provider.api_key {
        credential(key, path.key("apiKey"), findings);
    }
    headers(&provider.headers, &path.key("headers"), findings);
    models(&provider.models, &path.key("models"), findings);
}

fn headers(headers: &BTreeMap<String, SecretInput>, path: &KeyPath, findings: &mut Vec<Finding>) {
    let mut seen = BTreeMap::new();
    for (name, value) in headers {
        let path = path.key(name);
        let lower = name.to_ascii_lowercase();
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            findings.push(Finding::at(path, "is not a valid header name"));
        } else if RESERVED_HEADERS.contains(&lower.as_str()) {
            findings.push(Finding::at(path, "belongs to the connection and cannot be set"));
        } else if let Some(other) = seen.insert(lower, name) {
            findings.push(Finding::at(path, format!("is the same header as {other:?}")));
        } else {
            credential(value, path, findings);
        }
    }
}

fn models(models: &[Model], path: &KeyPath, findings: &mut Vec<Finding>) {
    for (at, model) in models.iter().enumerate() {
        let path = path.index(at);
        if model.id.trim().is_empty() {
            findings.push(Finding::at(path.key("id"), "must not be empty"));
        } else if models[..at].iter().any(|other| other.id == model.id) {
            findings.push(Finding::at(path.key("id"), format!("{:?} is listed twice", model.id)));
        }
        let empty = "must not be empty; leave the key out where it is not known";
        if model.name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            findings.push(Finding::at(path.key("name"), empty));
        }
        if model.input.as_ref().is_some_and(Vec::is_empty) {
            findings.push(Finding::at(path.key("input"), empty));
        }
        let sizes = [("contextWindow", model.context_window), ("maxTokens", model.max_tokens)];
        for (key, size) in sizes {
            if size == Some(0) {
                findings.push(Finding::at(path.key(key), "expected 1 or more tokens, found 0"));
            }
        }
    }
}

/// Checks that every model named anywhere can be asked.
struct Models<'a> {
    config: &'a Config,
    tree: &'a Node,
    findings: &'a mut Vec<Finding>,
}

impl Models<'_> {
    fn check(&mut self) {
        let agents = &self.config.agents;
        self.aliases();
        let defaults = KeyPath::of("agents.defaults");
        self.chat(agents.defaults.model.as_ref(), &defaults, "model");
        self.chat(agents.defaults.utility_model.as_ref(), &defaults, "utilityModel");
        self.embedding(agents.defaults.memory_search.as_ref(), defaults.key("memorySearch"));
        self.embedding(self.config.memory.search.as_ref(), KeyPath::of("memory.search"));
        for (at, agent) in agents.list.iter().enumerate() {
            let path = KeyPath::of("agents.list").index(at);
            self.chat(agent.model.as_ref(), &path, "model");
            self.chat(agent.utility_model.as_ref(), &path, "utilityModel");
            self.embedding(agent.memory_search.as_ref(), path.key("memorySearch"));
        }
        for (id, agent) in &agents.entries {
            let path = KeyPath::of("agents.entries").key(id);
            self.chat(agent.model.as_ref(), &path, "model");
            self.chat(agent.utility_model.as_ref(), &path, "utilityModel");
            self.embedding(agent.memory_search.as_ref(), path.key("memorySearch"));
        }
    }

    fn chat(&mut self, choice: Option<&ModelChoice>, path: &KeyPath, key: &str) {
        let Some(ModelChoice { primary }) = choice else { return };
        let path = path.key(key);
        let primary_key = path.key("primary");
        let path = if self.tree.get(&primary_key).is_some() { primary_key } else { path };
        match self.unknown(&primary.provider, &primary.model) {
            Some(Unknown::Provider(message) | Unknown::Model(message)) => {
                self.findings.push(Finding::at(path, message));
            }
            None => {}
        }
    }

    fn embedding(&mut self, choice: Option<&EmbeddingChoice>, path: KeyPath) {
        let Some(EmbeddingChoice { provider, model }) = choice else { return };
        match self.unknown(provider, model) {
            Some(Unknown::Provider(message)) => {
                self.findings.push(Finding::at(path.key("provider"), message));
            }
            Some(Unknown::Model(message)) => {
                self.findings.push(Finding::at(path.key("model"), message));
            }
            None if model.trim().is_empty() => {
                self.findings.push(Finding::at(path.key("model"), "must not be empty"));
            }
            None => {}
        }
    }

    fn unknown(&self, provider: &str, model: &str) -> Option<Unknown> {
        let written = KeyPath::of("models.providers").key(provider);
        match self.config.models.providers.get(provider) {
            Some(settings) if settings.models.is_empty() => None,
            Some(settings) if settings.models.iter().any(|listed| listed.id == model) => None,
            Some(_) => {
                Some(Unknown::Model(format!("{model:?} is not in {}", written.key("models"))))
            }
            None if provider == LOCAL || DISCOVERABLE.contains(&provider) => None,
            None if self.tree.get(&written).is_some() => None,
            None => {
                Some(Unknown::Provider(format!("there is no provider {provider:?}; add {written}")))
            }
        }
    }
}

/// What of a model's name leads nowhere.
enum Unknown {
    Provider(String),
    Model(String),
}
