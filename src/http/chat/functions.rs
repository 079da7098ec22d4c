//! The functions of a chat request, in the form of today and in the older one.

use super::choice::{AllowedTools, FunctionChoiceParam, NamedToolChoice, ToolChoiceParam};
use super::stream::Calls;
use super::wire::{ChatCompletionTool, CreateChatCompletionRequest, FunctionObject};
use crate::http::offer::{NamedAt, Offer};
use crate::http::strict::Object;
use crate::http::word_or::WordOr;
use crate::http::{ApiError, range};
use crate::types::ToolSpec;

/// The functions that a request offers and its choice of them, and in which form its answer has
/// to call them.
pub(super) fn offer(request: &mut CreateChatCompletionRequest) -> Result<(Offer, Calls), ApiError> {
    let tools = request.tools.take().unwrap_or_default();
    let functions = request.functions.take().unwrap_or_default();
    let (choice, call) = (request.tool_choice.take(), request.function_call.take());
    if functions.is_empty() {
        if call.is_some_and(|call| is_demand(&call)) {
            let message = "`function_call` needs `functions`; with `tools` it is `tool_choice`.";
            return Err(ApiError::invalid("unsupported_value", "function_call", message));
        }
        return Ok((todays(tools, choice)?, Calls::Tools));
    }
    if !tools.is_empty() {
        let message = "`functions` is the older form of `tools`: send one of them.";
        return Err(ApiError::invalid("unsupported_value", "functions", message));
    }
    if choice.is_some() {
        let message = "`tool_choice` is for `tools`; with `functions` it is `function_call`.";
        return Err(ApiError::invalid("unsupported_value", "tool_choice", message));
    }
    Ok((older(functions, call)?, Calls::Function))
}

/// `auto` and `none` ask for nothing where there is nothing to call.
fn is_demand(call: &FunctionChoiceParam) -> bool {
    !matches!(call, WordOr::Word(word) if word == "auto" || word == "none")
}

fn todays(
    tools: Vec<Object<ChatCompletionTool>>,
    choice: Option<ToolChoiceParam>,
) -> Result<Offer, ApiError> {
    let mut offer = Offer::default();
    offer.tools.reserve_exact(tools.len());
    for (i, Object(tool)) in tools.into_iter().enumerate() {
        let path = format!("tools[{i}]");
        only_functions(&tool.kind, &path)?;
        let path = format!("{path}.function");
        let Object(function) = range::required(tool.function, || path.clone())?;
        offer.add(spec(function), &path)?;
    }
    match choice {
        None => {}
        Some(WordOr::Word(word)) => offer.word(&word, "tool_choice")?,
        Some(WordOr::Named(named)) => choose(&mut offer, named)?,
    }
    Ok(offer)
}

fn older(
    functions: Vec<Object<FunctionObject>>,
    call: Option<FunctionChoiceParam>,
) -> Result<Offer, ApiError> {
    let mut offer = Offer::default();
    for (i, Object(function)) in functions.into_iter().enumerate() {
        offer.add(spec(function), &format!("functions[{i}]"))?;
    }
    match call {
        None => {}
        Some(WordOr::Word(word)) if word == "required" => {
            let message = "`function_call` must be auto, none or name a function.";
            return Err(ApiError::invalid("unsupported_value", "function_call", message));
        }
        Some(WordOr::Word(word)) => offer.word(&word, "function_call")?,
        Some(WordOr::Named(function)) => {
            offer
                .function(NamedAt { name: function.name, path: "function_call.name".to_owned() })?;
        }
    }
    Ok(offer)
}

fn choose(offer: &mut Offer, choice: NamedToolChoice) -> Result<(), ApiError> {
    match choice.kind.as_str() {
        "function" => {
            let path = || "tool_choice.function".to_owned();
            let Object(function) = range::required(choice.function, path)?;
            let path = "tool_choice.function.name".to_owned();
            offer.function(NamedAt { name: function.name, path })
        }
        "allowed_tools" => {
            let path = "tool_choice.allowed_tools";
            let Object(allowed) = range::required(choice.allowed_tools, || path.to_owned())?;
            let AllowedTools { mode, tools } = allowed;
            let wanted: Vec<NamedAt> = tools
                .into_iter()
                .enumerate()
                .map(|(i, Object(tool))| {
                    let path = format!("{path}.tools[{i}]");
                    only_functions(&tool.kind, &path)?;
                    let path = format!("{path}.function");
                    let Object(function) = range::required(tool.function, || path.clone())?;
                    Ok(NamedAt { name: function.name, path: format!("{path}.name") })
                })
                .collect::<Result<_, ApiError>>()?;
            offer.allowed(mode.as_deref(), &wanted, path)
        }
        other => only_functions(other, "tool_choice"),
    }
}

/// What OpenAI has beside functions is refused by its name.
fn only_functions(kind: &str, path: &str) -> Result<(), ApiError> {
    let message = match kind {
        "function" => return Ok(()),
        "custom" => "Custom tools, which are called with free text, are not supported: declare a \
                     function with one text parameter."
            .to_owned(),
        other => format!("Only functions are supported here, not '{other}'."),
    };
    Err(ApiError::invalid("unsupported_value", format!("{path}.type"), message))
}

fn spec(function: FunctionObject) -> ToolSpec {
    let FunctionObject { name, description, parameters, strict } = function;
    ToolSpec { name, description, parameters, strict }
}
