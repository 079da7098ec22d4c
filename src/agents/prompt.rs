//! What an agent is told before a conversation begins.

use crate::config::AgentEntry;
use crate::types::{ContextText, Message};

/// Puts the agent's own instructions, and what the caller gave the model to read, in front of the
/// caller's conversation.
///
/// An agent without a configured prompt gets one sentence with its name, and none at all when it
/// has no name either: a caller's own system message is then the only one.
pub(super) fn assemble(
    agent: &AgentEntry,
    context: Vec<ContextText>,
    conversation: Vec<Message>,
) -> Vec<Message> {
    let instructions = match (&agent.system_prompt, &agent.name) {
        (Some(prompt), _) => Some(prompt.clone()),
        (None, Some(name)) => Some(format!("You are {name}, a helpful assistant.")),
        (None, None) => None,
    };
    let instructions = instructions.filter(|text| !text.trim().is_empty());
    if instructions.is_none() && context.is_empty() {
        return conversation;
    }
    let before = instructions.into_iter().chain(context.into_iter().map(|read| read.text));
    let mut messages: Vec<Message> = before.map(|text| Message::System { text }).collect();
    messages.extend(conversation);
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{EmbeddingChoice, ToolSettings};
    use crate::types::{AgentId, Content, ModelRef};

    fn check(prompt: Option<&str>, name: Option<&str>, expected: Option<&str>) {
        let agent = AgentEntry {
            id: AgentId::main(),
            name: name.map(str::to_owned),
            model: ModelRef { provider: "p".to_owned(), model: "m".to_owned() },
            system_prompt: prompt.map(str::to_owned),
            utility_model: ModelRef { provider: "p".to_owned(), model: "u".to_owned() },
            max_concurrent: None,
            tools: ToolSettings::default(),
            embedding: EmbeddingChoice { provider: "p".to_owned(), model: "e".to_owned() },
        };
        let user = Message::User { content: Content::Text("hi".to_owned()), name: None };
        let got = assemble(&agent, Vec::new(), vec![user.clone()]);
        let mut wanted: Vec<Message> =
            expected.map(|text| Message::System { text: text.to_owned() }).into_iter().collect();
        wanted.push(user);
        assert_eq!(got, wanted);
    }

    #[test]
    fn the_agents_instructions_come_first() {
        check(Some("Be brief."), Some("Ada"), Some("Be brief."));
        check(None, Some("Ada"), Some("You are Ada, a helpful assistant."));
        check(None, None, None);
        check(Some("  "), Some("Ada"), None);
    }
}
