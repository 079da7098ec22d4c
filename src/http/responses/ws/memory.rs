//! What connections hold: each its latest response where that is kept nowhere else, and requests
//! that wait. All of it together is bounded.

use crate::http::ApiError;
use crate::http::responses::convert::Before;
use crate::http::responses::wire::CreateResponse;
use crate::responses::{Item, ResponseId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A conversation that takes more than this is not remembered.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// What all connections may hold together.
const MAX_ALL_BYTES: usize = 256 * 1024 * 1024;

/// A response that only its connection knows, with the conversation up to its end.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    /// The response's id.
    pub(super) id: String,
    /// The kept response that the conversation goes on from.
    pub(super) kept: Option<ResponseId>,
    /// What came after it.
    pub(super) items: Vec<Item>,
    /// The bytes of the frames that the items came in.
    pub(super) bytes: usize,
}

/// What all connections hold. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Store(Arc<Mutex<Held>>);

#[derive(Debug)]
struct Held {
    /// By the order in which they came.
    memories: BTreeMap<u64, Arc<Remembered>>,
    /// The number of the next of them.
    next: u64,
    /// Of the memories and of the requests that wait.
    bytes: usize,
    most: usize,
}

/// What one connection holds; it is given up with this.
#[derive(Debug)]
pub(super) struct Memory {
    store: Store,
    /// The number of its memory, which may be gone.
    mine: Option<u64>,
    /// Bytes of its requests that wait.
    waiting: usize,
}

impl Default for Store {
    fn default() -> Self {
        Self::of(MAX_ALL_BYTES)
    }
}

impl Store {
    /// One that holds at most so many bytes.
    pub(super) fn of(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Held { memories: BTreeMap::new(), next: 0, bytes: 0, most })))
    }

    /// The place of one connection.
    pub(super) fn place(&self) -> Memory {
        Memory { store: self.clone(), mine: None, waiting: 0 }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Takes so many bytes, for which the oldest memories go; says whether there is room.
    fn take(&mut self, bytes: usize) -> bool {
        while self.bytes.saturating_add(bytes) > self.most {
            let Some(oldest) = self.memories.keys().next().copied() else { return false };
            self.forget(oldest);
        }
        self.bytes += bytes;
        true
    }

    fn forget(&mut self, number: u64) {
        if let Some(gone) = self.memories.remove(&number) {
            self.bytes -= gone.bytes;
        }
    }
}

impl Memory {
    /// Takes the place of what was remembered.
    pub(super) fn keep(&mut self, remembered: Remembered) {
        let mut held = self.store.held();
        if let Some(before) = self.mine.take() {
            held.forget(before);
        }
        let bytes = remembered.bytes;
        if bytes <= MAX_BYTES && bytes <= held.most && held.take(bytes) {
            let number = held.next;
            held.next += 1;
            held.memories.insert(number, Arc::new(remembered));
            self.mine = Some(number);
        }
    }

    /// What a request continues, and the bytes of what is remembered of it.
    pub(super) fn before(&self, request: &CreateResponse) -> Result<(Before, usize), ApiError> {
        let mine = self.mine.and_then(|mine| self.store.held().memories.get(&mine).cloned());
        match (mine, request.previous_response_id.as_deref()) {
            (Some(remembered), Some(id)) if remembered.id == id => {
                let Remembered { kept, items, bytes, .. } = &*remembered;
                Ok((Before { kept: *kept, items: items.clone() }, *bytes))
            }
            _ => Ok((Before::of(request)?, 0)),
        }
    }

    /// Makes room for a request that waits; says whether there is any.
    pub(super) fn wait(&mut self, bytes: usize) -> bool {
        let taken = self.store.held().take(bytes);
        if taken {
            self.waiting += bytes;
        }
        taken
    }

    /// A request waits no longer.
    pub(super) fn waited(&mut self, bytes: usize) {
        self.waiting -= bytes;
        self.store.held().bytes -= bytes;
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let mut held = self.store.held();
        held.bytes -= self.waiting;
        if let Some(mine) = self.mine {
            held.forget(mine);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembered(id: &str, bytes: usize) -> Remembered {
        Remembered { id: id.to_owned(), kept: None, items: Vec::new(), bytes }
    }

    fn knows(memory: &Memory, id: &str) -> bool {
        let previous_response_id = Some(id.to_owned());
        let request = CreateResponse { previous_response_id, ..CreateResponse::default() };
        memory.before(&request).is_ok_and(|(before, _)| before.kept.is_none())
    }

    #[test]
    fn all_connections_together_hold_so_much_and_the_oldest_memory_goes_first() {
        let store = Store::of(100);
        let (mut first, mut second, mut third) = (store.place(), store.place(), store.place());
        first.keep(remembered("a", 40));
        second.keep(remembered("b", 40));
        assert!(knows(&first, "a") && knows(&second, "b") && !knows(&second, "a"));
        third.keep(remembered("c", 40));
        assert!(!knows(&first, "a") && knows(&second, "b") && knows(&third, "c"));
        // What is said last takes the place of what was said before.
        second.keep(remembered("d", 60));
        assert!(knows(&second, "d") && knows(&third, "c"));
        third.keep(remembered("e", 101));
        assert!(!knows(&third, "e") && knows(&second, "d"));
        // Requests that wait are never given up for others.
        assert!(first.wait(100));
        assert!(!knows(&second, "d") && !second.wait(1));
        first.waited(50);
        assert!(second.wait(50));
        drop((first, second, third));
        assert_eq!(store.held().bytes, 0);
    }
}
