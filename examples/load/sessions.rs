//! `load sessions`: what a turn of a session costs beside a stateless one, and whether a store
//! with many sessions is slower than one with few.

use crate::gateway::Gateway;
use crate::options;
use crate::process::Process;
use crate::report::{ratio, spread};
use crate::round::{Crowd, Sample, Talk, Target, Workload, session_name};
use crate::run::{binary, runtime};
use crate::script::Script;
use crate::stats::Spread;
use anyhow::{Context, Result, ensure};
use openclaw::config::Reset;
use openclaw::sessions::{Begin, Begun, Ended, Ending, Sessions};
use openclaw::store::{Clock, Store};
use openclaw::tasks::Tasks;
use openclaw::types::{AgentId, Content, History, Message, RunId, SessionKey};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Sessions written at once while a store is filled: one write to the disk serves them all.
const AT_ONCE: usize = 512;

/// The samples of each workload, one a round.
#[derive(Default)]
struct Samples {
    stateless: Vec<Sample>,
    few: Vec<Sample>,
    many: Vec<Sample>,
    spread: Vec<Sample>,
}

/// Measures and prints.
pub(crate) fn run(options: &options::Sessions) -> Result<()> {
    ensure!(!cfg!(debug_assertions), "this is a debug build; build with --profile dist");
    let upstream = Process::start_server(&["upstream"])?;
    let runtime = runtime(1)?;
    let gateways =
        [(); 2].map(|()| Gateway::new(binary(options.gateway.as_deref())?, upstream.address));
    let [few, many] = gateways;
    let (few, many) = (few?, many?);
    eprintln!("load: storing {} sessions", options.stored);
    runtime.block_on(fill(&few.store_file(), 1))?;
    runtime.block_on(fill(&many.store_file(), options.stored))?;

    let (with_few, _) = few.start()?;
    let (with_many, _) = many.start()?;
    let target =
        |name, process: &Process| Target { name, address: process.address, pid: process.pid() };
    let (small, large) = (target("gateway", &with_few), target("full gateway", &with_many));
    let length = Duration::from_secs(options.pace.seconds);
    let workload = |gateway: &Gateway, talk| {
        let crowd = Crowd { in_flight: options.pace.in_flight, talk };
        let script = Script::Plain(options.reply_bytes);
        Workload::new(script, gateway.token(), crowd, length).map(Arc::new)
    };
    let stateless = workload(&few, Talk::Stateless)?;
    let in_few = workload(&few, Talk::OwnSessions)?;
    let in_many = workload(&many, Talk::OwnSessions)?;
    let in_all = workload(&many, Talk::Stored(options.stored))?;
    let mut samples = Samples::default();
    // The round before the first warms everything up and is not counted.
    for turn in 0..=options.pace.rounds {
        let mut order = [0, 1, 2, 3];
        if turn % 2 == 1 {
            order.reverse();
        }
        for which in order {
            let (workload, target, into) = match which {
                0 => (&stateless, &small, &mut samples.stateless),
                1 => (&in_few, &small, &mut samples.few),
                2 => (&in_many, &large, &mut samples.many),
                _ => (&in_all, &large, &mut samples.spread),
            };
            let sample = runtime.block_on(workload.round(target))?;
            if turn > 0 {
                into.push(sample);
            }
        }
    }
    few.stop(with_few)?;
    many.stop(with_many)?;
    print(options, &samples);
    Ok(())
}

/// Stores one turn in each of `count` sessions.
async fn fill(file: &Path, count: u32) -> Result<()> {
    let tasks = Tasks::new();
    let store = Store::open(file, Clock::system())?;
    let sessions = Sessions::open(store.clone(), &tasks).await?;
    let mut writing = JoinSet::new();
    for at in 0..u64::from(count) {
        if writing.len() >= AT_ONCE {
            writing.join_next().await.context("one is under way")???;
        }
        writing.spawn(turn(sessions.clone(), at));
    }
    while let Some(written) = writing.join_next().await {
        written??;
    }
    tasks.drain(Duration::from_secs(60)).await;
    store.close().await;
    Ok(())
}

async fn turn(sessions: Sessions, at: u64) -> Result<()> {
    let key = SessionKey::of(&AgentId::main(), &session_name(at))?;
    let begin = Begin {
        key,
        owner: None,
        channel: "openai".to_owned(),
        reset: Reset::default(),
        run: RunId::from_bits(at.into()),
        input: vec![Message::User {
            content: Content::Text("Good morning.".to_owned()),
            name: None,
        }],
        history: History::Session,
        idempotency_key: None,
        fingerprint: [0; 32],
    };
    let Begun::Turn(writer) = sessions.begin(begin).await? else {
        anyhow::bail!("a new session was answered already")
    };
    let answer = Message::Assistant { text: Some("Good morning.".to_owned()), tool_calls: vec![] };
    let ended = Ended {
        answer: Some(answer),
        ending: Ending::Stop,
        why: String::new(),
        model: None,
        usage: None,
    };
    writer.finish(ended).await?;
    Ok(())
}

fn print(options: &options::Sessions, samples: &Samples) {
    type Figure = fn(&Sample) -> f64;
    let figures: [(&str, Figure); 4] = [
        ("requests/s", |sample| sample.rate),
        ("CPU us/request", |sample| sample.cpu_micros),
        ("latency p50 ms", |sample| sample.p50_millis),
        ("latency p99 ms", |sample| sample.p99_millis),
    ];
    println!(
        "| metric | stateless | own session, 1 stored | / stateless | own session, {0} stored | \
         / 1 stored | spread over the {0} | / 1 stored |",
        options.stored
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for (name, figure) in figures {
        let values = |samples: &[Sample]| samples.iter().map(figure).collect::<Vec<f64>>();
        let all = [&samples.stateless, &samples.few, &samples.many, &samples.spread];
        let [stateless, few, many, all] = all.map(|samples| values(samples));
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} |",
            spread(Spread::of(&stateless)),
            spread(Spread::of(&few)),
            ratio(Spread::of_ratios(&few, &stateless)),
            spread(Spread::of(&many)),
            ratio(Spread::of_ratios(&many, &few)),
            spread(Spread::of(&all)),
            ratio(Spread::of_ratios(&all, &few)),
        );
    }
}
