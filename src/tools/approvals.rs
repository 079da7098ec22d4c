//! Consent to the use of a tool: asked for in a turn, given by somebody with the approvals scope.

use super::{Call, Error, Refusal, Spec};
use crate::types::{AgentId, SessionKey};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use tokio::time::timeout;
use uuid::Uuid;

/// Requests that may wait at once; a further one is refused.
const MAX_PENDING: usize = 100;
/// A request that nobody decides within this time counts as denied.
const DECIDED_WITHIN: Duration = Duration::from_secs(10 * 60);

/// A cheap handle to what waits for consent, and to what was agreed to for good.
///
/// An `AllowAlways` is remembered for the agent and the tool until the process ends.
#[derive(Debug, Clone, Default)]
pub struct Approvals {
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    /// By id.
    pending: BTreeMap<String, Waiting>,
    always: HashSet<(AgentId, String)>,
}

#[derive(Debug)]
struct Waiting {
    pending: Pending,
    decided: oneshot::Sender<Decision>,
}

/// What consent is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Whose turn it is.
    pub agent: AgentId,
    /// In which session.
    pub session: Option<SessionKey>,
    /// The tool.
    pub tool: String,
    /// What it would be called with.
    pub args: Value,
}

/// A request that waits for a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// Its id.
    pub id: String,
    /// What is asked.
    pub ask: Ask,
    /// When it was asked.
    pub asked_at: SystemTime,
    /// When it expires.
    pub expires_at: SystemTime,
}

/// What somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// This use.
    AllowOnce,
    /// This use and every further one of this tool by this agent.
    AllowAlways,
    /// Not this use.
    Deny,
}

/// There is no such request, or it waits no longer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no approval {0} is waiting: it was decided, expired, or its turn ended")]
pub struct UnknownApproval(pub String);

impl Ask {
    pub(super) fn of(spec: &Spec, call: &Call) -> Self {
        Self {
            agent: call.context.agent.clone(),
            session: call.context.session.clone(),
            tool: spec.name.clone(),
            args: Value::Object(call.args.clone()),
        }
    }
}

impl Approvals {
    /// Waits until somebody agrees. Dropping the future withdraws the request.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is denied or nobody decides in time, [`Error::Busy`] when too
    /// many requests wait already.
    pub async fn request(&self, ask: Ask) -> Result<(), Error> {
        let tool = ask.tool.clone();
        let Some((ticket, decided)) = self.open(ask)? else { return Ok(()) };
        let decision = timeout(DECIDED_WITHIN, decided).await;
        drop(ticket);
        match decision {
            Ok(Ok(Decision::AllowOnce | Decision::AllowAlways)) => Ok(()),
            Ok(Ok(Decision::Deny)) => Err(Error::Refused { tool, why: Refusal::Denied }),
            Ok(Err(_)) | Err(_) => Err(Error::Refused { tool, why: Refusal::Expired }),
        }
    }

    /// What waits, the oldest first.
    pub fn list(&self) -> Vec<Pending> {
        let book = self.book();
        let mut list: Vec<_> = book.pending.values().map(|w| w.pending.clone()).collect();
        list.sort_by_key(|pending| pending.asked_at);
        list
    }

    /// Decides a request. `AllowAlways` decides every other one of the same agent and tool too.
    ///
    /// # Errors
    /// [`UnknownApproval`] when no such request waits.
    pub fn decide(&self, id: &str, decision: Decision) -> Result<(), UnknownApproval> {
        let mut book = self.book();
        let unknown = || UnknownApproval(id.to_owned());
        let Waiting { pending, decided } = book.pending.remove(id).ok_or_else(unknown)?;
        decided.send(decision).map_err(|_| unknown())?;
        if decision == Decision::AllowAlways {
            let Ask { agent, tool, .. } = pending.ask;
            let same = |w: &Waiting| w.pending.ask.agent == agent && w.pending.ask.tool == tool;
            let others = book.pending.extract_if(.., |_, waiting| same(waiting));
            for (_, Waiting { decided, .. }) in others {
                let _ = decided.send(decision);
            }
            book.always.insert((agent, tool));
        }
        Ok(())
    }

    /// Whether somebody has agreed to this agent's use of this tool for good.
    pub fn remembers(&self, agent: &AgentId, tool: &str) -> bool {
        self.book().always.contains(&(agent.clone(), tool.to_owned()))
    }

    /// Files a request; none is needed where consent was given for good meanwhile.
    fn open(&self, ask: Ask) -> Result<Option<(Ticket, oneshot::Receiver<Decision>)>, Error> {
        let mut book = self.book();
        if book.always.contains(&(ask.agent.clone(), ask.tool.clone())) {
            return Ok(None);
        }
        if book.pending.len() >= MAX_PENDING {
            return Err(Error::Busy("too many uses of tools wait for approval"));
        }
        let id = format!("apr_{}", Uuid::new_v4().simple());
        let asked_at = SystemTime::now();
        let expires_at = asked_at + DECIDED_WITHIN;
        tracing::info!(id, tool = ask.tool, agent = %ask.agent, "a tool waits for approval");
        let (decided, decision) = oneshot::channel();
        let pending = Pending { id: id.clone(), ask, asked_at, expires_at };
        book.pending.insert(id.clone(), Waiting { pending, decided });
        Ok(Some((Ticket { approvals: self.clone(), id }, decision)))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("nobody panics with the book in hand")
    }
}

/// Takes a request off the list when nobody waits for it any more.
struct Ticket {
    approvals: Approvals,
    id: String,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.approvals.book().pending.remove(&self.id);
    }
}
