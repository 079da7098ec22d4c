//! What a message of a chat request is made of: a text, or parts.

use crate::http::strict::Object;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A message's content: text, or parts.
#[derive(Debug)]
pub(crate) enum ContentParam {
    /// One text.
    Text(String),
    /// Several parts.
    Parts(Vec<Object<ContentPart>>),
}

/// One part of a message. A `user` message may have parts of every type but `refusal`, one of an
/// `assistant` has `text` and `refusal`, all others have `text`.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub(crate) struct ContentPart {
    /// `text`, `image_url`, `input_audio`, `file` or `refusal`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `text`: the text.
    #[serde(default)]
    pub text: Option<String>,
    /// For `refusal`: the model's words.
    #[serde(default)]
    pub refusal: Option<String>,
    /// For `image_url`: the image.
    #[serde(default)]
    #[schema(value_type = Option<ImageUrl>)]
    pub image_url: Option<Object<ImageUrl>>,
    /// For `input_audio`: the recording.
    #[serde(default)]
    #[schema(value_type = Option<InputAudio>)]
    pub input_audio: Option<Object<InputAudio>>,
    /// For `file`: the file.
    #[serde(default)]
    #[schema(value_type = Option<InputFile>)]
    pub file: Option<Object<InputFile>>,
}

/// An image by address.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub(crate) struct ImageUrl {
    /// A `data:image/…` URI, or an `http(s)` address that the gateway fetches. Images of the last
    /// `user` message are read; in earlier ones data is, and an address is only mentioned to the
    /// model.
    pub url: String,
    /// `auto`, `low` or `high`.
    #[serde(default)]
    pub detail: Option<String>,
}

/// A sound recording.
#[derive(Debug, serde::Deserialize, ToSchema)]
pub(crate) struct InputAudio {
    /// Base64 of the recording.
    pub data: String,
    /// `wav` or `mp3`.
    pub format: String,
}

/// A file, whose text the model reads with this turn.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ChatCompletionInputFile)]
pub(crate) struct InputFile {
    /// The file: a `data:` URI, or base64.
    #[serde(default)]
    pub file_data: Option<String>,
    /// What it is called; its ending tells its type where nothing else does.
    #[serde(default)]
    pub filename: Option<String>,
    /// Not supported: files are not uploaded here.
    #[serde(default)]
    pub file_id: Option<String>,
}

impl<'de> Deserialize<'de> for ContentParam {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Content;
        impl<'de> Visitor<'de> for Content {
            type Value = ContentParam;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of content parts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ContentParam, E> {
                Ok(ContentParam::Text(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<ContentParam, E> {
                Ok(ContentParam::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> Result<ContentParam, A::Error> {
                let parts = SeqAccessDeserializer::new(parts);
                Ok(ContentParam::Parts(Vec::deserialize(parts)?))
            }
        }
        input.deserialize_any(Content)
    }
}

/// A schema as utoipa collects it: its name and itself.
type Named = (String, RefOr<Schema>);

impl PartialSchema for ContentParam {
    fn schema() -> RefOr<Schema> {
        let parts = ArrayBuilder::new().items(Ref::from_schema_name(ContentPart::name()));
        OneOfBuilder::new().item(String::schema()).item(parts).into()
    }
}

impl ToSchema for ContentParam {
    fn name() -> Cow<'static, str> {
        "ChatCompletionMessageContent".into()
    }

    fn schemas(schemas: &mut Vec<Named>) {
        schemas.push((ContentPart::name().into_owned(), ContentPart::schema()));
        ContentPart::schemas(schemas);
    }
}
