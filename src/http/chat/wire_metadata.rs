//! What a chat request says of itself.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use utoipa::ToSchema;

/// Further facts about a request. Keys that are not listed are accepted and not used.
#[derive(Debug, Default, ToSchema)]
pub(crate) struct ChatCompletionMetadata {
    /// The chat this is a turn of: calls with the same value share a session.
    #[schema(required = false)]
    pub chat_id: Option<String>,
    /// The same under another name; `chat_id` wins.
    #[schema(required = false)]
    pub conversation: Option<String>,
    /// The side task of a chat program that this is, such as `title_generation`; it is answered
    /// by the agent's utility model and leaves no trace in a session.
    #[schema(required = false)]
    pub task: Option<String>,
    /// Whether there are other keys.
    #[schema(ignore)]
    pub others: bool,
}

impl<'de> Deserialize<'de> for ChatCompletionMetadata {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Facts;
        impl<'de> Visitor<'de> for Facts {
            type Value = ChatCompletionMetadata;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut facts = ChatCompletionMetadata::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "chat_id" => facts.chat_id = map.next_value()?,
                        "conversation" => facts.conversation = map.next_value()?,
                        "task" => facts.task = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            facts.others = true;
                        }
                    }
                }
                Ok(facts)
            }
        }
        input.deserialize_map(Facts)
    }
}
