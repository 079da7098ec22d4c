//! From OpenAI's chat request to the waist, refusing what cannot be carried out.

use super::content::{ContentParam, ContentPart, StopParam, ToolChoiceParam};
use super::side_task;
use super::wire::{
    ChatCompletionRequestMessage, ChatCompletionTool, CreateChatCompletionRequest, MessageRole,
    ResponseFormatParam,
};
use crate::http::ApiError;
use crate::http::session::{self, Fields, Found};
use crate::http::strict::Object;
use crate::http::target::Target;
use crate::http::terms::{self, Terms};
use crate::types::{
    AgentId, Content, Delivery, Hints, History, Message, Part, QueueMode, ResponseFormat, RunKind,
    RunRequest, Sampling, ToolCall, ToolChoice, ToolSpec,
};
use poem::http::HeaderMap;
use serde_json::value::RawValue;
use std::ops::RangeInclusive;

/// OpenAI's limit on stop texts.
const MAX_STOPS: usize = 4;

impl CreateChatCompletionRequest {
    /// Whether the answer is wanted whole or as it grows.
    pub(super) fn delivery(&self) -> Delivery {
        if self.stream.unwrap_or(false) { Delivery::Growing } else { Delivery::Whole }
    }

    /// Turns the request into a run, and says which session it is a turn of.
    pub(super) fn into_run(
        self,
        terms: Terms,
        headers: &HeaderMap,
        target: Target,
        default: &AgentId,
    ) -> Result<(RunRequest, Option<Found>), ApiError> {
        if self.n.is_some_and(|n| n != 1) {
            let message = "Only one answer a request is supported: leave `n` out or set it to 1.";
            return Err(ApiError::invalid("unsupported_value", "n", message));
        }
        let (delivery, sampling) = (self.delivery(), sampling(&self)?);
        let tools = tools(self.tools.unwrap_or_default())?;
        let tool_choice = tool_choice(self.tool_choice, &tools)?;
        let response_format =
            self.response_format.map(|param| response_format(param.0)).transpose()?;
        let input = conversation(self.messages)?;
        let metadata = self.metadata.map(|Object(metadata)| metadata).unwrap_or_default();
        let demanded = terms.overrides.agent.clone();
        let chosen = terms.overrides.agent.or(target.agent);
        // What brings tools or names its session is an ordinary turn, whatever it looks like.
        let plain = !tools.is_empty() || terms.session_key.is_some();
        let told = metadata.task.as_deref().is_some_and(side_task::is_named);
        let (kind, session) = if told || (!plain && side_task::has_form(&input)) {
            (RunKind::Utility, None)
        } else {
            let fields = Fields {
                session_key: terms.session_key.as_deref(),
                own_conversation: None,
                chat_id: metadata.chat_id.as_deref(),
                conversation: metadata.conversation.as_deref(),
                prompt_cache_key: self.prompt_cache_key.as_deref(),
                user: self.user.as_deref(),
            };
            let agent = chosen.as_ref().unwrap_or(default);
            (RunKind::Turn, session::find(terms.origin.caller, agent, headers, fields)?)
        };
        terms::check_agent(demanded.as_ref(), session.as_ref())?;
        let run = RunRequest {
            // A key that names another agent is that agent's session.
            agent: session.as_ref().map(|found| found.key.agent().clone()).or(chosen),
            session: session.as_ref().map(|found| found.key.clone()),
            history: session.as_ref().map_or(History::Caller, |found| found.history),
            kind,
            input,
            context: Vec::new(),
            sampling,
            hints: Hints::default(),
            response_format: response_format.flatten(),
            tools,
            tool_choice,
            parallel_tool_calls: self.parallel_tool_calls,
            model: terms.overrides.model.or(target.model),
            delivery,
            origin: terms.origin,
            // Each call waits for an answer of its own.
            queue: Some(QueueMode::Followup),
            timeout: None,
            idempotency_key: terms.idempotency_key,
            on_disconnect: terms.on_disconnect,
        };
        Ok((run, session))
    }
}

fn sampling(request: &CreateChatCompletionRequest) -> Result<Sampling, ApiError> {
    let tokens = match (request.max_completion_tokens, request.max_tokens) {
        (Some(0), _) => Err(positive("max_completion_tokens")),
        (None, Some(0)) => Err(positive("max_tokens")),
        (newer, older) => Ok(newer.or(older)),
    };
    Ok(Sampling {
        temperature: within("temperature", request.temperature, 0.0..=2.0)?,
        top_p: within("top_p", request.top_p, 0.0..=1.0)?,
        frequency_penalty: within("frequency_penalty", request.frequency_penalty, -2.0..=2.0)?,
        presence_penalty: within("presence_penalty", request.presence_penalty, -2.0..=2.0)?,
        seed: request.seed,
        stop: stops(request.stop.as_ref())?,
        max_tokens: tokens?,
    })
}

fn positive(param: &str) -> ApiError {
    ApiError::invalid("invalid_value", param, format!("`{param}` must be at least 1."))
}

fn within(
    param: &str,
    value: Option<f64>,
    range: RangeInclusive<f64>,
) -> Result<Option<f64>, ApiError> {
    if value.is_none_or(|value| range.contains(&value)) {
        return Ok(value);
    }
    let message = format!("`{param}` must be between {} and {}.", range.start(), range.end());
    Err(ApiError::invalid("invalid_value", param, message))
}

fn stops(param: Option<&StopParam>) -> Result<Vec<String>, ApiError> {
    let texts = match param {
        None => Vec::new(),
        Some(StopParam::One(text)) => vec![text.clone()],
        Some(StopParam::Several(texts)) => texts.clone(),
    };
    if texts.len() > MAX_STOPS {
        let message = format!("`stop` supports at most {MAX_STOPS} sequences.");
        return Err(ApiError::invalid("invalid_value", "stop", message));
    }
    Ok(texts.into_iter().filter(|text| !text.is_empty()).collect())
}

fn response_format(param: ResponseFormatParam) -> Result<Option<ResponseFormat>, ApiError> {
    match (param.kind.as_str(), param.json_schema) {
        ("text", _) => Ok(None),
        ("json_object", _) => Ok(Some(ResponseFormat::JsonObject)),
        ("json_schema", Some(schema)) => {
            object(&schema, "response_format.json_schema")?;
            Ok(Some(ResponseFormat::JsonSchema(schema)))
        }
        ("json_schema", None) => {
            let param = "response_format.json_schema";
            let message = format!("Missing required parameter: '{param}'.");
            Err(ApiError::invalid("missing_required_parameter", param, message))
        }
        (other, _) => {
            let message = format!(
                "`response_format.type` must be text, json_object or json_schema, not '{other}'."
            );
            Err(ApiError::invalid("unsupported_value", "response_format.type", message))
        }
    }
}

/// What is passed on untouched must still be the object that the contract says it is.
fn object(value: &RawValue, path: &str) -> Result<(), ApiError> {
    if value.get().starts_with('{') {
        return Ok(());
    }
    let message = format!("Invalid value for '{path}': expected an object.");
    Err(ApiError::invalid("invalid_type", path, message))
}

fn tools(params: Vec<Object<ChatCompletionTool>>) -> Result<Vec<ToolSpec>, ApiError> {
    let mut tools: Vec<ToolSpec> = Vec::with_capacity(params.len());
    for (i, Object(param)) in params.into_iter().enumerate() {
        if param.kind != "function" {
            let message = format!("Only function tools are supported, not '{}'.", param.kind);
            return Err(ApiError::invalid(
                "unsupported_value",
                format!("tools[{i}].type"),
                message,
            ));
        }
        let path = format!("tools[{i}].function");
        let Some(Object(function)) = param.function else {
            let message = format!("Missing required parameter: '{path}'.");
            return Err(ApiError::invalid("missing_required_parameter", path, message));
        };
        let name = format!("{path}.name");
        if function.name.is_empty() {
            return Err(ApiError::invalid("invalid_value", name, "A function needs a name."));
        }
        if tools.iter().any(|tool| tool.name == function.name) {
            let message = format!("Two tools are named '{}'.", function.name);
            return Err(ApiError::invalid("invalid_value", name, message));
        }
        if let Some(parameters) = &function.parameters {
            object(parameters, &format!("{path}.parameters"))?;
        }
        tools.push(ToolSpec {
            name: function.name,
            description: function.description,
            parameters: function.parameters,
            strict: function.strict,
        });
    }
    Ok(tools)
}

fn tool_choice(param: Option<ToolChoiceParam>, tools: &[ToolSpec]) -> Result<ToolChoice, ApiError> {
    let unsupported =
        |param: &str, message: String| Err(ApiError::invalid("unsupported_value", param, message));
    match param {
        None => Ok(ToolChoice::Auto),
        Some(ToolChoiceParam::Word(word)) => match word.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" if tools.is_empty() => {
                unsupported("tool_choice", "tool_choice=required needs `tools`.".to_owned())
            }
            "required" => Ok(ToolChoice::Required),
            other => unsupported(
                "tool_choice",
                format!("`tool_choice` must be auto, none, required or a function, not '{other}'."),
            ),
        },
        Some(ToolChoiceParam::Named(named)) => match named.function {
            Some(Object(function)) if named.kind == "function" => {
                if tools.iter().any(|tool| tool.name == function.name) {
                    return Ok(ToolChoice::Function(function.name));
                }
                let message = format!("No tool is named '{}'.", function.name);
                Err(ApiError::invalid("invalid_value", "tool_choice.function.name", message))
            }
            _ => unsupported(
                "tool_choice.type",
                format!("Only a function can be chosen, not '{}'.", named.kind),
            ),
        },
    }
}

fn conversation(
    params: Vec<Object<ChatCompletionRequestMessage>>,
) -> Result<Vec<Message>, ApiError> {
    let messages: Vec<Message> = params
        .into_iter()
        .enumerate()
        .map(|(i, param)| message(i, param.0))
        .collect::<Result<_, _>>()?;
    // Instructions alone ask for nothing; an assistant's turn may be continued.
    if messages.iter().all(|message| matches!(message, Message::System { .. })) {
        let message = "Missing user message in `messages`.";
        return Err(ApiError::invalid("missing_required_parameter", "messages", message));
    }
    Ok(messages)
}

fn message(i: usize, param: ChatCompletionRequestMessage) -> Result<Message, ApiError> {
    let path = format!("messages[{i}]");
    let content_path = format!("{path}.content");
    match param.role {
        MessageRole::System | MessageRole::Developer => {
            let content = required(content(param.content, &content_path)?, &content_path)?;
            Ok(Message::System { text: content.text() })
        }
        MessageRole::User => {
            let content = required(content(param.content, &content_path)?, &content_path)?;
            Ok(Message::User { content, name: param.name })
        }
        MessageRole::Assistant => {
            let text = content(param.content, &content_path)?.map(|content| content.text());
            let calls = param.tool_calls.unwrap_or_default().into_iter();
            let tool_calls = calls
                .map(|Object(call)| ToolCall {
                    id: call.id,
                    name: call.function.0.name,
                    arguments: call.function.0.arguments,
                })
                .collect();
            Ok(Message::Assistant { text: text.filter(|text| !text.is_empty()), tool_calls })
        }
        MessageRole::Tool => {
            let id_path = format!("{path}.tool_call_id");
            let call_id = required(param.tool_call_id, &id_path)?;
            let content = content(param.content, &content_path)?;
            Ok(Message::Tool { call_id, content: content.unwrap_or(Content::Text(String::new())) })
        }
    }
}

fn required<T>(value: Option<T>, path: &str) -> Result<T, ApiError> {
    value.ok_or_else(|| {
        let message = format!("Missing required parameter: '{path}'.");
        ApiError::invalid("missing_required_parameter", path, message)
    })
}

/// Content as the waist has it; an empty list, as some clients write an empty message, is empty text.
fn content(param: Option<ContentParam>, path: &str) -> Result<Option<Content>, ApiError> {
    match param {
        None => Ok(None),
        Some(ContentParam::Text(text)) => Ok(Some(Content::Text(text))),
        Some(ContentParam::Parts(parts)) if parts.is_empty() => {
            Ok(Some(Content::Text(String::new())))
        }
        Some(ContentParam::Parts(parts)) => {
            let parts = parts.into_iter().enumerate();
            let parts = parts.map(|(i, param)| part(param.0, &format!("{path}[{i}]")));
            Ok(Some(Content::Parts(parts.collect::<Result<_, _>>()?)))
        }
    }
}

/// An image is data, or lies where the provider can fetch it; nothing else is an address of one.
fn image_address(url: &str, path: &str) -> Result<(), ApiError> {
    let known = ["data:image/", "https://", "http://"];
    let starts =
        |scheme: &&str| url.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
    if known.iter().any(starts) {
        return Ok(());
    }
    let message = format!("`{path}` must be a data:image/… URI or an http(s) address.");
    Err(ApiError::invalid("invalid_value", path, message))
}

fn part(param: ContentPart, path: &str) -> Result<Part, ApiError> {
    match param.kind.as_str() {
        "text" | "input_text" => Ok(Part::Text(required(param.text, &format!("{path}.text"))?)),
        "refusal" => Ok(Part::Text(required(param.refusal, &format!("{path}.refusal"))?)),
        "image_url" => {
            let Object(image) = required(param.image_url, &format!("{path}.image_url"))?;
            image_address(&image.url, &format!("{path}.image_url.url"))?;
            Ok(Part::Image { url: image.url, detail: image.detail })
        }
        other => {
            let message = format!(
                "Content parts of type '{other}' are not supported; text, refusal and image_url are."
            );
            Err(ApiError::invalid("unsupported_value", format!("{path}.type"), message))
        }
    }
}
