//! Reading the images and files that a request brings.

use super::input::{Draft, Drafted};
use crate::config::ResponsesEndpoint;
use crate::http::ApiError;
use crate::http::attachments::{self, AT_ONCE, MAX_FILES};
use crate::media::{Media, Source};
use crate::responses::{Item, Output, Part};
use crate::types::ContextText;
use futures_util::{StreamExt, TryStreamExt, stream};

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
    Text(ContextText),
}

impl Draft {
    /// Reads what is pending: images take their places, and the files' texts are given back, in
    /// order.
    pub(super) async fn read(
        &mut self,
        media: &Media,
        limits: &ResponsesEndpoint,
    ) -> Result<Vec<ContextText>, ApiError> {
        self.check_counts(limits)?;
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

    /// A request may bring only so many files, and have only so much fetched.
    fn check_counts(&self, limits: &ResponsesEndpoint) -> Result<(), ApiError> {
        let beyond = |counts: fn(&Wanted) -> bool, most: usize| {
            self.pending.iter().map(|pending| &pending.wanted).filter(|one| counts(one)).nth(most)
        };
        let files = beyond(|one| matches!(one.kind, Kind::File(_)), MAX_FILES);
        let fetched = beyond(|one| one.source.is_fetched(), limits.max_url_parts);
        let (one, most, what) = match (files, fetched) {
            (Some(file), _) => (file, MAX_FILES, "files"),
            (None, Some(one)) => (one, limits.max_url_parts, "images and files by URL"),
            (None, None) => return Ok(()),
        };
        Err(attachments::too_many(&one.path, most, what))
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
    read.map_err(|error| attachments::refused(error, path))
}
