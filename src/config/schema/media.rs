//! Images and files that callers hand in, inline or by URL, and what may be fetched for them.

use serde::Deserialize;

/// `images` of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Images {
    /// Whether an image may be named by URL.
    pub allow_url: bool,
    /// When written, only of these hosts: a name, or `*.name` for all below it.
    pub url_allowlist: Option<Vec<String>>,
    /// Hosts that may be asked although their addresses are private.
    pub allow_private_hosts: Vec<String>,
    /// Media types accepted.
    pub allowed_mimes: Vec<String>,
    /// Largest image accepted, in bytes.
    pub max_bytes: usize,
    /// Redirects followed.
    pub max_redirects: u32,
    /// Milliseconds a fetch may take, redirects included.
    pub timeout_ms: u64,
}

/// `files` of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Files {
    /// Whether a file may be named by URL.
    pub allow_url: bool,
    /// When written, only of these hosts: a name, or `*.name` for all below it.
    pub url_allowlist: Option<Vec<String>>,
    /// Hosts that may be asked although their addresses are private.
    pub allow_private_hosts: Vec<String>,
    /// Media types accepted.
    pub allowed_mimes: Vec<String>,
    /// Largest file accepted, in bytes.
    pub max_bytes: usize,
    /// Characters of its text that the model reads; the rest is left out.
    pub max_chars: usize,
    /// Redirects followed.
    pub max_redirects: u32,
    /// Milliseconds a fetch may take, redirects included.
    pub timeout_ms: u64,
    /// PDF files.
    pub pdf: Pdf,
}

/// `files.pdf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Pdf {
    /// Pages that are read; the rest is left out.
    pub max_pages: usize,
}

impl Default for Images {
    fn default() -> Self {
        let mimes = ["jpeg", "png", "gif", "webp", "heic", "heif"];
        Self {
            allow_url: true,
            url_allowlist: None,
            allow_private_hosts: Vec::new(),
            allowed_mimes: mimes.iter().map(|kind| format!("image/{kind}")).collect(),
            max_bytes: 10 * 1024 * 1024,
            max_redirects: 3,
            timeout_ms: 10_000,
        }
    }
}

impl Default for Files {
    fn default() -> Self {
        let mimes = [
            "text/plain",
            "text/markdown",
            "text/html",
            "text/csv",
            "application/json",
            "application/pdf",
        ];
        Self {
            allow_url: true,
            url_allowlist: None,
            allow_private_hosts: Vec::new(),
            allowed_mimes: mimes.map(str::to_owned).to_vec(),
            max_bytes: 5 * 1024 * 1024,
            max_chars: 60_000,
            max_redirects: 3,
            timeout_ms: 10_000,
            pdf: Pdf::default(),
        }
    }
}

impl Default for Pdf {
    fn default() -> Self {
        Self { max_pages: 4 }
    }
}
