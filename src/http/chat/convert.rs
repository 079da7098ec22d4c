//! From OpenAI's chat request to the waist, refusing what cannot be carried out.

use super::choice::StopParam;
use super::functions;
use super::hints;
use super::messages::Conversation;
use super::reply::Told;
use super::stream::{Calls, Ending, Style};
use super::wire::{CreateChatCompletionRequest, ResponseFormatParam};
use super::wire_metadata::ChatCompletionMetadata;
use crate::http::attachments::Attachments;
use crate::http::form::{self, SchemaParam};
use crate::http::ignored::Ignored;
use crate::http::session::{self, Fields};
use crate::http::strict::Object;
use crate::http::target::Target;
use crate::http::terms::{self, Terms};
use crate::http::{ApiError, json, range, side_task};
use crate::types::{
    AgentId, Delivery, History, QueueMode, ResponseFormat, RunKind, RunRequest, Sampling,
};
use poem::http::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;

/// OpenAI's limit on stop texts.
const MAX_STOPS: usize = 4;
/// OpenAI's limit on answers.
const MAX_ANSWERS: u32 = 128;

/// What a request stands in.
pub(super) struct Frame<'a> {
    pub(super) terms: Terms,
    pub(super) headers: &'a HeaderMap,
    pub(super) target: Target,
    /// The agent that answers where none is named.
    pub(super) default: &'a AgentId,
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) run: RunRequest,
    /// How many answers; each is a run of its own.
    pub(super) answers: u32,
    /// What is to be read before the run begins.
    pub(super) attachments: Attachments,
    pub(super) style: Style,
}

impl CreateChatCompletionRequest {
    /// Turns the request into a run, and says which session it is a turn of and what of it is not
    /// used.
    pub(super) fn into_asked(mut self, frame: Frame<'_>) -> Result<(Asked, Told), ApiError> {
        let Frame { terms, headers, target, default } = frame;
        let answers = range::within("n", self.n, 1..=MAX_ANSWERS)?.unwrap_or(1);
        let mut ignored = self.ignored();
        let (sampling, hints) = (sampling(&self)?, hints::take(&mut self)?);
        let style = self.style();
        let (offer, calls) = functions::offer(&mut self)?;
        let response_format = self.response_format.take().map(response_format).transpose()?;
        let messages = std::mem::take(&mut self.messages);
        let Conversation { input, attachments } = Conversation::read(messages, &mut ignored)?;
        let demanded = terms.overrides.agent.clone();
        let chosen = terms.overrides.agent.clone().or(target.agent);
        let metadata = self.metadata.take().unwrap_or_default();
        // What brings tools or names its session is an ordinary turn, whatever it looks like.
        let plain = offer.tools.is_empty() && terms.session_key.is_none();
        let told = metadata.task.as_deref().is_some_and(side_task::is_named);
        let is_side_task = told || (plain && side_task::has_form(&input));
        let (kind, session) = match (is_side_task, answers) {
            (true, _) => (RunKind::Utility, None),
            (false, 1) => {
                let agent = chosen.as_ref().unwrap_or(default);
                let fields = self.fields(&terms, &metadata);
                (RunKind::Turn, session::find(terms.origin.caller, agent, headers, fields)?)
            }
            (false, _) if terms.session_key.is_some() => return Err(several_turns()),
            (false, _) => (RunKind::Turn, None),
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
            hints,
            response_format: response_format.flatten(),
            tools: offer.tools,
            tool_choice: offer.choice,
            parallel_tool_calls: calls.parallel(self.parallel_tool_calls),
            model: terms.overrides.model.or(target.model),
            delivery: self.delivery(),
            origin: terms.origin,
            // Each call waits for an answer of its own.
            queue: Some(QueueMode::Followup),
            timeout: None,
            idempotency_key: terms.idempotency_key,
            on_disconnect: terms.on_disconnect,
        };
        let style = Style { calls, ..style };
        Ok((Asked { run, answers, attachments, style }, Told { session, ignored }))
    }

    /// Whether the answer is wanted whole or as it grows.
    fn delivery(&self) -> Delivery {
        if self.stream.unwrap_or(false) { Delivery::Growing } else { Delivery::Whole }
    }

    /// How a streamed answer ends.
    fn style(&self) -> Style {
        let options = self.stream_options.as_ref();
        let ending = match options.and_then(|Object(options)| options.include_usage) {
            Some(true) => Ending::Usage,
            _ => Ending::Plain,
        };
        Style { ending, calls: Calls::Tools }
    }

    /// What a session may be found by.
    fn fields<'a>(&'a self, terms: &'a Terms, metadata: &'a ChatCompletionMetadata) -> Fields<'a> {
        Fields {
            session_key: terms.session_key.as_deref(),
            own_conversation: None,
            chat_id: metadata.chat_id.as_deref(),
            conversation: metadata.conversation.as_deref(),
            prompt_cache_key: self.prompt_cache_key.as_deref(),
            user: self.user.as_deref(),
        }
    }

    /// The fields that say something which is not used.
    fn ignored(&self) -> Ignored {
        let mut ignored = Ignored::default();
        ignored.note_seen(&[
            ("audio", self.audio),
            ("store", self.store),
            ("web_search_options", self.web_search_options),
            ("moderation", self.moderation),
            ("prompt_cache_retention", self.prompt_cache_retention),
            ("prompt_cache_options", self.prompt_cache_options),
        ]);
        if let Some(Object(options)) = &self.stream_options {
            let padding = options.include_obfuscation;
            ignored.note_seen(&[("stream_options.include_obfuscation", padding)]);
        }
        if self.modalities.iter().flatten().any(|modality| modality != "text") {
            ignored.note("modalities");
        }
        if self.metadata.as_ref().is_some_and(|metadata| metadata.others) {
            ignored.note("metadata");
        }
        ignored
    }
}

fn several_turns() -> ApiError {
    let message = format!(
        "Several answers cannot all be the next turn of the session that `{}` names: leave it or \
         `n` out.",
        session::KEY_HEADER
    );
    ApiError::invalid("unsupported_value", "n", message)
}

fn sampling(request: &CreateChatCompletionRequest) -> Result<Sampling, ApiError> {
    let older = range::at_least_one("max_tokens", request.max_tokens)?;
    let tokens = range::at_least_one("max_completion_tokens", request.max_completion_tokens)?;
    let penalty = |param, value| range::within(param, value, -2.0..=2.0);
    Ok(Sampling {
        temperature: range::within("temperature", request.temperature, 0.0..=2.0)?,
        top_p: range::within("top_p", request.top_p, 0.0..=1.0)?,
        frequency_penalty: penalty("frequency_penalty", request.frequency_penalty)?,
        presence_penalty: penalty("presence_penalty", request.presence_penalty)?,
        seed: request.seed,
        stop: stops(request.stop.as_ref())?,
        max_tokens: tokens.or(older),
    })
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

/// What is looked at in a schema that is passed on as it is.
#[derive(Debug, Deserialize)]
struct JsonSchemaParam<'a> {
    #[serde(default)]
    name: Option<String>,
    #[serde(default, borrow)]
    schema: Option<&'a RawValue>,
    #[expect(dead_code, reason = "only its type is looked at")]
    #[serde(default)]
    description: Option<String>,
    #[expect(dead_code, reason = "only its type is looked at")]
    #[serde(default)]
    strict: Option<bool>,
}

fn response_format(
    Object(param): Object<ResponseFormatParam>,
) -> Result<Option<ResponseFormat>, ApiError> {
    const PATH: &str = "response_format.json_schema";
    match (param.kind.as_str(), param.json_schema) {
        ("text", _) => Ok(None),
        ("json_object", _) => Ok(Some(ResponseFormat::JsonObject)),
        ("json_schema", schema) => {
            let whole = range::required(schema, || PATH.to_owned())?;
            form::object(&whole, || PATH.to_owned())?;
            let parsed: JsonSchemaParam<'_> = json::parse_at(&whole, PATH)?;
            let (name, schema) = (parsed.name.as_deref(), parsed.schema);
            form::check(&SchemaParam { path: PATH, name, schema })?;
            Ok(Some(ResponseFormat::JsonSchema(whole)))
        }
        (other, _) => {
            let path = "response_format.type";
            let message =
                format!("`{path}` must be text, json_object or json_schema, not '{other}'.");
            Err(ApiError::invalid("unsupported_value", path, message))
        }
    }
}
