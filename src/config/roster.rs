//! The agents of a config, with the defaults merged in, and which of them is the default.

use super::alias;
use super::finding::Finding;
use super::key_path::KeyPath;
use super::{AgentSettings, Config, EmbeddingChoice, ToolSettings};
use crate::types::{AgentId, ModelRef};
use std::collections::HashMap;

/// The alias `openclaw/default` takes this name.
const RESERVED: &str = alias::DEFAULT_AGENT;

/// What agents use that choose no model themselves, by `agents.defaults` or by `memory.search`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// The model to answer with.
    pub model: ModelRef,
    /// The model behind embeddings.
    pub embedding: EmbeddingChoice,
}

/// What the config chooses for one agent; absent where it leaves the choice to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The model to answer with.
    pub model: Option<&'a ModelRef>,
    /// The model behind embeddings.
    pub embedding: Option<&'a EmbeddingChoice>,
}

/// One agent, with `agents.defaults` and the fallback merged in.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentEntry {
    /// Its id.
    pub id: AgentId,
    /// A name for people.
    pub name: Option<String>,
    /// The model it answers with.
    pub model: ModelRef,
    /// Instructions put before every conversation; never empty.
    pub system_prompt: Option<String>,
    /// The model behind its embeddings.
    pub embedding: EmbeddingChoice,
    /// The model for a client's side tasks.
    pub utility_model: ModelRef,
    /// Runs of it that may be under way at once; absent where only the sum of all is limited.
    pub max_concurrent: Option<usize>,
    /// Its own tool settings.
    pub tools: ToolSettings,
}

/// The agents in configured order; never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Roster {
    agents: Vec<AgentEntry>,
    by_id: HashMap<AgentId, usize>,
    default: usize,
}

impl Roster {
    /// The agents of a validated config.
    pub fn of(config: &Config, fallback: &Fallback) -> Roster {
        let order = order(config, &mut Vec::new());
        let agents = order.listed.iter().map(|agent| agent.merged(config, fallback)).collect();
        Roster { agents, by_id: order.by_id, default: order.default }
    }

    /// The agent for requests that name none.
    pub fn default_agent(&self) -> &AgentEntry {
        &self.agents[self.default]
    }

    /// The agent with this id.
    pub fn get(&self, id: &AgentId) -> Option<&AgentEntry> {
        self.by_id.get(id).map(|at| &self.agents[*at])
    }

    /// Every agent, in configured order.
    pub fn iter(&self) -> impl Iterator<Item = &AgentEntry> {
        self.agents.iter()
    }
}

/// What a validated config chooses for each of its agents, the default agent first.
pub fn choices(config: &Config) -> Vec<Choice<'_>> {
    let Order { listed, default, .. } = order(config, &mut Vec::new());
    let mut choices: Vec<_> = listed.iter().map(|agent| agent.choice(config)).collect();
    choices[..=default].rotate_right(1);
    choices
}

/// The agent of a validated config that answers requests which name none.
pub fn default_agent(config: &Config) -> AgentId {
    let Order { mut listed, default, .. } = order(config, &mut Vec::new());
    listed.swap_remove(default).id
}

/// The ids of a config's agents, in configured order.
pub(super) fn ids(config: &Config) -> Vec<AgentId> {
    order(config, &mut Vec::new()).listed.into_iter().map(|agent| agent.id).collect()
}

/// What is wrong with the config's agents.
pub(super) fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    order(config, &mut findings);
    findings
}

/// Who there is, and who answers requests that name no agent.
struct Order<'a> {
    /// Never empty.
    listed: Vec<Listed<'a>>,
    by_id: HashMap<AgentId, usize>,
    default: usize,
}

fn order<'a>(config: &'a Config, findings: &mut Vec<Finding>) -> Order<'a> {
    let mut listed = listed(config, findings);
    if listed.is_empty() {
        listed.push(Listed { id: AgentId::main(), settings: None, path: KeyPath::default() });
    }
    let by_id: HashMap<_, _> =
        listed.iter().enumerate().map(|(at, a)| (a.id.clone(), at)).collect();
    let system = config.agents.defaults.system_agent.as_ref().and_then(|system| {
        let found = AgentId::parse(&system.agent_id).ok().and_then(|id| by_id.get(&id).copied());
        if found.is_none() {
            let path = KeyPath::of("agents.defaults.systemAgent.agentId");
            let there: Vec<_> = listed.iter().map(|agent| agent.id.as_str()).collect();
            let message =
                format!("there is no agent {:?}; there is {}", system.agent_id, there.join(", "));
            findings.push(Finding::at(path, message));
        }
        found
    });
    let marked = listed.iter().position(|agent| agent.settings.is_some_and(|own| own.default));
    let default = marked.or(system).unwrap_or(0);
    Order { listed, by_id, default }
}

/// An agent as written.
struct Listed<'a> {
    id: AgentId,
    /// Absent for the agent of a config that lists none.
    settings: Option<&'a AgentSettings>,
    path: KeyPath,
}

impl<'a> Listed<'a> {
    fn choice(&self, config: &'a Config) -> Choice<'a> {
        let defaults = &config.agents.defaults;
        let model = self.settings.and_then(|own| own.model.as_ref()).or(defaults.model.as_ref());
        let own = self.settings.and_then(|own| own.memory_search.as_ref());
        let shared = defaults.memory_search.as_ref().or(config.memory.search.as_ref());
        Choice { model: model.map(|choice| &choice.primary), embedding: own.or(shared) }
    }

    fn merged(&self, config: &Config, fallback: &Fallback) -> AgentEntry {
        let Choice { model, embedding } = self.choice(config);
        let prompt = self.settings.and_then(|own| own.system_prompt.as_ref());
        let prompt = prompt.or(config.agents.defaults.system_prompt.as_ref());
        let utility = self.settings.and_then(|own| own.utility_model.as_ref());
        let utility = utility.or(config.agents.defaults.utility_model.as_ref());
        let model = model.unwrap_or(&fallback.model).clone();
        AgentEntry {
            id: self.id.clone(),
            name: self.settings.and_then(|own| own.name.clone()),
            utility_model: utility.map_or_else(|| model.clone(), |choice| choice.primary.clone()),
            model,
            max_concurrent: self.settings.and_then(|own| own.max_concurrent),
            tools: self.settings.map(|own| own.tools.clone()).unwrap_or_default(),
            system_prompt: prompt.filter(|text| !text.trim().is_empty()).cloned(),
            embedding: embedding.unwrap_or(&fallback.embedding).clone(),
        }
    }
}

/// The agents of `list`, then those that only `entries` has.
fn listed<'a>(config: &'a Config, findings: &mut Vec<Finding>) -> Vec<Listed<'a>> {
    let mut all: Vec<Listed<'a>> = Vec::new();
    let list = KeyPath::of("agents.list");
    for (at, settings) in config.agents.list.iter().enumerate() {
        let path = list.index(at).key("id");
        let Some(text) = &settings.id else {
            findings.push(Finding::at(path, "is missing"));
            continue;
        };
        let Some(id) = checked_id(text, &path, findings) else { continue };
        match all.iter().find(|other| other.id == id) {
            Some(other) => {
                let message = format!("{:?} is taken already by {}", id.as_str(), other.path);
                findings.push(Finding::at(path, message));
            }
            None => {
                let path = list.index(at);
                all.push(Listed { id, settings: Some(settings), path });
            }
        }
    }
    for (key, settings) in &config.agents.entries {
        let path = KeyPath::of("agents.entries").key(key);
        let Some(id) = checked_id(key, &path, findings) else { continue };
        let same_id = |text: &String| AgentId::parse(text).as_ref() == Ok(&id);
        if !settings.id.as_ref().is_none_or(same_id) {
            let message = "must be the same as the key; leave it out";
            findings.push(Finding::at(path.key("id"), message));
        }
        match all.iter().find(|other| other.id == id) {
            Some(other) if other.settings.is_some_and(|one| same_content(one, settings)) => {}
            Some(other) => {
                let message = format!("{} has the same id and says something else", other.path);
                findings.push(Finding::at(path, message));
            }
            None => all.push(Listed { id, settings: Some(settings), path }),
        }
    }
    all
}

fn checked_id(text: &str, path: &KeyPath, findings: &mut Vec<Finding>) -> Option<AgentId> {
    let message = match AgentId::parse(text) {
        Ok(id) if id.as_str() != RESERVED => return Some(id),
        Ok(_) => {
            format!("{RESERVED:?} is reserved for the default agent's alias; choose another id")
        }
        Err(error) => error.to_string(),
    };
    findings.push(Finding::at(path.clone(), message));
    None
}

/// Whether two settings differ in nothing but the way the id is written.
fn same_content(one: &AgentSettings, other: &AgentSettings) -> bool {
    let without_id = |settings: &AgentSettings| AgentSettings { id: None, ..settings.clone() };
    without_id(one) == without_id(other)
}
