//! The task that makes a kept response: it writes its beginning, reads its run, and writes its end
//! before anybody is told of it.

use super::audience::Nobody;
use super::draft::Draft;
use super::live::Live;
use super::log::{BYTES, End};
use super::reader::{broken, gone};
use super::row::{self, Asked, Ended, Row};
use super::{Error, Inner, claims, cuts, times};
use crate::runs::Run;
use crate::store::{self, Batch, Expect, NewRecord, Slot};
use crate::types::{Failure, FailureKind, OnDisconnect, Outcome, RunEvent, RunRequest};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// How long the end of a response waits before it is written again, where the store could not
/// take it.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
];

/// A kept response about to begin.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) live: Arc<Live>,
    pub(super) run: RunRequest,
    pub(super) row: Row,
    pub(super) asked: Asked,
    /// What the idempotency key's record is where the key is still free.
    pub(super) free: Expect,
}

/// Makes the response. `begun` is told once it is on the disk and under way, or why it is not.
pub(super) async fn drive(inner: Arc<Inner>, job: Job, begun: oneshot::Sender<Result<(), Error>>) {
    let task = Task { inner, live: job.live.clone() };
    let Task { inner, live } = &task;
    let policy =
        if job.row.object.background { OnDisconnect::Detach } else { job.run.on_disconnect };
    let (run, mut row, revision) = match begin(inner, job).await {
        Ok(begun) => begun,
        Err(error) => {
            inner.lives.remove(live);
            live.log.finish(End { outcome: Outcome::Failed(told(&error)), at: 0 });
            // Who asked may be gone; what is told then is for nobody.
            let _ = begun.send(Err(error));
            return;
        }
    };
    let _ = begun.send(Ok(()));
    let outcome = follow(inner, live, run, policy).await;
    let mut end = End { outcome, at: times::seconds(inner.store.clock()) };
    close(live, &mut row, &end);
    match write(inner, &row, revision).await {
        Ok(()) => inner.lives.remove(live),
        Err(error) => {
            tracing::error!(%error, response = %live.id, "the end of a response is not written");
            // It stays among those under way, so that it can be read for as long as this process
            // runs; upkeep writes it once the store can be written again.
            end.outcome = Outcome::Failed(unwritten());
        }
    }
    live.log.finish(end);
}

/// The task, for its end: one that breaks off still tells its readers.
struct Task {
    inner: Arc<Inner>,
    live: Arc<Live>,
}

impl Drop for Task {
    fn drop(&mut self) {
        if !self.live.log.is_finished() {
            self.inner.lives.remove(&self.live);
            self.live.log.finish(End { outcome: Outcome::Failed(gone()), at: 0 });
        }
    }
}

/// Writes the beginning of a response and starts its run. Gives the record's revision, too.
async fn begin(inner: &Inner, job: Job) -> Result<(Run, Row, u64), Error> {
    let written = write_beginning(inner, &job).await?;
    let Job { mut run, row, .. } = job;
    // The response has laid claim to the key. A run would hold on to it where the response fails
    // or is deleted and leaves it free.
    run.idempotency_key = None;
    // Who follows the response decides here when it is to end. A run that lives by itself also
    // learns that the gateway stops.
    run.on_disconnect = OnDisconnect::Detach;
    match inner.runs.start(run) {
        Ok(run) => Ok((run, row, written.row)),
        Err(failure) => {
            take_back(inner, &row, &written).await;
            Err(Error::Failed(failure))
        }
    }
}

/// The revisions of what was written of a response.
struct Written {
    row: u64,
    /// The idempotency key's record.
    key: Option<u64>,
}

async fn write_beginning(inner: &Inner, job: &Job) -> Result<Written, Error> {
    let Job { live, row, asked, free, .. } = job;
    let mut batch = Batch::new();
    row.put(&mut batch, Expect::Absent)?;
    asked.put(&mut batch, row)?;
    if let Some(claim) = &live.claim {
        let value = claims::written(live.id, claim)?;
        let record = NewRecord { value, rank: row.created, group: String::new() };
        batch.put(Slot { space: claims::KEYS, key: &claim.key }, record, *free);
    }
    match inner.store.commit(batch).await {
        Ok(committed) => Ok(Written {
            row: *committed.revisions.first().expect("a put record has a revision"),
            key: committed.revisions.get(2).copied(),
        }),
        Err(store::Error::Conflict { .. }) => {
            // Requests of this process wait for each other.
            let message = "Another gateway took this idempotency key at the same time. Try again.";
            Err(Error::Failed(Failure::new(FailureKind::Busy, message)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Forgets a response whose run was refused.
async fn take_back(inner: &Inner, row: &Row, written: &Written) {
    let mut batch = Batch::new();
    row::remove(&mut batch, &row.object.id, Expect::Revision(written.row));
    if let (Some(key), Some(revision)) = (&row.key, written.key) {
        batch.delete(Slot { space: claims::KEYS, key }, Expect::Revision(revision));
    }
    if let Err(error) = inner.store.commit(batch).await {
        // Nobody makes it, so it is shown as failed, and upkeep closes it.
        tracing::warn!(%error, "a response whose run was refused is still in the store");
    }
}

/// Reads the run to its end, or ends it: because somebody asked for it, nobody follows it any
/// more, or it has grown too large.
async fn follow(inner: &Inner, live: &Live, mut run: Run, policy: OnDisconnect) -> Outcome {
    let abandoned = live.log.abandoned(policy);
    tokio::pin!(abandoned);
    // One that has ended by itself meanwhile is not there to be cancelled, and that is fine.
    let end = |run: &Run| drop(inner.runs.cancel(&live.caller, run.id()));
    let (mut ending, mut full) = (false, false);
    loop {
        let event = tokio::select! {
            biased;
            () = live.stop.cancelled(), if !ending => None,
            () = &mut abandoned, if !ending => None,
            event = run.next() => Some(event.unwrap_or_else(broken)),
        };
        match event {
            None => {
                ending = true;
                end(&run);
            }
            Some(RunEvent::Finished(_)) if full => return Outcome::Failed(too_large()),
            Some(RunEvent::Finished(outcome)) => return outcome,
            Some(event) => {
                if let RunEvent::Started { model } = &event {
                    live.model.get_or_init(|| model.clone());
                }
                if live.log.push(event).is_err() && !full {
                    (ending, full) = (true, true);
                    end(&run);
                }
            }
        }
    }
}

/// Writes the end of a response, for some 3 seconds while the store is locked or its disk full.
async fn write(inner: &Inner, row: &Row, revision: u64) -> Result<(), Error> {
    let mut pauses = PAUSES.iter();
    loop {
        let mut batch = Batch::new();
        row.put(&mut batch, Expect::Revision(revision))?;
        let error = match inner.store.commit(batch).await {
            Err(error @ (store::Error::Locked(_) | store::Error::Full(_))) => error,
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(()),
        };
        let Some(pause) = pauses.next() else { return Err(error.into()) };
        let response = &row.object.id;
        tracing::warn!(%error, response, "the end of a response is not written yet");
        sleep(*pause).await;
    }
}

/// Makes the row what it shall be now that the run has ended.
fn close(live: &Live, row: &mut Row, end: &End) {
    let (events, _) = live.log.since(0);
    row.cuts = cuts::describe(&events);
    row.ended = Some(Ended::of(&end.outcome));
    row.model = live.model.get().map(ToString::to_string);
    let mut draft = Draft::new(live.id, live.beginning.clone());
    for event in events {
        draft.grow(RunEvent::clone(&event), &mut Nobody);
    }
    draft.finish(&end.outcome, end.at, &mut Nobody);
    row.object = draft.into_object();
}

fn told(error: &Error) -> Failure {
    match error {
        Error::Failed(failure) => failure.clone(),
        _ => unwritten(),
    }
}

fn too_large() -> Failure {
    let message = format!(
        "The response grew beyond the {} MiB that one may have, and was ended. Ask for a shorter \
         one, or set max_output_tokens.",
        BYTES / (1024 * 1024)
    );
    Failure::new(FailureKind::Internal, message)
}

fn unwritten() -> Failure {
    let message = "The response cannot be written at the moment; the gateway's log has the cause. \
                   Try again later, or ask with \"store\": false.";
    Failure::new(FailureKind::StoreUnavailable, message)
}
