//! The events of a run that may outlive its reader: numbered from 1, bounded, read by any number
//! of readers, each at its own place. What no longer fits is folded, so that the whole answer can
//! still be read from its beginning.

#[cfg(test)]
mod tests;

use super::fold::{FOLDED, Fold};
use crate::types::{Delta, Failure, FailureKind, Outcome, RunEvent, TokenScore};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How much a log holds, and how long the run waits for readers that are behind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Most events.
    pub(super) events: usize,
    /// Most bytes of text in them.
    pub(super) bytes: usize,
    /// Most bytes of the folded front.
    pub(super) folded: usize,
    /// How long a full log waits for its slowest reader.
    pub(super) stall: Duration,
}

/// The bounds of every run's log.
pub(super) const BOUNDS: Bounds = Bounds {
    events: 4_096,
    bytes: 2 * 1024 * 1024,
    folded: FOLDED,
    stall: Duration::from_secs(10),
};

/// What an event takes beside its texts, about.
const EVENT_BYTES: usize = 64;

/// The log of one run.
#[derive(Debug)]
pub(super) struct Log {
    bounds: Bounds,
    state: Mutex<State>,
    /// An event came, or the log was finished.
    grown: Notify,
    /// A reader went on or away.
    read: Notify,
}

#[derive(Debug)]
struct State {
    events: VecDeque<RunEvent>,
    /// What came before them; none once that was too much.
    folded: Option<Arc<Fold>>,
    /// The sequence of the first event kept.
    first: u64,
    bytes: usize,
    finished: bool,
    readers: Vec<Place>,
    /// Readers so far, which tells one from another.
    opened: u64,
}

/// Where a reader is.
#[derive(Debug)]
struct Place {
    reader: u64,
    /// The sequence it reads next; none for one that stalled and lost its events.
    next: Option<u64>,
    /// The folded events it reads first.
    folded: Option<Folded>,
    /// Whether it has read the end.
    over: bool,
}

/// A reader's place in the folded front, as that was when it came.
#[derive(Debug)]
struct Folded {
    fold: Arc<Fold>,
    at: usize,
    /// The sequence of the first event behind it.
    then: u64,
}

/// A reader of a log, known by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReaderId(u64);

/// What a reader finds.
#[derive(Debug)]
pub(super) enum Found {
    /// The next event.
    Event(RunEvent),
    /// It was too slow: the next event is gone.
    Lost,
    /// Nothing yet.
    Nothing,
    /// Nothing, ever again.
    End,
}

/// How a log stands when a reader has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nobody reads it any more, and more would have come. The number tells this moment from
    /// every other of its kind.
    Alone(u64),
    /// Others read it, or it is finished.
    Cared,
}

impl Log {
    pub(super) fn new(bounds: Bounds) -> Self {
        let state = State {
            events: VecDeque::new(),
            folded: Some(Arc::default()),
            first: 1,
            bytes: 0,
            finished: false,
            readers: Vec::new(),
            opened: 0,
        };
        Self { bounds, state: Mutex::new(state), grown: Notify::new(), read: Notify::new() }
    }

    /// Appends an event. Waits while the log is full of what some reader has still to read, at
    /// most for the stall limit: then the slowest readers lose theirs. Does nothing once the log
    /// is finished.
    pub(super) async fn push(&self, event: RunEvent) {
        let mut patience = None;
        loop {
            let read = self.read.notified();
            tokio::pin!(read);
            read.as_mut().enable();
            {
                let mut state = self.state();
                if state.finished {
                    return;
                }
                state.make_room(&self.bounds);
                if !state.full(&self.bounds) {
                    state.append(event);
                    break;
                }
            }
            let until = *patience.get_or_insert_with(|| Instant::now() + self.bounds.stall);
            if timeout_at(until, read).await.is_err() {
                self.state().cut_slowest(&self.bounds);
            }
        }
        self.grown.notify_waiters();
    }

    /// Appends the end, at once. Says whether it was not there yet.
    pub(super) fn finish(&self, outcome: Outcome) -> bool {
        {
            let mut state = self.state();
            if state.finished {
                return false;
            }
            state.append(RunEvent::Finished(outcome));
            state.finished = true;
        }
        self.grown.notify_waiters();
        self.read.notify_waiters();
        true
    }

    /// A new reader, from this sequence on. Events that are kept come as they were; from the
    /// beginning, those that are not come folded. Who asks for more than there is of an ended run
    /// gets the end.
    ///
    /// # Errors
    /// When that event is no longer kept.
    pub(super) fn open(&self, from: u64) -> Result<ReaderId, Failure> {
        let mut state = self.state();
        let (from, then) = (from.max(1), state.first);
        let folded = if from < then {
            let fold = state.folded.clone();
            let place = fold.and_then(|fold| Some((fold.find(from)?, fold)));
            let (at, fold) = place.ok_or_else(|| gone(then))?;
            Some(Folded { fold, at, then })
        } else {
            None
        };
        let reader = state.opened;
        state.opened += 1;
        state.readers.push(Place { reader, next: Some(from), folded, over: false });
        Ok(ReaderId(reader))
    }

    /// The next event of a reader, if it is there.
    pub(super) fn take(&self, reader: ReaderId) -> Found {
        let found = self.state().take(reader);
        if matches!(found, Found::Event(_)) {
            self.read.notify_waiters();
        }
        found
    }

    /// The sequence a reader reads next; none for one that lost its events.
    pub(super) fn next_of(&self, reader: ReaderId) -> Option<u64> {
        self.state().place(reader)?.next
    }

    /// Waits until a reader has something to find other than [`Found::Nothing`].
    pub(super) async fn next(&self, reader: ReaderId) -> Found {
        loop {
            let grown = self.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            match self.take(reader) {
                Found::Nothing => grown.await,
                found => return found,
            }
        }
    }

    /// A reader goes away.
    pub(super) fn close(&self, reader: ReaderId) -> Left {
        let left = {
            let mut state = self.state();
            state.readers.retain(|place| place.reader != reader.0);
            if state.readers.is_empty() && !state.finished {
                Left::Alone(state.opened)
            } else {
                Left::Cared
            }
        };
        self.read.notify_waiters();
        left
    }

    /// Whether nobody has read the log since that moment.
    pub(super) fn alone_since(&self, moment: u64) -> bool {
        let state = self.state();
        state.opened == moment && state.readers.is_empty() && !state.finished
    }

    /// Waits for the end of the run.
    pub(super) async fn finished(&self) {
        loop {
            let grown = self.grown.notified();
            tokio::pin!(grown);
            grown.as_mut().enable();
            if self.is_finished() {
                return;
            }
            grown.await;
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.state().finished
    }

    /// What the log takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        let state = self.state();
        state.bytes + state.folded.as_ref().map_or(0, |fold| fold.bytes())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn full(&self, bounds: &Bounds) -> bool {
        self.events.len() >= bounds.events || self.bytes >= bounds.bytes
    }

    fn take(&mut self, reader: ReaderId) -> Found {
        let (first, finished) = (self.first, self.finished);
        let end = first + self.events.len() as u64;
        let Some(at) = self.readers.iter().position(|place| place.reader == reader.0) else {
            return Found::End;
        };
        let place = &mut self.readers[at];
        if place.over {
            return Found::End;
        }
        if let Some(event) = place.take_folded() {
            return Found::Event(event);
        }
        let Some(next) = place.next else { return Found::Lost };
        // Who waits for more than has come still gets the end.
        let next = if finished { next.min(end - 1) } else { next };
        if next >= end {
            return Found::Nothing;
        }
        place.next = Some(next + 1);
        place.over = finished && next + 1 == end;
        let at = usize::try_from(next - first).expect("a log fits into memory");
        Found::Event(self.events[at].clone())
    }

    /// Folds the oldest events as far as all readers have read them.
    fn make_room(&mut self, bounds: &Bounds) {
        let slowest = self.readers.iter().filter_map(Place::needs).min();
        while self.full(bounds) && !self.events.is_empty() {
            if slowest.is_some_and(|next| next <= self.first) {
                return;
            }
            self.fold_first(bounds);
        }
    }

    /// Folds the oldest event; who has not read it has lost it.
    fn cut_slowest(&mut self, bounds: &Bounds) {
        self.fold_first(bounds);
        let first = self.first;
        for place in &mut self.readers {
            if place.needs().is_some_and(|needed| needed < first) {
                (place.next, place.folded) = (None, None);
            }
        }
    }

    fn fold_first(&mut self, bounds: &Bounds) {
        let Some(event) = self.events.pop_front() else { return };
        self.bytes -= weight(&event);
        if let Some(fold) = &mut self.folded {
            // A reader that is still in it keeps it as it was.
            Arc::make_mut(fold).add(event, self.first);
        }
        self.folded = self.folded.take().filter(|fold| fold.bytes() <= bounds.folded);
        self.first += 1;
    }

    fn append(&mut self, event: RunEvent) {
        self.bytes += weight(&event);
        self.events.push_back(event);
    }

    fn place(&mut self, reader: ReaderId) -> Option<&mut Place> {
        self.readers.iter_mut().find(|place| place.reader == reader.0)
    }
}

impl Place {
    /// The first event that must not be folded before it has read it.
    fn needs(&self) -> Option<u64> {
        self.folded.as_ref().map(|folded| folded.then).or(self.next)
    }

    fn take_folded(&mut self) -> Option<RunEvent> {
        let folded = self.folded.as_mut()?;
        let Some(piece) = folded.fold.get(folded.at) else {
            self.next = Some(folded.then);
            self.folded = None;
            return None;
        };
        folded.at += 1;
        let event = piece.event.clone();
        self.next = Some(piece.last + 1);
        if folded.fold.get(folded.at).is_none() {
            self.next = Some(folded.then);
            self.folded = None;
        }
        Some(event)
    }
}

/// What an event takes in memory, about.
pub(super) fn weight(event: &RunEvent) -> usize {
    EVENT_BYTES
        + match event {
            RunEvent::Delta(
                Delta::Text(text)
                | Delta::Reasoning(text)
                | Delta::Refusal(text)
                | Delta::ToolCallArguments { fragment: text, .. },
            ) => text.len(),
            RunEvent::Delta(Delta::ToolCallStart { id, name, .. }) => id.len() + name.len(),
            RunEvent::Delta(Delta::Scores(scores)) => scores.iter().map(bytes_of).sum(),
            RunEvent::Started { model } => model.provider.len() + model.model.len(),
            RunEvent::Finished(Outcome::Failed(failure)) => failure.message.len(),
            RunEvent::Accepted | RunEvent::Usage(_) | RunEvent::Finished(_) => 0,
        }
}

fn bytes_of(score: &TokenScore) -> usize {
    let top = score.top.iter().map(|other| EVENT_BYTES + 2 * other.token.len());
    EVENT_BYTES + 2 * score.token.len() + top.sum::<usize>()
}

fn gone(first: u64) -> Failure {
    let message = format!(
        "The run's events before number {first} are no longer kept. Read on from there, or ask \
         again under a new idempotency key."
    );
    Failure::new(FailureKind::UnknownRun, message)
}

/// What a reader is told whose events had to go.
pub(super) fn too_slow() -> Failure {
    let message = "The run's events came faster than they were read, and the oldest unread ones \
                   are gone. Ask again, and read faster.";
    Failure::new(FailureKind::UnknownRun, message)
}
