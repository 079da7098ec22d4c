//! `runs`, from its public face down to a scripted upstream and a store on the disk.

mod idempotency;
mod lanes;
mod life;
mod limits;
mod properties;
mod recovery;

use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Seen, Upstream};
use arc_swap::ArcSwap;
use openclaw::agents::Agents;
use openclaw::config::{EmbeddingChoice, Env, Fallback, Loaded, Paths, ProfileChoice};
use openclaw::providers::Providers;
use openclaw::runs::{Run, Runs};
use openclaw::secrets::{self, Live};
use openclaw::sessions::{Body, Sessions};
use openclaw::store::{self, Clock, Page, Store};
use openclaw::tasks::Tasks;
use openclaw::types::{
    Caller, Content, Delivery, Delta, Hints, History, Message, ModelRef, OnDisconnect, Origin,
    Outcome, QueueMode, RunEvent, RunKind, RunRequest, Sampling, Scope, Scopes, SessionKey,
    StopReason, Subject, Surface, ToolChoice,
};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A caller with a namespace of its own.
pub(crate) fn guest() -> Caller {
    Caller { subject: Subject::Anonymous, scopes: Scopes::NONE.with(Scope::Write) }
}

/// Another one.
pub(crate) fn member() -> Caller {
    Caller { subject: Subject::Operator, scopes: Scopes::NONE.with(Scope::Write) }
}

/// Runs over a store in a folder.
pub(crate) struct House {
    pub(crate) runs: Runs,
    pub(crate) sessions: Sessions,
    pub(crate) store: Store,
    pub(crate) tasks: Tasks,
}

impl House {
    /// Over a store in this folder, with a config merged over the usual one.
    pub(crate) async fn at(folder: &Path, upstream: &Upstream, extra: Value) -> Self {
        Self::by(Clock::system(), folder, upstream, extra).await
    }

    /// The same by this clock.
    pub(crate) async fn by(clock: Clock, folder: &Path, upstream: &Upstream, extra: Value) -> Self {
        let paths = Paths {
            config_file: folder.join("openclaw.json"),
            state_dir: folder.to_owned(),
            home: folder.to_owned(),
            profile: ProfileChoice::Default,
        };
        let (tasks, live) = (Tasks::new(), live(upstream, extra));
        let store = Store::open(&store::file_in(folder), clock).expect("a store");
        let sessions = Sessions::open(store.clone(), &tasks).await.expect("sessions");
        let agents = Agents::new(Providers::new(&paths, &tasks));
        let runs = Runs::new(live, agents, sessions.clone(), &tasks);
        Self { runs, sessions, store, tasks }
    }

    async fn new(upstream: &Upstream, extra: Value) -> (Self, TempDir) {
        let folder = TempDir::new().expect("a folder");
        (Self::at(folder.path(), upstream, extra).await, folder)
    }

    fn start(&self, request: RunRequest) -> Run {
        self.runs.start(request).expect("it starts")
    }

    /// The transcript, a line an entry: `user:text`, `assistant:text`, `broken:ending:partial`.
    async fn transcript(&self) -> Vec<String> {
        let page = Page::After { sequence: 0, limit: 2_000 };
        let entries = self.sessions.history(&session(), page).await.expect("readable");
        entries.unwrap_or_default().into_iter().filter_map(|entry| line(entry.body)).collect()
    }
}

fn line(body: Body) -> Option<String> {
    match body {
        Body::Message(said) => Some(match said.message {
            Message::System { text } => format!("system:{text}"),
            Message::User { content, .. } => format!("user:{}", content.text()),
            Message::Assistant { text, .. } => format!("assistant:{}", text.unwrap_or_default()),
            Message::Tool { content, .. } => format!("tool:{}", content.text()),
        }),
        Body::Broken { ending, partial, .. } => {
            Some(format!("broken:{ending:?}:{}", partial.unwrap_or_default()))
        }
        Body::Opened { .. } | Body::Notice(_) => None,
    }
}

fn live(upstream: &Upstream, extra: Value) -> Live {
    let mut config = json!({
        "models": {"providers": {"up": {
            "baseUrl": upstream.base_url(),
            "models": [
                {"id": "chat", "cost": {"input": 2.0, "output": 10.0}},
                {"id": "small"},
            ],
        }}},
        "agents": {"defaults": {"model": "up/chat", "utilityModel": "up/small"}},
    });
    crate::support::gateway::merge(&mut config, extra);
    let loaded = Loaded {
        config: serde_json::from_value(config).expect("a valid config"),
        exists: true,
        warnings: Vec::new(),
        modified: None,
        env: Env::default(),
    };
    let embedding = EmbeddingChoice { provider: "up".to_owned(), model: "embed".to_owned() };
    let model = ModelRef::parse("up/chat").expect("a model");
    let snapshot = secrets::resolve(loaded, &Fallback { model, embedding });
    Arc::new(ArcSwap::from_pointee(snapshot))
}

fn session() -> SessionKey {
    SessionKey::parse("agent:main:chat:1").expect("a key")
}

fn user(text: &str) -> Message {
    Message::User { content: Content::Text(text.to_owned()), name: None }
}

/// A stateless request of the operator's.
pub(crate) fn stateless(text: &str) -> RunRequest {
    RunRequest {
        agent: None,
        session: None,
        history: History::Session,
        kind: RunKind::Turn,
        input: vec![user(text)],
        context: Vec::new(),
        sampling: Sampling::default(),
        hints: Hints::default(),
        response_format: None,
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        parallel_tool_calls: None,
        model: None,
        delivery: Delivery::Growing,
        origin: Origin { surface: Surface::Chat, caller: Caller::OPERATOR },
        queue: Some(QueueMode::Followup),
        timeout: None,
        idempotency_key: None,
        on_disconnect: OnDisconnect::Cancel,
    }
}

/// A turn of the session that outlives its reader.
fn turn(text: &str, queue: QueueMode) -> RunRequest {
    let (session, on_disconnect) = (Some(session()), OnDisconnect::Detach);
    RunRequest { session, queue: Some(queue), on_disconnect, ..stateless(text) }
}

fn followup(text: &str) -> RunRequest {
    turn(text, QueueMode::Followup)
}

pub(crate) fn chunk(delta: Value, finish: Option<&str>) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    format!("data: {}\n\n", json!({"id": "c", "choices": [choice]}))
}

fn says(text: &str) -> String {
    chunk(json!({"content": text}), None)
}

pub(crate) fn ends() -> String {
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    let usage = json!({"id": "c", "choices": [], "usage": usage});
    format!("{}data: {usage}\n\ndata: [DONE]\n\n", chunk(json!({}), Some("stop")))
}

/// An answer in one go.
pub(crate) fn answer(text: &str) -> Reply {
    Reply::stream().then(says(text)).then(ends())
}

/// An answer that begins, and ends once the gate is open.
pub(crate) fn gated(text: &str, gate: &Gate) -> Reply {
    Reply::stream().then(says(text)).then_gate(gate).then(ends())
}

/// The user messages of a request as the upstream saw it.
fn asked(seen: &Seen) -> Vec<String> {
    let messages = seen.body["messages"].as_array().expect("messages");
    let users = messages.iter().filter(|message| message["role"] == "user");
    users.map(|message| message["content"].as_str().expect("text").to_owned()).collect()
}

/// What a reader got.
#[derive(Debug, Default)]
struct Read {
    text: String,
    accepted: usize,
    started: usize,
    events: Vec<String>,
    outcome: Option<Outcome>,
}

impl Read {
    fn completed(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Completed(StopReason::Stop)))
    }

    fn aborted(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Aborted))
    }

    #[track_caller]
    fn failure(&self) -> &openclaw::types::Failure {
        match &self.outcome {
            Some(Outcome::Failed(failure)) => failure,
            other => panic!("expected a failure, got {other:?}"),
        }
    }

    fn take(&mut self, event: RunEvent) {
        assert!(self.outcome.is_none(), "{event:?} after the end");
        self.events.push(format!("{event:?}"));
        match event {
            RunEvent::Accepted => self.accepted += 1,
            RunEvent::Started { .. } => self.started += 1,
            RunEvent::Delta(Delta::Text(text)) => self.text.push_str(&text),
            RunEvent::Delta(_) | RunEvent::Usage(_) => {}
            RunEvent::Finished(outcome) => self.outcome = Some(outcome),
        }
    }
}

/// Reads a run to its end.
async fn read(mut run: Run) -> Read {
    let mut got = Read::default();
    while let Some(event) = soon(run.next()).await {
        got.take(event);
    }
    assert!(got.outcome.is_some(), "a run ends with its outcome");
    got
}

/// Reads a run until it has said something.
async fn until_text(run: &mut Run) -> Read {
    let mut got = Read::default();
    while got.text.is_empty() {
        got.take(soon(run.next()).await.expect("more"));
    }
    got
}

/// Reads a run until what was asked is safe.
async fn until_accepted(run: &mut Run) {
    assert!(matches!(soon(run.next()).await, Some(RunEvent::Accepted)));
}
