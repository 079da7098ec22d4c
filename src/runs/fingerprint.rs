//! Whether two requests ask the same. Digests are compared with those of other builds, which may
//! have stored theirs: what is digested is written out field by field.

use crate::types::{
    Delivery, Hints, ResponseFormat, RunKind, RunRequest, Sampling, ToolChoice, ToolSpec,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A digest of all that decides what a request is answered.
pub(super) fn of(request: &RunRequest) -> [u8; 32] {
    digest(&(Settings::of(request), &request.input))
}

/// The same without the messages: requests that agree in it can become one turn.
pub(super) fn of_settings(request: &RunRequest) -> [u8; 32] {
    digest(&Settings::of(request))
}

fn digest(asked: &impl Serialize) -> [u8; 32] {
    let text = serde_json::to_vec(asked).expect("what is asked is JSON");
    Sha256::digest(&text).into()
}

/// What a request asks apart from its messages. The names are part of what is digested: a change
/// here makes every stored digest that of another request.
#[derive(Debug, Serialize)]
struct Settings<'a> {
    agent: Option<&'a str>,
    session: Option<String>,
    kind: &'static str,
    temperature: Option<f64>,
    top_p: Option<f64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    seed: Option<i64>,
    stop: &'a [String],
    max_tokens: Option<u32>,
    model: Option<&'a str>,
    delivery: &'static str,
    surface: &'static str,
    owner: Option<&'static str>,
    response_format: Option<&'a str>,
    tools: Vec<Tool<'a>>,
    tool_choice: &'static str,
    function: Option<&'a str>,
    parallel_tool_calls: Option<bool>,
    /// Digests, since each reading of a file puts other marks round its text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    context: Vec<&'a [u8; 32]>,
    #[serde(skip_serializing_if = "Hinted::is_empty")]
    hints: Hinted<'a>,
}

/// Left out where there is none, so that digests of requests without are what they always were.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Hinted<'a> {
    logprobs: Option<u8>,
    logit_bias: Option<&'a str>,
    prediction: Option<&'a str>,
    reasoning_effort: Option<&'a str>,
    verbosity: Option<&'a str>,
    service_tier: Option<&'a str>,
    safety_identifier: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    name: &'a str,
    description: Option<&'a str>,
    parameters: Option<&'a str>,
    strict: Option<bool>,
}

impl<'a> Settings<'a> {
    fn of(request: &'a RunRequest) -> Self {
        let Sampling {
            temperature,
            top_p,
            frequency_penalty,
            presence_penalty,
            seed,
            stop,
            max_tokens,
        } = &request.sampling;
        let (tool_choice, function) = choice(&request.tool_choice);
        Self {
            agent: request.agent.as_ref().map(|agent| agent.as_str()),
            session: request.session.as_ref().map(ToString::to_string),
            kind: match request.kind {
                RunKind::Turn => "turn",
                RunKind::Utility => "utility",
            },
            temperature: *temperature,
            top_p: *top_p,
            frequency_penalty: *frequency_penalty,
            presence_penalty: *presence_penalty,
            seed: *seed,
            stop,
            max_tokens: *max_tokens,
            model: request.model.as_deref(),
            delivery: match request.delivery {
                Delivery::Whole => "whole",
                Delivery::Growing => "growing",
            },
            surface: request.origin.surface.as_str(),
            owner: request.origin.caller.namespace(),
            response_format: request.response_format.as_ref().map(|format| match format {
                ResponseFormat::JsonObject => "object",
                ResponseFormat::JsonSchema(schema) => schema.get(),
            }),
            tools: request.tools.iter().map(Tool::of).collect(),
            tool_choice,
            function,
            parallel_tool_calls: request.parallel_tool_calls,
            context: request.context.iter().map(|read| &read.digest).collect(),
            hints: Hinted::of(&request.hints),
        }
    }
}

impl<'a> Hinted<'a> {
    fn of(hints: &'a Hints) -> Self {
        let Hints {
            logprobs,
            logit_bias,
            prediction,
            reasoning_effort,
            verbosity,
            service_tier,
            safety_identifier,
        } = hints;
        Self {
            logprobs: *logprobs,
            logit_bias: logit_bias.as_ref().map(|raw| raw.get()),
            prediction: prediction.as_ref().map(|raw| raw.get()),
            reasoning_effort: reasoning_effort.as_deref(),
            verbosity: verbosity.as_deref(),
            service_tier: service_tier.as_deref(),
            safety_identifier: safety_identifier.as_deref(),
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl<'a> Tool<'a> {
    fn of(tool: &'a ToolSpec) -> Self {
        Self {
            name: &tool.name,
            description: tool.description.as_deref(),
            parameters: tool.parameters.as_ref().map(|schema| schema.get()),
            strict: tool.strict,
        }
    }
}

fn choice(choice: &ToolChoice) -> (&'static str, Option<&str>) {
    match choice {
        ToolChoice::Auto => ("auto", None),
        ToolChoice::None => ("none", None),
        ToolChoice::Required => ("required", None),
        ToolChoice::Function(name) => ("function", Some(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Caller, ContextText, OnDisconnect, Origin, SessionKey, Surface};

    fn request() -> RunRequest {
        RunRequest {
            agent: None,
            session: SessionKey::parse("agent:main:chat:1").ok(),
            history: crate::types::History::Session,
            kind: RunKind::Turn,
            input: Vec::new(),
            context: Vec::new(),
            sampling: Sampling { temperature: Some(0.5), ..Sampling::default() },
            hints: Hints::default(),
            response_format: Some(ResponseFormat::JsonObject),
            tools: vec![ToolSpec {
                name: "look".to_owned(),
                description: None,
                parameters: None,
                strict: Some(true),
            }],
            tool_choice: ToolChoice::Function("look".to_owned()),
            parallel_tool_calls: None,
            model: None,
            delivery: Delivery::Growing,
            origin: Origin { surface: Surface::Chat, caller: Caller::OPERATOR },
            queue: None,
            timeout: None,
            idempotency_key: None,
            on_disconnect: OnDisconnect::Detach,
        }
    }

    #[test]
    fn a_text_is_known_by_what_was_read_and_not_by_its_marks() {
        let with = |text: &str, digest: u8| {
            let read = ContextText { text: text.to_owned(), digest: [digest; 32] };
            of(&RunRequest { context: vec![read], ..request() })
        };
        assert_eq!(with("<1> a", 1), with("<2> a", 1));
        assert_ne!(with("<1> a", 1), with("<1> b", 2));
    }

    #[test]
    fn what_is_digested_is_the_same_in_every_build() {
        let text = serde_json::to_string(&Settings::of(&request())).expect("JSON");
        assert_eq!(
            text,
            r#"{"agent":null,"session":"agent:main:chat:1","kind":"turn","temperature":0.5,"#
                .to_owned()
                + r#""top_p":null,"frequency_penalty":null,"presence_penalty":null,"seed":null,"#
                + r#""stop":[],"max_tokens":null,"model":null,"delivery":"growing","#
                + r#""surface":"openai","owner":null,"response_format":"object","#
                + r#""tools":[{"name":"look","description":null,"parameters":null,"strict":true}],"#
                + r#""tool_choice":"function","function":"look","parallel_tool_calls":null}"#
        );
    }
}
