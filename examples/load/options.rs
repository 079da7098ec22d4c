//! The command line: what can be chosen, and what is chosen by default.

use crate::script::Streamed;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Options of `load run`.
#[derive(Args)]
pub(crate) struct Run {
    /// The gateway binary [default: the `dist`, else the `release` build beside this example]
    #[arg(long, value_name = "PATH", conflicts_with = "self_check")]
    pub(crate) gateway: Option<PathBuf>,
    /// Measure a second bare proxy in the gateway's place; fails unless the ratios are about 1
    #[arg(long)]
    pub(crate) self_check: bool,
    /// Print one JSON document instead of the table
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) pace: Pace,
    /// Cold starts measured
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) starts: u32,
    /// Threads of the load generator
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) client_threads: u16,
    #[command(flatten)]
    pub(crate) replies: Replies,
}

/// How long and how hard.
#[derive(Args)]
pub(crate) struct Pace {
    /// Rounds of each workload for each target
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rounds: u32,
    /// Length of a round; exchanges under way at its end are finished
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Exchanges in flight, each on a kept-alive connection of its own
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) in_flight: u32,
}

/// Options of `load sessions`.
#[derive(Args)]
pub(crate) struct Sessions {
    /// The gateway binary [default: the `dist`, else the `release` build beside this example]
    #[arg(long, value_name = "PATH")]
    pub(crate) gateway: Option<PathBuf>,
    /// Sessions in the store of the second gateway
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) stored: u32,
    #[command(flatten)]
    pub(crate) pace: Pace,
    /// Bytes of text in a reply
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) reply_bytes: u32,
}

/// The shapes of the upstream's replies.
#[derive(Args, Clone, Copy)]
pub(crate) struct Replies {
    /// Bytes of text in a plain reply
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) reply_bytes: u32,
    /// Chunks of text in a streamed reply
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) chunks: u32,
    /// Bytes of a chunk on the wire, its JSON included
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) chunk_bytes: u32,
    /// Milliseconds between the chunks of a paced reply
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pace_ms: u32,
}

impl Replies {
    /// A streamed reply sent as fast as it can be written.
    pub(crate) fn burst(self) -> Streamed {
        Streamed { chunks: self.chunks, chunk_bytes: self.chunk_bytes, pace_ms: 0 }
    }

    /// A streamed reply with a pause before each chunk but the first.
    pub(crate) fn paced(self) -> Streamed {
        Streamed { pace_ms: self.pace_ms, ..self.burst() }
    }
}

/// Options of `load upstream`.
#[derive(Args)]
pub(crate) struct Upstream {
    #[command(flatten)]
    pub(crate) listen: Listen,
    #[command(flatten)]
    pub(crate) replies: Replies,
    /// Stream without pauses where a prompt does not script its reply
    #[arg(long, conflicts_with = "pace_ms")]
    pub(crate) burst: bool,
}

/// Options of `load proxy`.
#[derive(Args)]
pub(crate) struct Proxy {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// Where every request is forwarded to
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) upstream: SocketAddr,
}

/// Where a server listens and how long it lives.
#[derive(Args)]
pub(crate) struct Listen {
    /// Port on 127.0.0.1; 0 lets the system choose
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Stop when standard input ends, so that no server outlives the run that started it
    #[arg(long, hide = true)]
    pub(crate) until_stdin_ends: bool,
}
