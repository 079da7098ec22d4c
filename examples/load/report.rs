//! The results: rows of figures, printed as a table or as JSON.

use crate::options;
use crate::round::Sample;
use crate::run::Samples;
use crate::startup::Starts;
use crate::stats::Spread;
use anyhow::{Result, ensure};
use serde::Serialize;

/// How far from 1 a ratio of two equal targets may be before the measurement is not to be trusted.
const TOLERANCE: f64 = 0.15;
/// Goals for the gateway beside the bare proxy.
const CHAT_GOAL: Goal = Goal::Ratio(1.5);
const CHUNK_GOAL: Goal = Goal::Ratio(1.3);
/// Milliseconds.
const START_GOAL: Goal = Goal::Value(50.0);
/// MiB.
const MEMORY_GOAL: Goal = Goal::Value(20.0);

/// Everything a run found.
#[derive(Serialize)]
pub(crate) struct Report {
    cores: usize,
    rounds: u32,
    round_seconds: u64,
    in_flight: u32,
    rows: Vec<Row>,
}

/// One figure for every target.
#[derive(Serialize)]
struct Row {
    what: &'static str,
    metric: &'static str,
    /// Without anything between the load generator and the upstream.
    direct: Option<Spread>,
    proxy: Option<Spread>,
    gateway: Spread,
    /// Gateway to proxy, round by round.
    ratio: Option<Spread>,
    goal: Option<Goal>,
    /// Whether the median keeps to the goal.
    met: Option<bool>,
}

/// The most a figure may be.
#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Goal {
    Ratio(f64),
    Value(f64),
}

/// Resident memory in MiB.
pub(crate) struct Memory {
    pub(crate) proxy: f64,
    pub(crate) gateway: f64,
}

type Figure = fn(&Sample) -> f64;

impl Report {
    /// An empty report of a run with these options.
    pub(crate) fn new(options: &options::Run) -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            rounds: options.pace.rounds,
            round_seconds: options.pace.seconds,
            in_flight: options.pace.in_flight,
            rows: Vec::new(),
        }
    }

    /// Adds the rows of a workload of plain chats.
    pub(crate) fn chats(&mut self, what: &'static str, samples: &Samples) {
        self.rows.extend([
            Row::of(what, "requests/s", samples, |sample| sample.rate),
            Row::spent(what, "CPU us/request", samples).goal(CHAT_GOAL),
            Row::of(what, "latency p50 ms", samples, |sample| sample.p50_millis),
            Row::of(what, "latency p99 ms", samples, |sample| sample.p99_millis).goal(CHAT_GOAL),
        ]);
    }

    /// Adds the rows of a workload of streamed chats.
    pub(crate) fn streams(&mut self, what: &'static str, samples: &Samples) {
        self.rows.extend([
            Row::of(what, "chunks/s", samples, |sample| sample.rate),
            Row::spent(what, "CPU us/chunk", samples).goal(CHUNK_GOAL),
            Row::of(what, "lag p50 ms", samples, |sample| sample.p50_millis),
            Row::of(what, "lag p99 ms", samples, |sample| sample.p99_millis),
        ]);
    }

    /// Adds the cold starts.
    pub(crate) fn starts(&mut self, starts: &Starts) {
        let (what, gateway) = ("cold start", Spread::of(&starts.gateway));
        self.rows.push(Row::alone(what, "to first 200, ms", gateway).goal(START_GOAL));
        let spawn = Spread::of(&starts.spawn);
        self.rows.push(Row::alone(what, "spawn to exit, ms", spawn));
    }

    /// Adds resident memory.
    pub(crate) fn memory(&mut self, what: &'static str, memory: &Memory) {
        let [proxy, gateway] = [[memory.proxy], [memory.gateway]];
        let row = Row {
            proxy: Some(Spread::of(&proxy)),
            ratio: Some(Spread::of_ratios(&gateway, &proxy)),
            ..Row::alone(what, "RSS MiB", Spread::of(&gateway))
        };
        self.rows.push(row.goal(MEMORY_GOAL));
    }

    /// Prints the report to standard output.
    pub(crate) fn print(&self, json: bool) -> Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
            return Ok(());
        }
        println!(
            "{} cores, {} rounds of {} s, {} in flight; medians, with the extremes of all rounds",
            self.cores, self.rounds, self.round_seconds, self.in_flight
        );
        println!(
            "| {:21} | {:17} | {:>9} | {:>26} | {:>26} | {:>18} | {:>9} |",
            "what", "metric", "direct", "proxy", "gateway", "gateway/proxy", "goal"
        );
        println!(
            "|{:-<23}|{:-<19}|{:->11}|{:->28}|{:->28}|{:->20}|{:->11}|",
            "", "", ":", ":", ":", ":", ":"
        );
        for row in &self.rows {
            println!(
                "| {:21} | {:17} | {:>9} | {:>26} | {:>26} | {:>18} | {:>9} |",
                row.what,
                row.metric,
                row.direct.map_or_else(String::new, |direct| number(direct.median)),
                row.proxy.map_or_else(String::new, spread),
                spread(row.gateway),
                row.ratio.map_or_else(String::new, ratio),
                row.verdict()
            );
        }
        Ok(())
    }

    /// Fails unless the stand-in for the gateway cost what the proxy cost.
    pub(crate) fn check_itself(&self) -> Result<()> {
        let steady = ["requests/s", "CPU us/request", "chunks/s", "CPU us/chunk"];
        for row in self.rows.iter().filter(|row| steady.contains(&row.metric)) {
            let Some(ratio) = row.ratio else { continue };
            ensure!(
                (ratio.median - 1.0).abs() <= TOLERANCE,
                "self-check: {} of {} differs by a factor of {:.2} between two equal proxies; the \
                 machine is too busy to measure on",
                row.metric,
                row.what,
                ratio.median
            );
        }
        eprintln!("load: the self-check passed");
        Ok(())
    }
}

impl Row {
    /// A figure of every sample.
    fn of(what: &'static str, metric: &'static str, samples: &Samples, figure: Figure) -> Self {
        let [direct, proxy, gateway] = [&samples.direct, &samples.proxy, &samples.gateway]
            .map(|samples| samples.iter().map(figure).collect::<Vec<f64>>());
        Self {
            direct: Some(Spread::of(&direct)),
            proxy: Some(Spread::of(&proxy)),
            ratio: Some(Spread::of_ratios(&gateway, &proxy)),
            ..Self::alone(what, metric, Spread::of(&gateway))
        }
    }

    /// Processor time, which only the processes in between are asked for.
    fn spent(what: &'static str, metric: &'static str, samples: &Samples) -> Self {
        Self { direct: None, ..Self::of(what, metric, samples, |sample| sample.cpu_micros) }
    }

    /// A figure that only the gateway has.
    fn alone(what: &'static str, metric: &'static str, gateway: Spread) -> Self {
        let (direct, proxy, ratio) = (None, None, None);
        Self { what, metric, direct, proxy, gateway, ratio, goal: None, met: None }
    }

    fn goal(self, goal: Goal) -> Self {
        let met = match goal {
            Goal::Ratio(most) => self.ratio.map(|ratio| ratio.median <= most),
            Goal::Value(most) => Some(self.gateway.median <= most),
        };
        Self { goal: Some(goal), met, ..self }
    }

    fn verdict(&self) -> String {
        let met = if self.met == Some(true) { "met" } else { "over" };
        match self.goal {
            None => String::new(),
            Some(Goal::Ratio(most)) => format!("{most}x {met}"),
            Some(Goal::Value(most)) => format!("{most} {met}"),
        }
    }
}

pub(crate) fn spread(spread: Spread) -> String {
    if spread.min.total_cmp(&spread.max).is_eq() {
        return number(spread.median);
    }
    format!("{} [{}, {}]", number(spread.median), number(spread.min), number(spread.max))
}

pub(crate) fn ratio(Spread { median, min, max }: Spread) -> String {
    format!("{median:.2} [{min:.2}, {max:.2}]")
}

/// Three significant digits or so.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
