//! Picks the next token as the request asks.

use super::job::Sampling;
use super::wire::Refusal;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::json_schema_to_grammar;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

/// Nucleus where the request names none.
const TOP_P: f32 = 0.95;
/// Only the likeliest tokens are ever drawn from.
const TOP_K: i32 = 40;
/// How many tokens back a repetition counts.
const PENALTY_WINDOW: i32 = 64;
/// Keeps a small model from going in circles; 1 would be off.
const REPEAT_PENALTY: f32 = 1.1;

/// The sampler of one answer.
pub(super) struct Picker {
    chain: LlamaSampler,
    grammar: Option<LlamaSampler>,
}

impl Picker {
    /// A sampler for this request; `temperature` counts where the request names none.
    pub(super) fn new(
        model: &LlamaModel,
        sampling: &Sampling,
        temperature: f32,
    ) -> Result<Picker, Refusal> {
        let grammar =
            sampling.schema.as_deref().map(|schema| grammar(model, schema)).transpose()?;
        let temperature = sampling.temperature.unwrap_or(temperature);
        Ok(Picker { chain: chain(model, sampling, temperature), grammar })
    }

    /// The token after the last one decoded.
    pub(super) fn next(&mut self, context: &LlamaContext<'_>) -> LlamaToken {
        let Some(grammar) = &mut self.grammar else {
            return self.chain.sample(context, -1);
        };
        let token = pick_within(&mut self.chain, grammar, context);
        self.chain.accept(token);
        grammar.accept(token);
        token
    }
}

/// llama.cpp's grammar for a JSON schema.
fn grammar(model: &LlamaModel, schema: &str) -> Result<LlamaSampler, Refusal> {
    let refused = |error: String| {
        tracing::debug!(error, "llama.cpp refuses a JSON schema");
        Refusal::unsupported(
            "response_format",
            "The local model cannot hold to this JSON schema: it uses something that llama.cpp's \
             grammars cannot express.",
        )
    };
    let rules = json_schema_to_grammar(schema).map_err(|error| refused(error.to_string()))?;
    LlamaSampler::grammar(model, &rules, "root").map_err(|error| refused(error.to_string()))
}

/// Draws freely and asks the grammar about that one token; only if it objects is the grammar run
/// over the whole vocabulary, which is a hundred times slower.
fn pick_within(
    chain: &mut LlamaSampler,
    grammar: &mut LlamaSampler,
    context: &LlamaContext<'_>,
) -> LlamaToken {
    let mut free = context.token_data_array();
    free.apply_sampler(chain);
    let guess = free.selected_token().expect("a chain ends with a selection");
    let mut alone = LlamaTokenDataArray::new(vec![LlamaTokenData::new(guess, 0.0, 0.0)], false);
    alone.apply_sampler(grammar);
    if alone.data[0].logit().is_finite() {
        return guess;
    }
    let mut bound = context.token_data_array();
    bound.apply_sampler(grammar);
    bound.apply_sampler(chain);
    bound.selected_token().expect("a chain ends with a selection")
}

fn chain(model: &LlamaModel, sampling: &Sampling, temperature: f32) -> LlamaSampler {
    let frequency = sampling.frequency_penalty.unwrap_or(0.0);
    let presence = sampling.presence_penalty.unwrap_or(0.0);
    // JSON repeats its punctuation by nature.
    let repeat = if sampling.schema.is_some() { 1.0 } else { REPEAT_PENALTY };
    let penalties =
        LlamaSampler::penalties(model.n_vocab(), PENALTY_WINDOW, repeat, frequency, presence);
    if temperature <= 0.0 {
        return LlamaSampler::chain_simple([penalties, LlamaSampler::greedy()]);
    }
    let seed = sampling.seed.unwrap_or_else(fresh_seed);
    LlamaSampler::chain_simple([
        penalties,
        LlamaSampler::top_k(TOP_K),
        LlamaSampler::top_p(sampling.top_p.unwrap_or(TOP_P), 1),
        LlamaSampler::temp(temperature),
        LlamaSampler::dist(seed),
    ])
}

fn fresh_seed() -> u32 {
    getrandom::u32().unwrap_or(0)
}
