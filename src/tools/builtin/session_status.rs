//! `session_status`: what is known of a session without reading it.

use super::{Sheet, no_session};
use crate::sessions::{Row, Sessions};
use crate::tools::{Call, Context, Error, Failed, Group, Output, Spec, Tool};
use crate::types::{QueueMode, SessionKey};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Tells the state of the session it is called in, or of another one.
#[derive(Debug)]
pub(super) struct SessionStatus {
    spec: Spec,
    sessions: Sessions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Args {
    session_key: Option<String>,
}

/// What programs get.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    session_key: &'a str,
    agent_id: &'a str,
    model: &'a str,
    model_overridden: bool,
    queue_mode: QueueMode,
    /// False for a session in which nothing was said yet.
    exists: bool,
    #[serde(flatten)]
    row: Option<Known<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Known<'a> {
    session_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    channel: &'a str,
    chat_type: &'a str,
    updated_at: i64,
    started_at: i64,
    age_ms: i64,
    message_count: u64,
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    aborted_last_run: bool,
}

impl SessionStatus {
    pub(super) fn new(sessions: Sessions) -> Self {
        let spec = Sheet {
            name: "session_status",
            description: "Tells the state of this session, or of the one named: the model in \
                          force, the tokens spent, its age, and what becomes of messages that \
                          arrive while a run is under way.",
            groups: &[Group::Sessions, Group::OpenClaw],
            properties: json!({
                "sessionKey": {
                    "type": "string",
                    "description": "Another session's key; `main` is the agent's main session.",
                },
            }),
            required: &[],
        };
        Self { spec: spec.spec(), sessions }
    }

    async fn tell(&self, call: Call) -> Result<Output, Failed> {
        let Args { session_key } = call.arguments()?;
        let context = &call.context;
        let named = session_key.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let key = match named {
            Some(text) => {
                context.key(text).map_err(|error: Error| Failed::Input(error.to_string()))?
            }
            None => context.session.clone().ok_or_else(|| {
                Failed::Input("sessionKey required: this run is not part of a session".to_owned())
            })?,
        };
        let row = self.sessions.row(&key).await?.filter(|row| context.owns(row));
        match (&row, named) {
            // The own session may have no row yet, another one that has none is not there.
            (None, Some(text)) if Some(&key) != context.session.as_ref() => Err(no_session(text)),
            _ => Ok(self.status(context, &key, row.as_ref())),
        }
    }

    fn status(&self, context: &Context, key: &SessionKey, row: Option<&Row>) -> Output {
        let now = self.sessions.clock().now();
        let agent = context.snapshot.roster.get(key.agent());
        let own = agent.map_or_else(|| context.model.to_string(), |agent| agent.model.to_string());
        let chosen = row.and_then(|row| row.model_override.as_deref());
        let queue = &context.snapshot.config.messages.queue;
        let queue_mode = match row {
            // Calls of the HTTP API wait for their own answer, whatever the config says.
            Some(row) if row.channel == "openai" => QueueMode::Followup,
            Some(row) => queue.by_channel.get(&row.channel).copied().unwrap_or(queue.mode),
            None => queue.mode,
        };
        let status = Status {
            session_key: key.as_str(),
            agent_id: key.agent().as_str(),
            model: chosen.unwrap_or(&own),
            model_overridden: chosen.is_some(),
            queue_mode,
            exists: row.is_some(),
            row: row.map(|row| Known::of(row, now)),
        };
        let details = serde_json::to_value(&status).expect("texts and numbers serialise");
        Output { content: vec![status.to_text()], details }
    }
}

impl<'a> Known<'a> {
    fn of(row: &'a Row, now: i64) -> Self {
        Self {
            session_id: &row.session_id,
            label: row.label.as_deref(),
            channel: &row.channel,
            chat_type: &row.chat_type,
            updated_at: row.updated_at,
            started_at: row.session_started_at,
            age_ms: (now - row.updated_at).max(0),
            message_count: row.messages,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            total_tokens: row.input_tokens.saturating_add(row.output_tokens),
            aborted_last_run: row.aborted_last_run,
        }
    }
}

impl Status<'_> {
    /// What a model reads.
    fn to_text(&self) -> String {
        let overridden = if self.model_overridden { " (set for this session)" } else { "" };
        let head = format!("Session: {}\nModel: {}{overridden}", self.session_key, self.model);
        let Some(row) = &self.row else { return format!("{head}\nNothing was said yet.") };
        let last =
            if row.aborted_last_run { "\nThe last run did not come to its end." } else { "" };
        format!(
            "{head}\nTokens: {} in, {} out\nMessages: {}, last change {} ago{last}",
            row.input_tokens,
            row.output_tokens,
            row.message_count,
            span(row.age_ms)
        )
    }
}

/// A span of time as people say it.
fn span(millis: i64) -> String {
    let seconds = millis / 1000;
    match seconds {
        ..=59 => format!("{seconds} s"),
        60..=3_599 => format!("{} min", seconds / 60),
        3_600..=86_399 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

impl Tool for SessionStatus {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Output, Failed>> {
        self.tell(call).boxed()
    }
}
