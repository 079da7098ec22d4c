//! Items as the messages that a model reads.

#[cfg(test)]
mod tests;

use super::{Item, Output, Part, Role, compaction};
use crate::types::{self, Content, Message, ToolCall};

/// A conversation of items as messages: a function call goes with the text of the model's around
/// it, thoughts are left out, and what was compacted is told as a summary.
pub fn messages(items: &[Item]) -> Vec<Message> {
    let mut told = Told::default();
    for item in items {
        match item {
            Item::Message { role: Role::Assistant, content, .. } => told.answer(text_of(content)),
            Item::Message { role: Role::User, content, .. } => {
                told.push(Message::User { content: content_of(content), name: None });
            }
            Item::Message { role: Role::System | Role::Developer, content, .. } => {
                told.push(Message::System { text: text_of(content) });
            }
            Item::FunctionCall { call_id, name, arguments, .. } => told.call(ToolCall {
                id: call_id.clone(),
                name: name.clone(),
                arguments: arguments.clone(),
            }),
            Item::FunctionCallOutput { call_id, output, .. } => {
                let content = match output {
                    Output::Text(text) => Content::Text(text.clone()),
                    Output::Parts(parts) => content_of(parts),
                };
                told.push(Message::Tool { call_id: call_id.clone(), content });
            }
            Item::Reasoning { .. } => {}
            Item::Compaction { encrypted_content, .. } => {
                if let Some(summary) = compaction::summary_of(encrypted_content) {
                    told.push(Message::System { text: compaction::told(&summary) });
                }
            }
        }
    }
    told.finish()
}

/// Messages so far, and the answer that still grows.
#[derive(Debug, Default)]
struct Told {
    messages: Vec<Message>,
    text: Option<String>,
    calls: Vec<ToolCall>,
}

impl Told {
    fn answer(&mut self, text: String) {
        // Text after a call belongs to its message, else the call would be parted from its output.
        // Text after text is a message of its own, as it was.
        if self.calls.is_empty() {
            self.flush();
        }
        match &mut self.text {
            Some(before) if !before.is_empty() => {
                before.push('\n');
                before.push_str(&text);
            }
            _ => self.text = Some(text),
        }
    }

    fn call(&mut self, call: ToolCall) {
        self.calls.push(call);
    }

    fn push(&mut self, message: Message) {
        self.flush();
        self.messages.push(message);
    }

    fn flush(&mut self) {
        let (text, tool_calls) = (self.text.take(), std::mem::take(&mut self.calls));
        if text.is_some() || !tool_calls.is_empty() {
            let text = text.filter(|text| tool_calls.is_empty() || !text.is_empty());
            self.messages.push(Message::Assistant { text, tool_calls });
        }
    }

    fn finish(mut self) -> Vec<Message> {
        self.flush();
        self.messages
    }
}

/// All text of a content.
pub(super) fn text_of(content: &[Part]) -> String {
    let texts: Vec<_> = content.iter().filter_map(text).collect();
    texts.join("\n")
}

fn text(part: &Part) -> Option<&str> {
    match part {
        Part::InputText { text } | Part::OutputText { text, .. } => Some(text),
        Part::Refusal { refusal } => Some(refusal),
        Part::InputImage { .. } | Part::InputFile { .. } | Part::InputAudio { .. } => None,
    }
}

/// A content as a model reads it. The text of files comes another way.
fn content_of(content: &[Part]) -> Content {
    let parts = content.iter().filter_map(|part| match part {
        Part::InputImage { image_url, detail } => {
            let (url, detail) = (image_url.clone()?, Some(detail.clone()));
            Some(types::Part::Image { url, detail })
        }
        Part::InputAudio { input_audio } => {
            let (data, format) = (input_audio.data.clone(), input_audio.format.clone());
            Some(types::Part::Audio { data, format })
        }
        // In the place of a file stands its name, as in chat completions.
        Part::InputFile { filename, .. } => Some(types::Part::Text(match filename {
            Some(name) => format!("[attached file: {name}]"),
            None => "[attached file]".to_owned(),
        })),
        other => text(other).map(|text| types::Part::Text(text.to_owned())),
    });
    let mut parts: Vec<_> = parts.collect();
    match parts.as_mut_slice() {
        [] => Content::Text(String::new()),
        [types::Part::Text(text)] => Content::Text(std::mem::take(text)),
        _ => Content::Parts(parts),
    }
}
