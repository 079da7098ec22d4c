//! `gateway.http`: the HTTP API.

use super::media::{Files, Images};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `gateway.http`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Http {
    /// Switches and limits of each endpoint.
    pub endpoints: Endpoints,
    /// Which pages of other origins may call.
    pub cors: Cors,
    /// What a `model` may name beside the agents.
    pub models: HttpModels,
    /// How much each caller may ask.
    pub limits: Limits,
    /// How streamed answers are kept alive.
    pub sse: Sse,
}

/// `gateway.http.endpoints`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Endpoints {
    /// `POST /v1/chat/completions`.
    pub chat_completions: ChatEndpoint,
    /// `/v1/responses` and all below it.
    pub responses: ResponsesEndpoint,
    /// `POST /v1/embeddings`.
    pub embeddings: Endpoint,
    /// `GET /v1/models` and `GET /v1/models/{id}`.
    pub models: Endpoint,
}

/// The largest request body accepted where nothing else is configured, in bytes.
const MAX_BODY_BYTES: usize = 20 * 1024 * 1024;

/// One endpoint's switch and limit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Endpoint {
    /// Off means the path answers 404.
    pub enabled: bool,
    /// Largest request body accepted, in bytes.
    pub max_body_bytes: usize,
}

/// `gateway.http.endpoints.chatCompletions`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ChatEndpoint {
    /// Off means the path answers 404.
    pub enabled: bool,
    /// Largest request body accepted, in bytes.
    pub max_body_bytes: usize,
    /// Images one request may bring.
    pub max_image_parts: usize,
    /// Bytes of all of them, decoded.
    pub max_total_image_bytes: usize,
    /// What an image may be, and where it may come from.
    pub images: Images,
    /// The same for files.
    pub files: Files,
}

/// `gateway.http.endpoints.responses`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ResponsesEndpoint {
    /// Off means the paths answer 404.
    pub enabled: bool,
    /// Largest request body accepted, in bytes.
    pub max_body_bytes: usize,
    /// Images and files one request may name by URL.
    pub max_url_parts: usize,
    /// What an image may be, and where it may come from.
    pub images: Images,
    /// The same for files.
    pub files: Files,
}

/// `gateway.http.cors`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Cors {
    /// Origins such as `https://chat.example.com`, compared exactly; none by default.
    pub allowed_origins: Vec<String>,
}

/// `gateway.http.models`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct HttpModels {
    /// Names that programs have built in, and what each stands for: an agent's id, or
    /// `provider/model`.
    pub aliases: BTreeMap<String, String>,
    /// What a name means that nothing is known by.
    pub unknown: UnknownModel,
    /// Whether the models of the configured providers are listed, and may be asked for, too.
    pub expose_providers: bool,
}

/// `gateway.http.models.unknown`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownModel {
    /// 404.
    #[default]
    Reject,
    /// The default agent.
    Default,
}

/// `gateway.http.limits`: for each caller, none by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Limits {
    /// Requests that start work, a minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens read and written, a minute.
    pub tokens_per_minute: Option<u32>,
    /// Requests that may come at once; a minute's worth by default.
    pub burst: Option<u32>,
}

/// `gateway.http.sse`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Sse {
    /// Milliseconds after which a stream's status is sent although nothing has come yet; a failure
    /// before that still has its own status.
    pub commit_after_ms: u64,
    /// Milliseconds of silence after which a comment is sent; at most 15,000.
    pub keep_alive_ms: u64,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self { enabled: true, max_body_bytes: MAX_BODY_BYTES }
    }
}

impl Default for ChatEndpoint {
    fn default() -> Self {
        Self {
            enabled: true,
            max_body_bytes: MAX_BODY_BYTES,
            max_image_parts: 8,
            max_total_image_bytes: 20 * 1024 * 1024,
            images: Images::default(),
            files: Files::default(),
        }
    }
}

impl Default for ResponsesEndpoint {
    fn default() -> Self {
        Self {
            enabled: true,
            max_body_bytes: MAX_BODY_BYTES,
            max_url_parts: 8,
            images: Images::default(),
            files: Files::default(),
        }
    }
}

impl Default for Sse {
    fn default() -> Self {
        Self { commit_after_ms: 5_000, keep_alive_ms: 15_000 }
    }
}
