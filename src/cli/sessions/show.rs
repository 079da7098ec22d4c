//! `openclaw sessions show`.

use super::{Opened, list, text};
use crate::cli::{Context, Exit, output};
use crate::sessions::{Body, Entry, Row, Said, keys};
use crate::store::Page;
use crate::types::{Content, Message, Part, SessionKey, ToolCall};
use anyhow::anyhow;
use serde_json::{Value, json};

/// Entries that are shown where nothing else is asked for.
const ENTRIES: u16 = 50;

/// Which session to show.
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The session: its key, `main`, or a key without `agent:<id>:` of the default agent's
    #[arg(value_name = "KEY")]
    key: String,
    /// Show at most so many entries, the last ones
    #[arg(long, value_name = "N", default_value_t = ENTRIES, value_parser = clap::value_parser!(u16).range(1..=2_000))]
    limit: u16,
    /// Show only entries before this one, by its number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    before: Option<u64>,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) async fn run(context: &Context, opened: &Opened, show: Show) -> Result<(), Exit> {
    // A complete key needs no config, which may be what is broken.
    let key = match SessionKey::parse(&show.key) {
        Ok(key) => key,
        Err(_) => keys::named(&show.key, &super::default_agent(context)?).map_err(Exit::new)?,
    };
    let (before, limit) = (show.before.unwrap_or(u64::MAX), usize::from(show.limit));
    let page = Page::Before { sequence: before, limit };
    let row = opened.sessions.row(&key).await.map_err(Exit::new)?;
    let entries = opened.sessions.history(&key, page).await.map_err(Exit::new)?;
    let (Some(row), Some(entries)) = (row, entries) else {
        return Err(Exit::new(anyhow!("there is no session {key}"))
            .hint("`openclaw sessions list --all-agents` shows which there are"));
    };
    if show.json {
        return output::line(format_args!("{:#}", document(opened, &row, &entries)));
    }
    print_row(&row, opened.now())?;
    let first = entries.first().map_or(1, |first| first.sequence);
    if first > 1 {
        let left_out = first - 1;
        output::line(format_args!(
            "\n({left_out} earlier entries are not shown; `--before {first}` shows them)"
        ))?;
    }
    entries.iter().try_for_each(print_entry)
}

fn print_row(row: &Row, now: i64) -> Result<(), Exit> {
    let used = format!("{} ({} ago)", text::time(row.updated_at), text::span(now - row.updated_at));
    let tokens = format!("{} read, {} written", row.input_tokens, row.output_tokens);
    let kind = format!("{}, {}", row.chat_type, row.channel);
    let lines = [
        ("Session", Some(row.key.as_str())),
        ("Label", row.label.as_deref()),
        ("Owner", row.owner.as_deref()),
        ("Kind", Some(&kind)),
        ("Model", row.model_override.as_deref()),
        ("Transcript", Some(&row.session_id)),
        ("Began", Some(&text::time(row.session_started_at))),
        ("Changed", Some(&used)),
        ("Tokens", Some(&tokens)),
        ("Last run", row.aborted_last_run.then_some("did not come to its end")),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            output::line(format_args!("{:<11} {}", format!("{name}:"), text::plain(value)))?;
        }
    }
    Ok(())
}

fn print_entry(entry: &Entry) -> Result<(), Exit> {
    let (who, what) = match &entry.body {
        Body::Opened { why, .. } => (format!("the session begins ({why})"), String::new()),
        Body::Message(said) => spoken(said),
        Body::Broken { why, partial, .. } => {
            (format!("no answer: {why}"), partial.clone().unwrap_or_default())
        }
        Body::Notice(notice) => ("notice".to_owned(), notice.clone()),
    };
    let at = text::time(entry.at);
    output::line(format_args!("\n#{} {at} {}", entry.sequence, text::plain(&who)))?;
    if what.is_empty() { Ok(()) } else { output::line(text::plain(&what)) }
}

/// Who said something, and what.
fn spoken(said: &Said) -> (String, String) {
    match &said.message {
        Message::System { text } => ("system".to_owned(), text.clone()),
        Message::User { content, name } => {
            (name.as_ref().map_or("user".to_owned(), |name| format!("user {name}")), read(content))
        }
        Message::Assistant { text, tool_calls } => {
            let model = said.model.as_ref().map(ToString::to_string);
            let who = model.map_or("assistant".to_owned(), |model| format!("assistant {model}"));
            let calls = tool_calls.iter().map(called);
            let lines = text.iter().filter(|text| !text.is_empty()).cloned().chain(calls);
            (who, lines.collect::<Vec<_>>().join("\n"))
        }
        Message::Tool { call_id, content } => (format!("tool, answering {call_id}"), read(content)),
    }
}

fn called(call: &ToolCall) -> String {
    format!("→ {}({}) as {}", call.name, call.arguments, call.id)
}

fn read(content: &Content) -> String {
    let Content::Parts(parts) = content else { return content.text() };
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        // Data URIs are megabytes of nothing to read.
        Part::Image { url, .. } if url.starts_with("data:") => "[an image]".to_owned(),
        Part::Image { url, .. } => format!("[an image: {url}]"),
        Part::Audio { .. } => "[a recording]".to_owned(),
    };
    parts.iter().map(part).collect::<Vec<_>>().join("\n")
}

fn document(opened: &Opened, row: &Row, entries: &[Entry]) -> Value {
    let first = entries.first().map_or(1, |first| first.sequence);
    json!({
        "path": opened.file,
        "session": list::described(row, opened.now()),
        "count": entries.len(),
        "hasMore": first > 1,
        "entries": entries.iter().map(listed).collect::<Vec<_>>(),
    })
}

fn listed(entry: &Entry) -> Value {
    let mut value = match &entry.body {
        Body::Opened { session, why } => {
            json!({"type": "opened", "sessionId": session, "why": why})
        }
        Body::Message(said) => {
            let usage = said.usage.map(|usage| {
                json!({
                    "input": usage.input, "output": usage.output,
                    "cachedInput": usage.cached_input, "reasoning": usage.reasoning,
                })
            });
            json!({
                "type": "message", "runId": said.run.to_string(), "message": said.message,
                "model": said.model.as_ref().map(ToString::to_string),
                "usage": usage, "ending": said.ending,
            })
        }
        Body::Broken { run, ending, why, partial } => json!({
            "type": "broken", "runId": run.to_string(), "ending": ending, "why": why,
            "partial": partial,
        }),
        Body::Notice(text) => json!({"type": "notice", "text": text}),
    };
    value["sequence"] = json!(entry.sequence);
    value["at"] = json!(entry.at);
    value
}
