//! One round: one workload against one target, as many exchanges as fit.

use crate::client::{Ask, Connection};
use crate::procfs::Cpu;
use crate::script::Script;
use crate::stats::percentile;
use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A server under load.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) pid: u32,
}

/// The name of a session that is stored before the load.
pub(crate) fn session_name(at: u64) -> String {
    format!("load-{at}")
}

/// What is asked, by how many at once and for how long.
pub(crate) struct Workload {
    /// What each connection asks, in turn.
    asks: Vec<Ask>,
    /// Opens every connection before the clock starts, all the way to the upstream.
    greeting: Ask,
    in_flight: u32,
    length: Duration,
    /// Between the starts of two connections, so that paced streams do not tick as one.
    stagger: Duration,
}

/// What a crowd speaks in.
#[derive(Clone, Copy)]
pub(crate) enum Talk {
    /// Requests that belong to no session.
    Stateless,
    /// Each connection in a session of its own that nobody else uses.
    OwnSessions,
    /// Each connection in one of so many stored sessions, spread over all of them.
    Stored(u32),
}

/// Who asks.
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    /// Connections.
    pub(crate) in_flight: u32,
    /// What they speak in.
    pub(crate) talk: Talk,
}

/// What one round showed.
pub(crate) struct Sample {
    /// Requests or chunks a second.
    pub(crate) rate: f64,
    /// Microseconds of the target's processor time for each of them.
    pub(crate) cpu_micros: f64,
    /// Median latency or lag in milliseconds.
    pub(crate) p50_millis: f64,
    /// 99th percentile of the same.
    pub(crate) p99_millis: f64,
}

impl Workload {
    /// `in_flight` connections that each ask again as soon as they are answered.
    pub(crate) fn new(script: Script, token: &str, crowd: Crowd, length: Duration) -> Result<Self> {
        let in_flight = crowd.in_flight;
        let stagger = match script {
            Script::Plain(_) => Duration::ZERO,
            Script::Streamed(reply) => Duration::from_millis(reply.pace_ms.into()) / in_flight,
        };
        let each = 0..u64::from(in_flight);
        let named = |name: String| Ask::new(script, token)?.of_session(&name);
        let asks = match crowd.talk {
            Talk::Stateless => vec![Ask::new(script, token)?],
            Talk::OwnSessions => {
                each.map(|at| named(format!("own-{at}"))).collect::<Result<_>>()?
            }
            Talk::Stored(stored) => each
                .map(|at| at * u64::from(stored) / u64::from(in_flight))
                .map(|at| named(session_name(at)))
                .collect::<Result<_>>()?,
        };
        let greeting = Ask::new(Script::Plain(1), token)?;
        Ok(Self { asks, greeting, in_flight, length, stagger })
    }

    /// Runs one round against `target`.
    pub(crate) async fn round(self: &Arc<Self>, target: &Target) -> Result<Sample> {
        self.measure(target).await.with_context(|| format!("the {} failed the load", target.name))
    }

    async fn measure(self: &Arc<Self>, target: &Target) -> Result<Sample> {
        let greet = (0..self.in_flight).map(|_| self.greet(target.address));
        let connections = try_join_all(greet).await?;
        let before = Cpu::of(target.pid)?;
        let started = Instant::now();
        let mut workers = JoinSet::new();
        let mut first = started;
        for (at, connection) in connections.into_iter().enumerate() {
            let end = started + self.length;
            workers.spawn(Arc::clone(self).work(connection, at, first..end));
            first += self.stagger;
        }
        let mut nanos = Vec::new();
        while let Some(worked) = workers.join_next().await {
            nanos.append(&mut worked??);
        }
        let elapsed = started.elapsed();
        let used = Cpu::of(target.pid)?.since(&before);
        ensure!(!nanos.is_empty(), "not one exchange fitted into the round");
        ensure!(!used.is_zero(), "its process did no work; name the binary itself, not a wrapper");
        nanos.sort_unstable();
        Ok(summary(&nanos, elapsed, used))
    }

    async fn greet(&self, address: SocketAddr) -> Result<Connection> {
        let mut connection = Connection::open(address).await?;
        connection.exchange(&self.greeting, &mut Vec::new()).await?;
        Ok(connection)
    }

    async fn work(
        self: Arc<Self>,
        mut connection: Connection,
        at: usize,
        time: Range<Instant>,
    ) -> Result<Vec<u64>> {
        tokio::time::sleep_until(time.start).await;
        let ask = &self.asks[at % self.asks.len()];
        let mut nanos = Vec::new();
        while Instant::now() < time.end {
            connection.exchange(ask, &mut nanos).await?;
        }
        Ok(nanos)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and nanoseconds here are far below 2^52")]
fn summary(sorted: &[u64], elapsed: Duration, used: Duration) -> Sample {
    let units = sorted.len() as f64;
    let millis = |percent| percentile(sorted, percent) as f64 / 1e6;
    Sample {
        rate: units / elapsed.as_secs_f64(),
        cpu_micros: used.as_secs_f64() * 1e6 / units,
        p50_millis: millis(50),
        p99_millis: millis(99),
    }
}
