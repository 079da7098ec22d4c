//! `/docs`: the contract to browse, in one page that loads nothing else.
//!
//! poem-openapi carries Swagger UI in its own page; ours takes script and style from there. A page
//! is made when it is asked for and kept nowhere: a gateway that nobody reads about pays nothing.

use super::assemble::Described;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem::http::HeaderValue;
use poem_openapi::OpenApiService;
use sha2::{Digest, Sha256};
use std::marker::PhantomData;

/// The page without its parts.
const TEMPLATE: &str = include_str!("page.html");
/// Where the document says a gateway is; the page asks the one it comes from.
const ELSEWHERE: &str = r#""url": "http://127.0.0.1:18789""#;

/// The page and what a browser may do with it.
pub(super) struct Page {
    pub(super) html: String,
    pub(super) policy: HeaderValue,
}

/// The reference of this document.
///
/// # Panics
/// When poem-openapi's page is not what it was; a test would tell.
pub(super) fn make(document: &str) -> Page {
    let theirs = OpenApiService::new(Described::<()>(PhantomData), "", "").swagger_ui_html();
    let style = between(&theirs, "<style charset=\"UTF-8\">", "</style>");
    let script = between(&theirs, "<script charset=\"UTF-8\">", "</script>");
    let start = start(document);
    let policy = policy([script, &start]);
    let mut html = String::with_capacity(style.len() + script.len() + start.len() + TEMPLATE.len());
    let mut rest = TEMPLATE;
    for (mark, part) in [("{style}", style), ("{script}", script), ("{start}", &start)] {
        let (before, after) = rest.split_once(mark).expect("the template has all marks in order");
        html.push_str(before);
        html.push_str(part);
        rest = after;
    }
    html.push_str(rest);
    Page { html, policy }
}

/// The script that shows the document.
fn start(document: &str) -> String {
    // No text of the document may end the script that holds it.
    let document = document.replace(ELSEWHERE, r#""url": "/""#).replace("</", "<\\/");
    format!(
        "SwaggerUIBundle({{dom_id: '#reference', deepLinking: true, validatorUrl: null, \
         defaultModelsExpandDepth: 0, spec: {document}}});"
    )
}

/// Runs these scripts and no other, and reaches no other host.
fn policy(scripts: [&str; 2]) -> HeaderValue {
    let [first, second] = scripts.map(|script| STANDARD.encode(Sha256::digest(script)));
    let text = format!(
        "default-src 'none'; script-src 'sha256-{first}' 'sha256-{second}'; \
         style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(text).expect("base64 fits a header")
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).expect("poem-openapi's page has this part");
    let (part, _) = rest.split_once(end).expect("a part that begins ends");
    part
}
