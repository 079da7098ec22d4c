//! The text of a PDF. Whatever goes wrong here goes wrong in the child.

use super::{Page, Reason};
use pdf_extract::{Document, PlainTextOutput, output_doc_page};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Extracts the text of the first pages. The parser panics on much of what it does not expect;
/// a page of which it cannot make sense does not take the others with it.
pub(super) fn extract(input: &[u8], max_pages: usize) -> Result<Page, Reason> {
    let loaded = catch_unwind(|| Document::load_mem(input));
    let mut document = loaded.ok().and_then(Result::ok).ok_or(Reason::Malformed)?;
    if document.is_encrypted() {
        // Many are encrypted against changes only, and open without a password.
        let opened = catch_unwind(AssertUnwindSafe(|| document.decrypt("")));
        if !matches!(opened, Ok(Ok(()))) {
            return Err(Reason::Encrypted);
        }
    }
    let document = &document;
    let pages = catch_unwind(AssertUnwindSafe(|| document.get_pages().len()));
    let pages = pages.map_err(|_| Reason::Malformed)?;
    if pages == 0 {
        return Err(Reason::Malformed);
    }
    let mut extracted = Page { pages, ..Page::default() };
    for number in 1..=pages.min(max_pages) {
        match page(document, number) {
            Some(text) => {
                if !extracted.text.is_empty() {
                    extracted.text.push_str("\n\n");
                }
                extracted.text.push_str(text.trim());
            }
            None => extracted.unreadable.push(number),
        }
    }
    let nothing = extracted.unreadable.len() == pages.min(max_pages);
    if nothing { Err(Reason::Malformed) } else { Ok(extracted) }
}

fn page(document: &Document, number: usize) -> Option<String> {
    let number = u32::try_from(number).ok()?;
    let text = catch_unwind(AssertUnwindSafe(|| {
        let mut text = String::new();
        let mut output = PlainTextOutput::new(&mut text);
        output_doc_page(document, &mut output, number).ok()?;
        Some(text)
    }));
    let mut text = text.ok().flatten()?;
    text.retain(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    Some(text)
}
