//! The one writer: a thread that commits what waits, all of it with one write to the disk.

use super::compacting::{self, Compacted};
use super::fault::Fault;
use super::outbox::{self, Claim};
use super::{apply, schema};
use crate::store::{Batch, Clock, Committed, Error, Parcel};
use rusqlite::{Connection, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::thread;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Most jobs that wait; further callers wait for a place.
const QUEUE: usize = 256;
/// Most jobs of one commit.
const GROUP: usize = 256;
/// The way to the writer's thread. The thread ends with the last of them.
#[derive(Debug)]
pub(in crate::store) struct Writer {
    queue: mpsc::Sender<Job>,
    ended: CancellationToken,
}

impl Writer {
    /// Starts the thread.
    pub(in crate::store) fn start(
        connection: Connection,
        file: &Path,
        clock: Clock,
    ) -> Result<Self, Error> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let ended = CancellationToken::new();
        let thread = Thread {
            connection,
            file: file.to_owned(),
            clock,
            jobs,
            _ended: ended.clone().drop_guard(),
        };
        thread::Builder::new().name("store-writer".to_owned()).spawn(|| thread.run()).map_err(
            |error| Error::Unusable {
                file: file.to_owned(),
                why: format!("no thread for its writer: {error}; raise the limit of threads"),
            },
        )?;
        Ok(Self { queue, ended })
    }

    /// Commits a batch. Once it is queued it is carried out whether or not anybody waits for it.
    pub(in crate::store) async fn commit(&self, batch: Batch) -> Result<Committed, Error> {
        self.ask(batch, Job::Batch).await
    }

    /// Claims parcels.
    pub(in crate::store) async fn claim(&self, claim: Claim) -> Result<Vec<Parcel>, Error> {
        self.ask(claim, Job::Claim).await
    }

    /// Gives free pages back to the disk, in steps.
    pub(in crate::store) async fn compact(&self) -> Result<(), Error> {
        loop {
            let (answer, told) = oneshot::channel();
            self.queue.send(Job::Compact(answer)).await.map_err(|_| Error::Closed)?;
            if told.await.unwrap_or(Err(Error::Closed))? == Compacted::Wholly {
                return Ok(());
            }
        }
    }

    /// Lets the thread finish what is queued, and waits until it has ended.
    pub(in crate::store) async fn close(&self) {
        // Nobody to tell means that it has ended already.
        let _ = self.queue.send(Job::Close).await;
        self.ended.cancelled().await;
    }

    async fn ask<Q, A>(&self, asked: Q, job: fn(Waiting<Q, A>) -> Job) -> Result<A, Error> {
        let (answer, told) = oneshot::channel();
        let waiting = Waiting { asked, answer, outcome: Err(Error::Closed) };
        self.queue.send(job(waiting)).await.map_err(|_| Error::Closed)?;
        told.await.unwrap_or(Err(Error::Closed))
    }
}

#[derive(Debug)]
enum Job {
    Batch(Waiting<Batch, Committed>),
    Claim(Waiting<Claim, Vec<Parcel>>),
    Compact(oneshot::Sender<Result<Compacted, Error>>),
    Close,
}

/// A change that somebody waits for.
#[derive(Debug)]
struct Waiting<Q, A> {
    asked: Q,
    answer: oneshot::Sender<Result<A, Error>>,
    outcome: Result<A, Error>,
}

impl<Q, A> Waiting<Q, A> {
    fn tell(self) {
        // A caller that left does not want to know.
        let _ = self.answer.send(self.outcome);
    }
}

impl Job {
    /// Makes the change within the transaction of its group.
    fn attempt(&mut self, connection: &Connection, now: i64) -> Result<(), Fault> {
        match self {
            Self::Batch(waiting) => {
                waiting.outcome = Ok(apply::batch(connection, &waiting.asked, now)?);
            }
            Self::Claim(waiting) => {
                waiting.outcome = Ok(outbox::claim(connection, &waiting.asked, now)?);
            }
            Self::Compact(_) | Self::Close => {}
        }
        Ok(())
    }

    fn fail(&mut self, error: Error) {
        match self {
            Self::Batch(waiting) => waiting.outcome = Err(error),
            Self::Claim(waiting) => waiting.outcome = Err(error),
            Self::Compact(_) | Self::Close => {}
        }
    }

    fn tell(self) {
        match self {
            Self::Batch(waiting) => waiting.tell(),
            Self::Claim(waiting) => waiting.tell(),
            Self::Compact(_) | Self::Close => {}
        }
    }
}

struct Thread {
    connection: Connection,
    file: PathBuf,
    clock: Clock,
    jobs: mpsc::Receiver<Job>,
    /// The last field: whoever waits for the end finds the file closed.
    _ended: DropGuard,
}

impl Thread {
    fn run(mut self) {
        let mut group = Vec::new();
        while let Some(job) = self.jobs.blocking_recv() {
            let mut next = Some(job);
            while let Some(job) = next {
                match job {
                    Job::Compact(answer) => {
                        self.commit(&mut group);
                        let _ = answer.send(self.compact());
                    }
                    // What was queued before and meanwhile is still done.
                    Job::Close => self.jobs.close(),
                    write => group.push(write),
                }
                next = if group.len() < GROUP { self.jobs.try_recv().ok() } else { None };
            }
            self.commit(&mut group);
        }
    }

    /// Commits the group and tells everybody how it went.
    fn commit(&mut self, group: &mut Vec<Job>) {
        if group.is_empty() {
            return;
        }
        match self.together(group) {
            // Perhaps one of them alone is too large.
            Err(Error::Full(_)) if group.len() > 1 => {
                for job in group.iter_mut() {
                    if let Err(error) = self.together(std::slice::from_mut(job)) {
                        job.fail(error);
                    }
                }
            }
            Err(error) => group.iter_mut().for_each(|job| job.fail(error.clone())),
            Ok(()) => {}
        }
        group.drain(..).for_each(Job::tell);
    }

    /// Makes all changes in one transaction. One that is refused does not touch the others; an
    /// error means that nothing at all was changed.
    fn together(&mut self, jobs: &mut [Job]) -> Result<(), Error> {
        let now = self.clock.now();
        self.transact(jobs, now).map_err(|fault| fault.at(&self.file))
    }

    fn transact(&mut self, jobs: &mut [Job], now: i64) -> Result<(), Fault> {
        let mut transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // A newer openclaw may have changed the schema since.
        schema::known(&transaction)?;
        for job in jobs {
            let savepoint = transaction.savepoint()?;
            match job.attempt(&savepoint, now) {
                Ok(()) => savepoint.commit()?,
                // SQLite gave the whole transaction up, the changes of the others too.
                Err(fault) if savepoint.is_autocommit() => return Err(fault),
                Err(fault) => job.fail(fault.at(&self.file)),
            }
        }
        Ok(transaction.commit()?)
    }

    fn compact(&self) -> Result<Compacted, Error> {
        compacting::step(&self.connection).map_err(|error| Fault::Engine(error).at(&self.file))
    }
}
