//! Images and files of a request, read before its run begins.
//!
//! A request's conversion notes what it brings and leaves a place for it; reading puts images into
//! their places and what stands in files into the run's context. Files' texts never become part of
//! the conversation: there only the file's name is left.

use super::ApiError;
use crate::config::{Files, Images};
use crate::media::{self, Kind, Media, Source};
use crate::types::{Content, ContextText, Failure, FailureKind, Message, Part, RunRequest};
use futures_util::{StreamExt, stream};

/// Files one request may bring.
pub(super) const MAX_FILES: usize = 16;
/// Images and files of one request that are read at the same time.
pub(super) const AT_ONCE: usize = 4;

/// What a request brings, in the order it does.
#[derive(Debug, Default)]
pub(super) struct Attachments(Vec<Attachment>);

/// One image or file.
#[derive(Debug)]
struct Attachment {
    /// Where the request names it, such as `messages[0].content[1].image_url.url`.
    path: String,
    source: Source,
    what: What,
}

#[derive(Debug)]
enum What {
    /// An image, for this place.
    Image(Place, Age),
    /// A file and what the caller calls it.
    File(Option<String>),
}

/// A part of a run's input that is a [`Part::Image`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) message: usize,
    pub(super) part: usize,
}

/// Whether an image is part of what is asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// It is.
    New,
    /// It was shown earlier, and counts no more among how many are taken: a conversation may have
    /// many turns.
    Earlier,
}

/// An image in a request.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) place: Place,
    pub(super) age: Age,
    /// OpenAI's `detail`.
    pub(super) detail: Option<String>,
}

/// Where a request names something that is to be read.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) path: String,
    pub(super) source: Source,
}

/// What a request may bring.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed<'a> {
    pub(super) images: &'a Images,
    pub(super) files: &'a Files,
    /// How many new images.
    pub(super) max_images: usize,
    /// Bytes of all images, decoded.
    pub(super) max_image_bytes: usize,
}

/// What became of one.
enum Read {
    Image(Place, media::Image),
    File(ContextText),
}

impl Attachments {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes an image, and gives the part that holds its place.
    pub(super) fn image(&mut self, given: Given, picture: Picture) -> Part {
        let Given { path, source } = given;
        let Picture { place, age, detail } = picture;
        self.0.push(Attachment { path, source, what: What::Image(place, age) });
        Part::Image { url: String::new(), detail }
    }

    /// Notes a file, and gives the words that stand in its place.
    pub(super) fn file(&mut self, given: Given, name: Option<String>) -> Part {
        let Given { path, source } = given;
        let note = match &name {
            Some(name) => format!("[attached file: {name}]"),
            None => "[attached file]".to_owned(),
        };
        self.0.push(Attachment { path, source, what: What::File(name) });
        Part::Text(note)
    }

    /// Reads all of it into the run: images into their places, files into its context.
    ///
    /// # Errors
    /// 400 that names the part which is too many, too large or not what it should be; 503 when
    /// too much is being read already.
    pub(super) async fn read(
        self,
        media: &Media,
        allowed: Allowed<'_>,
        run: &mut RunRequest,
    ) -> Result<(), ApiError> {
        self.count(&allowed)?;
        let each = self.0.into_iter().map(|one| one.read(media, allowed));
        let mut reading = stream::iter(each).buffered(AT_ONCE);
        let mut bytes = 0usize;
        while let Some(read) = reading.next().await {
            match read? {
                (_, Read::File(text)) => run.context.push(text),
                (path, Read::Image(place, image)) => {
                    bytes = bytes.saturating_add(image.bytes);
                    if bytes > allowed.max_image_bytes {
                        return Err(too_large(&path, allowed.max_image_bytes));
                    }
                    put(&mut run.input, place, image);
                }
            }
        }
        Ok(())
    }

    /// Refuses what is too many before anything is read.
    fn count(&self, allowed: &Allowed<'_>) -> Result<(), ApiError> {
        let is_image = |one: &&Attachment| matches!(one.what, What::Image(_, Age::New));
        let is_file = |one: &&Attachment| matches!(one.what, What::File(_));
        let beyond =
            |kind: fn(&&Attachment) -> bool, most: usize| self.0.iter().filter(kind).nth(most);
        let counts = [
            (beyond(is_image, allowed.max_images), "images", allowed.max_images),
            (beyond(is_file, MAX_FILES), "files", MAX_FILES),
        ];
        let Some((one, what, most)) =
            counts.into_iter().find_map(|(one, what, most)| Some((one?, what, most)))
        else {
            return Ok(());
        };
        Err(too_many(&one.path, most, what))
    }
}

impl Attachment {
    async fn read(self, media: &Media, allowed: Allowed<'_>) -> Result<(String, Read), ApiError> {
        let Self { path, source, what } = self;
        let read = match what {
            What::Image(place, _) => {
                media.image(source, allowed.images).await.map(|image| Read::Image(place, image))
            }
            What::File(name) => {
                media.file(source, name.as_deref(), allowed.files).await.map(Read::File)
            }
        };
        match read {
            Ok(read) => Ok((path, read)),
            Err(error) => Err(refused(error, path)),
        }
    }
}

/// Puts an image into its place.
fn put(input: &mut [Message], place: Place, image: media::Image) {
    let content = match input.get_mut(place.message) {
        Some(Message::User { content, .. } | Message::Tool { content, .. }) => content,
        _ => return,
    };
    let Content::Parts(parts) = content else { return };
    if let Some(Part::Image { url, .. }) = parts.get_mut(place.part) {
        *url = image.data_uri;
    }
}

/// What the client is told where it brings more than `most` of something.
pub(super) fn too_many(path: &str, most: usize, what: &str) -> ApiError {
    let message = format!(
        "At most {most} {what} are taken in one request. Leave some out, or send them in several."
    );
    ApiError::invalid("too_many", path, message)
}

fn too_large(path: &str, most: usize) -> ApiError {
    let message = format!(
        "The images of one request may have {most} bytes together. Send fewer or smaller ones."
    );
    ApiError::invalid("file_too_large", path, message)
}

/// What the client is told of an image or file that cannot be read.
pub(super) fn refused(error: media::Error, path: String) -> ApiError {
    let message = format!("`{path}`: {}", error.message);
    let code = match error.kind {
        Kind::Invalid => "invalid_value",
        Kind::Unsupported => "unsupported_value",
        Kind::TooLarge => "file_too_large",
        Kind::Refused => "url_not_allowed",
        Kind::Unreachable => "url_unreachable",
        Kind::Busy => return fault(FailureKind::Busy, message, path),
        Kind::Internal => return fault(FailureKind::Internal, message, path),
    };
    ApiError::invalid(code, path, message)
}

/// The same where it is not the client's fault.
fn fault(kind: FailureKind, message: String, path: String) -> ApiError {
    ApiError { param: Some(path), ..ApiError::from(Failure::new(kind, message)) }
}
