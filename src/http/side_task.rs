//! Side tasks of chat programs: the titles, tags, follow-up questions and completions that they
//! ask for beside the conversation, with the same model. They must not become part of it.

use crate::types::{Content, Message};

/// Words of `metadata.task` by which Open WebUI tells its side tasks from answers.
const TASKS: [&str; 9] = [
    "title_generation",
    "follow_up_generation",
    "tags_generation",
    "emoji_generation",
    "query_generation",
    "image_prompt_generation",
    "autocomplete_generation",
    "function_calling",
    "moa_response_generation",
];

/// How a side task's one message begins, and what else it holds.
struct Form {
    begins: &'static str,
    holds: &'static [&'static str],
}

/// The forms of the programs' own default prompts. A prompt that an administrator has rewritten
/// is an ordinary message unless `metadata.task` says otherwise.
const MESSAGES: [Form; 5] = [
    // Open WebUI: title, tags, follow-ups, search queries, image prompts, autocompletion. Its
    // answers over documents begin alike but quote a context, not the chat.
    Form { begins: "### Task:", holds: &["<chat_history>", "</chat_history>"] },
    // Open WebUI: an emoji for a spoken message.
    Form {
        begins: "Your task is to reflect the speaker's likely facial expression through a fitting emoji",
        holds: &["Message:"],
    },
    // Open WebUI: one answer out of those that several models gave.
    Form {
        begins: "You have been provided with a set of responses from various models",
        holds: &["Responses from models:"],
    },
    // LibreChat: title, by its method `completion`.
    Form {
        begins: "Provide a concise, 5-word-or-less title for the conversation",
        holds: &["Only return the title itself", "Conversation:"],
    },
    // LibreChat: title, by its method `structured`.
    Form {
        begins: "Analyze this conversation and provide:",
        holds: &["A concise title in the detected language"],
    },
];

/// How the instructions of LobeChat's titles begin, and what else they hold.
const INSTRUCTIONS: [Form; 2] = [
    Form {
        begins: "You are a professional conversation summarizer. Generate a concise title",
        holds: &["Rules:"],
    },
    Form {
        begins: "You are an assistant skilled at conversations. You need to summarize",
        holds: &["title within 10 characters"],
    },
];

/// Whether a `metadata.task` names a side task.
pub(super) fn is_named(task: &str) -> bool {
    TASKS.contains(&task)
}

/// Whether a conversation has the form of a side task.
pub(super) fn has_form(conversation: &[Message]) -> bool {
    match conversation {
        [Message::User { content, .. }] => {
            text(content).is_some_and(|text| MESSAGES.iter().any(|form| form.fits(text)))
        }
        [Message::System { text }, Message::User { .. }] => {
            INSTRUCTIONS.iter().any(|form| form.fits(text.trim()))
        }
        _ => false,
    }
}

/// A message's text where it is nothing but one text; no side task has images.
fn text(content: &Content) -> Option<&str> {
    match content {
        Content::Text(text) => Some(text.trim()),
        Content::Parts(_) => None,
    }
}

impl Form {
    fn fits(&self, text: &str) -> bool {
        text.starts_with(self.begins) && self.holds.iter().all(|part| text.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Message {
        Message::User { content: Content::Text(text.to_owned()), name: None }
    }

    fn check(expected: bool, conversation: &[Message]) {
        assert_eq!(has_form(conversation), expected, "{conversation:?}");
    }

    #[test]
    fn the_programs_side_tasks_are_known() {
        let title = "### Task:\nTitle it.\n### Chat History:\n<chat_history>\nhi\n</chat_history>";
        check(true, &[user(title)]);
        let merge = "You have been provided with a set of responses from various models to: hi.\n\
                     Responses from models: a, b";
        check(true, &[user(merge)]);
        let librechat = "Provide a concise, 5-word-or-less title for the conversation, using title \
                         case conventions. Only return the title itself.\n\nConversation:\nUser: hi";
        check(true, &[user(librechat)]);
        let lobe = "You are a professional conversation summarizer. Generate a concise title.\n\n\
                    Rules:\n- Output ONLY the title text";
        let system = Message::System { text: lobe.to_owned() };
        check(true, &[system.clone(), user("user: hi")]);
        check(false, &[system, user("one"), user("two")]);
        assert!(is_named("tags_generation") && !is_named("chat"));
    }

    #[test]
    fn what_people_say_is_not_one() {
        check(false, &[user("Give this chat a title.")]);
        check(false, &[user("### Task:\nAnswer from\n<context>\nx\n</context>")]);
        let title = "### Task:\nTitle it.\n<chat_history>\nhi\n</chat_history>";
        let answer = Message::Assistant { text: Some("yes".to_owned()), tool_calls: vec![] };
        check(false, &[user("hi"), answer, user(title)]);
    }
}
