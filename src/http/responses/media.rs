//! Reading the images and files that a request brings.

use super::input::{Draft, Drafted, is_data_uri};
use crate::config::ResponsesEndpoint;
use crate::http::ApiError;
use crate::media::{self, Media, Source};
use crate::responses::{Item, Output, Part};
use crate::types::{Failure, FailureKind};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Read at the same time for one request.
const AT_ONCE: usize = 4;

/// An image or a file of a request, still to be read.
#[derive(Debug)]
pub(super) struct Pending {
    /// Which item it is part of.
    pub(super) item: usize,
    /// Which part of that item it is.
    pub(super) part: usize,
    pub(super) wanted: Wanted,
}

/// What is to be read.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) kind: Kind,
    pub(super) source: Source,
    /// The field of the request that holds it or its address.
    pub(super) path: String,
}

/// What is expected there.
#[derive(Debug)]
pub(super) enum Kind {
    Image,
    /// A file, with its name.
    File(Option<String>),
}

/// What was read.
enum Read {
    /// An image's data URI.
    Image(String),
    /// A file's text.
    Text(String),
}

impl Draft {
    /// Reads what is pending: images take their places, and the files' texts are given back, in
    /// order.
    pub(super) async fn read(
        &mut self,
        media: &Media,
        limits: &ResponsesEndpoint,
    ) -> Result<Vec<String>, ApiError> {
        self.check_addresses(limits)?;
        let pending = std::mem::take(&mut self.pending);
        let places: Vec<(usize, usize)> =
            pending.iter().map(|pending| (pending.item, pending.part)).collect();
        let reads = pending.into_iter().map(|pending| read(pending.wanted, media, limits));
        let found: Vec<Read> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let mut texts = Vec::new();
        for ((item, part), read) in places.into_iter().zip(found) {
            match read {
                Read::Text(text) => texts.push(text),
                Read::Image(uri) => self.place(item, part, uri),
            }
        }
        Ok(texts)
    }

    /// A request may have only so much fetched.
    fn check_addresses(&self, limits: &ResponsesEndpoint) -> Result<(), ApiError> {
        let addresses = self.pending.iter().filter(|pending| match &pending.wanted.source {
            Source::Url(url) => !is_data_uri(url),
            Source::Inline { .. } => false,
        });
        let Some(beyond) = addresses.skip(limits.max_url_parts).next() else { return Ok(()) };
        let message = format!(
            "A request may name at most {} images and files by URL: send the others inline.",
            limits.max_url_parts
        );
        Err(ApiError::invalid("invalid_value", beyond.wanted.path.as_str(), message))
    }

    fn place(&mut self, item: usize, part: usize, uri: String) {
        let parts = match self.items.get_mut(item) {
            Some(Drafted::Item(Item::Message { content, .. })) => content,
            Some(Drafted::Item(Item::FunctionCallOutput {
                output: Output::Parts(parts), ..
            })) => parts,
            _ => return,
        };
        if let Some(Part::InputImage { image_url, .. }) = parts.get_mut(part) {
            *image_url = Some(uri);
        }
    }
}

async fn read(wanted: Wanted, media: &Media, limits: &ResponsesEndpoint) -> Result<Read, ApiError> {
    let Wanted { kind, source, path } = wanted;
    let read = match kind {
        Kind::Image => {
            media.image(source, &limits.images).await.map(|image| Read::Image(image.data_uri))
        }
        Kind::File(name) => {
            media.file(source, name.as_deref(), &limits.files).await.map(Read::Text)
        }
    };
    read.map_err(|error| unreadable(error, &path))
}

/// The error of an image or a file that cannot be read, at the field that holds it.
fn unreadable(error: media::Error, path: &str) -> ApiError {
    let code = match error.kind {
        media::Kind::Invalid => "invalid_value",
        media::Kind::Unsupported => "unsupported_value",
        media::Kind::TooLarge => "file_too_large",
        media::Kind::Refused => "url_not_allowed",
        media::Kind::Unreachable => "url_unreachable",
        media::Kind::Busy => {
            let failure = Failure::new(FailureKind::Busy, error.message);
            return ApiError { param: Some(path.to_owned()), ..ApiError::from(failure) };
        }
    };
    ApiError::invalid(code, path, error.message)
}
