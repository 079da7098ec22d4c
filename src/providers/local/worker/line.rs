//! The thread an engine works on, and the line of jobs before it.

use super::job::MAX_WAITING;
use std::io;
use std::thread::JoinHandle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The near end of the line, and the thread at its far end.
pub(super) struct Line<J> {
    pub(super) jobs: mpsc::Sender<J>,
    pub(super) thread: JoinHandle<()>,
}

/// Starts a thread that does one job after another, until `stop` is cancelled and the job in hand
/// is over, or until the last sender is dropped. However the thread ends, by a panic too, it
/// cancels `stop`: a worker without an engine is of no use and shall make room for another.
pub(super) fn open<J: Send + 'static>(
    name: &str,
    stop: CancellationToken,
    mut work: impl FnMut(J) + Send + 'static,
) -> io::Result<Line<J>> {
    let (jobs, mut waiting) = mpsc::channel(MAX_WAITING);
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let stop = stop.drop_guard();
        while let Some(job) = waiting.blocking_recv() {
            if stop.token().is_cancelled() {
                break;
            }
            work(job);
        }
    })?;
    Ok(Line { jobs, thread })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_stops_the_worker() {
        let stop = CancellationToken::new();
        let work = |job: u32| assert_eq!(job, 1, "a job that the engine does not survive");
        let line = open("frail", stop.clone(), work).expect("a thread");
        line.jobs.send(1).await.expect("it waits");
        line.jobs.send(2).await.expect("it waits");
        stop.cancelled().await;
        line.jobs.closed().await;
        assert!(line.thread.join().is_err());
    }
}
