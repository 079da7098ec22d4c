//! The lane of one session: one turn at a time, and what waits for the next.
//!
//! Pure: it decides, and whoever holds it acts.

#[cfg(test)]
mod tests;

use crate::config::Drop as Drops;
use crate::types::QueueMode;
use std::collections::VecDeque;
use tokio::time::Instant;

/// A lane. `J` is what runs.
#[derive(Debug)]
pub(super) struct Lane<J> {
    busy: bool,
    waiting: VecDeque<Waiting<J>>,
    /// When nothing more is expected to be collected.
    quiet_at: Option<Instant>,
    /// Whether somebody watches for that moment.
    watched: bool,
}

/// What waits.
#[derive(Debug)]
pub(super) struct Waiting<J> {
    pub(super) job: J,
    pub(super) mode: QueueMode,
    /// What it asks apart from its messages; only those that ask the same become one turn.
    pub(super) alike: [u8; 32],
}

/// How many may wait, and what gives way when more would.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) cap: usize,
    pub(super) drops: Drops,
}

/// What entering a lane brings about.
#[derive(Debug)]
pub(super) struct Entered<J> {
    /// A turn that begins now.
    pub(super) start: Option<J>,
    /// What had to give way.
    pub(super) dropped: Option<J>,
    /// What was refused: the newcomer itself.
    pub(super) refused: Option<J>,
    /// What waited and was ended by the newcomer.
    pub(super) ended: Vec<J>,
    /// Whether the turn under way shall end.
    pub(super) interrupt: bool,
}

impl<J> Default for Lane<J> {
    fn default() -> Self {
        Self { busy: false, waiting: VecDeque::new(), quiet_at: None, watched: false }
    }
}

impl<J> Lane<J> {
    /// A newcomer. What is collected keeps the lane waiting until `quiet_at`.
    pub(super) fn enter(
        &mut self,
        newcomer: Waiting<J>,
        room: Room,
        quiet_at: Instant,
    ) -> Entered<J> {
        let mut entered = Entered {
            start: None,
            dropped: None,
            refused: None,
            ended: Vec::new(),
            interrupt: false,
        };
        if newcomer.mode == QueueMode::Interrupt {
            entered.ended = self.waiting.drain(..).map(|waiting| waiting.job).collect();
            entered.interrupt = self.busy;
        }
        if !self.busy && self.waiting.is_empty() && newcomer.mode != QueueMode::Collect {
            self.busy = true;
            entered.start = Some(newcomer.job);
            return entered;
        }
        if self.waiting.len() >= room.cap {
            match room.drops {
                Drops::New => {
                    entered.refused = Some(newcomer.job);
                    return entered;
                }
                Drops::Old => {
                    entered.dropped = self.waiting.pop_front().map(|waiting| waiting.job);
                }
            }
        }
        if newcomer.mode == QueueMode::Collect {
            self.quiet_at = Some(quiet_at);
        }
        self.waiting.push_back(newcomer);
        entered
    }

    /// The turn under way has ended.
    pub(super) fn release(&mut self) {
        self.busy = false;
    }

    /// The next turn, if one can begin now: its jobs, the first of which leads it.
    pub(super) fn next(&mut self, now: Instant) -> Option<Vec<J>> {
        if self.busy {
            return None;
        }
        let front = self.waiting.front()?;
        let (mode, alike) = (front.mode, front.alike);
        let turn = match mode {
            QueueMode::Collect if self.quiet_at.is_some_and(|at| now < at) => return None,
            QueueMode::Collect | QueueMode::Steer => self.take_alike(mode, alike),
            QueueMode::Followup | QueueMode::Interrupt => {
                self.waiting.pop_front().map(|waiting| waiting.job).into_iter().collect()
            }
        };
        self.busy = true;
        Some(turn)
    }

    /// What waits to join the turn under way, where that asks the same.
    pub(super) fn take_steering(&mut self, alike: [u8; 32]) -> Vec<J> {
        self.take_alike(QueueMode::Steer, alike)
    }

    /// Takes what waits and fits out of the lane.
    pub(super) fn remove(&mut self, fits: impl Fn(&J) -> bool) -> Option<J> {
        let at = self.waiting.iter().position(|waiting| fits(&waiting.job))?;
        self.waiting.remove(at).map(|waiting| waiting.job)
    }

    /// Takes everything that waits.
    pub(super) fn clear(&mut self) -> Vec<J> {
        self.waiting.drain(..).map(|waiting| waiting.job).collect()
    }

    /// When to look for a collected turn, told to the first who asks until that one has looked.
    pub(super) fn watch(&mut self) -> Option<Instant> {
        let at = self.quiet_at.filter(|_| !self.watched)?;
        self.watched = true;
        Some(at)
    }

    /// The moment has come; gives a later one where more has come meanwhile.
    pub(super) fn look_again(&mut self, now: Instant) -> Option<Instant> {
        let later = self.quiet_at.filter(|at| now < *at);
        self.watched = later.is_some();
        if later.is_none() {
            self.quiet_at = None;
        }
        later
    }

    /// Nothing more is waited for: what is collected begins when it can.
    pub(super) fn hush(&mut self) {
        self.quiet_at = None;
        self.watched = false;
    }

    /// Whether nothing runs, waits or watches.
    pub(super) fn is_idle(&self) -> bool {
        !self.busy && self.waiting.is_empty() && !self.watched
    }

    fn take_alike(&mut self, mode: QueueMode, alike: [u8; 32]) -> Vec<J> {
        let all = std::mem::take(&mut self.waiting);
        let fits = |waiting: &Waiting<J>| waiting.mode == mode && waiting.alike == alike;
        let (taken, left): (VecDeque<_>, VecDeque<_>) = all.into_iter().partition(fits);
        self.waiting = left;
        taken.into_iter().map(|waiting| waiting.job).collect()
    }
}
