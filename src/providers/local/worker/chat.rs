//! The chat engine: llama.cpp on a thread of its own, one answer at a time.

use super::job::{Answer, ChatJob, Finish};
use super::line::{self, Line};
use super::prompt::{Format, Prompt};
use super::sampler::Picker;
use super::text::{Edges, Filter};
use super::threads;
use super::wire::Refusal;
use crate::providers::local::window::DEFAULT_WINDOW;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::{LogOptions, send_logs_to_tracing};
use std::num::NonZeroU32;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Prompt tokens evaluated before cancellation is looked at again.
const CHUNK: usize = 64;
/// Answer tokens of a base model where the request sets no limit: it seldom ends by itself.
const BASE_MODEL_ANSWER: usize = 512;
/// The same of an instruct model, which does: memory is taken for the whole answer beforehand.
const INSTRUCT_MODEL_ANSWER: usize = 4096;

/// The model, ready to answer.
pub(super) struct Engine {
    backend: LlamaBackend,
    model: LlamaModel,
    format: Format,
    /// Tokens it was trained to read.
    trained: u32,
}

impl Engine {
    /// Maps the model file.
    pub(super) fn load(file: &Path) -> Result<Engine, String> {
        send_logs_to_tracing(LogOptions::default());
        let backend = LlamaBackend::init().map_err(|error| error.to_string())?;
        let model = LlamaModel::load_from_file(&backend, file, &LlamaModelParams::default())
            .map_err(|error| error.to_string())?;
        let trained = model.n_ctx_train();
        let format = Format::of(&model);
        Ok(Engine { backend, model, format, trained })
    }

    /// Starts the thread; a job in hand is given up a step after `stop` is cancelled.
    pub(super) fn start(self, stop: &CancellationToken) -> std::io::Result<Line<ChatJob>> {
        let stopped = stop.clone();
        line::open("chat", stop.clone(), move |job| {
            let watch = Watch { job: &job, stop: &stopped };
            if watch.go_on()
                && let Err(refusal) = self.answer(&watch)
            {
                watch.send(Answer::Refused(refusal));
            }
        })
    }

    fn answer(&self, watch: &Watch<'_>) -> Result<(), Refusal> {
        let prompt = self.format.prompt(&self.model, &watch.job.turns).map_err(|reason| {
            tracing::warn!(%reason, "the chat template refused the conversation");
            Refusal::unsupported("messages", "The model's chat template refuses this conversation.")
        })?;
        let vocab = self.model.vocab();
        let tokens = vocab.tokenize(prompt.text.as_bytes(), true, prompt.control_tokens);
        let window = watch.job.window.unwrap_or(DEFAULT_WINDOW).min(self.trained);
        let room = (window as usize).saturating_sub(tokens.len());
        if room == 0 {
            return Err(Refusal::too_long(tokens.len(), window));
        }
        let limit = self.limit(watch, room);
        let needed = u32::try_from(tokens.len() + limit).expect("within the window");
        let mut session = Session::open(self, watch, needed)?;
        if !watch.send(Answer::Begun) || !session.read(&tokens)? {
            return Ok(());
        }
        let written = session.write(&prompt, limit)?;
        if let Some((finish, count)) = written {
            watch.send(Answer::Done {
                finish,
                prompt_tokens: tokens.len() as u64,
                completion_tokens: count as u64,
            });
        }
        Ok(())
    }

    /// How many tokens the answer may have where the window has room for so many.
    fn limit(&self, watch: &Watch<'_>, room: usize) -> usize {
        let wanted = match (watch.job.sampling.max_tokens, &self.format) {
            (Some(wanted), _) => wanted as usize,
            (None, Format::Transcript) => BASE_MODEL_ANSWER,
            (None, Format::Template(_)) => INSTRUCT_MODEL_ANSWER,
        };
        wanted.clamp(1, room)
    }
}

/// The job and the reasons to give it up.
struct Watch<'a> {
    job: &'a ChatJob,
    stop: &'a CancellationToken,
}

impl Watch<'_> {
    /// Whether anyone still wants the answer.
    fn go_on(&self) -> bool {
        !self.stop.is_cancelled() && !self.job.reply.is_closed()
    }

    /// Sends on; `false` when nobody listens.
    fn send(&self, answer: Answer) -> bool {
        self.job.reply.blocking_send(answer).is_ok()
    }
}

/// One conversation in llama.cpp's memory.
struct Session<'a> {
    watch: &'a Watch<'a>,
    model: &'a LlamaModel,
    context: LlamaContext<'a>,
    batch: LlamaBatch<'static>,
    picker: Picker,
    position: i32,
}

impl<'a> Session<'a> {
    /// Takes memory for `tokens` of conversation and answer.
    fn open(engine: &'a Engine, watch: &'a Watch<'a>, tokens: u32) -> Result<Session<'a>, Refusal> {
        let threads = threads::free();
        let chunk = u32::try_from(CHUNK).expect("a small constant");
        let params = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(tokens))
            // Nothing is ever rewound, so a layer that looks back a little keeps just that.
            .with_swa_full(false)
            .with_n_batch(chunk)
            .with_n_ubatch(chunk)
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_no_perf(true);
        let context = engine.model.new_context(&engine.backend, params).map_err(|error| {
            tracing::error!(%error, "no memory for a conversation");
            Refusal::engine("The local model has no memory for this conversation.")
        })?;
        let temperature = engine.format.temperature();
        let picker = Picker::new(&engine.model, &watch.job.sampling, temperature)?;
        let batch = LlamaBatch::new(CHUNK, 1);
        Ok(Session { watch, model: &engine.model, context, batch, picker, position: 0 })
    }

    /// Evaluates the prompt; `false` when it was given up on the way.
    fn read(&mut self, tokens: &[LlamaToken]) -> Result<bool, Refusal> {
        let chunks = tokens.len().div_ceil(CHUNK);
        for (index, chunk) in tokens.chunks(CHUNK).enumerate() {
            if !self.watch.go_on() {
                return Ok(false);
            }
            self.decode(chunk, index + 1 == chunks)?;
        }
        Ok(self.watch.go_on())
    }

    /// Generates up to `limit` tokens; `None` when it was given up on the way.
    fn write(&mut self, prompt: &Prompt, limit: usize) -> Result<Option<(Finish, usize)>, Refusal> {
        let stops = self.watch.job.sampling.stop.iter().chain(&prompt.stops).cloned().collect();
        let mut filter = Filter::new(stops, prompt.edges);
        if prompt.edges == Edges::Trimmed {
            // A turn may open the answer: let "User:" at its very start meet "\nUser:".
            filter.push(b"\n");
        }
        let mut bytes = Vec::new();
        for count in 1..=limit {
            if !self.watch.go_on() {
                return Ok(None);
            }
            let token = self.picker.next(&self.context);
            if self.model.vocab().is_eog(token) {
                return Ok(self.show(filter.finish()).then_some((Finish::Stop, count)));
            }
            bytes.clear();
            self.model.vocab().token_to_piece_into(token, &mut bytes, false, None);
            let shown = filter.push(&bytes);
            if !self.show(shown.text) {
                return Ok(None);
            }
            if shown.stopped {
                return Ok(Some((Finish::Stop, count)));
            }
            if count < limit {
                self.decode(&[token], true)?;
            }
        }
        Ok(self.show(filter.finish()).then_some((Finish::Length, limit)))
    }

    fn show(&self, text: String) -> bool {
        text.is_empty() || self.watch.send(Answer::Text(text))
    }

    /// Evaluates tokens that follow what is in memory; `last` keeps the scores for the next one.
    fn decode(&mut self, tokens: &[LlamaToken], last: bool) -> Result<(), Refusal> {
        self.batch.clear();
        for (index, token) in tokens.iter().enumerate() {
            let scores = last && index + 1 == tokens.len();
            self.batch.add(*token, self.position, &[0], scores).expect("a chunk fits the batch");
            self.position += 1;
        }
        self.context.decode(&mut self.batch).map_err(|error| {
            tracing::error!(%error, "llama.cpp failed to decode");
            Refusal::engine("The local model failed to compute the answer.")
        })
    }
}
