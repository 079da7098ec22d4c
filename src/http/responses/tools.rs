//! Tools and the choice among them: from OpenAI's forms to the waist, and to what a response
//! repeats of them.

use crate::http::ignored::Ignored;
use crate::http::offer::{NamedAt, Offer};
use crate::http::strict::Object;
use crate::http::word_or::{InPlaceOfWord, WordOr};
use crate::http::{ApiError, range};
use crate::types::{ToolChoice, ToolSpec};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// An error names no more types of tools than this.
const MAX_NAMED: usize = 16;

/// A tool the client offers. Those that are not functions are not used.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ResponseTool)]
pub(crate) struct ToolParam {
    /// `function`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The function's name, unique among the tools.
    #[serde(default)]
    pub name: Option<String>,
    /// What the model reads to decide whether to call it.
    #[serde(default)]
    pub description: Option<String>,
    /// JSON Schema of the arguments.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Box<RawValue>>,
    /// Whether the model is held to the schema.
    #[serde(default)]
    pub strict: Option<bool>,
    /// The same as an object, as chat completions have it.
    #[serde(default)]
    #[schema(value_type = Option<FunctionParam>)]
    pub function: Option<Object<FunctionParam>>,
}

/// A function as chat completions have it.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ResponseFunctionObject)]
pub(crate) struct FunctionParam {
    /// Its name.
    pub name: String,
    /// What the model reads to decide whether to call it.
    #[serde(default)]
    pub description: Option<String>,
    /// JSON Schema of the arguments.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Box<RawValue>>,
    /// Whether the model is held to the schema.
    #[serde(default)]
    pub strict: Option<bool>,
}

/// How free the model is in calling tools: a word, one function, or some of them.
pub(crate) type ToolChoiceParam = WordOr<ToolChoiceObject>;

/// A choice that names tools.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ResponseToolChoice)]
pub(crate) struct ToolChoiceObject {
    /// `function` or `allowed_tools`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `function`: its name.
    #[serde(default)]
    pub name: Option<String>,
    /// For `function`: the same as chat completions have it.
    #[serde(default)]
    #[schema(value_type = Option<NamedParam>)]
    pub function: Option<Object<NamedParam>>,
    /// For `allowed_tools`: `auto` or `required`.
    #[serde(default)]
    pub mode: Option<String>,
    /// For `allowed_tools`: those that may be called.
    #[serde(default)]
    #[schema(value_type = Option<Vec<AllowedParam>>)]
    pub tools: Option<Vec<Object<AllowedParam>>>,
}

/// A tool that may be called.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ResponseAllowedTool)]
pub(crate) struct AllowedParam {
    /// `function`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// The same as chat completions have it.
    #[serde(default)]
    #[schema(value_type = Option<NamedParam>)]
    pub function: Option<Object<NamedParam>>,
}

/// A function by name.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ResponseFunctionName)]
pub(crate) struct NamedParam {
    /// One of the request's tools.
    pub name: String,
}

/// The functions that a request offers, and what the response repeats of them.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) offer: Offer,
    pub(super) tools: Vec<Value>,
    pub(super) choice: Value,
}

/// Reads the tools and the choice among them; names what is not used of them.
pub(super) fn offered(
    params: Vec<Object<ToolParam>>,
    choice: Option<ToolChoiceParam>,
    ignored: &mut Ignored,
) -> Result<Offered, ApiError> {
    let mut offer = Offer::default();
    let mut others = Others::default();
    for (at, Object(param)) in params.into_iter().enumerate() {
        let path = format!("tools[{at}]");
        match param.kind.as_str() {
            "function" => {
                let (tool, path) = function(param, path)?;
                offer.add(tool, &path)?;
            }
            _ => {
                ignored.note(path);
                others.note(param.kind);
            }
        }
    }
    let tools = offer.tools.iter().map(shown).collect();
    let choice = match choice {
        None => json!("auto"),
        Some(WordOr::Word(word)) => {
            if word == "required" && offer.tools.is_empty() {
                others.refuse("tool_choice=required")?;
            }
            offer.word(&word, "tool_choice")?;
            json!(word)
        }
        Some(WordOr::Named(object)) => chosen(object, &mut offer, ignored)?,
    };
    Ok(Offered { offer, tools, choice })
}

/// The types of tools that are not functions, and so are not here.
#[derive(Debug, Default)]
struct Others(Vec<String>);

impl Others {
    fn note(&mut self, kind: String) {
        if self.0.len() < MAX_NAMED && !self.0.contains(&kind) {
            self.0.push(kind);
        }
    }

    /// Refuses a demand that only they could meet, if there are any.
    fn refuse(&self, demand: &str) -> Result<(), ApiError> {
        if self.0.is_empty() {
            return Ok(());
        }
        let message = format!(
            "{demand} needs functions to call, and none of the tools that were sent is supported \
             here: {}. Send tools of type function.",
            self.0.join(", ")
        );
        Err(ApiError::invalid("unsupported_value", "tool_choice", message))
    }
}

/// A tool as a response repeats it: the flat form, whichever it came in.
fn shown(tool: &ToolSpec) -> Value {
    let parameters: Option<Value> =
        tool.parameters.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok());
    json!({
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": parameters,
        "strict": tool.strict,
    })
}

/// A function, in either form, and where it stands.
fn function(param: ToolParam, path: String) -> Result<(ToolSpec, String), ApiError> {
    let ToolParam { name, description, parameters, strict, function, .. } = param;
    match (name, function) {
        (None, Some(Object(nested))) => {
            let FunctionParam { name, description, parameters, strict } = nested;
            let path = format!("{path}.function");
            Ok((ToolSpec { name, description, parameters, strict }, path))
        }
        (name, _) => {
            let name = range::required(name, || format!("{path}.name"))?;
            Ok((ToolSpec { name, description, parameters, strict }, path))
        }
    }
}

/// Takes a choice that names tools, and gives it as the response repeats it.
fn chosen(
    object: ToolChoiceObject,
    offer: &mut Offer,
    ignored: &mut Ignored,
) -> Result<Value, ApiError> {
    match object.kind.as_str() {
        "function" => {
            let wanted = named((object.name, object.function), "tool_choice")?;
            let echo = json!({ "type": "function", "name": wanted.name });
            offer.function(wanted)?;
            Ok(echo)
        }
        "allowed_tools" => {
            let mut wanted = Vec::new();
            let mut others = Others::default();
            for (at, Object(tool)) in object.tools.unwrap_or_default().into_iter().enumerate() {
                let path = format!("tool_choice.tools[{at}]");
                match tool.kind.as_str() {
                    "function" => wanted.push(named((tool.name, tool.function), &path)?),
                    _ => {
                        ignored.note(path);
                        others.note(tool.kind);
                    }
                }
            }
            let mode = object.mode.as_deref();
            if wanted.is_empty() && !others.0.is_empty() && mode == Some("auto") {
                // Only tools that are not here may be called, so none may be.
                *offer = Offer { tools: Vec::new(), choice: ToolChoice::None };
            } else {
                if wanted.is_empty() && mode == Some("required") {
                    others.refuse("tool_choice.mode=required")?;
                }
                offer.allowed(mode, &wanted, "tool_choice")?;
            }
            let tool = |one: &NamedAt| json!({ "type": "function", "name": one.name });
            let tools: Vec<Value> = wanted.iter().map(tool).collect();
            Ok(json!({ "type": "allowed_tools", "mode": mode, "tools": tools }))
        }
        other => {
            let message = format!(
                "Only a function or allowed_tools can be chosen, not '{other}': this gateway has \
                 no tool of that type."
            );
            Err(ApiError::invalid("unsupported_value", "tool_choice.type", message))
        }
    }
}

/// A function's name, in either form, and where it stands.
fn named(
    (flat, nested): (Option<String>, Option<Object<NamedParam>>),
    path: &str,
) -> Result<NamedAt, ApiError> {
    match (flat, nested) {
        (None, Some(Object(NamedParam { name }))) => {
            Ok(NamedAt { name, path: format!("{path}.function.name") })
        }
        (flat, _) => {
            let path = format!("{path}.name");
            let name = range::required(flat, || path.clone())?;
            Ok(NamedAt { name, path })
        }
    }
}

impl InPlaceOfWord for ToolChoiceObject {
    const BOTH: &'static str = "ResponseToolChoiceParam";
    const EXPECTED: &'static str = "\"auto\", \"none\", \"required\" or an object that names tools";
}
