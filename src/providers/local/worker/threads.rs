//! How many threads a generation should use.
//!
//! llama.cpp's threads spin while they wait for each other: on cores that are busy elsewhere two
//! threads are far slower than one. So each generation takes what is free when it begins.

use std::fs;

/// Threads for the next generation: at least one, at most the cores this process may use.
pub(super) fn free() -> i32 {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let busy = fs::read_to_string("/proc/loadavg").ok().and_then(|text| running(&text));
    let machine = fs::read_to_string("/sys/devices/system/cpu/online")
        .ok()
        .and_then(|text| online(&text))
        .unwrap_or(cores);
    i32::try_from(pick(cores, busy.unwrap_or(0), machine)).unwrap_or(1)
}

/// Of `cores` cores, those not taken by this process's share of `busy` threads on `machine` cores.
fn pick(cores: usize, busy: usize, machine: usize) -> usize {
    let share = busy * cores / machine.max(cores);
    cores.saturating_sub(share).max(1)
}

/// Runnable threads other than the one that asks, from `/proc/loadavg`.
fn running(loadavg: &str) -> Option<usize> {
    let (running, _) = loadavg.split_whitespace().nth(3)?.split_once('/')?;
    Some(running.parse::<usize>().ok()?.saturating_sub(1))
}

/// Cores in a list such as `0-3,8`.
fn online(list: &str) -> Option<usize> {
    list.trim().split(',').try_fold(0, |sum, range| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let (from, to) = (from.parse::<usize>().ok()?, to.parse::<usize>().ok()?);
        Some(sum + to.checked_sub(from)? + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_cores_are_what_others_leave() {
        assert_eq!(pick(2, 0, 2), 2);
        assert_eq!(pick(2, 1, 2), 1);
        assert_eq!(pick(2, 9, 2), 1);
        assert_eq!(pick(4, 16, 64), 3, "a container on a large machine takes its share");
        assert!(free() >= 1);
    }

    #[test]
    fn kernel_files_are_read() {
        assert_eq!(running("0.10 0.20 0.30 3/456 789\n"), Some(2));
        assert_eq!(running("nonsense"), None);
        assert_eq!(online("0-3,8\n"), Some(5));
        assert_eq!(online("0\n"), Some(1));
        assert_eq!(online("3-1"), None);
    }
}
