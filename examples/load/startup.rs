//! Cold start: from spawn to the first 200 on `/v1/models`.

use crate::gateway::Gateway;
use crate::process::Process;
use anyhow::{Result, bail};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A gateway that has not answered by then has failed.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Between two tries: short beside any start worth measuring, long enough to leave the starting
/// process its core.
const POLL: Duration = Duration::from_micros(250);
/// For one answer, once connected.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// No list of one agent is longer.
const MAX_ANSWER: u64 = 1 << 20;

/// Milliseconds of every start, and of every plain spawn beside it.
pub(crate) struct Starts {
    pub(crate) gateway: Vec<f64>,
    pub(crate) spawn: Vec<f64>,
}

/// Starts and stops the gateway `times` times, after one start that fills the page cache.
pub(crate) fn measure(gateway: &Gateway, times: u32) -> Result<Starts> {
    let mut starts = Starts { gateway: Vec::new(), spawn: Vec::new() };
    for turn in 0..=times {
        let spawn = gateway.spawn_and_end()?;
        let (process, took) = gateway.start()?;
        gateway.stop(process)?;
        if turn > 0 {
            starts.spawn.push(spawn.as_secs_f64() * 1e3);
            starts.gateway.push(took.as_secs_f64() * 1e3);
        }
    }
    Ok(starts)
}

/// Asks for the models until they come; returns the time since `spawned`.
pub(crate) fn first_answer(
    process: &mut Process,
    token: &str,
    spawned: Instant,
) -> Result<Duration> {
    while spawned.elapsed() < START_LIMIT {
        match models(process.address, token) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => return Ok(spawned.elapsed()),
            Ok(answer) if answer.starts_with("HTTP/1.1 503 ") => {}
            Ok(answer) => bail!("/v1/models answered: {answer}"),
            Err(error) if still_starting(error.kind()) => {}
            Err(error) => bail!("/v1/models could not be read: {error}"),
        }
        if let Some(status) = process.child.try_wait()? {
            bail!("it ended with {status} before it answered");
        }
        sleep(POLL);
    }
    bail!("no 200 on /v1/models within {START_LIMIT:?}")
}

/// The whole answer to `GET /v1/models`.
pub(crate) fn models(address: SocketAddr, token: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    let request = format!(
        "GET /v1/models HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut answer)?;
    Ok(answer)
}

fn still_starting(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset)
}
