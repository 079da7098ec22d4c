//! A file: which type it has, and the text of it.

use super::extract::{Extractor, Form, Work};
use super::mime::{self, accepts};
use super::source::Given;
use super::text::{self, NoText};
use super::{Error, Kind, untrusted};
use crate::config::Files;
use crate::types::ContextText;
use sha2::{Digest, Sha256};

/// A file of which neither its sender nor its name says anything is taken for this.
const PLAIN: &str = "text/plain";
const PDF: &str = "application/pdf";
const HTML: &str = "text/html";

/// The text of a file, and what a reader must know of it.
struct Read {
    text: String,
    /// Such as that pages were left out.
    notes: Vec<String>,
}

/// Reads a file's text, and marks it.
pub(super) async fn read(
    given: Given,
    name: Option<&str>,
    limits: &Files,
    extractor: &Extractor,
) -> Result<ContextText, Error> {
    let name = name.or(given.name.as_deref()).map(str::trim).filter(|name| !name.is_empty());
    if given.bytes.is_empty() {
        return Err(Error::invalid("The file is empty."));
    }
    let kind = kind(&given, name);
    if !accepts(&limits.allowed_mimes, &kind) {
        let accepted = limits.allowed_mimes.join(", ");
        return Err(Error::new(
            Kind::Unsupported,
            format!("The file is {kind}, which is not accepted here; accepted are {accepted}."),
        ));
    }
    let Read { text, mut notes } = match &*kind {
        PDF => pdf(&given, limits, extractor).await?,
        HTML => {
            let html = decoded(&given, HTML)?;
            let input = [&b"\n"[..], html.as_bytes()];
            let page = extractor.run(Work::Html(Form::Markdown), &input).await;
            let page = page.map_err(|failure| failure.told("file"))?;
            Read { text: page.text, notes: Vec::new() }
        }
        kind => Read { text: decoded(&given, kind)?, notes: Vec::new() },
    };
    let (text, whole) = text::cut(&text, limits.max_chars);
    if let Some(whole) = whole {
        notes.push(format!("cut after {} of {whole} characters", limits.max_chars));
    }
    let name = name.map(|name| format!(" {name:?}")).unwrap_or_default();
    let notes = if notes.is_empty() { String::new() } else { format!(", {}", notes.join(", ")) };
    let source = format!("the file{name} ({kind}{notes})");
    Ok(ContextText { text: untrusted::wrap(&source, text), digest: digest(&source, text) })
}

/// The same for the same text from the same source, whatever marks it is given.
fn digest(source: &str, text: &str) -> [u8; 32] {
    // The source's digest has a length of its own, so no source can run over into a text.
    Sha256::new().chain_update(Sha256::digest(source)).chain_update(text).finalize().into()
}

/// The type: as claimed, else by the name, else by the bytes.
fn kind(given: &Given, name: Option<&str>) -> String {
    if let Some(claimed) = &given.claim.mime {
        return claimed.clone();
    }
    if let Some(named) = name.and_then(mime::of_name) {
        return named.to_owned();
    }
    if mime::is_pdf(&given.bytes) {
        return PDF.to_owned();
    }
    // Text comes before marks: "BM" is the mark of a bitmap, and the beginning of many a word.
    match text::decode(&given.bytes, given.claim.charset.as_deref()) {
        Ok(_) => PLAIN,
        Err(_) => mime::of_bytes(&given.bytes).unwrap_or(PLAIN),
    }
    .to_owned()
}

fn decoded(given: &Given, kind: &str) -> Result<String, Error> {
    text::decode(&given.bytes, given.claim.charset.as_deref()).map_err(|why| {
        let message = match (mime::of_bytes(&given.bytes), why) {
            (Some(found), _) => {
                format!("The file should be {kind}, but its first bytes are {found}.")
            }
            (None, NoText::Binary) => format!("The file should be {kind}, but is not text."),
            (None, NoText::Encoding) => {
                format!(
                    "The file should be {kind}, but is not in UTF-8; convert it and send it again."
                )
            }
        };
        Error::invalid(message)
    })
}

async fn pdf(given: &Given, limits: &Files, extractor: &Extractor) -> Result<Read, Error> {
    if !mime::is_pdf(&given.bytes) {
        let message = "The file should be application/pdf, but does not begin as one.";
        return Err(Error::invalid(message));
    }
    let work = Work::Pdf { max_pages: limits.pdf.max_pages };
    let page = extractor.run(work, &[&given.bytes]).await;
    let page = page.map_err(|failure| failure.told("file"))?;
    let read = page.pages.min(limits.pdf.max_pages);
    if page.text.trim().is_empty() {
        let which =
            if read < page.pages { format!("the first {read} pages of ") } else { String::new() };
        return Err(Error::invalid(format!(
            "There is no text in {which}the PDF; it is probably a scan. Send its pages as images."
        )));
    }
    let mut notes = Vec::new();
    if read < page.pages {
        notes.push(format!("the first {read} of {} pages", page.pages));
    }
    if !page.unreadable.is_empty() {
        let pages: Vec<String> = page.unreadable.iter().map(ToString::to_string).collect();
        notes.push(format!("without pages that cannot be read: {}", pages.join(", ")));
    }
    Ok(Read { text: page.text, notes })
}
