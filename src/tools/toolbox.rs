//! The toolbox: every check a use of a tool has to pass, in one place.

use super::installed::Installed;
use super::policy::{self, Verdict};
use super::repeats::{Origin, Repeat, Repeats};
use super::{Approval, Approvals, Ask, Call, Context, Error, Output, Tool, Wanted};
use super::{builtin, context, execute};
use crate::media::Media;
use crate::net::egress::Egress;
use crate::secrets::Live;
use crate::sessions::Sessions;
use crate::tasks::Tasks;
use crate::types::{Caller, Scope, ToolSpec};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What the tools work with.
#[derive(Debug, Clone)]
pub struct Services {
    /// The config in force.
    pub live: Live,
    /// The conversations.
    pub sessions: Sessions,
    /// Sees uses with an idempotency key to their end, whoever waits for them.
    pub tasks: Tasks,
    /// Fetches what callers name.
    pub egress: Egress,
    /// Makes text of pages.
    pub media: Media,
}

/// A cheap handle to all tools.
#[derive(Clone)]
pub struct Toolbox {
    inner: Arc<Inner>,
}

struct Inner {
    live: Live,
    tasks: Tasks,
    /// By name in lower case.
    tools: BTreeMap<String, Arc<Installed>>,
    approvals: Approvals,
    repeats: Repeats,
}

/// One use of a tool, as it is asked for.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The tool's name.
    pub tool: String,
    /// Becomes the argument `action` of a tool that has one, unless the arguments have it.
    pub action: Option<String>,
    /// The arguments: an object, or null for none.
    pub args: Value,
    /// Who asks, and where.
    pub context: Context,
    /// By which way.
    pub entry: Entry,
    /// Repeats of the caller's with this key run once.
    pub idempotency_key: Option<String>,
}

/// The way by which a tool is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// By a model, in an agent's turn: a tool that needs approval waits for it.
    Turn,
    /// By a program over HTTP: a tool that needs approval needs the caller's consent at once.
    Http(Consent),
}

/// Whether a caller agrees to the use of a tool that needs approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Nothing was said.
    Open,
    /// The caller agrees, this once.
    Given,
}

/// What a use would do, all checks passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsal {
    /// The tool's own name.
    pub tool: String,
    /// The arguments it would get.
    pub args: Map<String, Value>,
    /// `not_needed`, `given`, `remembered`, or `asked` where somebody would have to decide first.
    pub approval: &'static str,
}

/// Checks passed.
struct Checked<'a> {
    installed: &'a Arc<Installed>,
    args: Map<String, Value>,
    approval: &'static str,
}

/// The approval of a use in a turn that nobody has agreed to yet.
const ASKED: &str = "asked";

impl Toolbox {
    /// The toolbox with the tools that the gateway brings along.
    pub fn new(services: Services) -> Self {
        let tools = builtin::all(&services);
        Self::of(services.live, services.tasks, tools)
    }

    /// A toolbox with exactly these tools; of two with one name, the first is taken.
    pub fn of(live: Live, tasks: Tasks, tools: Vec<Box<dyn Tool>>) -> Self {
        warn_of_unknown_groups(&live);
        let mut named = BTreeMap::new();
        for tool in tools {
            let name = tool.spec().name.to_ascii_lowercase();
            let installed = Arc::new(Installed::of(tool));
            named.entry(name).or_insert(installed);
        }
        let (approvals, repeats) = (Approvals::default(), Repeats::default());
        Self { inner: Arc::new(Inner { live, tasks, tools: named, approvals, repeats }) }
    }

    /// The context of a call, over the config as it is now.
    ///
    /// # Errors
    /// As [`Context::resolve`].
    pub fn context(&self, wanted: Wanted<'_>, caller: Caller) -> Result<Context, Error> {
        Context::resolve(self.inner.live.load_full(), wanted, caller)
    }

    /// What waits for somebody's consent.
    pub fn approvals(&self) -> &Approvals {
        &self.inner.approvals
    }

    /// What an agent may use in a turn, by name.
    pub fn catalogue(&self, context: &Context) -> Vec<ToolSpec> {
        let allowed = |installed: &&Arc<Installed>| {
            let verdict = installed.verdict(context, Entry::Turn);
            matches!(verdict, Verdict::Allowed(_))
        };
        let tools = self.inner.tools.values().filter(allowed);
        tools.map(|installed| installed.offered()).collect()
    }

    /// Uses a tool.
    ///
    /// # Errors
    /// [`Error`]: the first check that it does not pass, or that the tool failed.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Output, Error> {
        let Checked { installed, args, approval } = self.check(&invocation)?;
        let Invocation { context, idempotency_key, .. } = &invocation;
        let origin = idempotency_key.as_ref().map(|key| {
            let print = fingerprint(&invocation, &args);
            (Origin { namespace: context.caller.namespace(), key: key.clone() }, print)
        });
        let call = Call { args, context: invocation.context };
        let (installed, approvals) = (installed.clone(), self.inner.approvals.clone());
        let work = async move {
            if approval == ASKED {
                approvals.request(Ask::of(installed.tool.spec(), &call)).await?;
            }
            execute::run(installed.tool.as_ref(), call).await
        };
        match origin {
            None => work.await,
            Some((origin, print)) => {
                self.inner.repeats.once(Repeat { origin, print }, work, &self.inner.tasks).await
            }
        }
    }

    /// Says what [`Toolbox::invoke`] would do, and does nothing of it.
    ///
    /// # Errors
    /// The [`Error`] that [`Toolbox::invoke`] would answer before the tool runs.
    pub fn rehearse(&self, invocation: &Invocation) -> Result<Rehearsal, Error> {
        let Checked { installed, args, approval } = self.check(invocation)?;
        if let Some(key) = &invocation.idempotency_key {
            let namespace = invocation.context.caller.namespace();
            let origin = Origin { namespace, key: key.clone() };
            self.inner.repeats.check(&origin, fingerprint(invocation, &args))?;
        }
        let tool = installed.tool.spec().name.clone();
        Ok(Rehearsal { tool, args, approval })
    }

    /// Everything that is checked before a tool runs.
    fn check(&self, invocation: &Invocation) -> Result<Checked<'_>, Error> {
        let Invocation { tool, context, entry, .. } = invocation;
        let unavailable = || Error::Unavailable(context::quoted(tool));
        let installed = self.inner.tools.get(&tool.trim().to_ascii_lowercase());
        let installed = installed.ok_or_else(unavailable)?;
        let verdict = installed.verdict(context, *entry);
        if let Verdict::Denied(_) = verdict {
            // The caller is not told: to it, a hidden tool is one that does not exist.
            let agent = &context.agent;
            tracing::debug!(tool, %agent, %verdict, "the policy hides a tool that was asked for");
            return Err(unavailable());
        }
        let args = installed.arguments(invocation)?;
        let approval = self.approval(installed, invocation)?;
        Ok(Checked { installed, args, approval })
    }

    /// How the need for approval is met.
    fn approval(
        &self,
        installed: &Installed,
        invocation: &Invocation,
    ) -> Result<&'static str, Error> {
        let Invocation { context, entry, .. } = invocation;
        let spec = installed.tool.spec();
        if spec.approval == Approval::Never {
            return Ok("not_needed");
        }
        if self.inner.approvals.remembers(&context.agent, &spec.name) {
            return Ok("remembered");
        }
        match entry {
            Entry::Turn => Ok(ASKED),
            Entry::Http(Consent::Open) => Err(Error::ApprovalRequired(spec.name.clone())),
            Entry::Http(Consent::Given) if context.caller.scopes.grants(Scope::Approvals) => {
                Ok("given")
            }
            Entry::Http(Consent::Given) => Err(Error::MissingScope(Scope::Approvals)),
        }
    }
}

/// What two requests with one idempotency key must have in common.
fn fingerprint(invocation: &Invocation, args: &Map<String, Value>) -> [u8; 32] {
    let Context { agent, session, chat, .. } = &invocation.context;
    let mut whole = json!({
        "tool": invocation.tool.trim().to_ascii_lowercase(),
        "args": args,
        "agent": agent.as_str(),
        "session": session.as_ref().map(|key| key.as_str()),
        "chat": [&chat.channel, &chat.account, &chat.to, &chat.thread],
        "consent": matches!(invocation.entry, Entry::Http(Consent::Given)),
    });
    // The order in which a client writes the members of an object says nothing.
    whole.sort_all_objects();
    Sha256::digest(whole.to_string()).into()
}

/// A policy line with a mistyped group would silently say nothing.
fn warn_of_unknown_groups(live: &Live) {
    let snapshot = live.load();
    let agents = snapshot.roster.iter().map(|agent| &agent.tools);
    for settings in std::iter::once(&snapshot.config.tools).chain(agents) {
        let limits = settings.by_provider.values();
        let provider = limits.flat_map(|l| l.allow.iter().flatten().chain(&l.deny));
        let own = settings.allow.iter().flatten().chain(&settings.also_allow).chain(&settings.deny);
        for line in own.chain(provider).filter(|line| policy::unknown_group(line)) {
            tracing::warn!(line, "a tool policy names a group that does not exist");
        }
    }
}

impl fmt::Debug for Toolbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.inner.tools.keys().collect();
        f.debug_struct("Toolbox").field("tools", &names).finish_non_exhaustive()
    }
}
