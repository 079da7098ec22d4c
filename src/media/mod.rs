//! Images and files that callers hand in, inline or by URL, made into what a model reads: a data
//! URI for an image, marked text for a file.
//!
//! [`Media`] does it, within the limits of the config section it is given. What is fetched goes
//! through the egress guard of `net`. It knows no request, and never keeps what it has read.

use crate::config::{Files, Images};

/// Reads images and files. A cheap handle.
#[derive(Debug, Clone)]
pub struct Media {}

/// Where the bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Here.
    Inline {
        /// Base64, standard alphabet.
        base64: String,
        /// What the caller says it is, such as `image/png`.
        media_type: Option<String>,
    },
    /// At an `http` or `https` address, or in a `data:` one.
    Url(String),
}

/// An image as a model reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `data:<media type>;base64,<data>`.
    pub data_uri: String,
    /// Its bytes, decoded.
    pub bytes: usize,
}

/// Why an image or a file cannot be read, in words for the caller: what was wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// What to branch on.
    pub kind: Kind,
    /// Safe to show; names no address that a look-up gave.
    pub message: String,
}

/// The kinds of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is not what it should be: no base64, no URL, not an image, no PDF.
    Invalid,
    /// Its media type is not accepted.
    Unsupported,
    /// It is larger than is accepted.
    TooLarge,
    /// The address must not be asked: no such addresses here, or a private one.
    Refused,
    /// The address did not answer, not in time, or not with the thing.
    Unreachable,
    /// Too much is being read at once; worth trying again.
    Busy,
}

impl Media {
    /// A reader of images and files.
    pub fn new() -> Self {
        Self {}
    }

    /// Reads an image.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn image(&self, _source: Source, _limits: &Images) -> Result<Image, Error> {
        todo!()
    }

    /// Reads a file's text, marked as what it is: untrusted content between random boundaries.
    /// `name` is what the caller calls it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn file(
        &self,
        _source: Source,
        _name: Option<&str>,
        _limits: &Files,
    ) -> Result<String, Error> {
        todo!()
    }
}

impl Default for Media {
    fn default() -> Self {
        Self::new()
    }
}
