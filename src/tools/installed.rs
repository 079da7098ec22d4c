//! A tool in the toolbox: its verdicts, its arguments, and how it is offered to a model.

use super::policy::{self, Candidate, Layers, Verdict};
use super::{Context, Entry, Error, Invocation, Tool, arguments};
use crate::types::ToolSpec;
use jsonschema::Validator;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use std::sync::OnceLock;

/// A tool, and what is made of its schema once.
pub(super) struct Installed {
    pub(super) tool: Box<dyn Tool>,
    parameters: Box<RawValue>,
    /// Compiled when the tool is first used; none for a schema that is not one.
    schema: OnceLock<Option<Validator>>,
}

impl Installed {
    pub(super) fn of(tool: Box<dyn Tool>) -> Self {
        let parameters = to_raw_value(&tool.spec().parameters).expect("a JSON value serialises");
        Self { tool, parameters, schema: OnceLock::new() }
    }

    /// What the policy says of it.
    pub(super) fn verdict(&self, context: &Context, entry: Entry) -> Verdict {
        let config = &context.snapshot.config;
        let spec = self.tool.spec();
        let layers = Layers {
            global: &config.tools,
            agent: &context.entry().tools,
            model: &context.model,
            narrowed: &context.narrowed,
            entry: match entry {
                Entry::Turn => policy::Entry::Turn,
                Entry::Http(_) => policy::Entry::Http(&config.gateway.tools),
            },
            scopes: context.caller.scopes,
        };
        let (groups, owner_only) = (&spec.groups, spec.owner_only);
        policy::decide(&layers, &Candidate { name: &spec.name, groups, owner_only })
    }

    /// The arguments, complete and checked.
    pub(super) fn arguments(&self, invocation: &Invocation) -> Result<Map<String, Value>, Error> {
        let mut args = match &invocation.args {
            Value::Null => Map::new(),
            Value::Object(args) => args.clone(),
            other => {
                let found = arguments::found(other);
                return Err(Error::Invalid(format!("args must be an object, found {found}")));
            }
        };
        let spec = self.tool.spec();
        if let Some(action) = &invocation.action
            && spec.parameters["properties"].get("action").is_some()
        {
            args.entry("action").or_insert_with(|| Value::String(action.clone()));
        }
        let compiled = self.schema.get_or_init(|| {
            let compiled = jsonschema::validator_for(&spec.parameters);
            let log = |error| tracing::error!(tool = spec.name, %error, "not a JSON Schema");
            compiled.map_err(log).ok()
        });
        let schema = compiled.as_ref().ok_or(Error::Failed)?;
        arguments::check(schema, &args).map_err(Error::Input)?;
        Ok(args)
    }

    /// The tool as a model is offered it.
    pub(super) fn offered(&self) -> ToolSpec {
        let spec = self.tool.spec();
        ToolSpec {
            name: spec.name.clone(),
            description: Some(spec.description.clone()),
            parameters: Some(self.parameters.clone()),
            strict: None,
        }
    }
}
