//! How likely the model found its tokens, as providers tell it.

use crate::types::{Alternative, TokenScore};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct WireLogprobs {
    #[serde(default)]
    content: Option<Vec<WireScore>>,
    #[serde(default)]
    refusal: Option<Vec<WireScore>>,
}

#[derive(Deserialize)]
struct WireScore {
    token: String,
    logprob: f64,
    #[serde(default)]
    bytes: Option<Vec<u8>>,
    #[serde(default)]
    top_logprobs: Option<Vec<WireTop>>,
}

#[derive(Deserialize)]
struct WireTop {
    token: String,
    logprob: f64,
    #[serde(default)]
    bytes: Option<Vec<u8>>,
}

/// The scores of a choice. Those that cannot be read are no reason to lose the answer.
pub(super) fn read(raw: &RawValue) -> Vec<TokenScore> {
    let Ok(read) = serde_json::from_str::<WireLogprobs>(raw.get()) else { return Vec::new() };
    let content = read.content.filter(|content| !content.is_empty());
    let scores = content.or(read.refusal).unwrap_or_default().into_iter();
    scores.map(TokenScore::from).collect()
}

impl From<WireScore> for TokenScore {
    fn from(score: WireScore) -> Self {
        let WireScore { token, logprob, bytes, top_logprobs } = score;
        let top = top_logprobs.unwrap_or_default().into_iter();
        let top =
            top.map(|WireTop { token, logprob, bytes }| Alternative { token, logprob, bytes });
        Self { token, logprob, bytes, top: top.collect() }
    }
}
