//! Images and files that callers hand in, inline or by URL, made into what a model reads: a data
//! URI for an image, marked text for a file.
//!
//! [`Media`] does it, within the limits of the config section it is given. What is fetched goes
//! through the egress guard of `net`; what has a format that can be hostile is read in a process
//! of its own. It knows no request, and never keeps what it has read.

mod error;
pub mod extract;
mod file;
mod image;
pub mod mime;
mod off_thread;
mod source;
pub mod text;
mod untrusted;

pub use error::{Error, Kind};
pub use extract::{Form, Page};
pub use source::Source;
pub use untrusted::wrap;

use crate::config::{Files, Images};
use crate::net::egress::Egress;
use crate::types::ContextText;
use extract::{Extractor, Work};
use source::Reach;
use std::path::PathBuf;

/// Reads images and files. A cheap handle.
#[derive(Debug, Clone)]
pub struct Media {
    egress: Egress,
    extractor: Extractor,
}

/// An image as a model reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `data:<media type>;base64,<data>`.
    pub data_uri: String,
    /// Its bytes, decoded.
    pub bytes: usize,
}

impl Media {
    /// A reader of images and files that fetches through `egress`. `program` is our own binary,
    /// which is run to read formats that can be hostile; without it they are not read.
    pub fn new(egress: Egress, program: Option<PathBuf>) -> Self {
        Self { egress, extractor: Extractor::new(program) }
    }

    /// Reads an image.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn image(&self, source: Source, limits: &Images) -> Result<Image, Error> {
        let given = Box::pin(source.read(&self.egress, Reach::from(limits))).await?;
        Box::pin(image::read(given, limits)).await
    }

    /// Reads a file's text, marked as what it is: untrusted content between random boundaries.
    /// `name` is what the caller calls it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn file(
        &self,
        source: Source,
        name: Option<&str>,
        limits: &Files,
    ) -> Result<ContextText, Error> {
        let given = Box::pin(source.read(&self.egress, Reach::from(limits))).await?;
        Box::pin(file::read(given, name, limits, &self.extractor)).await
    }

    /// A web page as text, its links resolved against `base`, where it was found.
    ///
    /// # Errors
    /// [`Error`], when it cannot be made sense of or too much is being read at once.
    pub async fn page(&self, html: &str, base: &str, form: Form) -> Result<Page, Error> {
        let input = [base.as_bytes(), b"\n", html.as_bytes()];
        let page = Box::pin(self.extractor.run(Work::Html(form), &input)).await;
        page.map_err(|failure| failure.told("page"))
    }
}
