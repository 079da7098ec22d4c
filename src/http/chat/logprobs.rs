//! How likely the model found the tokens of an answer, in OpenAI's words.

use crate::types::{Alternative, TokenScore};
use serde::Serialize;
use utoipa::ToSchema;

/// How likely the model found the tokens of an answer.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ChatCompletionLogprobs)]
pub(crate) struct Logprobs {
    /// The tokens of the visible text.
    #[schema(required)]
    content: Option<Vec<TokenLogprob>>,
    /// The tokens of the refusal.
    #[schema(required)]
    refusal: Option<Vec<TokenLogprob>>,
    /// Tokens of what comes next.
    #[serde(skip)]
    held: Vec<TokenScore>,
}

/// A token and how likely the model found it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatCompletionTokenLogprob)]
pub(crate) struct TokenLogprob {
    /// The token's text.
    token: String,
    /// Natural logarithm of its probability.
    logprob: f64,
    /// Its UTF-8 bytes; a token may be half a character. Null where the provider does not tell.
    #[schema(required)]
    bytes: Option<Vec<u8>>,
    /// The likeliest tokens at its place, as many as were asked for.
    top_logprobs: Vec<TopLogprob>,
}

/// A token that could have stood in another's place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatCompletionTopLogprob)]
pub(crate) struct TopLogprob {
    /// The token's text.
    token: String,
    /// Natural logarithm of its probability.
    logprob: f64,
    /// Its UTF-8 bytes, or null.
    #[schema(required)]
    bytes: Option<Vec<u8>>,
}

impl Logprobs {
    /// Keeps scores until it is known what of.
    pub(super) fn hold(&mut self, scores: Vec<TokenScore>) {
        if self.held.is_empty() {
            self.held = scores;
        } else {
            self.held.extend(scores);
        }
    }

    /// What is held are tokens of the text.
    pub(super) fn are_of_text(&mut self) {
        settle(&mut self.held, &mut self.content);
    }

    /// What is held are tokens of the refusal.
    pub(super) fn are_of_refusal(&mut self) {
        settle(&mut self.held, &mut self.refusal);
    }

    /// What is told, if there is anything. Tokens that no text followed count as the text's.
    pub(super) fn told(mut self) -> Option<Self> {
        self.are_of_text();
        (self.content.is_some() || self.refusal.is_some()).then_some(self)
    }
}

fn settle(held: &mut Vec<TokenScore>, into: &mut Option<Vec<TokenLogprob>>) {
    if !held.is_empty() {
        into.get_or_insert_default().extend(held.drain(..).map(TokenLogprob::from));
    }
}

impl From<TokenScore> for TokenLogprob {
    fn from(score: TokenScore) -> Self {
        let TokenScore { token, logprob, bytes, top } = score;
        let top_logprobs = top.into_iter().map(TopLogprob::from).collect();
        Self { token, logprob, bytes, top_logprobs }
    }
}

impl From<Alternative> for TopLogprob {
    fn from(alternative: Alternative) -> Self {
        let Alternative { token, logprob, bytes } = alternative;
        Self { token, logprob, bytes }
    }
}
