//! `openclaw extract-text`: reads one file for a gateway; started by it, not by people.

use super::Exit;
use crate::media::Form;
use crate::media::extract::{Work, child};

/// Extracts the text of a file on stdin, for a gateway.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct ExtractText {
    /// It is a PDF; so many pages are read.
    #[arg(long, value_name = "PAGES")]
    pdf_pages: Option<usize>,
    /// It is a web page; the form of its text.
    #[arg(long, value_name = "FORM", value_parser = form)]
    html: Option<Form>,
}

fn form(text: &str) -> Result<Form, &'static str> {
    match text {
        "markdown" => Ok(Form::Markdown),
        "text" => Ok(Form::Text),
        _ => Err("expected markdown or text"),
    }
}

/// Extracts, and ends.
pub(super) fn run(args: &ExtractText) -> Result<(), Exit> {
    let html = Work::Html(args.html.unwrap_or(Form::Markdown));
    let work = args.pdf_pages.map_or(html, |max_pages| Work::Pdf { max_pages });
    child::run(work).map_err(Exit::new)
}
