//! From the items of a request to items as they are kept: checked, and with their images and files
//! read.

use super::items::{ContentParam, ImageParam, InputContent, InputItem, InputParam, TextOr};
use super::media::{Kind, Pending, Wanted};
use crate::http::strict::Object;
use crate::http::{ApiError, json, range, recording};
use crate::media::Source;
use crate::responses::{self, Audio, Item, Output, Part, Role, Status, Summary};

/// OpenAI's words for how closely an image is looked at.
const DETAILS: [&str; 4] = ["auto", "low", "high", "original"];

/// Items of OpenAI's built-in tools.
const BUILT_IN: [&str; 20] = [
    "web_search_call",
    "file_search_call",
    "computer_call",
    "computer_call_output",
    "code_interpreter_call",
    "image_generation_call",
    "local_shell_call",
    "local_shell_call_output",
    "shell_call",
    "shell_call_output",
    "apply_patch_call",
    "apply_patch_call_output",
    "mcp_list_tools",
    "mcp_call",
    "mcp_approval_request",
    "mcp_approval_response",
    "tool_search_call",
    "tool_search_output",
    "program",
    "program_output",
];

/// Items of a request, some of which still lack something.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) items: Vec<Drafted>,
    /// Images and files to be read.
    pub(super) pending: Vec<Pending>,
    /// Where items stand that are not used.
    pub(super) skipped: Vec<String>,
}

/// One of them.
#[derive(Debug)]
pub(super) enum Drafted {
    /// An item.
    Item(Item),
    /// One that is to be looked up.
    Reference {
        /// Its id.
        id: String,
        /// Where the request names it.
        path: String,
    },
}

impl Drafted {
    /// The item, if it is one.
    pub(super) fn into_item(self) -> Option<Item> {
        match self {
            Self::Item(item) => Some(item),
            Self::Reference { .. } => None,
        }
    }
}

/// Who a part belongs to, and where it stands.
struct Place<'a> {
    owner: Owner,
    item: usize,
    path: &'a str,
}

/// What a part is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Message(Role),
    Output,
}

/// Checks the items of a request, without reading its images and files.
pub(super) fn draft(input: InputParam) -> Result<Draft, ApiError> {
    let mut draft = Draft::default();
    let params = match input {
        TextOr::Text(text) => {
            let content = vec![Part::InputText { text }];
            draft.items.push(Drafted::Item(message(None, Role::User, content)));
            return Ok(draft);
        }
        TextOr::List(params) => params,
    };
    for (at, Object(param)) in params.into_iter().enumerate() {
        draft.add(param, at)?;
    }
    Ok(draft)
}

/// What has no id is given one where it is kept.
fn message(id: Option<String>, role: Role, content: Vec<Part>) -> Item {
    let id = id.unwrap_or_default();
    Item::Message { id, status: Status::Completed, role, content, phase: None }
}

fn required<T>(value: Option<T>, path: &str, field: &str) -> Result<T, ApiError> {
    range::required(value, || format!("{path}.{field}"))
}

fn missing(path: &str, field: &str) -> ApiError {
    let param = format!("{path}.{field}");
    let message = format!("Missing required parameter: '{param}'.");
    ApiError::invalid("missing_required_parameter", param, message)
}

/// Whether items of this type tell of a tool that runs at OpenAI or in its own clients. Histories
/// hold them; the models here know no such tools.
fn is_built_in(kind: &str) -> bool {
    BUILT_IN.contains(&kind)
}

fn call(param: InputItem, path: &str, arguments: String) -> Result<Item, ApiError> {
    Ok(Item::FunctionCall {
        id: param.id.unwrap_or_default(),
        call_id: required(param.call_id, path, "call_id")?,
        name: required(param.name, path, "name")?,
        arguments,
        status: Status::Completed,
    })
}

/// A conversation made short; what another server has made of one cannot be read here.
fn compaction(param: InputItem, path: &str) -> Result<Item, ApiError> {
    let encrypted_content = required(param.encrypted_content, path, "encrypted_content")?;
    if responses::summary_of(&encrypted_content).is_none() {
        let message = "This compaction was not made by this gateway: send the conversation itself.";
        let param = format!("{path}.encrypted_content");
        return Err(ApiError::invalid("invalid_value", param, message));
    }
    Ok(Item::Compaction { id: param.id.unwrap_or_default(), encrypted_content })
}

impl Draft {
    fn add(&mut self, mut param: InputItem, at: usize) -> Result<(), ApiError> {
        let path = format!("input[{at}]");
        let item = match param.kind.as_deref() {
            // Where the type is left out, an id alone is a reference, and all else a message.
            None if param.role.is_none() && param.content.is_none() && param.id.is_some() => {
                return self.refer(param.id, &path);
            }
            Some("item_reference") => return self.refer(param.id, &path),
            None | Some("message") => self.said(param, &path)?,
            Some("function_call") => {
                let at = format!("{path}.arguments");
                // Clients play back what models write, and not all of it is JSON.
                let arguments = param.arguments.as_deref().map(|raw| json::parse_at(raw, &at));
                let arguments = arguments.transpose()?.unwrap_or_default();
                call(param, &path, arguments)?
            }
            Some("custom_tool_call") => {
                let input = required(param.input.take(), &path, "input")?;
                // Models of other providers know calls only with JSON.
                let arguments = serde_json::json!({ "input": input }).to_string();
                call(param, &path, arguments)?
            }
            Some("function_call_output" | "custom_tool_call_output") => {
                self.answered(param, &path)?
            }
            Some(kind) if is_built_in(kind) => {
                self.skipped.push(path);
                return Ok(());
            }
            Some("reasoning") => {
                let summary = param.summary.unwrap_or_default().into_iter();
                let texts = summary.filter_map(|Object(part)| part.text);
                Item::Reasoning {
                    id: param.id.unwrap_or_default(),
                    summary: texts.map(|text| Summary::SummaryText { text }).collect(),
                    status: None,
                }
            }
            Some("compaction" | "compaction_summary") => compaction(param, &path)?,
            Some(other) => {
                let message = format!(
                    "Items of type '{other}' are not supported; message, function_call, \
                     function_call_output, custom_tool_call, custom_tool_call_output, reasoning, \
                     item_reference and compaction are."
                );
                return Err(ApiError::invalid(
                    "unsupported_value",
                    format!("{path}.type"),
                    message,
                ));
            }
        };
        self.items.push(Drafted::Item(item));
        Ok(())
    }

    fn refer(&mut self, id: Option<String>, path: &str) -> Result<(), ApiError> {
        let id = required(id, path, "id")?;
        self.items.push(Drafted::Reference { id, path: format!("{path}.id") });
        Ok(())
    }

    fn said(&mut self, param: InputItem, path: &str) -> Result<Item, ApiError> {
        let role = required(param.role, path, "role")?.0;
        let content = match param.content {
            // Some clients write an assistant that only called tools without any content.
            None if role == Role::Assistant => Vec::new(),
            content => self.parts(
                required(content, path, "content")?,
                Place {
                    owner: Owner::Message(role),
                    item: self.items.len(),
                    path: &format!("{path}.content"),
                },
            )?,
        };
        Ok(message(param.id, role, content))
    }

    fn answered(&mut self, param: InputItem, path: &str) -> Result<Item, ApiError> {
        let raw = required(param.output, path, "output")?;
        let output = match json::parse_at(&raw, &format!("{path}.output"))? {
            TextOr::Text(text) => Output::Text(text),
            list @ TextOr::List(_) => Output::Parts(self.parts(
                list,
                Place {
                    owner: Owner::Output,
                    item: self.items.len(),
                    path: &format!("{path}.output"),
                },
            )?),
        };
        Ok(Item::FunctionCallOutput {
            id: param.id.unwrap_or_default(),
            call_id: required(param.call_id, path, "call_id")?,
            output,
            status: Status::Completed,
        })
    }

    fn parts(&mut self, content: ContentParam, place: Place<'_>) -> Result<Vec<Part>, ApiError> {
        let params = match content {
            TextOr::Text(text) => return Ok(vec![place.owner.text(text)]),
            TextOr::List(params) => params,
        };
        let mut parts = Vec::with_capacity(params.len());
        for (at, Object(param)) in params.into_iter().enumerate() {
            let path = format!("{}[{at}]", place.path);
            let here = Place { path: &path, ..place };
            parts.push(self.part(param, at, here)?);
        }
        Ok(parts)
    }

    fn part(&mut self, param: InputContent, at: usize, place: Place<'_>) -> Result<Part, ApiError> {
        let Place { owner, path, .. } = place;
        match param.kind.as_str() {
            "input_text" | "output_text" | "text" => {
                Ok(owner.text(required(param.text, path, "text")?))
            }
            "refusal" => Ok(Part::Refusal { refusal: required(param.refusal, path, "refusal")? }),
            "input_image" if owner.may_show() => {
                let (wanted, detail) = image(param, path)?;
                self.pending.push(Pending { item: place.item, part: at, wanted });
                Ok(Part::InputImage { image_url: None, detail })
            }
            "input_file" if owner != Owner::Message(Role::Assistant) => {
                let (wanted, part) = file(param, path)?;
                self.pending.push(Pending { item: place.item, part: at, wanted });
                Ok(part)
            }
            "input_audio" if owner.may_show() => {
                let Object(audio) = required(param.input_audio, path, "input_audio")?;
                recording::checked(&audio.data, &audio.format, &format!("{path}.input_audio"))?;
                let input_audio = Audio { data: audio.data, format: audio.format };
                Ok(Part::InputAudio { input_audio })
            }
            other => Err(unsupported(other, owner, path)),
        }
    }
}

fn unsupported(kind: &str, owner: Owner, path: &str) -> ApiError {
    let message = match kind {
        "input_image" | "input_file" | "input_audio" => {
            format!("A part of type '{kind}' cannot stand here: it belongs to the user's messages.")
        }
        _ if owner.may_show() => format!(
            "Content parts of type '{kind}' are not supported; input_text, output_text, refusal, \
             input_image, input_file and input_audio are."
        ),
        _ => format!(
            "Content parts of type '{kind}' are not supported; input_text, output_text and \
             refusal are."
        ),
    };
    ApiError::invalid("unsupported_value", format!("{path}.type"), message)
}

impl Owner {
    fn text(self, text: String) -> Part {
        match self {
            Owner::Message(Role::Assistant) => {
                Part::OutputText { text, annotations: [], logprobs: Vec::new() }
            }
            _ => Part::InputText { text },
        }
    }

    /// Whether it may hold images and recordings.
    fn may_show(self) -> bool {
        matches!(self, Owner::Message(Role::User) | Owner::Output)
    }
}

/// An image, and OpenAI's `detail` of it.
fn image(param: InputContent, path: &str) -> Result<(Wanted, String), ApiError> {
    no_upload(param.file_id.as_deref(), path)?;
    let (source, place, detail) = match (param.image_url, param.source) {
        (Some(ImageParam { url, detail }), _) => {
            (Source::Url(url), format!("{path}.image_url"), param.detail.or(detail))
        }
        (None, Some(Object(source))) => {
            let (source, place) = in_other_form(source, path)?;
            (source, place, param.detail)
        }
        (None, None) => {
            return Err(missing(path, "image_url"));
        }
    };
    let detail = range::one_of(&format!("{path}.detail"), detail, &DETAILS)?;
    let detail = detail.unwrap_or_else(|| DETAILS[0].to_owned());
    Ok((Wanted { kind: Kind::Image, source, path: place }, detail))
}

/// A file, and what is kept of it: its text goes with this turn only.
fn file(param: InputContent, path: &str) -> Result<(Wanted, Part), ApiError> {
    no_upload(param.file_id.as_deref(), path)?;
    let mut filename = param.filename;
    let mut file_url = None;
    let (source, place) = match (param.file_data, param.file_url, param.source) {
        (Some(data), ..) => (Source::of_data(data), format!("{path}.file_data")),
        (None, Some(url), _) => (Source::Url(url), format!("{path}.file_url")),
        (None, None, Some(Object(mut source))) => {
            filename = filename.or(source.filename.take());
            in_other_form(source, path)?
        }
        (None, None, None) => {
            return Err(missing(path, "file_data"));
        }
    };
    if let Source::Url(url) = &source
        && source.is_fetched()
    {
        file_url = Some(url.clone());
    }
    let part = Part::InputFile { filename: filename.clone(), file_url };
    Ok((Wanted { kind: Kind::File(filename), source, path: place }, part))
}

/// A source in the form that OpenClaw's own clients send.
fn in_other_form(
    source: super::items::SourceParam,
    path: &str,
) -> Result<(Source, String), ApiError> {
    let path = format!("{path}.source");
    match source.kind.as_str() {
        "url" => Ok((Source::Url(required(source.url, &path, "url")?), format!("{path}.url"))),
        "base64" => {
            let base64 = required(source.data, &path, "data")?;
            let media_type = source.media_type;
            Ok((Source::Inline { base64, media_type }, format!("{path}.data")))
        }
        other => {
            let message = format!("`source.type` must be url or base64, not '{other}'.");
            Err(ApiError::invalid("unsupported_value", format!("{path}.type"), message))
        }
    }
}

fn no_upload(file_id: Option<&str>, path: &str) -> Result<(), ApiError> {
    if file_id.is_none() {
        return Ok(());
    }
    let message = "Files cannot be uploaded to this gateway, so there are no file ids: send the \
                   bytes as `file_data` or `image_url`, or an address.";
    Err(ApiError::invalid("unsupported_value", format!("{path}.file_id"), message))
}
