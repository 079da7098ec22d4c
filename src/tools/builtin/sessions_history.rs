//! `sessions_history`: what was said in a session.

use super::transcript::{Line, Tools, line};
use super::{Sheet, no_session};
use crate::sessions::Sessions;
use crate::store::Page;
use crate::tools::{Call, Error, Failed, Group, Output, Spec, Tool};
use crate::types::SessionKey;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;

/// Messages of one answer, unless the caller says otherwise.
const LIMIT: usize = 50;
/// Most messages of one answer.
const MAX_LIMIT: usize = 200;
/// Bytes of messages after which an answer ends, well within what the toolbox lets through; the
/// older ones are the next page's.
const MAX_BYTES: usize = 40 * 1024;
/// Entries that are read to find messages, where most entries are calls of tools.
const MAX_READ: usize = 2_000;

/// Shows what was said in a session, the latest messages first asked for.
#[derive(Debug)]
pub(super) struct SessionsHistory {
    spec: Spec,
    sessions: Sessions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Args {
    session_key: String,
    limit: Option<usize>,
    before_seq: Option<u64>,
    #[serde(default)]
    include_tools: bool,
}

/// Messages in order, and where the older ones begin.
pub(super) struct Told {
    /// The oldest first.
    pub(super) lines: Vec<Line>,
    /// Older ones are before this sequence; absent where there are none.
    pub(super) before: Option<u64>,
}

/// Which messages to show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) before: u64,
    pub(super) limit: usize,
    pub(super) bytes: usize,
    pub(super) tools: Tools,
}

/// The last messages of a session that a window shows; none where there is no session.
pub(super) async fn tell(
    sessions: &Sessions,
    key: &SessionKey,
    window: Window,
) -> Result<Option<Told>, Failed> {
    let (mut newest_first, mut bytes, mut read) = (Vec::new(), 0, 0);
    let limit = window.limit.max(LIMIT);
    let mut before = window.before;
    loop {
        let page = Page::Before { sequence: before, limit };
        let Some(entries) = sessions.history(key, page).await? else { return Ok(None) };
        // A page may be shorter than asked for; the first entry of all has the sequence 1.
        let last_page = entries.first().is_none_or(|first| first.sequence <= 1);
        read += entries.len();
        for entry in entries.into_iter().rev() {
            let sequence = entry.sequence;
            let Some(line) = line(entry, window.tools) else {
                before = sequence;
                continue;
            };
            let size = serde_json::to_string(&line).map_or(0, |text| text.len());
            let full = newest_first.len() == window.limit || bytes + size > window.bytes;
            // One message is always shown, so that every page comes further.
            if full && !newest_first.is_empty() {
                newest_first.reverse();
                return Ok(Some(Told { lines: newest_first, before: Some(before) }));
            }
            before = sequence;
            bytes += size;
            newest_first.push(line);
        }
        if last_page || read >= MAX_READ {
            newest_first.reverse();
            let before = (!last_page).then_some(before);
            return Ok(Some(Told { lines: newest_first, before }));
        }
    }
}

impl SessionsHistory {
    pub(super) fn new(sessions: Sessions) -> Self {
        let spec = Sheet {
            name: "sessions_history",
            description: "Shows the latest messages of a session; `beforeSeq` pages back.",
            groups: &[Group::Sessions, Group::OpenClaw],
            properties: json!({
                "sessionKey": {
                    "type": "string",
                    "description": "The session's key, as sessions_list shows it; `main` is the \
                                    agent's main session.",
                },
                "limit": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_LIMIT,
                    "description": "Most messages; 50 by default.",
                },
                "beforeSeq": {
                    "type": "integer",
                    "minimum": 1,
                    "description": "Only messages before this one: the `nextBeforeSeq` of an \
                                    earlier answer.",
                },
                "includeTools": {
                    "type": "boolean",
                    "description": "Shows calls of tools and their results too.",
                },
            }),
            required: &["sessionKey"],
        };
        Self { spec: spec.spec(), sessions }
    }

    async fn show(&self, call: Call) -> Result<Output, Failed> {
        let args: Args = call.arguments()?;
        let named = args.session_key.trim();
        if named.is_empty() {
            return Err(Failed::Input("sessionKey required".to_owned()));
        }
        let context = &call.context;
        let key = context.key(named).map_err(|error: Error| Failed::Input(error.to_string()))?;
        let row = self.sessions.row(&key).await?.filter(|row| context.owns(row));
        row.ok_or_else(|| no_session(named))?;
        let window = Window {
            before: args.before_seq.unwrap_or(u64::MAX),
            limit: args.limit.unwrap_or(LIMIT),
            bytes: MAX_BYTES,
            tools: if args.include_tools { Tools::Shown } else { Tools::Hidden },
        };
        let told = tell(&self.sessions, &key, window).await?.ok_or_else(|| no_session(named))?;
        Ok(Output::json(json!({
            "sessionKey": key.as_str(),
            "messages": told.lines,
            "hasMore": told.before.is_some(),
            "nextBeforeSeq": told.before,
        })))
    }
}

impl Tool for SessionsHistory {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn invoke(&self, call: Call) -> BoxFuture<'_, Result<Output, Failed>> {
        self.show(call).boxed()
    }
}
