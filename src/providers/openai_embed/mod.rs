//! OpenAI's embeddings, as OpenAI and those who imitate it speak them.
//!
//! Token ids are passed through to OpenAI's own hosts, whose models they were made for. Everyone
//! else has another vocabulary: for them, the ids are turned back into text.

mod wire;

use super::call::EmbedCall;
use super::endpoint::{Endpoint, Flavour};
use super::error::Error;
use super::exchange::{Ask, Budget};
use super::refusal::Refusal;
use super::vocabulary::most;
use crate::types::{Embeddings, Usage};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::ops::Range;

const PATH: &str = "/embeddings";
/// Requests of one call that are under way at once.
const CONCURRENT: usize = 4;

/// The vectors of some inputs.
struct Part {
    vectors: Vec<Vec<f32>>,
    /// Tokens read, where the provider says how many.
    tokens: Option<u64>,
    inputs: Range<usize>,
}

/// Embeds every input, in as many requests as the provider's limits ask for.
pub(super) async fn embed(endpoint: Endpoint, call: EmbedCall) -> Result<Embeddings, Error> {
    let budget = Budget::since(endpoint.begun, endpoint.idle);
    let ranges = ranges(&endpoint, &call).await;
    let sent = match endpoint.flavour {
        Flavour::OpenAi => call.clone(),
        _ => {
            let input = call.vocabulary.decode(&endpoint.provider, call.input.clone()).await?;
            // These refuse to be asked for shorter vectors; theirs are cut here.
            let asks = !matches!(endpoint.flavour, Flavour::Mistral | Flavour::Local);
            let dimensions = call.dimensions.filter(|_| asks);
            EmbedCall { input, dimensions, ..call.clone() }
        }
    };
    let mut vectors = Vec::with_capacity(call.input.len());
    let (mut tokens, mut unsaid) = (0, Vec::new());
    let (endpoint, sent) = (&endpoint, &sent);
    let mut parts = stream::iter(ranges)
        .map(|range| request(endpoint, sent, range, budget))
        .buffered(CONCURRENT);
    while let Some(part) = parts.try_next().await? {
        vectors.extend(part.vectors);
        match part.tokens {
            Some(said) => tokens += said,
            None => unsaid.push(part.inputs),
        }
    }
    if !unsaid.is_empty() {
        let counts = call.vocabulary.counts(&call.input).await;
        let counted: usize = unsaid.into_iter().flat_map(|range| &counts[range]).sum();
        tokens += u64::try_from(counted).unwrap_or(u64::MAX);
    }
    if let Some(dimensions) = call.dimensions {
        vectors.iter_mut().for_each(|vector| shorten(vector, dimensions));
    }
    Ok(Embeddings { vectors, usage: Usage { input: tokens, ..Usage::default() } })
}

/// The inputs of each request. They are counted only where they may be too many for one.
async fn ranges(endpoint: &Endpoint, call: &EmbedCall) -> Vec<Range<usize>> {
    let caps = endpoint.embed_caps;
    let most = most(&call.input);
    if most.iter().sum::<usize>() <= caps.tokens {
        return caps.split(&most);
    }
    caps.split(&call.vocabulary.counts(&call.input).await)
}

async fn request(
    endpoint: &Endpoint,
    call: &EmbedCall,
    inputs: Range<usize>,
    budget: Budget,
) -> Result<Part, Error> {
    let model = call.model.model.as_str();
    let body = wire::encode(call, inputs.clone());
    let ask = Ask { endpoint, path: PATH, model, body, budget };
    let bytes = ask.fetch().await?;
    decode(&ask, &bytes, inputs).map_err(|error| error.logged(model))
}

/// Reads the answer, which must hold one vector an input.
fn decode(ask: &Ask<'_>, answer: &[u8], inputs: Range<usize>) -> Result<Part, Error> {
    let (endpoint, model) = (ask.endpoint, ask.model);
    let unreadable = |error| {
        Error::malformed(&endpoint.provider, "embeddings that cannot be read").caused_by(error)
    };
    let answer: wire::Answer<'_> = serde_json::from_slice(answer).map_err(unreadable)?;
    if let Some(error) = answer.error {
        return Err(Refusal::of_error(error.get()).to_error(endpoint, model));
    }
    let tokens = answer.tokens();
    let vectors = wire::in_order(answer.data, inputs.len()).ok_or_else(|| {
        Error::malformed(&endpoint.provider, "other embeddings than it was asked for")
    })?;
    Ok(Part { vectors, tokens, inputs })
}

/// Cuts a vector that is longer than asked for, and makes its length 1 again, so that products of
/// vectors stay cosines. Models that were trained for it lose little; the order of the nearest
/// changes with the others, but a store of vectors of this size works.
fn shorten(vector: &mut Vec<f32>, dimensions: u32) {
    let wanted = usize::try_from(dimensions).unwrap_or(usize::MAX);
    if vector.len() <= wanted {
        return;
    }
    vector.truncate(wanted);
    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if norm > 0.0 {
        vector.iter_mut().for_each(|x| *x /= norm);
    }
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn a_vector_is_cut_to_a_unit_vector() {
        let check = |mut vector: Vec<f32>, dimensions, expected: &[f32]| {
            shorten(&mut vector, dimensions);
            assert_eq!(vector, expected);
        };
        check(vec![3.0, 4.0, 12.0], 2, &[0.6, 0.8]);
        check(vec![3.0, 4.0], 2, &[3.0, 4.0]);
        check(vec![3.0, 4.0], 5, &[3.0, 4.0]);
        check(vec![0.0, 0.0, 1.0], 2, &[0.0, 0.0]);
    }
}
