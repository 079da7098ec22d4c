//! How a turn begins: one commit that claims the session, makes its row or begins it anew, and
//! appends what is asked.

use super::entry::{Body, Said};
use super::index::{self, Kept};
use super::notices::{self, Waiting};
use super::past::{MAX_ENTRIES, Past, TAIL, Transcript};
use super::running::{self, Claim, Running, Underway};
use super::stored::{self, Mark};
use super::turn::{self, Before, Input};
use super::writer::{Begin, Begun, Writer};
use super::{Error, Inner, Row, keys, reset};
use crate::store::{Batch, Expect, NewEvent};
use crate::types::Message;
use std::sync::Arc;
use std::time::Duration;

/// How often a change is tried that others keep getting in the way of.
pub(super) const ATTEMPTS: usize = 16;
/// How long a claim keeps other machines off that its own does not renew.
pub(super) const TERM: Duration = Duration::from_secs(600);

/// Begins a turn.
///
/// # Errors
/// [`Error`]; nothing was appended.
pub(super) async fn begin(inner: &Arc<Inner>, begin: Begin) -> Result<Begun, Error> {
    let mut tried = 1;
    loop {
        match attempt(inner, &begin).await {
            Ok(Attempt::Answered(said)) => return Ok(Begun::Answered(said)),
            Ok(Attempt::Claimed(mut writer, before)) => {
                writer.conversation = turn::conversation(begin.input, before);
                return Ok(Begun::Turn(writer));
            }
            Err(error) if error.is_conflict() && tried < ATTEMPTS => tried += 1,
            Err(error) => return Err(error),
        }
    }
}

enum Attempt {
    Answered(Box<Said>),
    Claimed(Box<Writer>, Before),
}

/// What was asked before with the same idempotency key.
enum Repeat {
    /// Nothing.
    No,
    /// The same, and it was answered.
    Answered(Box<Said>),
    /// The same, without an answer; the entry with its mark.
    Asked(u64),
}

async fn attempt(inner: &Arc<Inner>, begin: &Begin) -> Result<Attempt, Error> {
    let (store, key) = (&inner.store, &begin.key);
    let now = store.clock().now();
    let (kept, left, waiting) = tokio::try_join!(
        index::read(store, key),
        running::of(store, key),
        notices::waiting(store, key)
    )?;
    let input = Input::of(&begin.input);
    let mut opening = Opening::of(inner, begin, kept, now);
    let mark = begin.idempotency_key.as_ref().map(|once| {
        let fingerprint = input.fingerprint(&begin.fingerprint);
        Mark { once: format!("in:{once}"), fingerprint }
    });
    let repeat = match &mark {
        Some(mark) if opening.why.is_none() => repeated(inner, begin, &opening.row, mark).await?,
        _ => Repeat::No,
    };
    let marked = match repeat {
        Repeat::Answered(said) => return Ok(Attempt::Answered(said)),
        Repeat::Asked(sequence) => Some(sequence),
        Repeat::No => None,
    };
    opening.interrupt(&left);
    let past = opening.past(inner, &input, marked).await?;
    let again = past.asked_before(&input.turn, marked);
    opening.open(now);
    opening.complete(&input);
    for notice in &waiting {
        opening.tell(notice);
    }
    if marked.is_none() {
        opening.say(&input.turn[again.len()..], mark.as_ref());
    }
    let mut before = past.before(&again);
    before.notices.extend(waiting.into_iter().map(|notice| notice.text));
    let writer = opening.commit(inner, mark, now).await?;
    Ok(Attempt::Claimed(Box::new(writer), before))
}

/// Whether this was asked before in the session's current transcript.
async fn repeated(inner: &Inner, begin: &Begin, row: &Row, mark: &Mark) -> Result<Repeat, Error> {
    let key = &begin.key;
    let stream = index::stream(key, &row.session_id);
    let out = out_of(mark);
    let (asked, answered) = tokio::try_join!(
        inner.store.event_once(&stream, &mark.once),
        inner.store.event_once(&stream, &out.once)
    )?;
    let is_same = |fingerprint: &str| {
        let is_same = fingerprint == mark.fingerprint;
        if is_same { Ok(()) } else { Err(Error::Conflict(key.clone())) }
    };
    if let Some(event) = answered {
        let (said, fingerprint) = stored::marked(key, &event)?;
        is_same(&fingerprint)?;
        return Ok(Repeat::Answered(Box::new(said)));
    }
    let Some(event) = asked else { return Ok(Repeat::No) };
    let (_, fingerprint) = stored::marked(key, &event)?;
    is_same(&fingerprint)?;
    Ok(Repeat::Asked(event.sequence))
}

/// The mark of the answer to what has this mark.
fn out_of(mark: &Mark) -> Mark {
    let key = mark.once.strip_prefix("in:").unwrap_or(&mark.once);
    Mark { once: format!("out:{key}"), fingerprint: mark.fingerprint.clone() }
}

/// The commit that a turn begins with, as it is put together.
struct Opening<'a> {
    begin: &'a Begin,
    batch: Batch,
    row: Row,
    /// The row as it was.
    old: Option<Kept>,
    /// Why a transcript begins; absent where it goes on.
    why: Option<&'static str>,
}

impl<'a> Opening<'a> {
    fn of(inner: &Inner, begin: &'a Begin, old: Option<Kept>, now: i64) -> Self {
        let mut batch = Batch::new();
        batch.acquire(&index::lease(&begin.key), &inner.node, TERM);
        let (mut row, why) = match &old {
            Some(kept) => (kept.row.clone(), reset::due(&begin.reset, &kept.row, now, &inner.zone)),
            None => {
                let mut row = Row::new(&begin.key, now);
                row.owner = begin.owner.map(str::to_owned);
                row.channel.clone_from(&begin.channel);
                (row, Some("new"))
            }
        };
        // Whoever names a caller's session, such as an admin: it stays the caller's.
        if let Some(namespace) = keys::namespace(&begin.key) {
            row.owner = Some(namespace.to_owned());
        }
        Self { begin, batch, row, old, why }
    }

    /// As much of the transcript as this turn needs to know.
    async fn past(
        &self,
        inner: &Inner,
        input: &Input<'_>,
        marked: Option<u64>,
    ) -> Result<Past, Error> {
        if self.why.is_some() {
            return Ok(Past::default());
        }
        let most = if !input.holds_history() {
            MAX_ENTRIES
        } else if self.row.aborted_last_run || marked.is_some() {
            TAIL
        } else {
            return Ok(Past::default());
        };
        let (store, key) = (&inner.store, &self.begin.key);
        let stream = index::stream(key, &self.row.session_id);
        Past::load(Transcript { store, key, stream: &stream }, most).await
    }

    /// Notes the runs whose claim this one takes over: they left without an end.
    fn interrupt(&mut self, left: &[Running]) {
        for running in left {
            if self.old.is_none() {
                running.forget(&mut self.batch);
                continue;
            }
            let bytes = running.interrupt(&mut self.batch);
            if running.claim.session_id == self.row.session_id {
                self.row.entries += 1;
                self.row.bytes += bytes;
                self.row.aborted_last_run = true;
            }
        }
    }

    /// Begins the transcript, where one begins.
    fn open(&mut self, now: i64) {
        let Some(why) = self.why else { return };
        if self.old.is_some() {
            index::retire(&mut self.batch, &self.begin.key, &self.row, now);
            self.row.renew(now);
        }
        index::open(&mut self.batch, &self.begin.key, &self.row);
        let opened = Body::Opened { session: self.row.session_id.clone(), why: why.to_owned() };
        self.append(stored::event(&opened));
    }

    /// Appends what was said before, where no transcript has it yet.
    fn complete(&mut self, input: &Input<'_>) {
        if self.row.messages == 0 {
            self.say(&input.earlier, None);
        }
    }

    /// Appends a notice and takes it from the queue.
    fn tell(&mut self, notice: &Waiting) {
        notice.take(&mut self.batch);
        self.append(stored::event(&Body::Notice(notice.text.clone())));
    }

    /// Appends messages, the first of them with the mark.
    fn say(&mut self, messages: &[&Message], mut mark: Option<&Mark>) {
        for message in messages {
            self.row.messages += 1;
            self.append(stored::asked(self.begin.run, message, mark.take()));
        }
    }

    fn append(&mut self, event: NewEvent) {
        self.row.entries += 1;
        self.row.bytes += event.body.len() as u64;
        self.batch.append(&index::stream(&self.begin.key, &self.row.session_id), event);
    }

    async fn commit(
        mut self,
        inner: &Arc<Inner>,
        mark: Option<Mark>,
        now: i64,
    ) -> Result<Writer, Error> {
        let (key, run) = (self.begin.key.clone(), self.begin.run);
        (self.row.updated_at, self.row.last_interaction_at) = (now, now);
        let expect = self.old.map_or(Expect::Absent, |kept| Expect::Revision(kept.revision));
        // Before its mark is there, so that nobody takes it for one of a run that is over.
        let alive = inner.live.enter(run);
        let claim = Claim { session_id: self.row.session_id.clone(), boot: inner.boot.clone() };
        let underway = Underway { key: &key, run, claim: &claim, now };
        running::put(&mut self.batch, &underway);
        let committed = index::commit(&inner.store, self.batch, (&self.row, expect)).await;
        let (committed, revision) = committed.map_err(|error| Error::of_claim(error, &key))?;
        Ok(Writer {
            inner: inner.clone(),
            fence: committed.fence.expect("the batch acquires a lease"),
            revision,
            stream: index::stream(&key, &self.row.session_id),
            row: self.row,
            run,
            _alive: alive,
            key,
            answer: mark.as_ref().map(out_of),
            conversation: Vec::new(),
        })
    }
}
