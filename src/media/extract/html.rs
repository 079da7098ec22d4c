//! The text of a web page. Whatever goes wrong here goes wrong in the child.

use super::{Form, Page, Reason};
use htmd::element_handler::{HandlerResult, Handlers};
use htmd::options::Options;
use htmd::{Element, HtmlToMarkdown, HtmlToMarkdownBuilder};
use std::sync::{Arc, Mutex, PoisonError};

/// What holds nothing for a reader.
const SILENT: [&str; 12] = [
    "script", "style", "noscript", "template", "svg", "iframe", "object", "embed", "canvas",
    "audio", "video", "dialog",
];
/// Those that stand for nothing but the look of the words in them.
const INLINE: [&str; 8] = ["a", "b", "strong", "i", "em", "code", "span", "u"];
const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];

/// Extracts the text.
pub(super) fn extract(html: &str, form: Form) -> Result<Page, Reason> {
    let title = Arc::new(Mutex::new(None));
    let found = title.clone();
    // One space after a mark, where the usual is three: a model pays for each.
    let options = Options { ul_bullet_spacing: 1, ol_number_spacing: 1, ..Options::default() };
    let builder = HtmlToMarkdown::builder().options(options).skip_tags(SILENT.to_vec());
    let mut builder =
        builder.add_handler(vec!["title"], move |handlers: &dyn Handlers, element: Element<'_>| {
            let text = handlers.walk_children(element.node).content;
            let text = unescaped(&text).split_whitespace().collect::<Vec<_>>().join(" ");
            let mut title = found.lock().unwrap_or_else(PoisonError::into_inner);
            // Pictures in a page have titles too, after its own.
            title.get_or_insert(text);
            None
        });
    if form == Form::Text {
        builder = words_only(builder);
    }
    let text = builder.build().convert(html).map_err(|_| Reason::Malformed)?;
    let title = title.lock().unwrap_or_else(PoisonError::into_inner).take();
    let title = title.filter(|title| !title.is_empty());
    Ok(Page { text: text.trim().to_owned(), title, ..Page::default() })
}

/// A title is no Markdown, which has a backslash before what would mean something in it.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let escapes = c == '\\' && rest.peek().is_some_and(char::is_ascii_punctuation);
        plain.extend(if escapes { rest.next() } else { Some(c) });
    }
    plain
}

/// Leaves out what Markdown adds to words.
fn words_only(builder: HtmlToMarkdownBuilder) -> HtmlToMarkdownBuilder {
    let inner =
        |handlers: &dyn Handlers, element: Element<'_>| Some(handlers.walk_children(element.node));
    let block = |handlers: &dyn Handlers, element: Element<'_>| {
        let inner = handlers.walk_children(element.node).content;
        Some(HandlerResult::from(format!("\n\n{}\n\n", inner.trim())))
    };
    builder
        .add_handler(INLINE.to_vec(), inner)
        .add_handler(HEADINGS.to_vec(), block)
        .add_handler(vec!["img"], |_: &dyn Handlers, _: Element<'_>| None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<html><head><title> A  <b>page</title><style>p{}</style></head><body>\
        <h1>Head</h1><script>alert(1)</script><p>One <a href=\"/x\">link</a> and <b>bold</b>.</p>\
        <ul><li>a</li><li>b</li></ul><img src=x alt=pic><svg><title>no</title></svg></body></html>";

    #[test]
    fn a_page_becomes_markdown_or_words() {
        let page = extract(PAGE, Form::Markdown).expect("a page");
        assert_eq!(page.title.as_deref(), Some("A <b>page"));
        assert_eq!(page.text, "# Head\n\nOne [link](/x) and **bold**.\n\n* a\n* b\n\n![pic](x)");
        let page = extract(PAGE, Form::Text).expect("a page");
        assert_eq!(page.text, "Head\n\nOne link and bold.\n\n* a\n* b");
    }
}
