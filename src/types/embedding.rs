//! Embeddings, before any wire format.

use super::Usage;

/// What shall be embedded: one entry a vector.
#[derive(Debug, Clone, PartialEq)]
pub enum EmbeddingInput {
    /// Texts.
    Texts(Vec<String>),
    /// Token ids of OpenAI's `cl100k_base` or `o200k_base` encoding.
    Tokens(Vec<Vec<u32>>),
}

impl EmbeddingInput {
    /// How many vectors come back.
    pub fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Tokens(tokens) => tokens.len(),
        }
    }

    /// Whether there is nothing to embed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The vectors, in input order.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// One vector an input.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens read.
    pub usage: Usage,
}
