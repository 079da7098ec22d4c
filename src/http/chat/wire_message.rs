//! One message of a chat request.

use super::content::ContentParam;
use crate::http::ignored::Seen;
use crate::http::strict::{Object, Word, word};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// One message of the conversation.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatCompletionRequestMessage {
    /// Who speaks.
    pub role: MessageRole,
    /// What is said; may be null or empty where an assistant only called tools.
    #[serde(default)]
    pub content: Option<ContentParam>,
    /// For `user`: the speaker, where several share the role. For `function`: the function.
    #[serde(default)]
    pub name: Option<String>,
    /// For `assistant`: its words where it declined.
    #[serde(default)]
    pub refusal: Option<String>,
    /// For `assistant`: the tools it called.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ChatCompletionMessageToolCall>>)]
    pub tool_calls: Option<Vec<Object<ChatCompletionMessageToolCall>>>,
    /// For `assistant`: the older form of `tool_calls`.
    #[serde(default)]
    #[schema(value_type = Option<FunctionCall>)]
    pub function_call: Option<Object<FunctionCall>>,
    /// For `tool`: the call this answers.
    #[serde(default)]
    pub tool_call_id: Option<String>,
    /// Not used: spoken answers are not kept.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub audio: Seen,
}

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum MessageRole {
    /// Instructions.
    System,
    /// Instructions, under their newer name.
    Developer,
    /// The person, or the program acting for them.
    User,
    /// The model.
    Assistant,
    /// A tool's result.
    Tool,
    /// A function's result, in the older form.
    Function,
}

impl Word for MessageRole {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("system", Self::System),
        ("developer", Self::Developer),
        ("user", Self::User),
        ("assistant", Self::Assistant),
        ("tool", Self::Tool),
        ("function", Self::Function),
    ];
}

impl<'de> Deserialize<'de> for MessageRole {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        word(input)
    }
}

/// A call an assistant made earlier, as the client plays it back.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChatCompletionMessageToolCall {
    /// The call's id.
    pub id: String,
    /// `function`, the only kind there is here.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// What was called.
    #[serde(default)]
    #[schema(value_type = FunctionCall, required)]
    pub function: Option<Object<FunctionCall>>,
}

/// A function's name and the arguments the model wrote.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct FunctionCall {
    /// The function's name.
    pub name: String,
    /// JSON text; may be malformed, as models write it.
    #[serde(default)]
    pub arguments: Option<String>,
}
