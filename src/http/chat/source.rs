//! The runs that answer one request, read as one.

use super::each::Each;
use crate::http::ApiError;
use crate::runs::{Run, Runs};
use crate::types::{RunEvent, RunRequest};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::fmt;

/// Stands between an idempotency key and the number of an answer; no header can hold it.
const KEY_SEPARATOR: char = '\u{1f}';

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
    /// The failure of the first that cannot begin; the others are given up.
    pub(super) fn start(runs: &Runs, run: RunRequest, answers: u32) -> Result<Self, ApiError> {
        if answers == 1 {
            return runs.start(run).map(Self::One).map_err(ApiError::from);
        }
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
