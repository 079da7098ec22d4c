//! The items of a Responses request, each read in one pass.

use crate::http::strict::{Object, Word, word};
use crate::responses::Role;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// What is new: a text of the user's, or items.
pub(crate) type InputParam = TextOr<InputItem>;
/// What a message says, or a function answers: text, or parts.
pub(crate) type ContentParam = TextOr<InputContent>;

/// A text, or a list of objects.
#[derive(Debug)]
pub(crate) enum TextOr<T> {
    /// One text.
    Text(String),
    /// Several objects.
    List(Vec<Object<T>>),
}

/// One item. What it needs depends on its `type`.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ResponseInputItem)]
pub(crate) struct InputItem {
    /// `message` by default; `function_call`, `function_call_output`, `custom_tool_call`,
    /// `custom_tool_call_output`, `reasoning`, `item_reference` or `compaction`. Items of OpenAI's
    /// built-in tools are not used.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// The item's id, where it has one already.
    #[serde(default)]
    pub id: Option<String>,
    /// For `message`: who speaks.
    #[serde(default)]
    #[schema(value_type = Option<Role>)]
    pub role: Option<RoleParam>,
    /// For `message`: what is said.
    #[serde(default)]
    #[schema(value_type = Option<ContentParam>)]
    pub content: Option<ContentParam>,
    /// For `function_call` and `function_call_output`: the call's id.
    #[serde(default)]
    pub call_id: Option<String>,
    /// For `function_call`: the function's name.
    #[serde(default)]
    pub name: Option<String>,
    /// For `function_call`: JSON text; may be malformed, as models write it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub arguments: Option<Box<RawValue>>,
    /// For `custom_tool_call`: what the model wrote.
    #[serde(default)]
    pub input: Option<String>,
    /// For `function_call_output` and `custom_tool_call_output`: what the function answered.
    #[serde(default)]
    #[schema(value_type = Option<ContentParam>)]
    pub output: Option<Box<RawValue>>,
    /// For `reasoning`: what was shown of it.
    #[serde(default)]
    #[schema(value_type = Option<Vec<SummaryParam>>)]
    pub summary: Option<Vec<Object<SummaryParam>>>,
    /// For `compaction`: what `POST /v1/responses/compact` gave.
    #[serde(default)]
    pub encrypted_content: Option<String>,
}

/// A part of what was shown of a model's thoughts.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ReasoningSummaryParam)]
pub(crate) struct SummaryParam {
    /// The text.
    #[serde(default)]
    pub text: Option<String>,
}

/// One part of a message, or of a function's output.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ResponseInputContent)]
pub(crate) struct InputContent {
    /// `input_text`, `output_text`, `refusal`, `input_image`, `input_file` or `input_audio`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For texts: the text.
    #[serde(default)]
    pub text: Option<String>,
    /// For `refusal`: the model's words.
    #[serde(default)]
    pub refusal: Option<String>,
    /// For `input_image`: a `data:` URI or an address.
    #[serde(default)]
    pub image_url: Option<ImageParam>,
    /// For `input_image`: `auto`, `low` or `high`.
    #[serde(default)]
    pub detail: Option<String>,
    /// For `input_file`: its bytes, as base64 or a `data:` URI.
    #[serde(default)]
    pub file_data: Option<String>,
    /// For `input_file`: where it lies.
    #[serde(default)]
    pub file_url: Option<String>,
    /// For `input_file`: its name.
    #[serde(default)]
    pub filename: Option<String>,
    /// Not supported: files cannot be uploaded here.
    #[serde(default)]
    pub file_id: Option<String>,
    /// For `input_image` and `input_file`: the bytes or the address, in another form.
    #[serde(default)]
    #[schema(value_type = Option<SourceParam>)]
    pub source: Option<Object<SourceParam>>,
    /// For `input_audio`: the recording.
    #[serde(default)]
    #[schema(value_type = Option<InputAudioParam>)]
    pub input_audio: Option<Object<InputAudioParam>>,
}

/// Where an image or a file is.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = InputSource)]
pub(crate) struct SourceParam {
    /// `url` or `base64`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `url`: the address.
    #[serde(default)]
    pub url: Option<String>,
    /// For `base64`: the bytes.
    #[serde(default)]
    pub data: Option<String>,
    /// For `base64`: what they are, such as `image/png`.
    #[serde(default)]
    pub media_type: Option<String>,
    /// A file's name.
    #[serde(default)]
    pub filename: Option<String>,
}

/// A sound recording.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ResponseInputAudio)]
pub(crate) struct InputAudioParam {
    /// Base64 of it.
    pub data: String,
    /// `wav` or `mp3`.
    pub format: String,
}

/// An image by address: the address, or an object with it.
#[derive(Debug)]
pub(crate) struct ImageParam {
    /// A `data:` URI or an address.
    pub url: String,
    /// `auto`, `low` or `high`.
    pub detail: Option<String>,
}

/// An image's address as an object.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[schema(as = ResponseImageUrl)]
pub(crate) struct ImageObject {
    /// A `data:` URI or an address.
    pub url: String,
    /// `auto`, `low` or `high`.
    #[serde(default)]
    pub detail: Option<String>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoleParam(pub(super) Role);

impl Word for RoleParam {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("user", Self(Role::User)),
        ("assistant", Self(Role::Assistant)),
        ("system", Self(Role::System)),
        ("developer", Self(Role::Developer)),
    ];
}

impl<'de> Deserialize<'de> for RoleParam {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        word(input)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TextOr<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = TextOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of objects")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<TextOr<T>, E> {
                Ok(TextOr::Text(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<TextOr<T>, E> {
                Ok(TextOr::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<TextOr<T>, A::Error> {
                Ok(TextOr::List(Vec::deserialize(SeqAccessDeserializer::new(list))?))
            }
        }
        input.deserialize_any(Either(PhantomData))
    }
}

impl<'de> Deserialize<'de> for ImageParam {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Image;
        impl<'de> Visitor<'de> for Image {
            type Value = ImageParam;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an object with a url")
            }

            fn visit_str<E: de::Error>(self, url: &str) -> Result<ImageParam, E> {
                Ok(ImageParam { url: url.to_owned(), detail: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ImageParam, A::Error> {
                let ImageObject { url, detail } =
                    ImageObject::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ImageParam { url, detail })
            }
        }
        input.deserialize_any(Image)
    }
}

/// A schema as utoipa collects it: its name and itself.
type Named = (String, RefOr<Schema>);

impl<T: ToSchema> PartialSchema for TextOr<T> {
    fn schema() -> RefOr<Schema> {
        let list = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        OneOfBuilder::new().item(String::schema()).item(list).into()
    }
}

impl<T: ToSchema> ToSchema for TextOr<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<Named>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl PartialSchema for ImageParam {
    fn schema() -> RefOr<Schema> {
        let object = Ref::from_schema_name(ImageObject::name());
        OneOfBuilder::new().item(String::schema()).item(object).into()
    }
}

impl ToSchema for ImageParam {
    fn name() -> Cow<'static, str> {
        "ResponseImageParam".into()
    }

    fn schemas(schemas: &mut Vec<Named>) {
        schemas.push((ImageObject::name().into_owned(), ImageObject::schema()));
    }
}
