//! `agents`: who answers, and with which model.

use super::tools::ToolSettings;
use crate::types::ModelRef;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de::value::MapAccessDeserializer};
use std::fmt;

/// `agents`. The roster may be written as `list` or as `entries`; [`super::super::Roster`] reads
/// both.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Agents {
    /// What every agent has unless it says otherwise.
    pub defaults: AgentDefaults,
    /// The agents in order, each with its `id`.
    pub list: Vec<AgentSettings>,
    /// The agents by id, in the order of the file.
    #[serde(deserialize_with = "in_order")]
    pub entries: Vec<(String, AgentSettings)>,
}

/// `agents.defaults`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct AgentDefaults {
    /// The model agents answer with.
    pub model: Option<ModelChoice>,
    /// Instructions put before every conversation.
    pub system_prompt: Option<String>,
    /// The model behind `/v1/embeddings`.
    pub memory_search: Option<EmbeddingChoice>,
    /// The model for a client's side tasks, such as titles; the agent's own by default.
    pub utility_model: Option<ModelChoice>,
    /// Runs that may be under way at once; 1024 by default. Further ones are refused as busy.
    pub max_concurrent: Option<usize>,
    /// Seconds a run may take; two days by default.
    pub timeout_seconds: Option<u64>,
    /// Names the default agent when no list entry is marked.
    pub system_agent: Option<SystemAgent>,
}

/// `agents.defaults.systemAgent`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SystemAgent {
    /// The default agent's id.
    pub agent_id: String,
}

/// One agent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct AgentSettings {
    /// Its id; in `entries` the key stands for it.
    pub id: Option<String>,
    /// A name for people.
    pub name: Option<String>,
    /// Whether it is the default agent.
    pub default: bool,
    /// Overrides `agents.defaults.model`.
    pub model: Option<ModelChoice>,
    /// Overrides `agents.defaults.systemPrompt`.
    pub system_prompt: Option<String>,
    /// Overrides `agents.defaults.memorySearch`.
    pub memory_search: Option<EmbeddingChoice>,
    /// Overrides `agents.defaults.utilityModel`.
    pub utility_model: Option<ModelChoice>,
    /// Runs of this agent that may be under way at once, within those of all agents.
    pub max_concurrent: Option<usize>,
    /// Its own tool settings: a profile takes the place of that in `tools`, all else narrows it.
    pub tools: ToolSettings,
}

/// A chat model: `"provider/model"`, or an object with `primary` in that form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChoice {
    /// The model to use.
    pub primary: ModelRef,
}

/// An embedding model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EmbeddingChoice {
    /// The provider's id in `models.providers`, or `local`.
    pub provider: String,
    /// The model's name at that provider.
    pub model: String,
}

impl From<&EmbeddingChoice> for ModelRef {
    fn from(choice: &EmbeddingChoice) -> Self {
        Self { provider: choice.provider.clone(), model: choice.model.clone() }
    }
}

impl<'de> Deserialize<'de> for ModelChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Choice)
    }
}

struct Choice;

impl<'de> Visitor<'de> for Choice {
    type Value = ModelChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"provider/model\" or an object with `primary`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ModelChoice, E> {
        let primary = ModelRef::parse(text).map_err(E::custom)?;
        Ok(ModelChoice { primary })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ModelChoice, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Object {
            #[serde(deserialize_with = "model_ref")]
            primary: ModelRef,
        }
        let Object { primary } = Object::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ModelChoice { primary })
    }
}

fn model_ref<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ModelRef, D::Error> {
    let text = String::deserialize(deserializer)?;
    ModelRef::parse(&text).map_err(de::Error::custom)
}

/// Reads an object without losing the order of its members: the first agent listed is the
/// default one where nothing else says which.
fn in_order<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, AgentSettings)>, D::Error> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, AgentSettings)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_map(Entries)
}
