//! From OpenAI's Responses request to a response that is wanted, refusing what cannot be made.

use super::input::{self, Drafted};
use super::items::{InputParam, TextOr};
use super::settings::{self, Thinking};
use super::tools::{self, Offer};
use super::wire::{ConversationParam, CreateResponse};
use super::{Handles, failed};
use crate::config::ResponsesEndpoint;
use crate::http::ApiError;
use crate::http::chat::side_task;
use crate::http::ignored::Ignored;
use crate::http::session::{self, Fields, Found};
use crate::http::target;
use crate::http::terms::{self, Terms};
use crate::responses::{self, Create, Echo, Item, Keep, ResponseId};
use crate::types::{
    AgentId, Caller, Delivery, Hints, History, OnDisconnect, QueueMode, RunKind, RunRequest,
};
use poem::http::HeaderMap;
use serde_json::{Map, Value};

/// How a request came.
#[derive(Debug)]
pub(super) struct Circumstances<'a> {
    pub(super) terms: Terms,
    pub(super) headers: &'a HeaderMap,
    pub(super) before: Before,
}

/// What a response continues.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// A response that is kept.
    pub(super) kept: Option<ResponseId>,
    /// What came after it and is kept nowhere else.
    pub(super) items: Vec<Item>,
}

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) create: Create,
    pub(super) session: Option<Found>,
    pub(super) ignored: Ignored,
}

/// What is new: as items, and what is read with them.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub(super) items: Vec<Item>,
    /// The instructions, and the texts of files.
    pub(super) context: Vec<String>,
}

impl Before {
    /// What a request over HTTP continues.
    pub(super) fn of(request: &CreateResponse) -> Result<Self, ApiError> {
        let Some(id) = request.previous_response_id.as_deref() else { return Ok(Self::default()) };
        let kept = ResponseId::parse(id);
        let unknown = |_| failed(responses::Error::UnknownPrevious(id.to_owned()), "");
        Ok(Self { kept: Some(kept.map_err(unknown)?), items: Vec::new() })
    }
}

impl CreateResponse {
    /// Fields that contradict each other, or of which one is needed.
    fn check(&self) -> Result<(), ApiError> {
        if self.conversation.is_some() && self.previous_response_id.is_some() {
            let message = "`conversation` and `previous_response_id` both say what came before: \
                           leave one of them out.";
            return Err(ApiError::invalid("invalid_value", "conversation", message));
        }
        if self.background == Some(true) && self.store == Some(false) {
            let message = "`background` needs `store`: a response that is not kept cannot be asked \
                           for later.";
            return Err(ApiError::invalid("invalid_value", "background", message));
        }
        Ok(())
    }

    /// Whether there is anything to answer.
    pub(super) fn check_input(&self, before: &Before) -> Result<(), ApiError> {
        let given = match &self.input {
            Some(TextOr::Text(_)) => true,
            Some(TextOr::List(items)) => !items.is_empty(),
            None => false,
        };
        if given || before.kept.is_some() || !before.items.is_empty() {
            return Ok(());
        }
        let message = "Missing required parameter: 'input'.";
        Err(ApiError::invalid("missing_required_parameter", "input", message))
    }

    fn delivery(&self) -> Delivery {
        // Who comes back to a background response may want to see it grow.
        match self.stream.or(self.background) {
            Some(true) => Delivery::Growing,
            _ if self.background == Some(true) => Delivery::Growing,
            _ => Delivery::Whole,
        }
    }

    /// Names the fields that are accepted and not used.
    fn note_ignored(&self, ignored: &mut Ignored) {
        if self.truncation.as_deref() == Some("auto") {
            ignored.note("truncation");
        }
        if self.max_tool_calls.is_some() {
            ignored.note("max_tool_calls");
        }
        ignored.note_seen(&[
            ("stream_options", self.stream_options),
            ("prompt", self.prompt),
            ("client_metadata", self.client_metadata),
            ("context_management", self.context_management),
            ("prompt_cache_retention", self.prompt_cache_retention),
            ("prompt_cache_options", self.prompt_cache_options),
            ("moderation", self.moderation),
            ("access_programs", self.access_programs),
        ]);
    }
}

impl Handles {
    /// Turns a request into a response that is wanted.
    pub(super) async fn prepare(
        &self,
        mut request: CreateResponse,
        circumstances: Circumstances<'_>,
    ) -> Result<Asked, ApiError> {
        request.check()?;
        let mut ignored = Ignored::default();
        request.note_ignored(&mut ignored);
        let thinking = settings::thinking(request.reasoning.take())?;
        let hints = settings::hints(&request, &thinking, &mut ignored)?;
        let snapshot = self.live.load_full();
        let limits = &snapshot.config.gateway.http.endpoints.responses;
        let target = target::resolve(&snapshot, request.model.as_deref().unwrap_or(""))?;
        let default = &snapshot.roster.default_agent().id;
        let chosen = Chosen { target, default, thinking, hints };
        let asked = Request { request, circumstances, chosen };
        asked.into_asked(self, limits, ignored).await
    }

    /// The items of a request, with their images and files read and their references looked up.
    pub(super) async fn read(
        &self,
        caller: &Caller,
        param: InputParam,
        limits: &ResponsesEndpoint,
    ) -> Result<Input, ApiError> {
        let mut draft = input::draft(param)?;
        let context = draft.read(&self.media, limits).await?;
        let mut items = Vec::with_capacity(draft.items.len());
        for drafted in draft.items {
            items.push(match drafted {
                Drafted::Item(item) => item,
                Drafted::Reference { id, path } => {
                    let found = self.responses.item(caller, &id).await;
                    found.map_err(|error| failed(error, &path))?
                }
            });
        }
        Ok(Input { items, context })
    }
}

/// Who shall answer, and how.
struct Chosen<'a> {
    target: target::Target,
    default: &'a AgentId,
    thinking: Thinking,
    hints: Hints,
}

/// A request whose simple fields are known to be right.
struct Request<'a> {
    request: CreateResponse,
    circumstances: Circumstances<'a>,
    chosen: Chosen<'a>,
}

impl Request<'_> {
    async fn into_asked(
        self,
        handles: &Handles,
        limits: &ResponsesEndpoint,
        mut ignored: Ignored,
    ) -> Result<Asked, ApiError> {
        let Self { mut request, circumstances, chosen } = self;
        let Circumstances { terms, headers, before } = circumstances;
        let sampling = settings::sampling(&request)?;
        let text = settings::text(request.text.take())?;
        let metadata = settings::metadata(request.metadata.take())?;
        let tools = request.tools.take().unwrap_or_default();
        let Offer { tools, choice, tools_echo, choice_echo } =
            tools::offer(tools, request.tool_choice.take(), &mut ignored)?;
        let session = Naming { request: &request, terms: &terms, metadata: &metadata }
            .session(headers, chosen.target.agent.as_ref().unwrap_or(chosen.default))?;
        let mut input = match request.input.take() {
            Some(param) => handles.read(&terms.origin.caller, param, limits).await?,
            None => Input::default(),
        };
        if let Some(instructions) = request.instructions.clone().filter(|text| !text.is_empty()) {
            input.context.insert(0, instructions);
        }
        let mut items = before.items;
        items.append(&mut input.items);
        check_compactions(&items)?;
        let messages = responses::messages(&items);
        let task = metadata.get("task").and_then(Value::as_str);
        // What brings tools or names its session is an ordinary turn, whatever it looks like.
        let plain = tools.is_empty() && terms.session_key.is_none();
        let utility = task.is_some_and(side_task::is_named)
            || (plain && before.kept.is_none() && side_task::has_form(&messages));
        let session = session.filter(|_| !utility);
        let demanded = terms.overrides.agent.clone();
        terms::check_agent(demanded.as_ref(), session.as_ref())?;
        let background = request.background == Some(true);
        let truncation = settings::truncation(&request)?;
        let mut hints = chosen.hints;
        hints.verbosity.clone_from(&text.verbosity);
        let run = RunRequest {
            // A key that names another agent is that agent's session.
            agent: session
                .as_ref()
                .map(|found| found.key.agent().clone())
                .or(demanded)
                .or(chosen.target.agent),
            session: session.as_ref().map(|found| found.key.clone()),
            history: session.as_ref().map_or(History::Caller, |found| found.history),
            kind: if utility { RunKind::Utility } else { RunKind::Turn },
            input: messages,
            context: input.context,
            sampling,
            hints,
            response_format: text.format,
            tools,
            tool_choice: choice,
            parallel_tool_calls: request.parallel_tool_calls,
            model: terms.overrides.model.or(chosen.target.model),
            delivery: request.delivery(),
            origin: terms.origin,
            // Each call waits for an answer of its own.
            queue: Some(QueueMode::Followup),
            timeout: None,
            idempotency_key: terms.idempotency_key,
            on_disconnect: if background { OnDisconnect::Detach } else { terms.on_disconnect },
        };
        let model = request.model.filter(|model| !model.is_empty());
        let echo = Echo {
            model: model.unwrap_or_else(|| target::OPENCLAW.to_owned()),
            instructions: request.instructions,
            metadata,
            tools: tools_echo,
            tool_choice: choice_echo,
            parallel_tool_calls: request.parallel_tool_calls.unwrap_or(true),
            temperature: request.temperature,
            top_p: request.top_p,
            presence_penalty: request.presence_penalty,
            frequency_penalty: request.frequency_penalty,
            top_logprobs: request.top_logprobs,
            max_output_tokens: request.max_output_tokens,
            max_tool_calls: request.max_tool_calls,
            text_format: text.echo,
            verbosity: text.verbosity,
            reasoning_effort: chosen.thinking.effort,
            reasoning_summary: chosen.thinking.summary,
            truncation: truncation.unwrap_or_default(),
            service_tier: request.service_tier.filter(|tier| tier != "auto").unwrap_or_default(),
            conversation: request.conversation.map(|param| param.id().to_owned()),
            user: request.user,
            safety_identifier: request.safety_identifier,
            prompt_cache_key: request.prompt_cache_key,
        };
        let keep = if request.store == Some(false) { Keep::Nothing } else { Keep::Stored };
        let create = Create { run, input: items, echo, previous: before.kept, keep, background };
        Ok(Asked { create, session, ignored })
    }
}

/// What a request says of its session.
struct Naming<'a> {
    request: &'a CreateResponse,
    terms: &'a Terms,
    metadata: &'a Map<String, Value>,
}

impl Naming<'_> {
    fn session(&self, headers: &HeaderMap, agent: &AgentId) -> Result<Option<Found>, ApiError> {
        let Self { request, terms, metadata } = self;
        let note = |name: &str| metadata.get(name).and_then(Value::as_str);
        let agent = terms.overrides.agent.as_ref().unwrap_or(agent);
        let explicit = Fields {
            session_key: terms.session_key.as_deref(),
            own_conversation: request.conversation.as_ref().map(ConversationParam::id),
            ..Fields::default()
        };
        let caller = terms.origin.caller;
        if request.store == Some(false) {
            // What shall not be kept is a turn of a session only where that is said outright.
            return session::find(caller, agent, &HeaderMap::new(), explicit);
        }
        let fields = Fields {
            chat_id: note("chat_id"),
            conversation: note("conversation"),
            prompt_cache_key: request.prompt_cache_key.as_deref(),
            user: request.user.as_deref(),
            ..explicit
        };
        session::find(caller, agent, headers, fields)
    }
}

/// What another server has compacted cannot be read here.
fn check_compactions(items: &[Item]) -> Result<(), ApiError> {
    for (at, item) in items.iter().enumerate() {
        if let Item::Compaction { encrypted_content, .. } = item
            && responses::summary_of(encrypted_content).is_none()
        {
            let message = "This compaction was not made by this gateway: send the conversation \
                           itself.";
            let param = format!("input[{at}].encrypted_content");
            return Err(ApiError::invalid("invalid_value", param, message));
        }
    }
    Ok(())
}
