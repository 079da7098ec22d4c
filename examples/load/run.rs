//! `load run`: everything in turn, and the verdict of the self-check.

use crate::gateway::{Gateway, Program};
use crate::options;
use crate::process::{Process, this_program};
use crate::procfs::resident_mib;
use crate::report::{Memory, Report};
use crate::round::{Crowd, Sample, Talk, Target, Workload};
use crate::script::Script;
use crate::startup;
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// A process counts as idle after this long without a request.
const IDLE: Duration = Duration::from_secs(1);

/// The samples of one workload, one of each target a round.
#[derive(Default)]
pub(crate) struct Samples {
    /// The load generator and the upstream with nothing in between.
    pub(crate) direct: Vec<Sample>,
    /// The bare proxy.
    pub(crate) proxy: Vec<Sample>,
    /// The gateway.
    pub(crate) gateway: Vec<Sample>,
}

/// Measures and prints.
pub(crate) fn run(options: &options::Run) -> Result<()> {
    let optimised = !cfg!(debug_assertions);
    ensure!(
        optimised || options.self_check,
        "this is a debug build, whose proxy is no yardstick; build it as the gateway was built: \
         cargo build --profile dist --bin openclaw --example load"
    );
    let program =
        if options.self_check { Program::Proxy } else { binary(options.gateway.as_deref())? };

    let upstream = Process::start_server(&["upstream"])?;
    let proxy = Process::start_server(&["proxy", "--upstream", &upstream.address.to_string()])?;
    let gateway = Gateway::new(program, upstream.address)?;
    eprintln!("load: {} cold starts", options.starts);
    let starts = startup::measure(&gateway, options.starts)?;

    let (process, _) = gateway.start()?;
    startup::models(proxy.address, gateway.token()).context("the proxy does not answer")?;
    let fresh = memory(&proxy, &process)?;
    let targets = [("upstream", &upstream), ("proxy", &proxy), ("gateway", &process)]
        .map(|(name, process)| Target { name, address: process.address, pid: process.pid() });
    let runtime = runtime(options.client_threads)?;
    let load = Load { options, token: gateway.token(), targets: &targets, runtime };
    let replies = options.replies;
    let plain = load.run("plain chats", Script::Plain(replies.reply_bytes))?;
    let burst = load.run("burst streams", Script::Streamed(replies.burst()))?;
    let paced = load.run("paced streams", Script::Streamed(replies.paced()))?;
    let used = memory(&proxy, &process)?;
    gateway.stop(process)?;

    let mut report = Report::new(options);
    report.chats("plain chat", &plain);
    report.streams("burst stream", &burst);
    report.streams("paced stream", &paced);
    report.starts(&starts);
    report.memory("idle, before any load", &fresh);
    report.memory("idle, after the load", &used);
    report.print(options.json)?;
    if options.self_check { report.check_itself() } else { Ok(()) }
}

/// The gateway to measure: the one named, else the best build beside this example.
pub(crate) fn binary(named: Option<&Path>) -> Result<Program> {
    if let Some(path) = named {
        return Ok(Program::Binary(path.to_owned()));
    }
    let this = PathBuf::from(this_program()?);
    // This file lies at `<target>/<profile>/examples/load`.
    let target = this.ancestors().nth(3).unwrap_or(Path::new("target"));
    let builds = ["dist", "release"].map(|profile| target.join(profile).join("openclaw"));
    match builds.into_iter().find(|path| path.is_file()) {
        Some(path) => Ok(Program::Binary(path)),
        None => bail!(
            "no gateway in {}; build one with `cargo build --profile dist`, name one with \
             --gateway, or measure without one with --self-check",
            target.display()
        ),
    }
}

/// The load generator's runtime.
pub(crate) fn runtime(threads: u16) -> Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads.into())
        .enable_all()
        .build()
        .context("could not start the load generator's runtime")
}

fn memory(proxy: &Process, gateway: &Process) -> Result<Memory> {
    sleep(IDLE);
    Ok(Memory { proxy: resident_mib(proxy.pid())?, gateway: resident_mib(gateway.pid())? })
}

/// What all workloads have in common.
struct Load<'a> {
    options: &'a options::Run,
    token: &'a str,
    /// Upstream, proxy, gateway.
    targets: &'a [Target; 3],
    runtime: Runtime,
}

impl Load<'_> {
    /// Every round visits all targets, every other one in reverse, so that a machine that slows
    /// down meanwhile slows all of them.
    fn run(&self, name: &str, script: Script) -> Result<Samples> {
        let options = self.options;
        let length = Duration::from_secs(options.pace.seconds);
        let crowd = Crowd { in_flight: options.pace.in_flight, talk: Talk::Stateless };
        let workload = Workload::new(script, self.token, crowd, length)?;
        let workload = Arc::new(workload);
        let mut samples = Samples::default();
        eprintln!("load: {name}, {} rounds for each target", options.pace.rounds);
        // The round before the first warms every target up and is not counted.
        for turn in 0..=options.pace.rounds {
            let mut order = [0, 1, 2];
            if turn % 2 == 1 {
                order.reverse();
            }
            for index in order {
                let sample = self.runtime.block_on(workload.round(&self.targets[index]))?;
                if turn > 0 {
                    samples.of(index).push(sample);
                }
            }
        }
        Ok(samples)
    }
}

impl Samples {
    fn of(&mut self, target: usize) -> &mut Vec<Sample> {
        match target {
            0 => &mut self.direct,
            1 => &mut self.proxy,
            _ => &mut self.gateway,
        }
    }
}
