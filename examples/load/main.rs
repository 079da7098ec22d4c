//! `load`: what the gateway costs, as ratios beside a bare hyper reverse proxy.
//!
//! `load run` starts a scripted upstream, the bare proxy and the gateway as processes of their
//! own, drives them in turn with the same exchanges and prints what each of them spent.
//! `docs/performance.md` explains the method. Linux only: processor time and memory come from
//! `/proc`.

mod client;
mod events;
mod gateway;
mod options;
mod process;
mod procfs;
mod proxy;
mod report;
mod round;
mod run;
mod script;
mod serve;
mod sessions;
mod startup;
mod stats;
mod upstream;

use anyhow::Result;
use clap::Parser;

/// Measures the gateway beside a bare hyper reverse proxy.
#[derive(Parser)]
#[command(name = "load", version)]
enum Command {
    /// Runs every measurement and prints the results.
    Run(options::Run),
    /// Measures what a session costs, and whether many stored ones slow it down.
    Sessions(options::Sessions),
    /// Serves the scripted upstream until it is stopped.
    Upstream(options::Upstream),
    /// Serves the bare reverse proxy until it is stopped.
    Proxy(options::Proxy),
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::Run(options) => run::run(&options),
        Command::Sessions(options) => sessions::run(&options),
        Command::Upstream(options) => upstream::serve(options),
        Command::Proxy(options) => proxy::serve(options),
    }
}
