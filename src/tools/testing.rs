//! A toolbox for tests: a config as JSON, and tools that do what a test says.

use super::{Approval, Call, Failed, Limits, Output, Spec, Tool, Toolbox};
use crate::config::{Config, EmbeddingChoice, Env, Fallback, Loaded};
use crate::secrets::{self, Live};
use crate::tasks::Tasks;
use crate::types::ModelRef;
use arc_swap::ArcSwap;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::future::Future;
use std::sync::Arc;

type Act = dyn Fn(Call) -> BoxFuture<'static, Result<Output, Failed>> + Send + Sync;

/// A tool that does what a test says.
pub(crate) struct Probe {
    spec: Spec,
    act: Box<Act>,
}

impl Probe {
    /// A tool that takes any arguments.
    pub(crate) fn new<F>(name: &str, act: impl Fn(Call) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Output, Failed>> + Send + 'static,
    {
        let spec = Spec {
            name: name.to_owned(),
            description: format!("Does what a test of {name} says."),
            parameters: json!({"type": "object"}),
            groups: Vec::new(),
            owner_only: false,
            approval: Approval::Never,
            limits: Limits::default(),
        };
        Self { spec, act: Box::new(move |call| act(call).boxed()) }
    }

    /// A tool that answers with its arguments.
    pub(crate) fn echo(name: &str) -> Self {
        Self::new(name, |call| async { Ok(Output::json(Value::Object(call.args))) })
    }

    pub(crate) fn asking(mut self) -> Self {
        self.spec.approval = Approval::Ask;
        self
    }

    pub(crate) fn owner_only(mut self) -> Self {
        self.spec.owner_only = true;
        self
    }

    pub(crate) fn taking(mut self, parameters: Value) -> Self {
        self.spec.parameters = parameters;
        self
    }

    pub(crate) fn within(mut self, limits: Limits) -> Self {
        self.spec.limits = limits;
        self
    }
}

impl Tool for Probe {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Output, Failed>> {
        (self.act)(call)
    }
}

/// A config in force.
pub(crate) fn live(config: Value) -> Live {
    let config: Config = serde_json::from_value(config).expect("a config");
    let model = ModelRef { provider: "fake".to_owned(), model: "chat".to_owned() };
    let embedding = EmbeddingChoice { provider: "fake".to_owned(), model: "embed".to_owned() };
    let (warnings, env) = (Vec::new(), Env::default());
    let loaded = Loaded { config, exists: true, warnings, modified: None, env };
    Arc::new(ArcSwap::from_pointee(secrets::resolve(loaded, &Fallback { model, embedding })))
}

/// A toolbox with these tools.
pub(crate) fn toolbox(config: Value, probes: impl IntoIterator<Item = Probe>) -> Toolbox {
    let tools = probes.into_iter().map(|probe| Box::new(probe) as Box<dyn Tool>);
    Toolbox::of(live(config), Tasks::new(), tools.collect())
}
