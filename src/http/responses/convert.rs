//! From OpenAI's Responses request to a response that is wanted, refusing what cannot be made.

use super::input;
use super::items::{InputParam, TextOr};
use super::settings::{self, TextSettings, Thinking};
use super::tools::{self, Offered};
use super::wire::{ConversationParam, CreateResponse};
use super::{Handles, calls, failed, references};
use crate::config::ResponsesEndpoint;
use crate::http::ApiError;
use crate::http::ignored::Ignored;
use crate::http::session::{self, Fields, Found};
use crate::http::side_task;
use crate::http::target;
use crate::http::terms::{self, Terms};
use crate::responses::{self, Create, Echo, Item, Keep, ResponseId};
use crate::types::{
    AgentId, Caller, ContextText, Delivery, Hints, History, Message, OnDisconnect, QueueMode,
    RunKind, RunRequest, Sampling,
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
    /// The texts of files.
    pub(super) context: Vec<ContextText>,
    /// Where the request names items that are not used.
    pub(super) skipped: Vec<String>,
}

impl Asked {
    /// Refuses function calls and answers of them that do not belong together, as far as the caller
    /// brings the conversation.
    pub(super) fn checked(self) -> Result<Self, ApiError> {
        let Create { run, input, previous, .. } = &self.create;
        if run.input.is_empty() && previous.is_none() {
            let message = "There is nothing to answer: none of the items of `input` is used here.";
            return Err(ApiError::invalid("invalid_value", "input", message));
        }
        if run.history == History::Caller {
            calls::check(input, previous.is_none())?;
        }
        Ok(self)
    }
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
        let growing = self.stream == Some(true) || self.background == Some(true);
        if growing { Delivery::Growing } else { Delivery::Whole }
    }

    /// What the response repeats of the fields that are as they came.
    fn take_echo(&mut self) -> Echo {
        let model = self.model.take().filter(|model| !model.is_empty());
        // Which queue it is, the provider decides.
        let tier = self.service_tier.take().filter(|tier| tier != "auto");
        Echo {
            model: model.unwrap_or_else(|| target::OPENCLAW.to_owned()),
            instructions: self.instructions.take(),
            parallel_tool_calls: self.parallel_tool_calls.unwrap_or(true),
            temperature: self.temperature,
            top_p: self.top_p,
            presence_penalty: self.presence_penalty,
            frequency_penalty: self.frequency_penalty,
            top_logprobs: self.top_logprobs,
            max_output_tokens: self.max_output_tokens,
            max_tool_calls: self.max_tool_calls,
            service_tier: tier.unwrap_or_default(),
            conversation: self.conversation.as_ref().map(|param| param.id().to_owned()),
            user: self.user.take(),
            safety_identifier: self.safety_identifier.take(),
            prompt_cache_key: self.prompt_cache_key.take(),
            ..Echo::default()
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
        if self.store == Some(false) {
            // Only a session could be found by them.
            let given =
                |name: &Option<String>| name.as_deref().is_some_and(|name| !name.is_empty());
            for (name, given) in
                [("prompt_cache_key", given(&self.prompt_cache_key)), ("user", given(&self.user))]
            {
                if given {
                    ignored.note(name);
                }
            }
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
        let Circumstances { terms, headers, before } = circumstances;
        let mut ignored = Ignored::default();
        let settled = Settled::of(&mut request, &mut ignored)?;
        let snapshot = self.live.load_full();
        let target = target::resolve(&snapshot, request.model.as_deref().unwrap_or(""))?;
        let chosen = terms.overrides.agent.as_ref().or(target.agent.as_ref());
        let agent = chosen.unwrap_or(&snapshot.roster.default_agent().id).clone();
        let naming = Naming { request: &request, terms: &terms, metadata: &settled.metadata };
        let session = naming.session(headers, &agent)?;
        terms::check_agent(terms.overrides.agent.as_ref(), session.as_ref())?;
        let mut input = match request.input.take() {
            Some(param) => {
                let limits = &snapshot.config.gateway.http.endpoints.responses;
                self.read(&terms.origin.caller, param, limits).await?
            }
            None => Input::default(),
        };
        input.items.splice(0..0, before.items);
        let model = terms.overrides.model.clone().or(target.model);
        for path in std::mem::take(&mut input.skipped) {
            ignored.note(path);
        }
        let wanted = Wanted { request, settled, terms, agent, model, session, input };
        let mut asked = wanted.into_asked(before.kept, ignored);
        for hint in self.agents.untaken(&snapshot, &asked.create.run) {
            asked.ignored.note(settings::untaken(hint, &mut asked.create.echo));
        }
        Ok(asked)
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
        let skipped = std::mem::take(&mut draft.skipped);
        let items = references::look_up(&self.responses, caller, draft.items).await?;
        Ok(Input { items, context, skipped })
    }
}

/// What a request's simple fields say, known to be right.
struct Settled {
    sampling: Sampling,
    hints: Hints,
    thinking: Thinking,
    text: TextSettings,
    metadata: Map<String, Value>,
    offered: Offered,
    truncation: Option<String>,
}

impl Settled {
    fn of(request: &mut CreateResponse, ignored: &mut Ignored) -> Result<Self, ApiError> {
        request.note_ignored(ignored);
        let thinking = settings::thinking(request.reasoning.take())?;
        if thinking.summary.is_some() {
            // What the provider shows of its thoughts is always passed on, and nothing asks for more.
            ignored.note("reasoning.summary");
        }
        let text = settings::text(request.text.take())?;
        let mut hints = settings::hints(request, &thinking, ignored)?;
        hints.verbosity.clone_from(&text.verbosity);
        let tools = request.tools.take().unwrap_or_default();
        Ok(Self {
            sampling: settings::sampling(request)?,
            hints,
            thinking,
            text,
            metadata: settings::metadata(request.metadata.take())?,
            offered: tools::offered(tools, request.tool_choice.take(), ignored)?,
            truncation: settings::truncation(request)?,
        })
    }
}

/// A request that can be carried out.
struct Wanted {
    request: CreateResponse,
    settled: Settled,
    terms: Terms,
    agent: AgentId,
    model: Option<String>,
    session: Option<Found>,
    input: Input,
}

impl Wanted {
    fn into_asked(self, previous: Option<ResponseId>, ignored: Ignored) -> Asked {
        let instructions = self.request.instructions.clone().filter(|text| !text.is_empty());
        // They come first, and for this response alone.
        let mut messages: Vec<Message> =
            instructions.into_iter().map(|text| Message::System { text }).collect();
        messages.append(&mut responses::messages(&self.input.items));
        let utility = self.is_side_task(&messages, previous);
        let Self { mut request, settled, terms, agent, model, session, input } = self;
        let Settled { sampling, hints, thinking, text, metadata, offered, truncation } = settled;
        let session = session.filter(|_| !utility);
        let background = request.background == Some(true);
        let keep = if request.store == Some(false) { Keep::Nothing } else { Keep::Stored };
        let run = RunRequest {
            // A key that names another agent is that agent's session.
            agent: session.as_ref().map(|found| found.key.agent().clone()).or(Some(agent)),
            session: session.as_ref().map(|found| found.key.clone()),
            history: session.as_ref().map_or(History::Caller, |found| found.history),
            kind: if utility { RunKind::Utility } else { RunKind::Turn },
            input: messages,
            context: input.context,
            sampling,
            hints,
            response_format: text.format,
            tools: offered.offer.tools,
            tool_choice: offered.offer.choice,
            parallel_tool_calls: request.parallel_tool_calls,
            model,
            delivery: request.delivery(),
            origin: terms.origin,
            // Each call waits for an answer of its own.
            queue: Some(QueueMode::Followup),
            timeout: None,
            idempotency_key: terms.idempotency_key,
            on_disconnect: if background { OnDisconnect::Detach } else { terms.on_disconnect },
        };
        let echo = Echo {
            metadata,
            tools: offered.tools,
            tool_choice: offered.choice,
            text_format: text.echo,
            verbosity: text.verbosity,
            reasoning_effort: thinking.effort,
            reasoning_summary: thinking.summary,
            truncation: truncation.unwrap_or_default(),
            ..request.take_echo()
        };
        let create = Create { run, input: input.items, echo, previous, keep, background };
        Asked { create, session, ignored }
    }

    /// Whether this is a side task of a chat program's. What brings tools, goes on from another
    /// response or names its session is an ordinary turn, whatever it looks like.
    fn is_side_task(&self, messages: &[Message], previous: Option<ResponseId>) -> bool {
        let task = self.settled.metadata.get("task").and_then(Value::as_str);
        let ordinary = !self.settled.offered.offer.tools.is_empty()
            || self.terms.session_key.is_some()
            || self.request.conversation.is_some()
            || previous.is_some();
        task.is_some_and(side_task::is_named) || (!ordinary && side_task::has_form(messages))
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
