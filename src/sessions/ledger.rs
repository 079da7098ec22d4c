//! Tokens and money, by day, agent and model.

use super::{Error, index};
use crate::store::{Batch, Counters, NewRecord, Record, Slot, Store};
use crate::tasks::Tasks;
use crate::types::{AgentId, ModelRef, Usage};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval};

/// Totals by `<day>/<agent>/<model>`, ranked by day.
const SPACE: &str = "ledger";
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// How often what was spent is written.
const EVERY: Duration = Duration::from_secs(1);
/// Most totals that wait to be written, should the store not take them.
const MAX_WAITING: usize = 10_000;

/// Adds up what runs cost and writes it in batches, off every request's path.
#[derive(Clone)]
pub struct Ledger {
    book: Arc<Book>,
    tasks: Tasks,
}

struct Book {
    store: Store,
    waiting: Mutex<Waiting>,
    /// Whoever writes or adds up has the one permit, so that no sum is seen twice or not at all.
    turns: Semaphore,
}

/// What was spent and is not written yet.
#[derive(Default)]
struct Waiting {
    sums: HashMap<Account, Sums>,
    /// Whether the task that writes has ended: then each run has its own written.
    closed: bool,
    /// Whether the store did not take the last totals: that is told once.
    failing: bool,
}

/// What waiting sums are for. It is made of what a run has anyway: counting one is on the way of
/// every request, and forms no text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Account {
    /// Days since 1970.
    day: i64,
    agent: AgentId,
    model: ModelRef,
}

/// What runs have taken.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    runs: u64,
    usage: Usage,
    microdollars: u64,
}

type Totals = BTreeMap<Line, Counters>;

/// What a total is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    day: String,
    agent: String,
    model: String,
}

/// What one run cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Spent {
    /// Whose run it was.
    pub agent: AgentId,
    /// Who answered.
    pub model: ModelRef,
    /// Its tokens.
    pub usage: Usage,
    /// Its price in millionths of a US dollar.
    pub microdollars: u64,
}

/// What a day's runs of an agent with a model cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The day, `YYYY-MM-DD`, in UTC.
    pub day: String,
    /// The agent.
    pub agent: String,
    /// The model.
    pub model: String,
    /// How many runs.
    pub runs: u64,
    /// Their tokens.
    pub usage: Usage,
    /// Their price in millionths of a US dollar.
    pub microdollars: u64,
}

impl Ledger {
    /// A ledger in `store`, and the task that writes it, which ends with `tasks`.
    pub(super) fn start(store: Store, tasks: &Tasks) -> Self {
        let waiting = Mutex::default();
        let book = Arc::new(Book { store, waiting, turns: Semaphore::new(1) });
        let (stopping, writing) = (tasks.stopping(), book.clone());
        tasks.spawn(async move {
            let mut ticks = interval(EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let is_stopping = stopping.cancelled_owned();
            tokio::pin!(is_stopping);
            loop {
                tokio::select! {
                    () = &mut is_stopping => break,
                    _ = ticks.tick() => writing.write().await,
                }
            }
            writing.lock(|waiting| waiting.closed = true);
            writing.write().await;
        });
        Self { book, tasks: tasks.clone() }
    }

    /// Counts a run. Never waits and never fails: it is written within a second.
    pub fn spent(&self, spent: Spent) {
        let Spent { agent, model, usage, microdollars } = spent;
        let day = self.book.store.clock().now().div_euclid(DAY);
        let account = Account { day, agent, model };
        let is_closed = self.book.lock(|waiting| {
            if waiting.sums.len() < MAX_WAITING || waiting.sums.contains_key(&account) {
                waiting.sums.entry(account).or_default().add(Sums { runs: 1, usage, microdollars });
            } else {
                let model = account.model;
                tracing::warn!(%model, "what a run cost is not counted: too much waits");
            }
            waiting.closed
        });
        if is_closed && Handle::try_current().is_ok() {
            let book = self.book.clone();
            self.tasks.spawn(async move { book.write().await });
        }
    }

    /// Totals from one day to another, both included, `YYYY-MM-DD`, written or not yet.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn totals(&self, from: &str, to: &str) -> Result<Vec<Total>, Error> {
        let turn = self.book.turns.acquire().await;
        let mut walk = index::walk(&self.book.store, SPACE, None);
        walk.listing.from_rank = rank(from);
        walk.listing.below_rank = rank(to).map(|day| day + 1);
        let is_asked = |line: &Line| (from..=to).contains(&line.day.as_str());
        let mut sums = Totals::new();
        for record in walk.all().await? {
            let counters = serde_json::from_str(&record.value);
            let counters: Counters = counters.map_err(|_| Error::Index(record.key.clone()))?;
            if let Some(line) = line(&record).filter(is_asked) {
                add(&mut sums, line, &counters);
            }
        }
        self.book.lock(|waiting| {
            let lines = waiting.sums.iter().map(|(account, sums)| (account.line(), sums));
            for (line, waiting) in lines.filter(|(line, _)| is_asked(line)) {
                add(&mut sums, line, &waiting.counters());
            }
        });
        drop(turn);
        Ok(sums.into_iter().map(|(line, counters)| total(line, &counters)).collect())
    }
}

impl Book {
    /// Writes what waits; what the store does not take goes on waiting.
    async fn write(&self) {
        let turn = self.turns.acquire().await;
        let sums = self.lock(|waiting| std::mem::take(&mut waiting.sums));
        if sums.is_empty() {
            return;
        }
        let mut batch = Batch::new();
        for (account, sums) in &sums {
            let line = account.line();
            let rank = rank(&line.day).unwrap_or_default();
            let record = NewRecord { value: String::new(), rank, group: line.agent.clone() };
            let key = format!("{}/{}/{}", line.day, line.agent, line.model);
            batch.add(Slot { space: SPACE, key: &key }, record, &sums.counters());
        }
        let result = self.store.commit(batch).await;
        let was_failing =
            self.lock(|waiting| std::mem::replace(&mut waiting.failing, result.is_err()));
        if let Err(error) = result {
            if !was_failing {
                tracing::warn!(%error, "what runs cost cannot be written; trying until it can");
            }
            self.lock(|waiting| {
                for (account, unwritten) in sums {
                    waiting.sums.entry(account).or_default().add(unwritten);
                }
            });
        }
        drop(turn);
    }

    fn lock<T>(&self, work: impl FnOnce(&mut Waiting) -> T) -> T {
        // Whole sums are put in; a panic elsewhere leaves none half done.
        work(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}

fn add(totals: &mut Totals, line: Line, counters: &Counters) {
    let sums = totals.entry(line).or_default();
    for (name, count) in counters {
        let sum = sums.entry(name.clone()).or_default();
        *sum = sum.saturating_add(*count);
    }
}

impl Account {
    /// The same as the texts that are written.
    fn line(&self) -> Line {
        let day = day(self.day.saturating_mul(DAY));
        Line { day, agent: self.agent.to_string(), model: self.model.to_string() }
    }
}

impl Sums {
    fn add(&mut self, more: Sums) {
        let (sum, more_usage) = (&mut self.usage, more.usage);
        sum.input = sum.input.saturating_add(more_usage.input);
        sum.output = sum.output.saturating_add(more_usage.output);
        sum.cached_input = sum.cached_input.saturating_add(more_usage.cached_input);
        sum.reasoning = sum.reasoning.saturating_add(more_usage.reasoning);
        self.runs = self.runs.saturating_add(more.runs);
        self.microdollars = self.microdollars.saturating_add(more.microdollars);
    }

    /// The names of the counters, and what they count.
    fn counters(&self) -> Counters {
        let counts = [
            ("runs", self.runs),
            ("input", self.usage.input),
            ("output", self.usage.output),
            ("cachedInput", self.usage.cached_input),
            ("reasoning", self.usage.reasoning),
            ("microdollars", self.microdollars),
        ];
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        counts.into_iter().map(|(name, count)| (name.to_owned(), whole(count))).collect()
    }
}

fn total(line: Line, counters: &Counters) -> Total {
    let count = |name: &str| {
        counters.get(name).map_or(0, |count| u64::try_from(*count).unwrap_or_default())
    };
    let usage = Usage {
        input: count("input"),
        output: count("output"),
        cached_input: count("cachedInput"),
        reasoning: count("reasoning"),
    };
    let (runs, microdollars) = (count("runs"), count("microdollars"));
    Total { day: line.day, agent: line.agent, model: line.model, runs, usage, microdollars }
}

fn line(record: &Record) -> Option<Line> {
    let mut parts = record.key.splitn(3, '/').map(str::to_owned);
    Some(Line { day: parts.next()?, agent: parts.next()?, model: parts.next()? })
}

/// The day of a time in milliseconds since 1970.
fn day(now: i64) -> String {
    let now = Timestamp::from_millisecond(now).unwrap_or_default();
    TimeZone::UTC.to_datetime(now).date().to_string()
}

/// A day as a number that sorts.
fn rank(day: &str) -> Option<i64> {
    let date: Date = day.parse().ok()?;
    Some(i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day()))
}
