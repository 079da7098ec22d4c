//! `GET /v1/models`: the agents, as models; then the aliases, and where they are exposed the
//! models of the providers.

mod wire;

use super::json::Json;
use super::security::Reader;
use super::{Tag, always, target};
use crate::config::{self, AgentEntry, AliasTarget, Api, LOCAL};
use crate::providers::local;
use crate::secrets::{Live, Snapshot};
use crate::types::ModelRef;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;
use wire::{Model, ModelKind};

pub(super) use wire::ListModelsResponse;

/// What is in the names of models that only embed.
const EMBEDS: &str = "embed";

/// The models API. It never asks an upstream.
#[derive(Debug)]
pub(super) struct ModelsApi {
    pub(super) live: Live,
}

#[OpenApi(tag = "Tag::Models")]
impl ModelsApi {
    /// List models
    ///
    /// Lists the agents this gateway serves. `openclaw` and `openclaw/default` always stand for
    /// the configured default agent. Aliases of `gateway.http.models.aliases` come after them.
    /// Backend models are listed only where `gateway.http.models.exposeProviders` says so.
    #[oai(path = "/v1/models", method = "get", operation_id = "listModels")]
    async fn list(&self, _caller: Reader) -> Json<ListModelsResponse> {
        let snapshot = self.live.load();
        Json(ListModelsResponse {
            object: always::ListWord::Always,
            data: Listing::of(&snapshot).all(),
        })
    }

    /// Retrieve a model
    ///
    /// Describes one entry of the list. The slash in an id may be sent as it is or as `%2F`.
    #[oai(path = "/v1/models/:model", method = "get", operation_id = "retrieveModel")]
    async fn retrieve(
        &self,
        _caller: Reader,
        /// The model's id, such as `openclaw/default`.
        model: Path<String>,
    ) -> poem::Result<Json<Model>> {
        let snapshot = self.live.load();
        let found = Listing::of(&snapshot).all().into_iter().find(|entry| entry.id == model.0);
        Ok(Json(found.ok_or_else(|| target::unknown(&snapshot, &model.0))?))
    }
}

/// The list of one moment.
struct Listing<'a> {
    snapshot: &'a Snapshot,
    created: u64,
}

impl<'a> Listing<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let age = snapshot.modified.duration_since(UNIX_EPOCH);
        Self { snapshot, created: age.map_or(0, |age| age.as_secs()) }
    }

    fn all(&self) -> Vec<Model> {
        let roster = &self.snapshot.roster;
        let default = roster.default_agent();
        // Names of their own: a picker that shows only names must not show one agent three times.
        let defaults = [(target::OPENCLAW, "OpenClaw"), (target::DEFAULT, "OpenClaw default")];
        let defaults = defaults.map(|(id, name)| self.agent(id.to_owned(), default).named(name));
        let agents = roster.iter().map(|agent| self.agent(format!("openclaw/{}", agent.id), agent));
        let aliases = self.snapshot.config.gateway.http.models.aliases.iter();
        let aliases = aliases.filter_map(|(name, target)| self.alias(name, target));
        let listed = defaults.into_iter().chain(agents).chain(aliases);
        let mut all: Vec<Model> = listed.collect();
        if self.snapshot.config.gateway.http.models.expose_providers {
            let taken: BTreeSet<String> = all.iter().map(|model| model.id.clone()).collect();
            let exposed = self.backends().into_iter().map(|model| self.backend(&model));
            all.extend(exposed.filter(|model| !taken.contains(&model.id)));
        }
        all
    }

    /// An agent under one of its ids, with what is known of the model it answers with.
    fn agent(&self, id: String, agent: &AgentEntry) -> Model {
        let name = agent.name.clone().unwrap_or_else(|| agent.id.to_string());
        self.answering(self.entry(id, name, ModelKind::Chat), &agent.model)
    }

    fn alias(&self, name: &str, target: &str) -> Option<Model> {
        match AliasTarget::parse(target).ok()? {
            AliasTarget::Agent(None) => {
                let default = self.snapshot.roster.default_agent();
                Some(self.agent(name.to_owned(), default).named(name))
            }
            AliasTarget::Agent(Some(id)) => {
                let agent = self.snapshot.roster.get(&id)?;
                Some(self.agent(name.to_owned(), agent).named(name))
            }
            AliasTarget::Model(model) => {
                let kind = self.kind(&model);
                let entry = self.entry(name.to_owned(), name.to_owned(), kind);
                Some(self.answering(entry, &model))
            }
        }
    }

    fn backend(&self, model: &ModelRef) -> Model {
        let known = self.known(model);
        let name = known.and_then(|known| known.name.clone());
        let name = name.unwrap_or_else(|| model.model.clone());
        let entry = self.entry(model.to_string(), name, self.kind(model));
        Model { owned_by: model.provider.clone(), ..self.answering(entry, model) }
    }

    /// The models of providers that can be known without asking: those that are listed in the
    /// config, those that agents use, and those that aliases stand for.
    fn backends(&self) -> BTreeSet<ModelRef> {
        let config = &self.snapshot.config;
        let listed = config.models.providers.iter().flat_map(|(id, provider)| {
            provider
                .models
                .iter()
                .map(|model| ModelRef { provider: id.clone(), model: model.id.clone() })
        });
        let roster = self.snapshot.roster.iter();
        let used = roster.flat_map(|agent| [agent.model.clone(), ModelRef::from(&agent.embedding)]);
        listed.chain(used).chain(config::aliased_models(config)).collect()
    }

    /// What a model does, as far as its name or an agent's use of it says.
    fn kind(&self, model: &ModelRef) -> ModelKind {
        let embeds = |agent: &AgentEntry| ModelRef::from(&agent.embedding) == *model;
        match model.model.contains(EMBEDS) || self.snapshot.roster.iter().any(embeds) {
            true => ModelKind::Embedding,
            false => ModelKind::Chat,
        }
    }

    /// The entry, with what is known of the model that answers.
    fn answering(&self, entry: Model, model: &ModelRef) -> Model {
        let entry = entry.knowing(self.known(model));
        let provider = self.snapshot.config.models.providers.get(&model.provider);
        match provider.map_or(model.provider == LOCAL, |provider| provider.api == Api::Local) {
            true => {
                let window = local::known_window(&model.model, entry.context_length);
                Model { context_length: window, context_window_tokens: window, ..entry }
            }
            false => entry,
        }
    }

    /// What the config says of a model.
    fn known(&self, model: &ModelRef) -> Option<&'a config::Model> {
        let provider = self.snapshot.config.models.providers.get(&model.provider)?;
        provider.models.iter().find(|listed| listed.id == model.model)
    }

    fn entry(&self, id: String, name: String, kind: ModelKind) -> Model {
        Model {
            id,
            object: always::ModelWord::Always,
            created: self.created,
            owned_by: target::OPENCLAW.to_owned(),
            permission: [],
            display_name: name.clone(),
            name,
            kind,
            enabled: true,
            // Whatever its backend can do, an agent takes a client's functions.
            function_call: (kind == ModelKind::Chat).then_some(true),
            vision: None,
            reasoning: None,
            context_length: None,
            context_window_tokens: None,
            max_output: None,
            architecture: None,
            pricing: None,
        }
    }
}
