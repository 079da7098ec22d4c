//! Entries of a transcript as tools show them.

use crate::sessions::{Body, Entry, Said};
use crate::types::{Content, Message, Part, ToolCall};
use serde::Serialize;

/// A text longer than this is cut: a history is for an overview, not for moving files.
const MAX_TEXT_CHARS: usize = 4_000;

/// Whether calls of tools, and what the tools answered, are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tools {
    /// They are.
    Shown,
    /// They are left out.
    Hidden,
}

/// An entry as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    pub(super) seq: u64,
    at: i64,
    role: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Called>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// A call of a tool.
#[derive(Debug, Serialize)]
struct Called {
    id: String,
    name: String,
    arguments: String,
}

/// An entry as a line; none for what is not shown.
pub(super) fn line(entry: Entry, tools: Tools) -> Option<Line> {
    let Entry { sequence, at, body } = entry;
    let empty = Line {
        seq: sequence,
        at,
        role: "",
        text: String::new(),
        truncated: false,
        model: None,
        call_id: None,
        tool_calls: Vec::new(),
        why: None,
    };
    match body {
        Body::Opened { .. } => None,
        Body::Notice(text) => Some(Line { role: "notice", ..empty.saying(text) }),
        Body::Broken { why, partial, .. } => {
            let line = empty.saying(partial.unwrap_or_default());
            Some(Line { role: "broken", why: Some(why), ..line })
        }
        Body::Message(said) => message(said, tools, empty),
    }
}

fn message(said: Said, tools: Tools, empty: Line) -> Option<Line> {
    match said.message {
        Message::System { text } => Some(Line { role: "system", ..empty.saying(text) }),
        Message::User { content, .. } => {
            Some(Line { role: "user", ..empty.saying(shown(&content)) })
        }
        Message::Assistant { text, tool_calls } => {
            let tool_calls = match tools {
                Tools::Shown => tool_calls.into_iter().map(Called::of).collect(),
                Tools::Hidden if text.is_none() => return None,
                Tools::Hidden => Vec::new(),
            };
            let model = said.model.map(|model| model.to_string());
            let line = empty.saying(text.unwrap_or_default());
            Some(Line { role: "assistant", model, tool_calls, ..line })
        }
        Message::Tool { .. } if tools == Tools::Hidden => None,
        Message::Tool { call_id, content } => {
            let line = empty.saying(shown(&content));
            Some(Line { role: "tool", call_id: Some(call_id), ..line })
        }
    }
}

/// The text of a message; an image is named, not shown.
fn shown(content: &Content) -> String {
    let text = content.text();
    let images = match content {
        Content::Text(_) => 0,
        Content::Parts(parts) => {
            parts.iter().filter(|part| matches!(part, Part::Image { .. })).count()
        }
    };
    match images {
        0 => text,
        1 => format!("{text}\n[1 image]"),
        many => format!("{text}\n[{many} images]"),
    }
}

impl Line {
    fn saying(self, text: String) -> Self {
        match text.char_indices().nth(MAX_TEXT_CHARS) {
            Some((end, _)) => {
                Self { text: format!("{}…", &text[..end]), truncated: true, ..self }
            }
            None => Self { text, ..self },
        }
    }
}

impl Called {
    fn of(call: ToolCall) -> Self {
        let ToolCall { id, name, mut arguments } = call;
        if let Some((end, _)) = arguments.char_indices().nth(MAX_TEXT_CHARS) {
            arguments.truncate(end);
            arguments.push('…');
        }
        Self { id, name, arguments }
    }
}
