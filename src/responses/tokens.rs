//! The tokens of a response, in OpenAI's form.

use crate::types::Usage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Tokens that a response has taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseUsage)]
pub struct Tokens {
    /// Tokens read.
    pub input_tokens: u64,
    /// What they were.
    pub input_tokens_details: InputTokens,
    /// Tokens written.
    pub output_tokens: u64,
    /// What they were.
    pub output_tokens_details: OutputTokens,
    /// Both.
    pub total_tokens: u64,
}

/// What the tokens read were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseInputTokens)]
pub struct InputTokens {
    /// Served from the provider's cache.
    pub cached_tokens: u64,
    /// Written to it; providers do not tell, so always 0.
    pub cache_write_tokens: u64,
}

/// What the tokens written were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponseOutputTokens)]
pub struct OutputTokens {
    /// Spent on hidden reasoning.
    pub reasoning_tokens: u64,
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input,
            input_tokens_details: InputTokens {
                cached_tokens: usage.cached_input,
                cache_write_tokens: 0,
            },
            output_tokens: usage.output,
            output_tokens_details: OutputTokens { reasoning_tokens: usage.reasoning },
            // What a provider says of tokens is not to be trusted.
            total_tokens: usage.input.saturating_add(usage.output),
        }
    }
}

impl From<Tokens> for Usage {
    fn from(tokens: Tokens) -> Self {
        Self {
            input: tokens.input_tokens,
            output: tokens.output_tokens,
            cached_input: tokens.input_tokens_details.cached_tokens,
            reasoning: tokens.output_tokens_details.reasoning_tokens,
        }
    }
}
