//! OpenAI's token vocabularies: what token ids say, and how many tokens a text is.
//!
//! A vocabulary is loaded when it is first needed, which takes a moment and some megabytes, so all
//! work with it is done away from the threads that answer requests.

use super::error::{Error, Kind};
use crate::types::EmbeddingInput;
use std::ops::Range;
use std::sync::Arc;
use tiktoken_rs::CoreBPE;
use tokio::task::spawn_blocking;

/// Texts are counted in pieces of about this size: the time that one long run of letters takes
/// grows with its square.
const PIECE_BYTES: usize = 1024;

/// Which vocabulary a client's token ids are of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Vocabulary {
    /// That of OpenAI's embedding models, which clients use where they know no better.
    #[default]
    Cl100k,
    /// That of GPT-4o and what came after it.
    O200k,
}

impl Vocabulary {
    /// The vocabulary that clients choose for a model of this name.
    pub fn of(model: &str) -> Self {
        let newer = ["gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "o200k"];
        match newer.iter().any(|part| model.contains(part)) {
            true => Self::O200k,
            false => Self::Cl100k,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Cl100k => "cl100k_base",
            Self::O200k => "o200k_base",
        }
    }

    fn encoding(self) -> &'static CoreBPE {
        match self {
            Self::Cl100k => tiktoken_rs::cl100k_base_singleton(),
            Self::O200k => tiktoken_rs::o200k_base_singleton(),
        }
    }

    /// How many tokens each input is.
    pub async fn counts(self, input: &Arc<EmbeddingInput>) -> Vec<usize> {
        let texts = match &**input {
            EmbeddingInput::Tokens(lists) => return lists.iter().map(Vec::len).collect(),
            EmbeddingInput::Texts(_) => input.clone(),
        };
        let counted = spawn_blocking(move || {
            let encoding = self.encoding();
            each(&texts, |text| count(encoding, text))
        });
        // Should counting fail, a text is no more tokens than bytes.
        counted.await.unwrap_or_else(|_| most(input))
    }

    /// The input as text.
    ///
    /// # Errors
    /// [`Kind::Rejected`] for token ids that the vocabulary does not have.
    pub(super) async fn decode(
        self,
        provider: &str,
        input: Arc<EmbeddingInput>,
    ) -> Result<Arc<EmbeddingInput>, Error> {
        if matches!(*input, EmbeddingInput::Texts(_)) {
            return Ok(input);
        }
        let decoded = spawn_blocking(move || match &*input {
            EmbeddingInput::Texts(texts) => Ok(texts.clone()),
            EmbeddingInput::Tokens(lists) => texts(self.encoding(), lists),
        });
        let unknown = |error: String| {
            let name = self.name();
            let message =
                format!("The input has token ids that the encoding {name} does not know.");
            Error::new(Kind::Rejected, provider, message).caused_by(error)
        };
        let texts = decoded.await.map_err(|error| unknown(error.to_string()))?;
        Ok(Arc::new(EmbeddingInput::Texts(texts.map_err(unknown)?)))
    }
}

fn texts(encoding: &CoreBPE, lists: &[Vec<u32>]) -> Result<Vec<String>, String> {
    let text = |ids: &Vec<u32>| {
        let bytes = encoding.decode_bytes(ids).map_err(|error| error.to_string())?;
        // A cut within a character leaves half of it, as it does for OpenAI's own models.
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    lists.iter().map(text).collect()
}

/// How many tokens each input is at most: a token is a byte or more.
pub fn most(input: &EmbeddingInput) -> Vec<usize> {
    each(input, str::len)
}

/// What `count` says of each text, and the length of each list of tokens.
fn each(input: &EmbeddingInput, count: impl Fn(&str) -> usize) -> Vec<usize> {
    match input {
        EmbeddingInput::Texts(texts) => texts.iter().map(|text| count(text)).collect(),
        EmbeddingInput::Tokens(lists) => lists.iter().map(Vec::len).collect(),
    }
}

fn count(encoding: &CoreBPE, text: &str) -> usize {
    let mut sum = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut(rest));
        sum += encoding.encode_ordinary(piece).len();
        rest = after;
    }
    sum
}

/// Where the first piece of a text ends: before a space where there is one, since a space is a
/// token with the word after it, so that the pieces are as many tokens as the whole.
fn cut(text: &str) -> usize {
    if text.len() <= PIECE_BYTES {
        return text.len();
    }
    let end = text.floor_char_boundary(PIECE_BYTES);
    let space = text[..end].rfind(char::is_whitespace).filter(|at| *at > 0);
    space.unwrap_or(end)
}

/// What one request to a provider may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caps {
    pub(super) inputs: usize,
    pub(super) tokens: usize,
}

impl Caps {
    /// The inputs of each request, in order. One that is larger than all tokens a request may hold
    /// goes by itself: whether it is too long is the provider's to say.
    pub(super) fn split(self, tokens: &[usize]) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        let (mut start, mut sum) = (0, 0usize);
        for (at, count) in tokens.iter().enumerate() {
            let full = at - start >= self.inputs || sum.saturating_add(*count) > self.tokens;
            if full && at > start {
                ranges.push(start..at);
                (start, sum) = (at, 0);
            }
            sum = sum.saturating_add(*count);
        }
        if start < tokens.len() {
            ranges.push(start..tokens.len());
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(texts: &[&str]) -> Arc<EmbeddingInput> {
        Arc::new(EmbeddingInput::Texts(texts.iter().map(|text| (*text).to_owned()).collect()))
    }

    #[tokio::test]
    async fn token_ids_become_the_text_they_came_from() {
        let texts = ["The capital of France is Paris.", "naïve 東京"];
        for vocabulary in [Vocabulary::Cl100k, Vocabulary::O200k] {
            let encode = |text: &&str| vocabulary.encoding().encode_ordinary(text);
            let tokens = Arc::new(EmbeddingInput::Tokens(texts.iter().map(encode).collect()));
            assert_eq!(vocabulary.counts(&tokens).await, vocabulary.counts(&list(&texts)).await);
            let decoded = vocabulary.decode("p", tokens).await.expect("known ids");
            assert_eq!(decoded, list(&texts));
            let unknown = Arc::new(EmbeddingInput::Tokens(vec![vec![4_000_000]]));
            let error = vocabulary.decode("p", unknown).await.expect_err("no such id");
            assert_eq!(error.kind, Kind::Rejected);
            assert!(error.message.contains(vocabulary.name()), "{error}");
        }
    }

    #[test]
    fn the_name_of_a_model_says_which_vocabulary_clients_use() {
        for name in ["gpt-4o", "gpt-4o-mini", "openai/gpt-5-mini", "gpt-4.1", "my-o200k"] {
            assert_eq!(Vocabulary::of(name), Vocabulary::O200k, "{name}");
        }
        for name in ["", "openclaw", "text-embedding-3-small", "gpt-4", "gpt-3.5-turbo"] {
            assert_eq!(Vocabulary::of(name), Vocabulary::Cl100k, "{name}");
        }
    }

    #[test]
    fn a_text_is_as_many_tokens_in_pieces_as_in_one() {
        let encoding = Vocabulary::Cl100k.encoding();
        let text =
            "The quick brown fox, naïve as ever, jumps over the lazy dog in 東京.\n".repeat(60);
        assert_eq!(count(encoding, &text), encoding.encode_ordinary(&text).len());
        // One word of a megabyte is counted at all, and in time.
        let long = "x".repeat(1 << 20);
        let tokens = count(encoding, &long);
        assert!((100_000..200_000).contains(&tokens), "{tokens}");
    }

    proptest! {
        #[test]
        fn any_split_covers_all_inputs_in_order_within_the_caps(
            tokens in prop::collection::vec(0usize..50, 0..200),
            inputs in 1usize..40,
            most in 1usize..200,
        ) {
            let caps = Caps { inputs, tokens: most };
            let ranges = caps.split(&tokens);
            let covered: Vec<usize> = ranges.iter().cloned().flatten().collect();
            prop_assert_eq!(covered, (0..tokens.len()).collect::<Vec<_>>());
            for range in &ranges {
                let sum: usize = tokens[range.clone()].iter().sum();
                prop_assert!(range.len() <= inputs);
                prop_assert!(sum <= most || range.len() == 1);
            }
            // No two neighbours would have fitted one request.
            for pair in ranges.windows(2) {
                let first: usize = tokens[pair[0].clone()].iter().sum();
                let next = tokens[pair[1].start];
                prop_assert!(pair[0].len() == inputs || first + next > most);
            }
        }
    }
}
