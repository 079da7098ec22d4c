//! What may be fetched and read.

use super::{accepted, read};

/// A config with these settings of the responses' images.
fn images(inner: &str) -> String {
    format!("{{gateway: {{http: {{endpoints: {{responses: {{images: {{{inner}}}}}}}}}}}}}")
}

/// The same of the chat completions' files.
fn files(inner: &str) -> String {
    format!("{{gateway: {{http: {{endpoints: {{chatCompletions: {{files: {{{inner}}}}}}}}}}}}}")
}

/// The same of `web_fetch`.
fn fetch(inner: &str) -> String {
    format!("{{tools: {{web: {{fetch: {{{inner}}}}}}}}}")
}

/// Checks that exactly these keys are complained about, in these words, below `root`.
fn refused(text: &str, root: &str, expected: &[&str]) {
    let message = read(text).err().unwrap_or_else(|| panic!("{text} must be refused"));
    let lines = message.lines().skip(1).map(|line| {
        let line = line.trim().split(" (line ").next().unwrap_or_default();
        line.strip_prefix(root).unwrap_or(line).to_owned()
    });
    assert_eq!(lines.collect::<Vec<_>>(), expected, "{text}");
}

const IMAGES: &str = "gateway.http.endpoints.responses.images.";
const FILES: &str = "gateway.http.endpoints.chatCompletions.files.";
const FETCH: &str = "tools.web.fetch.";

#[test]
fn hosts_are_checked_where_they_are_listed() {
    accepted(&images("urlAllowlist: ['a.test', '*.b.test', '10.0.0.1', '[::1]:80']"));
    accepted(&images("allowPrivateHosts: ['intranet', 'intranet:8080', '::1']"));
    let form = "expected a host such as example.com, *.example.com, 10.0.0.5 or intranet:8080, \
                without scheme and path";
    let listed = |key: &str| format!("{key}: {form}");
    refused(
        &images("urlAllowlist: ['a.test', 'https://b.test']"),
        IMAGES,
        &[&listed("urlAllowlist[1]")],
    );
    refused(&fetch("allowPrivateHosts: ['a/b']"), FETCH, &[&listed("allowPrivateHosts[0]")]);
    refused(
        &files("allowPrivateHosts: ['a', '*.corp.test']"),
        FILES,
        &[
            "allowPrivateHosts[1]: write each host: whoever answers for a name below it could point \
           it anywhere in this network",
        ],
    );
}

#[test]
fn limits_have_limits() {
    refused(
        &images("maxBytes: 0, maxRedirects: 21, timeoutMs: 0"),
        IMAGES,
        &[
            "maxBytes: expected 1 to 104857600, found 0",
            "maxRedirects: expected 0 to 20, found 21",
            "timeoutMs: expected 1 to 120000, found 0",
        ],
    );
    refused(
        &files("maxChars: 99, maxBytes: 104857601, pdf: {maxPages: 0}"),
        FILES,
        &[
            "maxBytes: expected 1 to 104857600, found 104857601",
            "maxChars: expected 100 to 1000000, found 99",
            "pdf.maxPages: expected 1 to 1000, found 0",
        ],
    );
    refused(
        &fetch("maxChars: 99, maxCharsCap: 1000001, timeoutSeconds: 121, cacheTtlMinutes: 1441"),
        FETCH,
        &[
            "maxChars: expected 100 to 1000000, found 99",
            "maxCharsCap: expected 100 to 1000000, found 1000001",
            "timeoutSeconds: expected 1 to 120, found 121",
            "cacheTtlMinutes: expected 0 to 1440, found 1441",
        ],
    );
    refused(
        &fetch("maxResponseBytes: 0, maxRedirects: 99, userAgent: 'a\\nb'"),
        FETCH,
        &[
            "maxResponseBytes: expected 1 to 104857600, found 0",
            "maxRedirects: expected 0 to 20, found 99",
            "userAgent: expected the text of a User-Agent header; leave it out for the default",
        ],
    );
    let parts = "chatCompletions: {maxImageParts: 1001, maxTotalImageBytes: 0}, \
                 responses: {maxUrlParts: 1001}";
    refused(
        &format!("{{gateway: {{http: {{endpoints: {{{parts}}}}}}}}}"),
        "gateway.http.endpoints.",
        &[
            "chatCompletions.maxImageParts: expected 0 to 1000, found 1001",
            "chatCompletions.maxTotalImageBytes: expected 1 to 104857600, found 0",
            "responses.maxUrlParts: expected 0 to 1000, found 1001",
        ],
    );
}

#[test]
fn accepted_media_types_are_media_types() {
    accepted(&images("allowedMimes: ['image/png', 'image/*', 'image/svg+xml']"));
    let listed = |at: usize| {
        format!(
            "allowedMimes[{at}]: expected a media type such as image/png, or image/* for all images"
        )
    };
    let expected = [listed(0), listed(1), listed(2)];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    refused(&images("allowedMimes: ['png', '*/*', 'image/']"), IMAGES, &expected);
}

#[test]
fn the_web_is_the_same_for_all_agents() {
    accepted(&fetch("enabled: false"));
    let message = "belongs to tools.web, for all agents alike; an agent's own tools only say which \
                   it has";
    for (text, key) in [
        (
            "{agents: {list: [{id: 'a', tools: {web: {fetch: {enabled: false}}}}]}}",
            "agents.list[0].tools.web",
        ),
        ("{agents: {entries: {a: {tools: {web: {}}}}}}", "agents.entries.a.tools.web"),
    ] {
        refused(text, "", &[&format!("{key}: {message}")]);
    }
}
