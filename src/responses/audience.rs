//! Who hears of a response's growth: a reader that wants its events, or nobody.

use super::Event;
use std::collections::VecDeque;

/// Who hears of a response's growth. An event that nobody wants is not made.
pub(super) trait Audience {
    /// Hears the next event, which is made with its number.
    fn hear(&mut self, event: impl FnOnce(u64) -> Event);
}

/// Nobody: only the response itself is wanted.
#[derive(Debug)]
pub(super) struct Nobody;

impl Audience for Nobody {
    fn hear(&mut self, _event: impl FnOnce(u64) -> Event) {}
}

/// The numbered events that a reader has still to read.
#[derive(Debug, Default)]
pub(super) struct Events {
    waiting: VecDeque<Event>,
    /// The number of the next event that is made.
    next: u64,
    /// The first that is wanted.
    from: u64,
}

impl Events {
    /// The events after this number, or all.
    pub(super) fn after(number: Option<u64>) -> Self {
        let from = number.map_or(0, |number| number.saturating_add(1));
        Self { waiting: VecDeque::new(), next: 0, from }
    }

    /// The next event, if there is one.
    pub(super) fn pop(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }

    /// The number of what [`Events::pop`] gives next.
    pub(super) fn next(&self) -> u64 {
        self.waiting.front().map_or(self.next.max(self.from), Event::sequence_number)
    }
}

impl Audience for Events {
    fn hear(&mut self, event: impl FnOnce(u64) -> Event) {
        let number = self.next;
        self.next += 1;
        if number >= self.from {
            self.waiting.push_back(event(number));
        }
    }
}
