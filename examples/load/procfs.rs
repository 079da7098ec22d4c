//! What a process has used, from `/proc`.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// Length of the ticks in `/proc/<pid>/stat`: Linux shows user space 100 a second.
const TICK: Duration = Duration::from_millis(10);

/// Processor time of one process up to a moment, its children excluded.
#[derive(Debug, PartialEq)]
pub(crate) struct Cpu {
    /// Nanoseconds of each live thread.
    threads: BTreeMap<u32, u64>,
    /// Ticks of the whole process, ended threads included.
    ticks: u64,
}

impl Cpu {
    /// Reads the time used so far.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let stat = read(pid, "stat")?;
        let ticks = ticks(&stat).with_context(|| format!("/proc/{pid}/stat is odd: {stat}"))?;
        Ok(Self { threads: threads(pid), ticks })
    }

    /// The time used since `earlier`.
    ///
    /// The threads' own counters are exact, but are gone with their thread; when one ended in
    /// between (or the kernel keeps none) the ticks of the process stand in.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let lost = earlier.threads.keys().any(|thread| !self.threads.contains_key(thread));
        if lost || earlier.threads.is_empty() {
            let ticks = self.ticks.saturating_sub(earlier.ticks);
            return TICK * u32::try_from(ticks).unwrap_or(u32::MAX);
        }
        let total = |cpu: &Self| cpu.threads.values().sum::<u64>();
        Duration::from_nanos(total(self).saturating_sub(total(earlier)))
    }
}

/// Resident memory of a process in MiB.
pub(crate) fn resident_mib(pid: u32) -> Result<f64> {
    let status = read(pid, "status")?;
    let kib = resident_kib(&status).with_context(|| format!("/proc/{pid}/status has no VmRSS"))?;
    Ok(f64::from(kib) / 1024.0)
}

fn read(pid: u32, file: &str) -> Result<String> {
    fs::read_to_string(format!("/proc/{pid}/{file}"))
        .with_context(|| format!("could not read /proc/{pid}/{file}; has the process ended?"))
}

fn threads(pid: u32) -> BTreeMap<u32, u64> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return BTreeMap::new() };
    let used = |task: fs::DirEntry| {
        let thread = task.file_name().to_str()?.parse().ok()?;
        let schedstat = fs::read_to_string(task.path().join("schedstat")).ok()?;
        Some((thread, schedstat.split_ascii_whitespace().next()?.parse().ok()?))
    };
    tasks.filter_map(|task| used(task.ok()?)).collect()
}

/// `utime` plus `stime`. The command's name stands in parentheses and may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

fn resident_kib(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 105 0 0 0 12 30 5 6 20 0 1 0 104192";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(resident_kib("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2048));
    }

    #[test]
    fn exact_counters_unless_a_thread_ended() {
        let cpu = |threads: &[(u32, u64)], ticks| Cpu {
            threads: threads.iter().copied().collect(),
            ticks,
        };
        let earlier = cpu(&[(1, 500), (2, 100)], 3);
        assert_eq!(cpu(&[(1, 600), (2, 150), (3, 7)], 9).since(&earlier).as_nanos(), 157);
        assert_eq!(cpu(&[(1, 600)], 9).since(&earlier), TICK * 6);
        assert_eq!(cpu(&[], 9).since(&cpu(&[], 8)), TICK);
    }
}
