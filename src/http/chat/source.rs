//! The runs that answer one request, read as one.

use super::each::Each;
use crate::http::ApiError;
use crate::runs::{Run, Runs};
use crate::types::{RunEvent, RunRequest};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::fmt;
use std::io::{self, Write};

/// Stands between an idempotency key and the number of an answer; no header can hold it.
const KEY_SEPARATOR: char = '\u{1f}';
/// What a request asks may take so many bytes, all its answers together: each run has what is
/// asked for itself.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// An event of the answer with this number. A run that ends without saying how has none.
pub(super) type Happened = (u32, Option<RunEvent>);

/// One run, or several at once. Dropping it drops them all.
pub(super) enum Source {
    /// The only one.
    One(Run),
    /// Several.
    Several(Several),
}

/// Several runs at once.
pub(super) struct Several {
    /// Those that are waited for.
    waiting: FuturesUnordered<BoxFuture<'static, (Happened, Run)>>,
    /// The one that has said something, and may have more to say at once.
    speaking: Option<(u32, Run)>,
}

impl Source {
    /// Starts the runs that a request asks for.
    ///
    /// # Errors
    /// 400 when the request is too large to be asked so often; the failure of the first that cannot
    /// begin, and the others are given up.
    pub(super) fn start(runs: &Runs, run: RunRequest, answers: u32) -> Result<Self, ApiError> {
        if answers == 1 {
            return runs.start(run).map(Self::One).map_err(ApiError::from);
        }
        check_size(&run, answers)?;
        let started: Result<Vec<Run>, _> = (0..answers)
            .map(|index| {
                let mut one = run.clone();
                // The runs are repeated one by one.
                if let Some(key) = &mut one.idempotency_key {
                    key.push(KEY_SEPARATOR);
                    key.push_str(&index.to_string());
                }
                runs.start(one)
            })
            .collect();
        Ok(Self::several(started?))
    }

    /// These runs, as the answers 0, 1, …
    pub(super) fn several(runs: Vec<Run>) -> Self {
        let waiting = (0..).zip(runs).map(|(index, run)| wait(index, run)).collect();
        Self::Several(Several { waiting, speaking: None })
    }

    /// One of something for each answer.
    pub(super) fn each<T: Default>(&self) -> Each<T> {
        match self {
            Self::One(_) => Each::One([T::default()]),
            Self::Several(several) => {
                Each::Several(several.waiting.iter().map(|_| T::default()).collect())
            }
        }
    }

    /// Waits for what happens next. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Happened {
        match self {
            Self::One(run) => (0, run.next().await),
            Self::Several(several) => several.next().await,
        }
    }

    /// What has happened already, without waiting.
    pub(super) fn ready(&mut self) -> Option<(u32, RunEvent)> {
        match self {
            Self::One(run) => Some((0, run.ready()?)),
            Self::Several(several) => {
                let (index, run) = several.speaking.as_mut()?;
                Some((*index, run.ready()?))
            }
        }
    }
}

impl Several {
    async fn next(&mut self) -> Happened {
        if let Some((index, run)) = self.speaking.take() {
            self.waiting.push(wait(index, run));
        }
        let Some(((index, event), run)) = self.waiting.next().await else { return (0, None) };
        // A run that has ended has no more to say.
        if matches!(&event, Some(event) if !matches!(event, RunEvent::Finished(_))) {
            self.speaking = Some((index, run));
        }
        (index, event)
    }
}

/// Refuses what is too large to be asked for each of several answers.
fn check_size(run: &RunRequest, answers: u32) -> Result<(), ApiError> {
    let most = MAX_BYTES / size(run).max(1);
    if usize::try_from(answers).is_ok_and(|answers| answers <= most) {
        return Ok(());
    }
    let mib = MAX_BYTES / (1024 * 1024);
    let message = format!(
        "What is asked may have {mib} MiB, all its answers together: with this request `n` can be \
         {} at most.",
        most.max(1)
    );
    Err(ApiError::invalid("invalid_value", "n", message))
}

/// The bytes of what can be large in a request.
fn size(run: &RunRequest) -> usize {
    let mut written = Written(0);
    serde_json::to_writer(&mut written, &run.input).expect("messages are JSON");
    let texts = run.context.iter().map(|read| read.text.len());
    let schemas = run.tools.iter().filter_map(|tool| tool.parameters.as_ref());
    let schemas = schemas.map(|schema| schema.get().len());
    texts.chain(schemas).fold(written.0, usize::saturating_add)
}

/// Counts what is written to it.
struct Written(usize);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn wait(index: u32, mut run: Run) -> BoxFuture<'static, (Happened, Run)> {
    Box::pin(async move {
        let event = run.next().await;
        ((index, event), run)
    })
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}
