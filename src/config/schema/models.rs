//! `models`: the providers behind the agents.

use crate::types::SecretInput;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `models`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Models {
    /// Providers by id; the id is what stands before the slash in a model reference.
    pub providers: BTreeMap<String, Provider>,
}

/// `models.providers.<id>`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Provider {
    /// The dialect it speaks.
    pub api: Api,
    /// Root of its API, such as `https://api.openai.com/v1`; required for `openai-completions`.
    pub base_url: Option<String>,
    /// Sent as `Authorization: Bearer`.
    pub api_key: Option<SecretInput>,
    /// Further headers sent with every request.
    pub headers: BTreeMap<String, SecretInput>,
    /// Seconds until the first token of a streamed answer must have come; default 60.
    pub timeout_seconds: Option<u64>,
    /// Seconds of silence after which a streamed answer, or the wait for a whole one, is given
    /// up; default 300.
    pub idle_timeout_seconds: Option<u64>,
    /// The models it has; when not empty, no other is asked for.
    pub models: Vec<Model>,
    /// How much one of its embeddings requests may hold.
    pub embedding: EmbeddingCaps,
    /// For `scripted`: the file with its replies, relative to the config file.
    pub script: Option<String>,
}

/// `models.providers.<id>.api`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Api {
    /// OpenAI's Chat Completions, as OpenAI, OpenRouter, Ollama, LM Studio, vLLM and llama.cpp
    /// speak it.
    #[default]
    #[serde(rename = "openai-completions")]
    OpenAiCompletions,
    /// A model on this machine, in a worker process.
    #[serde(rename = "local")]
    Local,
    /// Replies from a file, for tests.
    #[serde(rename = "scripted")]
    Scripted,
}

/// `models.providers.<id>.embedding`: larger requests are split.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct EmbeddingCaps {
    /// Inputs; 2048 by default, 64 for `local`.
    pub max_inputs: Option<u32>,
    /// Tokens of all of them; 300,000 by default.
    pub max_tokens: Option<u32>,
}

/// One entry of `models.providers.<id>.models`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Model {
    /// The model's name at the provider.
    pub id: String,
    /// A name for people.
    #[serde(default)]
    pub name: Option<String>,
    /// Tokens it can read and write in one exchange.
    #[serde(default)]
    pub context_window: Option<u32>,
    /// Tokens it can write in one answer.
    #[serde(default)]
    pub max_tokens: Option<u32>,
    /// Whether it thinks before it answers.
    #[serde(default)]
    pub reasoning: Option<bool>,
    /// What it reads.
    #[serde(default)]
    pub input: Option<Vec<Modality>>,
    /// What it costs.
    #[serde(default)]
    pub cost: Cost,
}

/// One entry of `models.providers.<id>.models[].input`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Text.
    Text,
    /// Images.
    Image,
    /// Recordings.
    Audio,
}

/// `models.providers.<id>.models[].cost`: US dollars for a million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Cost {
    /// Tokens read, but for those from the provider's cache.
    pub input: f64,
    /// Tokens written.
    pub output: f64,
    /// Tokens read from the provider's cache.
    pub cache_read: f64,
    /// Tokens written to it.
    pub cache_write: f64,
}

impl Default for Provider {
    fn default() -> Self {
        Self {
            api: Api::OpenAiCompletions,
            base_url: None,
            api_key: None,
            headers: BTreeMap::new(),
            timeout_seconds: None,
            idle_timeout_seconds: None,
            models: Vec::new(),
            embedding: EmbeddingCaps::default(),
            script: None,
        }
    }
}
