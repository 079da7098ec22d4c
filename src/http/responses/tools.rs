//! Tools and the choice among them: from OpenAI's forms to the waist, and to what a response
//! repeats of them.

use crate::http::ApiError;
use crate::http::ignored::Ignored;
use crate::http::strict::Object;
use crate::types::{ToolChoice, ToolSpec};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::fmt;
use utoipa::openapi::schema::{OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

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
#[derive(Debug)]
pub(crate) enum ToolChoiceParam {
    /// `auto`, `none` or `required`.
    Word(String),
    /// An object.
    Object(Box<ToolChoiceObject>),
}

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

/// The functions that a request offers, and how free the model is in calling them.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) tools: Vec<ToolSpec>,
    pub(super) choice: ToolChoice,
    /// The tools as the response repeats them.
    pub(super) tools_echo: Vec<Value>,
    /// The choice as the response repeats it.
    pub(super) choice_echo: Value,
}

/// Reads both; names what is not used of them.
pub(super) fn offer(
    params: Vec<Object<ToolParam>>,
    choice: Option<ToolChoiceParam>,
    ignored: &mut Ignored,
) -> Result<Offer, ApiError> {
    let mut tools: Vec<ToolSpec> = Vec::with_capacity(params.len());
    for (at, Object(param)) in params.into_iter().enumerate() {
        if param.kind != "function" {
            ignored.note(format!("tools[{at}]"));
            continue;
        }
        let tool = function(param, at)?;
        if tools.iter().any(|other| other.name == tool.name) {
            let message = format!("Two tools are named '{}'.", tool.name);
            return Err(ApiError::invalid("invalid_value", format!("tools[{at}].name"), message));
        }
        tools.push(tool);
    }
    let tools_echo = tools.iter().map(shown).collect();
    let offer = Offer { tools, choice: ToolChoice::Auto, tools_echo, choice_echo: json!("auto") };
    match choice {
        None => Ok(offer),
        Some(ToolChoiceParam::Word(word)) => offer.with_word(&word),
        Some(ToolChoiceParam::Object(object)) => offer.with_object(*object, ignored),
    }
}

/// A tool as a response repeats it: the flat form, whichever it came in.
fn shown(tool: &ToolSpec) -> Value {
    let parameters: Option<Value> =
        tool.parameters.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok());
    let mut shown = json!({
        "type": "function",
        "name": tool.name,
        "parameters": parameters,
        "strict": tool.strict,
    });
    if let Some(description) = &tool.description {
        shown["description"] = json!(description);
    }
    shown
}

fn function(param: ToolParam, at: usize) -> Result<ToolSpec, ApiError> {
    let (path, function) = match (param.name, param.function) {
        (Some(name), _) => {
            let ToolParam { description, parameters, strict, .. } =
                ToolParam { name: None, function: None, ..param };
            (format!("tools[{at}]"), FunctionParam { name, description, parameters, strict })
        }
        (None, Some(Object(function))) => (format!("tools[{at}].function"), function),
        (None, None) => {
            let param = format!("tools[{at}].name");
            let message = format!("Missing required parameter: '{param}'.");
            return Err(ApiError::invalid("missing_required_parameter", param, message));
        }
    };
    if function.name.is_empty() {
        let param = format!("{path}.name");
        return Err(ApiError::invalid("invalid_value", param, "A function needs a name."));
    }
    if function.parameters.as_ref().is_some_and(|schema| !schema.get().starts_with('{')) {
        let param = format!("{path}.parameters");
        let message = format!("Invalid value for '{param}': expected an object.");
        return Err(ApiError::invalid("invalid_type", param, message));
    }
    let FunctionParam { name, description, parameters, strict } = function;
    Ok(ToolSpec { name, description, parameters, strict })
}

impl Offer {
    fn with_word(self, word: &str) -> Result<Self, ApiError> {
        let choice = match word {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" if self.tools.is_empty() => {
                let message = "tool_choice=required needs `tools` that are functions.";
                return Err(ApiError::invalid("unsupported_value", "tool_choice", message));
            }
            "required" => ToolChoice::Required,
            other => {
                let message = format!(
                    "`tool_choice` must be auto, none, required, a function or allowed_tools, not \
                     '{other}'."
                );
                return Err(ApiError::invalid("unsupported_value", "tool_choice", message));
            }
        };
        Ok(Self { choice, choice_echo: json!(word), ..self })
    }

    fn with_object(
        self,
        object: ToolChoiceObject,
        ignored: &mut Ignored,
    ) -> Result<Self, ApiError> {
        match object.kind.as_str() {
            "function" => {
                let nested = object.function.map(|Object(function)| function.name);
                let name = self.known(object.name.or(nested), "tool_choice.name")?;
                let choice_echo = json!({ "type": "function", "name": name });
                Ok(Self { choice: ToolChoice::Function(name), choice_echo, ..self })
            }
            "allowed_tools" => self.with_allowed(object, ignored),
            other => {
                let message = format!(
                    "Only a function or allowed_tools can be chosen, not '{other}': this gateway \
                     has no tool of that type."
                );
                Err(ApiError::invalid("unsupported_value", "tool_choice.type", message))
            }
        }
    }

    /// Only some of the tools may be called: the model does not get to know the others.
    fn with_allowed(
        mut self,
        object: ToolChoiceObject,
        ignored: &mut Ignored,
    ) -> Result<Self, ApiError> {
        let mut allowed: Vec<String> = Vec::new();
        for (at, Object(tool)) in object.tools.unwrap_or_default().into_iter().enumerate() {
            let place = format!("tool_choice.tools[{at}]");
            if tool.kind != "function" {
                ignored.note(place);
                continue;
            }
            let nested = tool.function.map(|Object(function)| function.name);
            allowed.push(self.known(tool.name.or(nested), &format!("{place}.name"))?);
        }
        self.tools.retain(|tool| allowed.contains(&tool.name));
        let mode = object.mode.as_deref().unwrap_or("auto");
        let choice = match mode {
            "auto" if self.tools.is_empty() => ToolChoice::None,
            "auto" => ToolChoice::Auto,
            "required" if self.tools.is_empty() => {
                let message = "`tool_choice.tools` names no function, and one is required.";
                return Err(ApiError::invalid("invalid_value", "tool_choice.tools", message));
            }
            "required" => ToolChoice::Required,
            other => {
                let message =
                    format!("`tool_choice.mode` must be auto or required, not '{other}'.");
                return Err(ApiError::invalid("unsupported_value", "tool_choice.mode", message));
            }
        };
        let named = allowed.iter().map(|name| json!({ "type": "function", "name": name }));
        let named: Vec<Value> = named.collect();
        let choice_echo = json!({ "type": "allowed_tools", "mode": mode, "tools": named });
        Ok(Self { choice, choice_echo, ..self })
    }

    /// A name, if one of the tools has it.
    fn known(&self, name: Option<String>, param: &str) -> Result<String, ApiError> {
        let Some(name) = name else {
            let message = format!("Missing required parameter: '{param}'.");
            return Err(ApiError::invalid("missing_required_parameter", param, message));
        };
        if self.tools.iter().any(|tool| tool.name == name) {
            return Ok(name);
        }
        let message = format!("No tool is named '{name}'.");
        Err(ApiError::invalid("invalid_value", param, message))
    }
}

impl<'de> Deserialize<'de> for ToolChoiceParam {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Choice;
        impl<'de> Visitor<'de> for Choice {
            type Value = ToolChoiceParam;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"auto\", \"none\", \"required\" or an object that names tools")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<ToolChoiceParam, E> {
                Ok(ToolChoiceParam::Word(word.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ToolChoiceParam, A::Error> {
                let object = ToolChoiceObject::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ToolChoiceParam::Object(Box::new(object)))
            }
        }
        input.deserialize_any(Choice)
    }
}

impl PartialSchema for ToolChoiceParam {
    fn schema() -> RefOr<Schema> {
        let object = Ref::from_schema_name(ToolChoiceObject::name());
        OneOfBuilder::new().item(String::schema()).item(object).into()
    }
}

impl ToSchema for ToolChoiceParam {
    fn name() -> Cow<'static, str> {
        "ResponseToolChoiceParam".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ToolChoiceObject::name().into_owned(), ToolChoiceObject::schema()));
        ToolChoiceObject::schemas(schemas);
    }
}
