//! `web_fetch`: a page of the web as text.

mod cache;
mod page;

use super::Sheet;
use crate::config::WebFetch;
use crate::media::{Form, Kind, Media, text, wrap};
use crate::net::egress::{Ask, Egress, Error as Refused, Fetched, Overlong, Policy};
use crate::tools::{Call, Failed, Group, Limits, Output, Services, Spec, Tool};
use cache::{Cache, Cached};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use page::Shape;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is asked for, best first.
const ACCEPT: &str =
    "text/markdown, text/html;q=0.9, application/json;q=0.9, text/plain;q=0.8, */*;q=0.1";
/// Longest URL that is fetched.
const MAX_URL_CHARS: usize = 2_048;
/// Fewest characters that a call may ask for.
const MIN_CHARS: usize = 100;
/// Beyond the fetch itself, how long a use may take: for its turn, and to make text of a page.
const BEYOND_FETCH: Duration = Duration::from_secs(25);
/// Bytes of an answer beside the page's text.
const BESIDE_TEXT: usize = 16 * 1024;
/// What a character takes in JSON at most.
const JSON_BYTES_PER_CHAR: usize = 12;

/// Fetches a page for whoever may use tools of the web.
#[derive(Debug)]
pub(super) struct WebFetchTool {
    spec: Spec,
    egress: Egress,
    media: Media,
    cache: Cache,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Args {
    url: String,
    extract_mode: Option<Form>,
    max_chars: Option<usize>,
}

/// What programs get.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    url: &'a str,
    final_url: &'a str,
    status: u16,
    content_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    extract_mode: &'static str,
    truncated: bool,
    length: usize,
    fetched_at: String,
    took_ms: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cached: bool,
    text: &'a str,
}

impl WebFetchTool {
    /// The tool, unless the config switches it off.
    pub(super) fn new(services: &Services) -> Option<Self> {
        let snapshot = services.live.load();
        let settings = &snapshot.config.tools.web.fetch;
        if !settings.enabled {
            return None;
        }
        let spec = Sheet {
            name: "web_fetch",
            description: "Fetches a page of the public web and gives its text: HTML as Markdown \
                          or plain text, JSON laid out, other text as it is. It runs no scripts \
                          and sends no cookies.",
            groups: &[Group::Web, Group::OpenClaw],
            properties: properties(settings),
            required: &["url"],
        };
        let mut spec = spec.spec();
        spec.limits = Limits {
            time: Duration::from_secs(settings.timeout_seconds) + BEYOND_FETCH,
            output_bytes: settings.max_chars_cap * JSON_BYTES_PER_CHAR + BESIDE_TEXT,
        };
        let (egress, media) = (services.egress.clone(), services.media.clone());
        Some(Self { spec, egress, media, cache: Cache::default() })
    }

    async fn fetch(&self, call: Call) -> Result<Output, Failed> {
        let Args { url, extract_mode, max_chars } = call.arguments()?;
        let settings = &call.context.snapshot.config.tools.web.fetch;
        let form = extract_mode.unwrap_or(Form::Markdown);
        let max_chars = max_chars.unwrap_or(settings.max_chars).min(settings.max_chars_cap);
        let began = Instant::now();
        let known = self.cache.get(&url, form, settings);
        let cached = known.is_some();
        let page = match known {
            Some(page) => page,
            None => {
                let page = Arc::new(Box::pin(self.page(&url, form, settings)).await?);
                self.cache.put((url.clone(), form), settings, page.clone());
                page
            }
        };
        let (text, whole) = text::cut(&page.text, max_chars);
        let wrapped = wrap(&format!("the web page {}", page.url), text);
        let details = Details {
            url: &url,
            final_url: &page.url,
            status: page.status,
            content_type: &page.content_type,
            title: page.title.as_deref(),
            extract_mode: name(form),
            truncated: page.cut || whole.is_some(),
            length: text.chars().count(),
            fetched_at: page.fetched_at.to_string(),
            took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            cached,
            text: &wrapped,
        };
        let details = serde_json::to_value(&details).expect("texts and numbers serialise");
        Ok(Output { content: vec![wrapped], details })
    }

    /// Fetches a page and makes text of it.
    async fn page(&self, url: &str, form: Form, settings: &WebFetch) -> Result<Cached, Failed> {
        let policy = Policy {
            allowlist: settings.url_allowlist.as_deref(),
            private_hosts: &settings.allow_private_hosts,
            max_bytes: settings.max_response_bytes,
            overlong: Overlong::Cut,
            max_redirects: settings.max_redirects,
            time: Duration::from_secs(settings.timeout_seconds),
        };
        let ask = Ask { url, accept: ACCEPT, user_agent: settings.user_agent.as_deref() };
        let fetched = self.egress.fetch(ask, policy).await.map_err(|error| told(&error))?;
        let Shape { content_type, text, is_html } = Shape::of(&fetched).map_err(Failed::Input)?;
        let (text, title) = if is_html {
            let page = self.media.page(&text, &fetched.url, form).await;
            let page = page.map_err(|error| match error.kind {
                Kind::Busy => {
                    Failed::Input("too many pages are being read; try again later".into())
                }
                _ => Failed::Input(error.message),
            })?;
            (page.text, page.title)
        } else {
            (text, None)
        };
        let Fetched { url, status, cut, .. } = fetched;
        let fetched_at = Timestamp::now();
        Ok(Cached { url, status, content_type, title, text, cut, fetched_at })
    }
}

fn told(error: &Refused) -> Failed {
    Failed::Input(format!("cannot fetch the URL: {error}"))
}

fn name(form: Form) -> &'static str {
    match form {
        Form::Markdown => "markdown",
        Form::Text => "text",
    }
}

fn properties(settings: &WebFetch) -> serde_json::Value {
    json!({
        "url": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_URL_CHARS,
            "description": "An http or https URL.",
        },
        "extractMode": {
            "type": "string",
            "enum": ["markdown", "text"],
            "description": "What HTML becomes; markdown by default.",
        },
        "maxChars": {
            "type": "integer",
            "minimum": MIN_CHARS,
            "description": format!(
                "Characters of text at most; {} by default, never more than {}.",
                settings.max_chars.min(settings.max_chars_cap),
                settings.max_chars_cap
            ),
        },
    })
}

impl Tool for WebFetchTool {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Output, Failed>> {
        self.fetch(call).boxed()
    }
}
