//! What came, made into text where it is of a kind that has one.

use crate::media::mime::Claim;
use crate::media::text::{NoText, decode};
use crate::net::egress::Fetched;
use serde_json::Value;

/// Types that are text although their names do not say so.
const TEXT: [&str; 7] = [
    "application/xml",
    "application/javascript",
    "application/x-javascript",
    "application/ecmascript",
    "application/yaml",
    "application/x-yaml",
    "application/toml",
];

/// A page's text before HTML is taken out of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) content_type: String,
    pub(super) text: String,
    pub(super) is_html: bool,
}

impl Shape {
    /// Makes text of what came.
    ///
    /// # Errors
    /// What it is, when it is no text.
    pub(super) fn of(fetched: &Fetched) -> Result<Self, String> {
        let claim = fetched.content_type.as_deref().map(Claim::parse).unwrap_or_default();
        let text = decode(&fetched.body, claim.charset.as_deref());
        let text = match (text, claim.mime.as_deref()) {
            (Ok(text), _) => text,
            // Of many pages a few bytes are wrong, and the end of one that was cut may be.
            (Err(NoText::Encoding), Some(mime)) if is_text(mime) => {
                String::from_utf8_lossy(&fetched.body).into_owned()
            }
            (Err(_), mime) => return Err(no_text(mime.unwrap_or("application/octet-stream"))),
        };
        let mime = claim.mime.unwrap_or_else(|| sniffed(&text).to_owned());
        if !is_text(&mime) {
            return Err(no_text(&mime));
        }
        let is_html = mime == "text/html";
        let text = if is_json(&mime) { laid_out(text) } else { text };
        Ok(Self { content_type: mime, text, is_html })
    }
}

fn no_text(mime: &str) -> String {
    format!("the URL leads to {mime}; only HTML, JSON and text are fetched")
}

fn is_json(mime: &str) -> bool {
    mime == "application/json" || mime.ends_with("+json")
}

fn is_text(mime: &str) -> bool {
    mime.starts_with("text/") || is_json(mime) || mime.ends_with("+xml") || TEXT.contains(&mime)
}

/// The type of a text of which nothing is said.
fn sniffed(text: &str) -> &'static str {
    let start = text.trim_start();
    let begins =
        |mark: &str| start.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark));
    if begins("<!doctype html") || begins("<html") { "text/html" } else { "text/plain" }
}

/// JSON with a line for each member; as it came where it is none.
fn laid_out(text: String) -> String {
    let value = serde_json::from_str::<Value>(&text).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(content_type: Option<&str>, body: &'static [u8]) -> Result<Shape, String> {
        Shape::of(&Fetched {
            url: "http://a.test/".to_owned(),
            status: 200,
            content_type: content_type.map(str::to_owned),
            body: body.into(),
            cut: false,
        })
    }

    fn check(content_type: Option<&str>, body: &'static [u8], expected: (&str, &str, bool)) {
        let shape = shape(content_type, body).expect("text");
        let found = (&*shape.content_type, &*shape.text, shape.is_html);
        assert_eq!(found, expected, "{content_type:?}");
    }

    #[test]
    fn text_is_text_whatever_it_is_called() {
        check(Some("text/html; charset=utf-8"), b"<p>", ("text/html", "<p>", true));
        check(Some("application/xhtml+xml"), b"<p>", ("text/html", "<p>", true));
        check(None, b" <!DOCTYPE HTML><p>", ("text/html", " <!DOCTYPE HTML><p>", true));
        check(None, b"hi", ("text/plain", "hi", false));
        check(Some("text/markdown"), b"# <html>", ("text/markdown", "# <html>", false));
        let laid_out = ("application/json", "{\n  \"a\": 1\n}", false);
        check(Some("application/json"), b"{\"a\":1}", laid_out);
        check(Some("application/json"), b"{\"a\":", ("application/json", "{\"a\":", false));
        check(Some("text/html"), b"gr\xfcn", ("text/html", "gr\u{fffd}n", true));
        check(Some("text/html; charset=latin1"), b"gr\xfcn", ("text/html", "gr\u{fc}n", true));
    }

    #[test]
    fn what_is_no_text_says_what_it_is() {
        for (content_type, body, named) in [
            (Some("image/png"), &b"\x89PNG\0"[..], "image/png"),
            (Some("application/pdf"), b"%PDF-1.4", "application/pdf"),
            (None, b"\0\0", "application/octet-stream"),
            (Some("text/plain"), b"a\0b", "text/plain"),
            (Some("application/zip"), b"PK", "application/zip"),
        ] {
            let error = shape(content_type, body).expect_err(named);
            assert!(error.contains(named), "{error}");
        }
    }
}
