//! What shall go.

use super::inventory::{Inventory, Seen, Transcript};
use crate::config::Maintenance;

/// What shall go, each thing for one reason.
#[derive(Debug, Default)]
pub(super) struct Doomed<'a> {
    pub(super) expired: Vec<&'a Seen>,
    pub(super) surplus: Vec<&'a Seen>,
    pub(super) oversize: Vec<&'a Seen>,
    pub(super) retired: Vec<&'a Transcript>,
}

/// Chooses what goes: what was not used since `cutoff`, then what are too many, then what takes
/// too much of the disk, each time the longest unused first.
pub(super) fn doom<'a>(inventory: &'a Inventory, rules: &Maintenance, cutoff: i64) -> Doomed<'a> {
    let mut doomed = Doomed::default();
    let mut retired = inventory.retired.iter().peekable();
    while let Some(old) = retired.next_if(|old| old.retired_at < cutoff) {
        doomed.retired.push(old);
    }
    let mut free = inventory.sessions.iter().filter(|seen| !seen.stays).peekable();
    while let Some(seen) = free.next_if(|seen| seen.updated_at < cutoff) {
        doomed.expired.push(seen);
    }
    let kept = inventory.sessions.len() - doomed.expired.len();
    let most = usize::try_from(rules.max_entries).unwrap_or(usize::MAX);
    doomed.surplus.extend(free.by_ref().take(kept.saturating_sub(most)));

    let mut room = Room::of(inventory, rules.max_disk_bytes.0);
    room.free(doomed.retired.iter().map(|old| old.bytes).sum());
    room.free(doomed.expired.iter().chain(&doomed.surplus).map(|seen| seen.bytes).sum());
    while room.lacks()
        && let Some(old) = retired.next()
    {
        room.free(old.bytes);
        doomed.retired.push(old);
    }
    while room.lacks()
        && let Some(seen) = free.next()
    {
        room.free(seen.bytes);
        doomed.oversize.push(seen);
    }
    doomed
}

/// Room on the disk. Text stands for the share of the store that it takes, index and all.
struct Room {
    /// Bytes of text to free for the store to be small enough.
    lacking: u128,
    freed: u128,
}

impl Room {
    fn of(inventory: &Inventory, most: u64) -> Self {
        let current = inventory.sessions.iter().map(|seen| seen.bytes);
        let text: u64 = current.chain(inventory.retired.iter().map(|old| old.bytes)).sum();
        let excess = u128::from(inventory.size.saturating_sub(most));
        let share = u128::from(text) * excess;
        Self { lacking: share.div_ceil(u128::from(inventory.size.max(1))), freed: 0 }
    }

    fn free(&mut self, bytes: u64) {
        self.freed += u128::from(bytes);
    }

    fn lacks(&self) -> bool {
        self.freed < self.lacking
    }
}

#[cfg(test)]
mod tests;
