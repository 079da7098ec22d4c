//! Rules for what may be fetched and read.

use super::finding::Finding;
use super::hosts::HostRule;
use super::key_path::KeyPath;
use super::node::Node;
use super::{Config, Files, Images, WebFetch};
use http::HeaderValue;
use std::ops::RangeInclusive;

/// Bytes that one image or file may have, at most 100 MiB.
const BYTES: RangeInclusive<u64> = 1..=100 * 1024 * 1024;
/// Images that one request may bring, and parts that it may name by URL.
const PARTS: RangeInclusive<u64> = 0..=1_000;
/// Characters of a text, at most a million.
const CHARS: RangeInclusive<u64> = 100..=1_000_000;
/// Redirects that are followed.
const REDIRECTS: RangeInclusive<u64> = 0..=20;
/// Milliseconds that a fetch may take, at most two minutes.
const FETCH_MS: RangeInclusive<u64> = 1..=120_000;
/// The same in seconds.
const FETCH_SECONDS: RangeInclusive<u64> = 1..=120;
/// Pages of a PDF that are read.
const PAGES: RangeInclusive<u64> = 1..=1_000;
/// Minutes for which a page is kept, at most a day.
const CACHE_MINUTES: RangeInclusive<u64> = 0..=1_440;

/// Everything wrong with what may be fetched and read.
pub(super) fn check(config: &Config, tree: &Node, findings: &mut Vec<Finding>) {
    let mut checks = Checks { findings };
    let endpoints = KeyPath::of("gateway.http.endpoints");
    let (chat, responses) =
        (&config.gateway.http.endpoints.chat_completions, &config.gateway.http.endpoints.responses);
    let path = endpoints.key("chatCompletions");
    checks.within(path.key("maxImageParts"), count(chat.max_image_parts), PARTS);
    checks.within(path.key("maxTotalImageBytes"), count(chat.max_total_image_bytes), BYTES);
    checks.images(&chat.images, &path.key("images"));
    checks.files(&chat.files, &path.key("files"));
    let path = endpoints.key("responses");
    checks.within(path.key("maxUrlParts"), count(responses.max_url_parts), PARTS);
    checks.images(&responses.images, &path.key("images"));
    checks.files(&responses.files, &path.key("files"));
    checks.web_fetch(&config.tools.web.fetch, &KeyPath::of("tools.web.fetch"));
    let agents = &config.agents;
    let list = (0..agents.list.len()).map(|at| KeyPath::of("agents.list").index(at));
    let entries = agents.entries.iter().map(|(id, _)| KeyPath::of("agents.entries").key(id));
    for agent in list.chain(entries) {
        let path = agent.key("tools").key("web");
        if tree.get(&path).is_some() {
            let message = "belongs to tools.web, for all agents alike; \
                           an agent's own tools only say which it has";
            checks.findings.push(Finding::at(path, message));
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

struct Checks<'a> {
    findings: &'a mut Vec<Finding>,
}

impl Checks<'_> {
    fn images(&mut self, images: &Images, path: &KeyPath) {
        self.within(path.key("maxBytes"), count(images.max_bytes), BYTES);
        self.within(path.key("maxRedirects"), images.max_redirects.into(), REDIRECTS);
        self.within(path.key("timeoutMs"), images.timeout_ms, FETCH_MS);
        self.mimes(&images.allowed_mimes, &path.key("allowedMimes"));
        self.hosts(images.url_allowlist.as_deref(), &images.allow_private_hosts, path);
    }

    fn files(&mut self, files: &Files, path: &KeyPath) {
        self.within(path.key("maxBytes"), count(files.max_bytes), BYTES);
        self.within(path.key("maxChars"), count(files.max_chars), CHARS);
        self.within(path.key("maxRedirects"), files.max_redirects.into(), REDIRECTS);
        self.within(path.key("timeoutMs"), files.timeout_ms, FETCH_MS);
        self.within(path.key("pdf").key("maxPages"), count(files.pdf.max_pages), PAGES);
        self.mimes(&files.allowed_mimes, &path.key("allowedMimes"));
        self.hosts(files.url_allowlist.as_deref(), &files.allow_private_hosts, path);
    }

    fn web_fetch(&mut self, fetch: &WebFetch, path: &KeyPath) {
        self.within(path.key("maxChars"), count(fetch.max_chars), CHARS);
        self.within(path.key("maxCharsCap"), count(fetch.max_chars_cap), CHARS);
        self.within(path.key("maxResponseBytes"), count(fetch.max_response_bytes), BYTES);
        self.within(path.key("timeoutSeconds"), fetch.timeout_seconds, FETCH_SECONDS);
        self.within(path.key("maxRedirects"), fetch.max_redirects.into(), REDIRECTS);
        self.within(path.key("cacheTtlMinutes"), fetch.cache_ttl_minutes, CACHE_MINUTES);
        let agent = fetch.user_agent.as_deref();
        if agent.is_some_and(|agent| agent.is_empty() || HeaderValue::from_str(agent).is_err()) {
            let message = "expected the text of a User-Agent header; leave it out for the default";
            self.findings.push(Finding::at(path.key("userAgent"), message));
        }
        self.hosts(fetch.url_allowlist.as_deref(), &fetch.allow_private_hosts, path);
    }

    fn within(&mut self, path: KeyPath, value: u64, range: RangeInclusive<u64>) {
        if !range.contains(&value) {
            let message = format!("expected {} to {}, found {value}", range.start(), range.end());
            self.findings.push(Finding::at(path, message));
        }
    }

    fn mimes(&mut self, mimes: &[String], path: &KeyPath) {
        for (at, mime) in mimes.iter().enumerate() {
            let is_one = mime.trim().split_once('/').is_some_and(|(kind, name)| {
                let named = |part: &str| {
                    let plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
                    !part.is_empty() && part.bytes().all(plain)
                };
                named(kind) && (name == "*" || named(name))
            });
            if !is_one {
                let message = "expected a media type such as image/png, or image/* for all images";
                self.findings.push(Finding::at(path.index(at), message));
            }
        }
    }

    fn hosts(&mut self, allowlist: Option<&[String]>, private: &[String], path: &KeyPath) {
        for (at, line) in allowlist.unwrap_or_default().iter().enumerate() {
            if let Err(message) = HostRule::parse(line) {
                self.findings.push(Finding::at(path.key("urlAllowlist").index(at), message));
            }
        }
        let path = path.key("allowPrivateHosts");
        for (at, line) in private.iter().enumerate() {
            match HostRule::parse(line) {
                Err(message) => self.findings.push(Finding::at(path.index(at), message)),
                Ok(rule) if rule.is_pattern() => {
                    let message = "write each host: whoever answers for a name below it could \
                                   point it anywhere in this network";
                    self.findings.push(Finding::at(path.index(at), message));
                }
                Ok(_) => {}
            }
        }
    }
}
