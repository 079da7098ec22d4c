//! Turns a conversation into the text a model continues.

use super::job::{Role, Turn};
use super::text::Edges;
use llama_cpp_2::model::{LlamaChatMessage, LlamaChatTemplate, LlamaModel};

/// Turns that open every transcript: without an example a base model repeats the question more
/// often than it answers it.
const EXAMPLE: &str = "\
User: Hello!
Assistant: Hello! How can I help you today?
User: Name two animals.
Assistant: The dog and the cat.
User: Water freezes at
Assistant: Water freezes at 0 degrees Celsius.
";

/// Temperature of an instruct model where the request names none.
const INSTRUCT_TEMPERATURE: f32 = 0.7;
/// The same for a base model, which wanders off at anything warmer.
const BASE_TEMPERATURE: f32 = 0.0;

/// How this model wants to be spoken to.
pub(super) enum Format {
    /// The chat template in the model file, applied by llama.cpp.
    Template(LlamaChatTemplate),
    /// A transcript, for base models that were never taught a chat format.
    Transcript,
}

/// A prompt ready for the tokenizer.
pub(super) struct Prompt {
    pub(super) text: String,
    /// Texts that end the answer, beside the caller's own.
    pub(super) stops: Vec<String>,
    /// Whether control tokens written in the text are meant as such.
    pub(super) control_tokens: bool,
    /// Trimmed where blanks at the edges of the answer come from the format.
    pub(super) edges: Edges,
}

impl Format {
    /// The format of this model: its own template if llama.cpp can apply it, else a transcript.
    pub(super) fn of(model: &LlamaModel) -> Format {
        let Ok(template) = model.chat_template(None) else { return Format::Transcript };
        let probe = [Turn { role: Role::User, text: "Hello".to_owned() }];
        match apply(model, &template, &probe) {
            Ok(_) => Format::Template(template),
            Err(reason) => {
                tracing::warn!(%reason, "the model's chat template is not one llama.cpp can apply; using a plain transcript");
                Format::Transcript
            }
        }
    }

    /// The temperature where a request names none.
    pub(super) fn temperature(&self) -> f32 {
        match self {
            Format::Template(_) => INSTRUCT_TEMPERATURE,
            Format::Transcript => BASE_TEMPERATURE,
        }
    }

    /// The prompt for this conversation.
    pub(super) fn prompt(&self, model: &LlamaModel, turns: &[Turn]) -> Result<Prompt, String> {
        match self {
            Format::Transcript => Ok(transcript(turns)),
            Format::Template(template) => Ok(Prompt {
                text: apply(model, template, turns)?,
                stops: Vec::new(),
                control_tokens: true,
                edges: Edges::Kept,
            }),
        }
    }
}

fn apply(
    model: &LlamaModel,
    template: &LlamaChatTemplate,
    turns: &[Turn],
) -> Result<String, String> {
    let messages = turns
        .iter()
        .map(|turn| {
            let role = match turn.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            LlamaChatMessage::new(role.to_owned(), turn.text.replace('\0', ""))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    model.apply_chat_template(template, &messages, true).map_err(|error| error.to_string())
}

/// System texts first, then an example, then the turns, and an open `Assistant:` at the end.
fn transcript(turns: &[Turn]) -> Prompt {
    let mut text = String::new();
    for turn in turns.iter().filter(|turn| turn.role == Role::System) {
        text.push_str(turn.text.trim());
        text.push_str("\n\n");
    }
    text.push_str(EXAMPLE);
    for turn in turns {
        let speaker = match turn.role {
            Role::System => continue,
            Role::User => "User: ",
            Role::Assistant => "Assistant: ",
        };
        text.push_str(speaker);
        text.push_str(turn.text.trim());
        text.push('\n');
    }
    text.push_str("Assistant:");
    Prompt {
        text,
        stops: vec!["\nUser:".to_owned(), "\nAssistant:".to_owned()],
        control_tokens: false,
        edges: Edges::Trimmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_puts_instructions_first_and_ends_open() {
        let turn = |role, text: &str| Turn { role, text: text.to_owned() };
        let prompt = transcript(&[
            turn(Role::User, " Hi "),
            turn(Role::System, "Be brief."),
            turn(Role::Assistant, "Hello."),
            turn(Role::User, "Bye"),
        ]);
        let (instructions, turns) = prompt.text.split_once(EXAMPLE).expect("an example");
        assert_eq!(instructions, "Be brief.\n\n");
        assert_eq!(turns, "User: Hi\nAssistant: Hello.\nUser: Bye\nAssistant:");
        assert!(prompt.edges == Edges::Trimmed && !prompt.control_tokens);
    }
}
