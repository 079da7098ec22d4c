//! What a model object says: OpenAI's fields, and what clients read beside them when it is known.

use crate::config::{self, Modality};
use crate::http::always;
use serde::Serialize;
use utoipa::ToSchema;

/// The models there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListModelsResponse {
    /// Always `list`.
    pub object: always::ListWord,
    /// `openclaw`, `openclaw/default`, one entry an agent, then one an alias, then the models of
    /// providers where they are exposed.
    pub data: Vec<Model>,
}

/// An agent, an alias or a provider's model, as a model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Model {
    /// What to send as `model`.
    pub id: String,
    /// Always `model`.
    pub object: always::ModelWord,
    /// When the gateway's configuration was last changed, in Unix seconds.
    pub created: u64,
    /// `openclaw`, or the provider of an exposed model.
    pub owned_by: String,
    /// Always empty; clients of OpenAI's older API look for it.
    #[schema(value_type = Vec<String>)]
    pub permission: [&'static str; 0],
    /// A name for people.
    pub name: String,
    /// The same, where LobeChat looks for it.
    #[serde(rename = "displayName")]
    pub display_name: String,
    /// `chat`, or `embedding` for what only embeds.
    #[serde(rename = "type")]
    pub kind: ModelKind,
    /// Always true: what is listed can be used.
    pub enabled: bool,
    /// Whether it can be given functions to call; absent for what only embeds.
    #[serde(rename = "functionCall", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub function_call: Option<bool>,
    /// Whether it reads images, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub vision: Option<bool>,
    /// Whether it thinks before it answers, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reasoning: Option<bool>,
    /// Tokens it can read and write in one exchange, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub context_length: Option<u32>,
    /// The same, where LobeChat looks for it.
    #[serde(rename = "contextWindowTokens", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub context_window_tokens: Option<u32>,
    /// Tokens it can write in one answer, where that is known.
    #[serde(rename = "maxOutput", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_output: Option<u32>,
    /// What it reads and writes, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub architecture: Option<ModelArchitecture>,
    /// What it costs, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pricing: Option<ModelPricing>,
}

/// What a model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ModelKind {
    /// It answers.
    Chat,
    /// It only embeds.
    Embedding,
}

/// What a model reads and writes, as OpenRouter says it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ModelArchitecture {
    /// `text`, `image`, `audio`.
    pub input_modalities: Vec<&'static str>,
    /// `text`.
    pub output_modalities: Vec<&'static str>,
}

/// What a model costs, as OpenRouter says it (US dollars for one token, as text) and as LobeChat
/// reads it (US dollars for a million tokens).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ModelPricing {
    /// One token read.
    pub prompt: String,
    /// One token written.
    pub completion: String,
    /// One token read from the provider's cache.
    pub input_cache_read: String,
    /// One token written to it.
    pub input_cache_write: String,
    /// A million tokens read.
    pub input: f64,
    /// A million tokens written.
    pub output: f64,
    /// A million tokens read from the provider's cache.
    #[serde(rename = "cachedInput")]
    pub cached_input: f64,
    /// A million tokens written to it.
    #[serde(rename = "writeCacheInput")]
    pub write_cache_input: f64,
}

impl Model {
    /// The same model under another name for people.
    pub(super) fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), display_name: name.to_owned(), ..self }
    }

    /// The same model, with what is known of the one behind it.
    pub(super) fn knowing(self, known: Option<&config::Model>) -> Self {
        let Some(known) = known else { return self };
        let reads_images = known.input.as_ref().map(|input| input.contains(&Modality::Image));
        Self {
            vision: reads_images.filter(|_| self.function_call.is_some()),
            reasoning: known.reasoning,
            context_length: known.context_window,
            context_window_tokens: known.context_window,
            max_output: known.max_tokens,
            architecture: known.input.as_deref().map(ModelArchitecture::of),
            pricing: ModelPricing::of(known.cost),
            ..self
        }
    }
}

impl ModelArchitecture {
    fn of(input: &[Modality]) -> Self {
        let name = |modality: &Modality| match modality {
            Modality::Text => "text",
            Modality::Image => "image",
            Modality::Audio => "audio",
        };
        Self { input_modalities: input.iter().map(name).collect(), output_modalities: vec!["text"] }
    }
}

impl ModelPricing {
    /// What is configured; a model all of whose prices are 0 has none that are known.
    fn of(cost: config::Cost) -> Option<Self> {
        if cost == config::Cost::default() {
            return None;
        }
        Some(Self {
            prompt: a_token(cost.input),
            completion: a_token(cost.output),
            input_cache_read: a_token(cost.cache_read),
            input_cache_write: a_token(cost.cache_write),
            input: cost.input,
            output: cost.output,
            cached_input: cost.cache_read,
            write_cache_input: cost.cache_write,
        })
    }
}

/// The price of one token, from that of a million: a plain decimal number.
fn a_token(million: f64) -> String {
    let digits = format!("{:.15}", million / 1e6);
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_a_plain_decimal_number() {
        for (million, token) in [
            (0.0, "0"),
            (2.5, "0.0000025"),
            (0.15, "0.00000015"),
            (1e6, "1"),
            (0.075, "0.000000075"),
        ] {
            assert_eq!(a_token(million), token);
        }
    }
}
