//! `sessions_list`: which sessions there are.

use super::Sheet;
use super::sessions_history::{Window, tell};
use super::transcript::{Line, Tools};
use crate::sessions::{Filter, Row, Sessions};
use crate::tools::{Call, Failed, Group, Output, Spec, Tool};
use crate::types::{AgentId, SessionKey};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashSet;

/// Rows of one answer, unless the caller says otherwise.
const LIMIT: usize = 50;
/// Most rows of one answer.
const MAX_LIMIT: usize = 100;
/// Most messages shown of each session.
const MAX_MESSAGES: usize = 20;
/// Messages that a search looks at, several of which may be of one session.
const MAX_HITS: usize = 500;
/// Longest text to search for.
const MAX_SEARCH_CHARS: usize = 200;
/// Bytes after which an answer ends, well within what the toolbox lets through.
const MAX_BYTES: usize = 40 * 1024;
/// Of these, what messages may take, so that they do not crowd out the sessions.
const MESSAGE_BYTES: usize = 24 * 1024;
/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

/// Lists the sessions that the caller may see, the one used last first.
#[derive(Debug)]
pub(super) struct SessionsList {
    spec: Spec,
    sessions: Sessions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Args {
    agent: Option<String>,
    active_minutes: Option<u32>,
    limit: Option<usize>,
    search: Option<String>,
    #[serde(default)]
    message_limit: usize,
}

/// One session.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    key: String,
    session_id: String,
    agent_id: String,
    channel: String,
    chat_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_override: Option<String>,
    updated_at: i64,
    message_count: u64,
    total_tokens: u64,
    aborted_last_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<Line>>,
}

impl SessionsList {
    pub(super) fn new(sessions: Sessions) -> Self {
        let spec = Sheet {
            name: "sessions_list",
            description: "Lists sessions, the one used last first.",
            groups: &[Group::Sessions, Group::OpenClaw],
            properties: properties(),
            required: &[],
        };
        Self { spec: spec.spec(), sessions }
    }

    async fn list(&self, call: Call) -> Result<Output, Failed> {
        let args: Args = call.arguments()?;
        let now = self.sessions.clock().now();
        let since = args.active_minutes.map(|minutes| now - i64::from(minutes) * MINUTE);
        let agent = args.agent.as_deref().map(AgentId::parse).transpose();
        let filter = Filter {
            agent: agent.map_err(|error| Failed::Input(format!("agent: {error}")))?,
            owner: call.context.caller.namespace(),
            active_since: since,
            skip: 0,
            limit: args.limit.unwrap_or(LIMIT),
        };
        let words = args.search.as_deref().map(str::trim).filter(|words| !words.is_empty());
        let (mut listed, total) = match words {
            None => self.latest(&filter).await?,
            Some(words) => self.found(words, filter).await?,
        };
        if args.message_limit > 0 {
            self.add_messages(&mut listed, args.message_limit).await?;
        }
        Ok(answer(&listed, total))
    }

    async fn latest(&self, filter: &Filter) -> Result<(Vec<Listed>, u64), Failed> {
        let page = self.sessions.list(filter).await?;
        Ok((page.rows.into_iter().map(|row| Listed::of(row, None)).collect(), page.total))
    }

    /// The sessions in which something was said that has all the words, best first.
    async fn found(&self, words: &str, filter: Filter) -> Result<(Vec<Listed>, u64), Failed> {
        let wide = Filter { limit: MAX_HITS, ..filter };
        let (mut listed, mut seen) = (Vec::new(), HashSet::new());
        for hit in self.sessions.search(words, &wide).await? {
            if listed.len() == filter.limit || !seen.insert(hit.key.clone()) {
                continue;
            }
            if let Some(row) = self.sessions.row(&hit.key).await? {
                listed.push(Listed::of(row, Some(hit.snippet)));
            }
        }
        let total = u64::try_from(listed.len()).unwrap_or(u64::MAX);
        Ok((listed, total))
    }

    async fn add_messages(&self, listed: &mut [Listed], limit: usize) -> Result<(), Failed> {
        let mut room = MESSAGE_BYTES;
        for session in listed {
            let Ok(key) = SessionKey::parse(&session.key) else { continue };
            let window = Window { before: u64::MAX, limit, bytes: room, tools: Tools::Hidden };
            let told = tell(&self.sessions, &key, window).await?;
            let lines = told.map(|told| told.lines).unwrap_or_default();
            let size = serde_json::to_string(&lines).map_or(0, |text| text.len());
            if size > room {
                break;
            }
            room -= size;
            session.messages = Some(lines);
        }
        Ok(())
    }
}

impl Listed {
    fn of(row: Row, found: Option<String>) -> Self {
        let agent = row.session_key().map(|key| key.agent().to_string());
        Self {
            agent_id: agent.unwrap_or_default(),
            total_tokens: row.input_tokens.saturating_add(row.output_tokens),
            key: row.key,
            session_id: row.session_id,
            channel: row.channel,
            chat_type: row.chat_type,
            label: row.label,
            model_override: row.model_override,
            updated_at: row.updated_at,
            message_count: row.messages,
            aborted_last_run: row.aborted_last_run,
            found,
            messages: None,
        }
    }
}

/// As many sessions as fit, and how many there are.
fn answer(listed: &[Listed], total: u64) -> Output {
    let mut sessions: Vec<Value> = Vec::new();
    let mut bytes = 0;
    for session in listed {
        let value = serde_json::to_value(session).expect("texts and numbers serialise");
        bytes += value.to_string().len();
        if bytes > MAX_BYTES && !sessions.is_empty() {
            break;
        }
        sessions.push(value);
    }
    Output::json(json!({ "count": sessions.len(), "total": total, "sessions": sessions }))
}

fn properties() -> Value {
    json!({
        "agent": { "type": "string", "description": "Only this agent's." },
        "activeMinutes": {
            "type": "integer",
            "minimum": 1,
            "maximum": u32::MAX,
            "description": "Only those used within the last minutes.",
        },
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LIMIT,
            "description": "Most sessions; 50 by default.",
        },
        "search": {
            "type": "string",
            "maxLength": MAX_SEARCH_CHARS,
            "description": "Only those in which all these words were said in one message.",
        },
        "messageLimit": {
            "type": "integer",
            "minimum": 0,
            "maximum": MAX_MESSAGES,
            "description": "Shows the last messages of each; none by default.",
        },
    })
}

impl Tool for SessionsList {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Output, Failed>> {
        self.list(call).boxed()
    }
}
