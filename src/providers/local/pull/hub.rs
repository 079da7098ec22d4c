//! Models from a Hugging Face hub: which files, and which checksum counts.

use super::exchange::Origin;
use super::target::HubFile;
use super::transfer::{Expected, Transfer};
use super::{Error, Request, Work};
use crate::net::Client;
use crate::providers::local::catalogue::Entry;
use crate::providers::local::store::CHAT_FILE;
use std::fs::{self, File};
use std::io::Read;

/// Fetches every file of a catalogue entry; the catalogue's checksums count.
pub(super) async fn fetch_entry(
    entry: &Entry,
    request: &Request,
    work: Work<'_>,
) -> Result<(), Error> {
    for file in entry.files {
        if work.staged.has(file.name, file.sha256).await? {
            continue;
        }
        let source = HubFile { repo: entry.hub.to_owned(), path: file.hub_name.to_owned() };
        let part = work.staged.download(&format!("{}.part", file.name));
        let transfer = Transfer {
            client: Client::tcp(),
            origin: Origin::of(&request.hub)?,
            file: &source,
            part: &part,
            expected: Expected { sha256: Some(file.sha256), bytes: Some(file.bytes) },
        };
        let download = transfer.run(work.progress).await?;
        work.staged.accept(file.name, download)?;
    }
    Ok(())
}

/// Fetches one GGUF file; the caller's checksum counts, else the hub's own.
pub(super) async fn fetch_file(
    file: &HubFile,
    request: &Request,
    work: Work<'_>,
) -> Result<(), Error> {
    let part = work.staged.download(&format!("{CHAT_FILE}.part"));
    let transfer = Transfer {
        client: Client::tcp(),
        origin: Origin::of(&request.hub)?,
        file,
        part: &part,
        expected: Expected { sha256: request.sha256.as_deref(), bytes: None },
    };
    let download = transfer.run(work.progress).await?;
    work.staged.accept(CHAT_FILE, download)?;
    let model = work.staged.file(CHAT_FILE);
    let mut magic = [0; 4];
    let read = File::open(&model).and_then(|mut opened| opened.read_exact(&mut magic));
    if read.is_ok() && &magic == b"GGUF" {
        return Ok(());
    }
    fs::remove_file(&model).ok();
    Err(Error::Hub(format!(
        "{file} is not a GGUF file and was removed; look on the hub for the right file name"
    )))
}
