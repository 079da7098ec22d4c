//! How a response begins: with what it continues put before it, and in which session.

use super::chain::{self, Chain};
use super::claims::{self, Stands};
use super::draft::Draft;
use super::drive::{Job, drive};
use super::live::{Claim, Live, Reserve};
use super::log::Log;
use super::object::{Begin, ResponseObject, State};
use super::row::{Asked, Row};
use super::times::{Times, seconds};
use super::{Create, Error, Inner, Item, Keep, Reader, ResponseId, id, messages, read, reader};
use crate::store::Expect;
use crate::types::{ContextText, History, Message, RunKind, RunRequest, SessionKey};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Begins a response.
pub(super) async fn create(inner: &Arc<Inner>, create: Create) -> Result<Reader, Error> {
    match create.keep {
        Keep::Nothing => passing(inner, create).await,
        Keep::Stored => kept(inner, create).await,
    }
}

/// One that nothing keeps: it is read from its run.
async fn passing(inner: &Inner, create: Create) -> Result<Reader, Error> {
    let Create { mut run, echo, previous, .. } = create;
    if let Some(previous) = previous {
        let chain = chain::gather(inner, &run.origin.caller, previous).await?;
        follow(&mut run, chain, echo.instructions.as_deref());
    }
    let (session, repeated) = (run.session.clone(), run.idempotency_key.is_some());
    let run = inner.runs.start(run)?;
    let id = ResponseId::of_run(run.id());
    let clock = inner.store.clock();
    let times = if repeated { inner.times.of(run.id(), clock) } else { Times::beginning(clock) };
    let begin = Begin {
        id,
        created_at: times.began(),
        state: State::InProgress,
        background: false,
        store: false,
        previous,
    };
    let draft = Draft::new(id, ResponseObject::new(&begin, echo));
    Ok(Reader::of_run(run, session, draft, times))
}

/// One that is kept: a task of its own makes it.
async fn kept(inner: &Arc<Inner>, create: Create) -> Result<Reader, Error> {
    let caller = create.run.origin.caller;
    let Some(claim) = claims::of(&create) else {
        return begin(inner, create, Key::default()).await;
    };
    // Held until the response is there: a repeat waits, and finds it.
    let _reserved = loop {
        match inner.lives.reserve(&claim)? {
            Reserve::For(earlier) => return Ok(Reader::following(&earlier, None)),
            Reserve::Taken(freed) => freed.cancelled().await,
            Reserve::Ours(reserved) => break reserved,
        }
    };
    match claims::find(inner, &claim).await? {
        Stands::For(id) => read::follow(inner, &caller, id, None).await,
        Stands::Free(free) => begin(inner, create, Key { claim: Some(claim), free }).await,
    }
}

/// The idempotency key of a response that is kept.
struct Key {
    claim: Option<Claim>,
    /// What its record is as long as the key is free.
    free: Expect,
}

impl Default for Key {
    fn default() -> Self {
        Self { claim: None, free: Expect::Absent }
    }
}

async fn begin(inner: &Arc<Inner>, create: Create, key: Key) -> Result<Reader, Error> {
    let caller = create.run.origin.caller;
    let Key { claim, free } = key;
    let Create { mut run, input, echo, previous, background, .. } = create;
    let id = ResponseId::from_bits(Uuid::new_v4().as_u128());
    let texts = run.context.iter().map(|read| read.text.clone()).collect();
    let asked = Asked { items: named(id, input), context: texts };
    if let Some(previous) = previous {
        let chain = chain::gather(inner, &caller, previous).await?;
        inherit(&mut run, &chain.last);
        follow(&mut run, chain, echo.instructions.as_deref());
    }
    let state = if background { State::Queued } else { State::InProgress };
    let created_at = seconds(inner.store.clock());
    let begin = Begin { id, created_at, state, background, store: true, previous };
    let live = Arc::new(Live {
        id,
        caller,
        session: run.session.clone(),
        beginning: ResponseObject::new(&begin, echo),
        log: Log::new(),
        stop: CancellationToken::new(),
        model: OnceLock::new(),
        claim,
        shown: Mutex::default(),
    });
    let row = row(inner, &live, &run);
    start(inner, Job { live, run, row, asked, free }).await
}

/// Lets the task begin, and waits until the response is on the disk.
async fn start(inner: &Arc<Inner>, job: Job) -> Result<Reader, Error> {
    let live = job.live.clone();
    inner.lives.add(&live);
    // It is followed before it begins, so that it never seems abandoned; and should whoever asked
    // be gone before it has begun, it is.
    let reader = Reader::following(&live, None);
    let (begun, told) = oneshot::channel();
    inner.tasks.spawn(drive(inner.clone(), job, begun));
    told.await.unwrap_or_else(|_| Err(reader::gone().into()))?;
    Ok(reader)
}

fn row(inner: &Inner, live: &Live, run: &RunRequest) -> Row {
    Row {
        object: live.beginning.clone(),
        created: inner.store.clock().now(),
        owner: live.caller.namespace().map(str::to_owned),
        agent: run.agent.as_ref().map(ToString::to_string),
        session: live.session.as_ref().map(ToString::to_string),
        kept_by_session: live.session.is_some() && run.history == History::Session,
        key: live.claim.as_ref().map(|claim| claim.key.clone()),
        model: None,
        cuts: String::new(),
        ended: None,
    }
}

/// A response without a session of its own takes the one it continues, where that is the same
/// agent's and the same caller's.
fn inherit(run: &mut RunRequest, before: &Row) {
    let agent = run.agent.as_ref().map(ToString::to_string);
    let owner = run.origin.caller.namespace();
    if run.session.is_none()
        && run.kind == RunKind::Turn
        && agent == before.agent
        && owner == before.owner.as_deref()
    {
        run.session = before.session.as_deref().and_then(|key| SessionKey::parse(key).ok());
    }
}

/// Puts what a response continues before it. What the session keeps, it has already.
fn follow(run: &mut RunRequest, chain: Chain, instructions: Option<&str>) {
    let Chain { last, items, context } = chain;
    run.context.splice(..0, context.into_iter().map(ContextText::from));
    let session = run.session.as_ref().map(SessionKey::as_str);
    if last.kept_by_session && session.is_some() && session == last.session.as_deref() {
        run.history = History::Session;
        return;
    }
    run.history = History::Caller;
    // Instructions come first; what follows them is new.
    let first = usize::from(is_instructions(run.input.first(), instructions));
    run.input.splice(first..first, messages(&items));
}

fn is_instructions(message: Option<&Message>, instructions: Option<&str>) -> bool {
    matches!((message, instructions), (Some(Message::System { text }), Some(given)) if text == given)
}

/// Gives input items without an id one that leads to their response.
fn named(response: ResponseId, mut items: Vec<Item>) -> Vec<Item> {
    for (at, item) in items.iter_mut().enumerate() {
        if item.id().is_empty() {
            let prefix = match item {
                Item::Message { .. } => "msg",
                Item::FunctionCall { .. } => "fc",
                Item::FunctionCallOutput { .. } => "fco",
                Item::Reasoning { .. } => "rs",
                Item::Compaction { .. } => "cmp",
            };
            *item.id_mut() = id::input(prefix, response, at);
        }
    }
    items
}
