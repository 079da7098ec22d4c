//! What a conversation is made of.

use serde::{Deserialize, Serialize};

/// One turn of a conversation, as the model will see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Message {
    /// Instructions; OpenAI's `system` and `developer` roles both arrive here.
    System {
        /// The instruction text.
        text: String,
    },
    /// What the person, or the program acting for them, says.
    User {
        /// Text, or text mixed with images.
        content: Content,
        /// The speaker, where several people share a conversation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// What a model said earlier.
    Assistant {
        /// The visible answer; absent when the model only called tools.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The tools it asked for, in the order it asked.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall>,
    },
    /// What a tool answered.
    Tool {
        /// The id of the call this answers.
        call_id: String,
        /// The result; an empty text is a valid result.
        content: Content,
    },
}

/// The body of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// One text.
    Text(String),
    /// Several parts, in order.
    Parts(Vec<Part>),
}

/// One part of a [`Content::Parts`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// A piece of text.
    Text(String),
    /// An image, by data URI or by URL.
    Image {
        /// `data:` or `https:` address of the image.
        url: String,
        /// OpenAI's `detail` hint: `auto`, `low` or `high`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// A sound recording.
    Audio {
        /// Base64 of the recording.
        data: String,
        /// `wav` or `mp3`.
        format: String,
    },
}

/// A model's request to run a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The id the model's provider gave it; never rewritten.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// Arguments as the model wrote them: JSON text, which may be malformed.
    pub arguments: String,
}

impl Content {
    /// The text of all text parts, joined; all else is left out.
    pub fn text(&self) -> String {
        match self {
            Content::Text(text) => text.clone(),
            Content::Parts(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Text(text) => Some(text.as_str()),
                    Part::Image { .. } | Part::Audio { .. } => None,
                })
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }
}
