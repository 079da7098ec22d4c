//! The messages of a chat request as the waist has them.

use super::content::{ContentParam, ContentPart, InputFile};
use super::wire_message::{
    ChatCompletionMessageToolCall, ChatCompletionRequestMessage, FunctionCall, MessageRole,
};
use crate::http::attachments::{Age, Attachments, Given, Picture, Place};
use crate::http::ignored::Ignored;
use crate::http::range::required;
use crate::http::strict::Object;
use crate::http::{ApiError, recording};
use crate::media::Source;
use crate::types::{Content, Message, Part, ToolCall};

/// A conversation, and what is to be read before it is one.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    pub(super) input: Vec<Message>,
    pub(super) attachments: Attachments,
}

/// Reads one message after the other.
struct Reading<'a> {
    conversation: Conversation,
    ignored: &'a mut Ignored,
    /// The last message of a user, whose images are read.
    latest: Option<usize>,
    /// Calls in the older form that nothing has answered yet, by function and id.
    calls: Vec<(String, String)>,
}

impl Conversation {
    /// Reads a request's messages; notes in `ignored` what of them is not used.
    pub(super) fn read(
        params: Vec<Object<ChatCompletionRequestMessage>>,
        ignored: &mut Ignored,
    ) -> Result<Self, ApiError> {
        let latest = params.iter().rposition(|param| param.0.role == MessageRole::User);
        let conversation = Self { input: Vec::with_capacity(params.len()), ..Self::default() };
        let mut reading = Reading { conversation, ignored, latest, calls: Vec::new() };
        for (i, Object(param)) in params.into_iter().enumerate() {
            let message = reading.message(i, param)?;
            reading.conversation.input.push(message);
        }
        let Reading { conversation, .. } = reading;
        // Instructions alone ask for nothing; an assistant's turn may be continued.
        let instructs = |message: &Message| matches!(message, Message::System { .. });
        if conversation.input.iter().all(instructs) {
            let message = "Missing user message in `messages`.";
            return Err(ApiError::invalid("missing_required_parameter", "messages", message));
        }
        Ok(conversation)
    }
}

impl Reading<'_> {
    fn message(
        &mut self,
        i: usize,
        param: ChatCompletionRequestMessage,
    ) -> Result<Message, ApiError> {
        self.ignored.note_seen_at(i, "audio", param.audio);
        if param.name.is_some() && !matches!(param.role, MessageRole::User | MessageRole::Function)
        {
            self.ignored.note(format!("messages[{i}].name"));
        }
        match param.role {
            MessageRole::System | MessageRole::Developer => {
                let content = required(param.content, || at(i, "content"))?;
                Ok(Message::System { text: texts(content, i)?.text() })
            }
            MessageRole::User => {
                let content = required(param.content, || at(i, "content"))?;
                Ok(Message::User { content: self.user(content, i)?, name: param.name })
            }
            MessageRole::Assistant => self.assistant(i, param),
            MessageRole::Tool => {
                let call_id = required(param.tool_call_id, || at(i, "tool_call_id"))?;
                Ok(Message::Tool { call_id, content: result(param.content, i)? })
            }
            MessageRole::Function => {
                let name = required(param.name, || at(i, "name"))?;
                Ok(Message::Tool {
                    call_id: self.answered(&name, i)?,
                    content: result(param.content, i)?,
                })
            }
        }
    }

    fn assistant(
        &mut self,
        i: usize,
        param: ChatCompletionRequestMessage,
    ) -> Result<Message, ApiError> {
        let said = param.content.map(|content| spoken(content, i)).transpose()?;
        let text = said.filter(|text| !text.is_empty()).or(param.refusal);
        let calls = param.tool_calls.unwrap_or_default().into_iter().enumerate();
        let mut tool_calls: Vec<ToolCall> = calls
            .map(|(j, Object(call))| tool_call(call, &format!("messages[{i}].tool_calls[{j}]")))
            .collect::<Result<_, _>>()?;
        if let Some(Object(FunctionCall { name, arguments })) = param.function_call {
            // The older form has no ids; a call's place is one that stays the same.
            let id = format!("call_{i}");
            self.calls.push((name.clone(), id.clone()));
            tool_calls.push(ToolCall { id, name, arguments: written(arguments) });
        }
        Ok(Message::Assistant { text: text.filter(|text| !text.is_empty()), tool_calls })
    }

    /// The id of the call that a function's result answers.
    fn answered(&mut self, name: &str, i: usize) -> Result<String, ApiError> {
        let Some(call) = self.calls.iter().position(|(called, _)| called == name) else {
            let message = format!(
                "No message before this one has a `function_call` of '{name}' that is still to be \
                 answered."
            );
            return Err(ApiError::invalid("invalid_value", at(i, "name"), message));
        };
        Ok(self.calls.remove(call).1)
    }

    /// What a user says.
    fn user(&mut self, content: ContentParam, i: usize) -> Result<Content, ApiError> {
        let parts = match content {
            ContentParam::Text(text) => return Ok(Content::Text(text)),
            // Some clients write an empty message so.
            ContentParam::Parts(parts) if parts.is_empty() => {
                return Ok(Content::Text(String::new()));
            }
            ContentParam::Parts(parts) => parts.into_iter().enumerate(),
        };
        let parts = parts.map(|(j, Object(part))| self.part(part, Place { message: i, part: j }));
        Ok(Content::Parts(parts.collect::<Result<_, _>>()?))
    }

    fn part(&mut self, part: ContentPart, place: Place) -> Result<Part, ApiError> {
        match part.kind.as_str() {
            "text" | "input_text" => Ok(Part::Text(required(part.text, || below(place, "text"))?)),
            "image_url" => {
                let Object(image) = required(part.image_url, || below(place, "image_url"))?;
                self.image(image.url, image.detail, place)
            }
            "input_audio" => {
                let path = below(place, "input_audio");
                let Object(audio) = required(part.input_audio, || path.clone())?;
                recording::part(audio.data, audio.format, &path)
            }
            "file" => {
                let Object(file) = required(part.file, || below(place, "file"))?;
                self.file(file, place)
            }
            other => {
                let hint = "text, image_url, input_audio and file are what a user's message has";
                Err(unsupported(other, place, hint))
            }
        }
    }

    /// An image of the last user message is read, and one of an earlier message where it is data;
    /// where that is an address it was read when it was new, and is mentioned.
    fn image(
        &mut self,
        url: String,
        detail: Option<String>,
        place: Place,
    ) -> Result<Part, ApiError> {
        let starts = |scheme: &str| {
            url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        let (data, address) = (starts("data:image/"), starts("https://") || starts("http://"));
        if !data && !address {
            let path = below(place, "image_url.url");
            let message = format!("`{path}` must be a data:image/… URI or an http(s) address.");
            return Err(ApiError::invalid("invalid_value", path, message));
        }
        let age = if Some(place.message) == self.latest { Age::New } else { Age::Earlier };
        if address && age == Age::Earlier {
            return Ok(Part::Text(format!("[image shown earlier: {url}]")));
        }
        let given = Given { path: below(place, "image_url.url"), source: Source::Url(url) };
        let picture = Picture { place, age, detail };
        Ok(self.conversation.attachments.image(given, picture))
    }

    /// A file is read wherever it stands: it is here, and its text is in no earlier answer.
    fn file(&mut self, file: InputFile, place: Place) -> Result<Part, ApiError> {
        if file.file_id.is_some() {
            let path = below(place, "file.file_id");
            let message = "Files are not uploaded here, so no id names one: send the file itself \
                           as `file_data`.";
            return Err(ApiError::invalid("unsupported_value", path, message));
        }
        let path = below(place, "file.file_data");
        let data = required(file.file_data, || path.clone())?;
        let source = Source::of_data(data);
        Ok(self.conversation.attachments.file(Given { path, source }, file.filename))
    }
}

/// A tool's result; none is an empty one.
fn result(content: Option<ContentParam>, i: usize) -> Result<Content, ApiError> {
    content.map_or_else(|| Ok(Content::Text(String::new())), |content| texts(content, i))
}

/// Content that has nothing but text.
fn texts(content: ContentParam, i: usize) -> Result<Content, ApiError> {
    let parts = match content {
        ContentParam::Text(text) => return Ok(Content::Text(text)),
        ContentParam::Parts(parts) if parts.is_empty() => return Ok(Content::Text(String::new())),
        ContentParam::Parts(parts) => parts.into_iter().enumerate(),
    };
    let parts = parts.map(|(j, Object(part))| {
        let place = Place { message: i, part: j };
        match part.kind.as_str() {
            "text" | "input_text" => Ok(Part::Text(required(part.text, || below(place, "text"))?)),
            other => Err(unsupported(other, place, "a message of this role has text only")),
        }
    });
    Ok(Content::Parts(parts.collect::<Result<_, _>>()?))
}

/// What an assistant said, or declined with.
fn spoken(content: ContentParam, i: usize) -> Result<String, ApiError> {
    let parts = match content {
        ContentParam::Text(text) => return Ok(text),
        ContentParam::Parts(parts) => parts.into_iter().enumerate(),
    };
    let texts = parts.map(|(j, Object(part))| {
        let place = Place { message: i, part: j };
        match part.kind.as_str() {
            "text" | "output_text" => required(part.text, || below(place, "text")),
            "refusal" => required(part.refusal, || below(place, "refusal")),
            other => Err(unsupported(other, place, "an assistant's message has text and refusal")),
        }
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"))
}

fn tool_call(call: ChatCompletionMessageToolCall, path: &str) -> Result<ToolCall, ApiError> {
    if let Some(kind) = call.kind.filter(|kind| kind != "function") {
        let message = format!("Only calls of functions are supported, not of kind '{kind}'.");
        return Err(ApiError::invalid("unsupported_value", format!("{path}.type"), message));
    }
    let Object(function) = required(call.function, || format!("{path}.function"))?;
    let FunctionCall { name, arguments } = function;
    Ok(ToolCall { id: call.id, name, arguments: written(arguments) })
}

/// Arguments as the model wrote them; where there were none, what a function without any gets.
fn written(arguments: Option<String>) -> String {
    arguments.unwrap_or_else(|| "{}".to_owned())
}

fn unsupported(kind: &str, place: Place, hint: &str) -> ApiError {
    let message = format!("Content parts of type '{kind}' are not supported here; {hint}.");
    ApiError::invalid("unsupported_value", below(place, "type"), message)
}

/// A field of a message.
fn at(i: usize, field: &str) -> String {
    format!("messages[{i}].{field}")
}

/// A field of a part.
fn below(place: Place, field: &str) -> String {
    format!("messages[{}].content[{}].{field}", place.message, place.part)
}
