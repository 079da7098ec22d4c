//! Where a provider that speaks OpenAI's dialect is, how it wants to be addressed, and how long it
//! may take.

use super::vocabulary::Caps;
use super::{Error, Kind, Named, local};
use crate::config::Provider;
use crate::net;
use crate::secrets::{Secret, Snapshot};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, Uri};
use http_body_util::Full;
use std::time::Duration;
use tokio::time::Instant;

/// Default of `timeoutSeconds`.
const FIRST_TOKEN: Duration = Duration::from_secs(60);
/// The same for `local`, where the first call loads the model from disk.
const FIRST_TOKEN_LOCAL: Duration = Duration::from_secs(300);
/// Default of `idleTimeoutSeconds`.
const IDLE: Duration = Duration::from_secs(300);
/// What one embeddings request may hold: OpenAI's own limits.
const EMBED_CAPS: Caps = Caps { inputs: 2048, tokens: 300_000 };
/// Inputs in one for `local`, whose worker embeds one request at a time: small requests let
/// several callers take turns.
const EMBED_INPUTS_LOCAL: usize = 64;
/// Tokens in one for Mistral, which refuses larger ones.
const EMBED_TOKENS_MISTRAL: usize = 16_000;
/// The longest wait that a config can ask for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// A secret shorter than this would blank out ordinary words.
const SHORTEST_REDACTED: usize = 4;

/// One provider, ready to be asked.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) client: net::Client,
    /// When the wait for its answer began; that of a local model has its worker's start in it.
    pub(super) begun: Instant,
    /// The provider's id.
    pub(super) provider: String,
    /// How its OpenAI differs from others'.
    pub(super) flavour: Flavour,
    /// How long the first token of a streamed answer may take.
    pub(super) first_token: Duration,
    /// How long a stream may be silent, and a whole answer take.
    pub(super) idle: Duration,
    /// What one embeddings request may hold.
    pub(super) embed_caps: Caps,
    base: String,
    key: Option<Secret>,
    /// The window that the config sets for a local model.
    window: Option<u32>,
    headers: Vec<(String, Secret)>,
}

/// Where the servers that speak OpenAI's dialect disagree in what they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// OpenAI itself, or Azure's copy of it.
    OpenAi,
    /// Mistral, which refuses a request that has a field it does not know.
    Mistral,
    /// A worker on this machine, which does not know what goes beyond the common fields.
    Local,
    /// Everyone else.
    Compatible,
}

impl Endpoint {
    /// A provider behind a URL, as the snapshot configures it.
    pub(super) fn remote(
        client: net::Client,
        snapshot: &Snapshot,
        named: Named<'_>,
    ) -> Result<Self, Error> {
        let id = named.id;
        let Some(base) = named.settings.base_url.as_deref() else {
            let message = format!("The provider `{id}` has no `models.providers.{id}.baseUrl`.");
            return Err(Error::new(Kind::Unavailable, id, message));
        };
        let flavour = Flavour::of(base);
        Ok(Self {
            flavour,
            embed_caps: flavour.embed_caps(named.settings),
            key: snapshot.provider_key(id).cloned(),
            headers: snapshot.provider_headers(id).to_vec(),
            ..Self::new(client, base.to_owned(), named)
        })
    }

    /// A worker on this machine, which needs no credentials.
    pub(super) fn local(client: net::Client, named: Named<'_>, model: &str) -> Self {
        let listed = named.settings.models.iter().find(|listed| listed.id == model);
        Self {
            window: listed.and_then(|listed| listed.context_window),
            flavour: Flavour::Local,
            first_token: local_patience(named.settings),
            embed_caps: Flavour::Local.embed_caps(named.settings),
            ..Self::new(client, local::BASE_URL.to_owned(), named)
        }
    }

    fn new(client: net::Client, base: String, named: Named<'_>) -> Self {
        let Named { id, settings } = named;
        Self {
            client,
            begun: Instant::now(),
            provider: id.to_owned(),
            flavour: Flavour::Compatible,
            first_token: limit(settings.timeout_seconds, FIRST_TOKEN),
            idle: limit(settings.idle_timeout_seconds, IDLE),
            embed_caps: EMBED_CAPS,
            base,
            key: None,
            window: None,
            headers: Vec::new(),
        }
    }

    /// A POST of `body` to `path` below the base URL.
    pub(super) fn post(&self, path: &str, body: Bytes) -> Result<Request<Full<Bytes>>, Error> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.url(path)?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert(USER_AGENT, HeaderValue::from_static(USER_AGENT_VALUE));
        if let Some(key) = &self.key {
            let bearer = sensitive(&format!("Bearer {}", key.expose()));
            headers.insert(AUTHORIZATION, bearer.ok_or_else(|| self.unsendable("apiKey"))?);
        }
        if let Some(window) = self.window {
            headers.insert(local::WINDOW_HEADER, HeaderValue::from(window));
        }
        for (name, value) in &self.headers {
            let parsed = HeaderName::try_from(name).ok().zip(sensitive(value.expose()));
            let (name, value) = parsed.ok_or_else(|| self.unsendable("headers"))?;
            headers.insert(name, value);
        }
        Ok(request)
    }

    fn url(&self, path: &str) -> Result<Uri, Error> {
        // Azure's base URLs carry their API version as a query.
        let (base, query) = match self.base.split_once('?') {
            Some((base, query)) => (base, Some(query)),
            None => (self.base.as_str(), None),
        };
        let mut url = String::with_capacity(self.base.len() + path.len() + 1);
        url.push_str(base.trim_end_matches('/'));
        url.push_str(path);
        if let Some(query) = query {
            url.push('?');
            url.push_str(query);
        }
        Uri::try_from(url).map_err(|error| self.unsendable("baseUrl").caused_by(error))
    }

    fn unsendable(&self, setting: &str) -> Error {
        let id = &self.provider;
        let message = format!("`models.providers.{id}.{setting}` cannot be used in a request.");
        Error::new(Kind::Unavailable, id, message)
    }

    /// `text` without the credentials that this provider is sent.
    pub(super) fn redact(&self, text: &str) -> String {
        let secrets = self.key.iter().chain(self.headers.iter().map(|(_, value)| value));
        secrets
            .map(Secret::expose)
            .filter(|secret| secret.len() >= SHORTEST_REDACTED)
            .fold(text.to_owned(), |text, secret| text.replace(secret, "[redacted]"))
    }
}

/// How long the first token of a local model may take.
pub(super) fn local_patience(settings: &Provider) -> Duration {
    limit(settings.timeout_seconds, FIRST_TOKEN_LOCAL)
}

/// What we call ourselves.
const USER_AGENT_VALUE: &str = concat!("openclaw/", env!("CARGO_PKG_VERSION"));

fn limit(seconds: Option<u64>, default: Duration) -> Duration {
    seconds.map_or(default, Duration::from_secs).min(LONGEST)
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl Flavour {
    /// What one embeddings request may hold, as far as the config does not say otherwise.
    fn embed_caps(self, settings: &Provider) -> Caps {
        let usual = match self {
            Self::Mistral => Caps { tokens: EMBED_TOKENS_MISTRAL, ..EMBED_CAPS },
            Self::Local => Caps { inputs: EMBED_INPUTS_LOCAL, ..EMBED_CAPS },
            Self::OpenAi | Self::Compatible => EMBED_CAPS,
        };
        let configured = |cap: Option<u32>| cap.and_then(|cap| usize::try_from(cap).ok());
        Caps {
            inputs: configured(settings.embedding.max_inputs).unwrap_or(usual.inputs),
            tokens: configured(settings.embedding.max_tokens).unwrap_or(usual.tokens),
        }
    }

    /// Whether a field of [`crate::types::Hints`], by its name in the dialect, is sent. Who is not
    /// known to take one may refuse the request for it.
    pub(super) fn takes(self, hint: &str) -> bool {
        match self {
            Self::OpenAi => true,
            Self::Compatible => {
                matches!(hint, "logprobs" | "logit_bias" | "reasoning_effort")
            }
            Self::Mistral => hint == "prediction",
            Self::Local => false,
        }
    }

    pub(super) fn of(base_url: &str) -> Self {
        let uri = Uri::try_from(base_url).unwrap_or_default();
        let host = uri.host().unwrap_or_default();
        let within = |domain: &str| {
            host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        if within("api.openai.com") || within("openai.azure.com") {
            Self::OpenAi
        } else if within("mistral.ai") {
            Self::Mistral
        } else {
            Self::Compatible
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_decides_the_flavour() {
        let check = |url, expected| assert_eq!(Flavour::of(url), expected, "{url}");
        check("https://api.openai.com/v1", Flavour::OpenAi);
        check("https://eu.api.openai.com/v1", Flavour::OpenAi);
        check("https://mine.openai.azure.com/openai/deployments/x?api-version=1", Flavour::OpenAi);
        check("https://api.mistral.ai/v1", Flavour::Mistral);
        check("https://notapi.openai.com.example/v1", Flavour::Compatible);
        check("https://myapi.openai.com", Flavour::Compatible);
        check("http://127.0.0.1:11434/v1", Flavour::Compatible);
        check("not a url", Flavour::Compatible);
    }

    #[test]
    fn a_worker_is_told_the_window_of_its_model() {
        let settings: Provider = serde_json::from_value(serde_json::json!(
            {"api": "local", "models": [{"id": "large", "contextWindow": 8000}, {"id": "plain"}]}
        ))
        .expect("settings");
        let told = |model| {
            let named = Named { id: "local", settings: &settings };
            let endpoint = Endpoint::local(net::Client::tcp(), named, model);
            let request = endpoint.post("/chat/completions", Bytes::new()).expect("a request");
            request.headers().get(local::WINDOW_HEADER).cloned()
        };
        assert_eq!(told("large"), Some(HeaderValue::from_static("8000")));
        assert_eq!(told("plain"), None);
    }

    #[test]
    fn the_path_goes_before_a_query() {
        let url = |base: &str| {
            let settings = Provider::default();
            let named = Named { id: "p", settings: &settings };
            let endpoint = Endpoint::new(net::Client::tcp(), base.to_owned(), named);
            endpoint.url("/chat/completions").expect("valid").to_string()
        };
        assert_eq!(url("http://h/v1/"), "http://h/v1/chat/completions");
        assert_eq!(url("http://h/d?api-version=1"), "http://h/d/chat/completions?api-version=1");
    }
}
