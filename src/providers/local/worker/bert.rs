//! The embedding engine: a BERT sentence model in candle, on a thread of its own.

use super::job::{EmbedJob, Vectors};
use super::line::{self, Line};
use super::wire::Refusal;
use candle_core::{Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config, DTYPE};
use serde::Deserialize;
use std::fs;
use std::path::Path;
use tokenizers::{Encoding, Tokenizer, TruncationParams};
use tokio_util::sync::CancellationToken;

/// Texts computed together; cancellation is looked at between batches.
const BATCH: usize = 8;
/// Tokens of a text that count, where the model's files do not say.
const MAX_TOKENS: usize = 256;

/// The model, ready to embed.
pub(super) struct Engine {
    model: BertModel,
    tokenizer: Tokenizer,
    width: usize,
}

/// `sentence_bert_config.json`.
#[derive(Deserialize)]
struct SentenceConfig {
    max_seq_length: usize,
}

impl Engine {
    /// Loads the model from its folder.
    pub(super) fn load(dir: &Path) -> Result<Engine, String> {
        let read = |name: &str| {
            fs::read(dir.join(name)).map_err(|error| format!("cannot read {name}: {error}"))
        };
        let config: Config = serde_json::from_slice(&read("config.json")?)
            .map_err(|error| format!("config.json: {error}"))?;
        let max_tokens = read("sentence_bert_config.json")
            .ok()
            .and_then(|bytes| serde_json::from_slice::<SentenceConfig>(&bytes).ok())
            .map_or(MAX_TOKENS, |config| config.max_seq_length)
            .min(config.max_position_embeddings);
        let mut tokenizer = Tokenizer::from_bytes(read("tokenizer.json")?)
            .map_err(|error| format!("tokenizer.json: {error}"))?;
        let truncation = TruncationParams { max_length: max_tokens, ..Default::default() };
        tokenizer.with_padding(None);
        tokenizer.with_truncation(Some(truncation)).map_err(|error| error.to_string())?;
        let weights = read("model.safetensors")?;
        let weights = VarBuilder::from_buffered_safetensors(weights, DTYPE, &Device::Cpu)
            .map_err(|error| format!("model.safetensors: {error}"))?;
        let model = BertModel::load(weights, &config)
            .map_err(|error| format!("model.safetensors: {error}"))?;
        Ok(Engine { model, tokenizer, width: config.hidden_size })
    }

    /// The number of dimensions of a vector.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Starts the thread; a job in hand is given up a batch after `stop` is cancelled.
    pub(super) fn start(self, stop: &CancellationToken) -> std::io::Result<Line<EmbedJob>> {
        let stopped = stop.clone();
        line::open("embed", stop.clone(), move |EmbedJob { texts, reply }| {
            let wanted = || !reply.is_closed() && !stopped.is_cancelled();
            let result = self.embed(&texts, wanted).map_err(|error| {
                tracing::error!(%error, "candle failed to embed");
                Refusal::engine("The local embedding model failed to compute.")
            });
            if let Some(result) = result.transpose() {
                // Whoever asked may have gone in the meantime; then there is nobody to tell.
                reply.send(result).ok();
            }
        })
    }

    /// The vectors of `texts`; `None` when no longer `wanted`.
    fn embed(
        &self,
        texts: &[String],
        wanted: impl Fn() -> bool,
    ) -> candle_core::Result<Option<Vectors>> {
        let mut encoded = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            let encoding = self.tokenizer.encode(text.as_str(), true).map_err(|error| {
                candle_core::Error::Msg(format!("cannot tokenize input {index}: {error}"))
            })?;
            encoded.push((index, encoding));
        }
        let tokens = encoded.iter().map(|(_, encoding)| encoding.len() as u64).sum();
        // Texts of like length share a batch, so that little is padded.
        encoded.sort_by_key(|(_, encoding)| encoding.len());
        let mut vectors = vec![Vec::new(); texts.len()];
        for batch in encoded.chunks(BATCH) {
            if !wanted() {
                return Ok(None);
            }
            for ((index, _), vector) in batch.iter().zip(self.embed_batch(batch)?) {
                vectors[*index] = vector;
            }
        }
        Ok(Some(Vectors { vectors, tokens }))
    }

    /// Mean of the token vectors, padding left out, scaled to length one.
    fn embed_batch(&self, batch: &[(usize, Encoding)]) -> candle_core::Result<Vec<Vec<f32>>> {
        let longest = batch.iter().map(|(_, encoding)| encoding.len()).max().unwrap_or(0);
        let shape = (batch.len(), longest);
        let padded = |row: fn(&Encoding) -> &[u32]| {
            let mut flat = Vec::with_capacity(batch.len() * longest);
            for (_, encoding) in batch {
                flat.extend_from_slice(row(encoding));
                flat.resize(flat.len() + longest - encoding.len(), 0);
            }
            Tensor::from_vec(flat, shape, &Device::Cpu)
        };
        let ids = padded(Encoding::get_ids)?;
        let mask = padded(Encoding::get_attention_mask)?;
        let states = self.model.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        let mask = mask.to_dtype(DTYPE)?.unsqueeze(2)?;
        let sum = states.broadcast_mul(&mask)?.sum(1)?;
        let mean = sum.broadcast_div(&mask.sum(1)?)?;
        let norm = mean.sqr()?.sum_keepdim(1)?.sqrt()?;
        mean.broadcast_div(&norm)?.to_vec2::<f32>()
    }
}
