//! The text of a web page. Whatever goes wrong here goes wrong in the child.

use super::{Form, Page, Reason};
use htmd::element_handler::{HandlerResult, Handlers};
use htmd::options::Options;
use htmd::{Element, HtmlToMarkdown, HtmlToMarkdownBuilder};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// What holds nothing for a reader.
const SILENT: [&str; 12] = [
    "script", "style", "noscript", "template", "svg", "iframe", "object", "embed", "canvas",
    "audio", "video", "dialog",
];
/// Those that stand for nothing but the look of the words in them.
const INLINE: [&str; 8] = ["a", "b", "strong", "i", "em", "span", "u", "s"];
const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];
/// Stands for a backslash of code, which is no escape, while escapes are taken out. No script has
/// this character.
const BACKSLASH: &str = "\u{10fffd}";

/// Extracts the text. Links are resolved against `base` where it is an address.
pub(super) fn extract(html: &str, base: &str, form: Form) -> Result<Page, Reason> {
    let title = Arc::new(Mutex::new(None));
    // One space after a mark, where the usual is three: a model pays for each.
    let options = Options { ul_bullet_spacing: 1, ol_number_spacing: 1, ..Options::default() };
    let builder = HtmlToMarkdown::builder().options(options).skip_tags(SILENT.to_vec());
    let builder = with_title(builder, title.clone());
    let builder = match form {
        Form::Markdown => with_links(builder, Url::parse(base).ok()),
        Form::Text => words_only(builder),
    };
    let text = builder.build().convert(html).map_err(|_| Reason::Malformed)?;
    let text = match form {
        Form::Markdown => text,
        Form::Text => unescaped(&text).replace(BACKSLASH, "\\"),
    };
    let title = title.lock().unwrap_or_else(PoisonError::into_inner).take();
    let title = title.filter(|title| !title.is_empty());
    Ok(Page { text: text.trim().to_owned(), title, ..Page::default() })
}

/// Takes the title out of the text.
fn with_title(
    builder: HtmlToMarkdownBuilder,
    title: Arc<Mutex<Option<String>>>,
) -> HtmlToMarkdownBuilder {
    builder.add_handler(vec!["title"], move |handlers: &dyn Handlers, element: Element<'_>| {
        let text = handlers.walk_children(element.node).content;
        let text = unescaped(&text).split_whitespace().collect::<Vec<_>>().join(" ");
        // Pictures in a page have titles too, after its own.
        title.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(text);
        None
    })
}

/// Gives links and pictures the whole address, so that they can be followed from elsewhere. Those
/// that lead nowhere, and pictures that lie in the page itself, keep their words only.
fn with_links(builder: HtmlToMarkdownBuilder, base: Option<Url>) -> HtmlToMarkdownBuilder {
    let (link_base, picture_base) = (base.clone(), base);
    let link = move |handlers: &dyn Handlers, element: Element<'_>| {
        let words = handlers.walk_children(element.node).content;
        let to = attribute(&element, "href").and_then(|to| resolved(&to, link_base.as_ref()));
        Some(match to {
            Some(to) if !words.trim().is_empty() => format!("[{}]({to})", words.trim()).into(),
            _ => HandlerResult::from(words),
        })
    };
    let picture = move |_: &dyn Handlers, element: Element<'_>| {
        let words = attribute(&element, "alt").unwrap_or_default();
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let to = attribute(&element, "src").and_then(|to| resolved(&to, picture_base.as_ref()));
        (!words.is_empty()).then(|| match to {
            Some(to) => format!("![{words}]({to})").into(),
            None => HandlerResult::from(words),
        })
    };
    builder.add_handler(vec!["a"], link).add_handler(vec!["img"], picture)
}

fn attribute(element: &Element<'_>, name: &str) -> Option<String> {
    let found = element.attrs.iter().find(|attribute| &*attribute.name.local == name);
    found.map(|attribute| attribute.value.trim().to_owned())
}

/// Where a link leads, if that is somewhere else and can be said.
fn resolved(link: &str, base: Option<&Url>) -> Option<String> {
    if link.is_empty() || link.starts_with('#') {
        return None;
    }
    let url = Url::options().base_url(base).parse(link);
    let unknown = url.is_err() && base.is_none();
    let url = match url {
        Ok(url) if matches!(url.scheme(), "http" | "https" | "mailto") => url.to_string(),
        // Of a file nobody knows where it stood.
        Err(_) if unknown && !link.contains(char::is_whitespace) => link.to_owned(),
        _ => return None,
    };
    // A bracket would end the link too early.
    Some(url.replace('(', "%28").replace(')', "%29"))
}

/// Leaves out what Markdown adds to words.
fn words_only(builder: HtmlToMarkdownBuilder) -> HtmlToMarkdownBuilder {
    let inline =
        |handlers: &dyn Handlers, element: Element<'_>| Some(handlers.walk_children(element.node));
    let block = |handlers: &dyn Handlers, element: Element<'_>| {
        let inner = handlers.walk_children(element.node).content;
        Some(HandlerResult::from(format!("\n\n{}\n\n", inner.trim())))
    };
    let code = |handlers: &dyn Handlers, element: Element<'_>| {
        let inner = handlers.walk_children(element.node).content.replace('\\', BACKSLASH);
        let breaks = if element.tag == "pre" { "\n\n" } else { "" };
        Some(HandlerResult::from(format!("{breaks}{inner}{breaks}")))
    };
    builder
        .add_handler(INLINE.to_vec(), inline)
        .add_handler(HEADINGS.to_vec(), block)
        .add_handler(vec!["pre", "code"], code)
        .add_handler(vec!["img"], |_: &dyn Handlers, _: Element<'_>| None)
}

/// Markdown as words: without the backslash before what would mean something in it.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let escapes = c == '\\' && rest.peek().is_some_and(char::is_ascii_punctuation);
        plain.extend(if escapes { rest.next() } else { Some(c) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<html><head><title> A  <b>page</title><style>p{}</style></head><body>\
        <h1>Head</h1><script>alert(1)</script><p>One <a href=\"/x\">link</a> and <b>bold</b>.</p>\
        <ul><li>a</li><li>b</li></ul><img src=x alt=pic><svg><title>no</title></svg></body></html>";

    fn check(html: &str, markdown: &str, text: &str) {
        let extracted = |form| extract(html, "https://a.test/b/", form).expect("a page").text;
        assert_eq!(extracted(Form::Markdown), markdown, "{html}");
        assert_eq!(extracted(Form::Text), text, "{html}");
    }

    #[test]
    fn a_page_becomes_markdown_or_words() {
        let page = extract(PAGE, "", Form::Markdown).expect("a page");
        assert_eq!(page.title.as_deref(), Some("A <b>page"));
        check(
            PAGE,
            "# Head\n\nOne [link](https://a.test/x) and **bold**.\n\n* a\n* b\n\n\
             ![pic](https://a.test/b/x)",
            "Head\n\nOne link and bold.\n\n* a\n* b",
        );
    }

    #[test]
    fn links_lead_to_where_they_lead_from_elsewhere() {
        check("<a href='c(d)?e'>f</a>", "[f](https://a.test/b/c%28d%29?e)", "f");
        check("<a href='//b.test'>f</a>", "[f](https://b.test/)", "f");
        check("<a href='mailto:a@b.test'>f</a>", "[f](mailto:a@b.test)", "f");
        for nowhere in ["#top", "", "javascript:x()", "data:text/html,x", "file:///x"] {
            check(&format!("<a href='{nowhere}'>f</a>"), "f", "f");
        }
        check("<img src='data:image/png;base64,AAAA' alt='a map'>", "a map", "");
        check("<img src='pixel.gif'>", "", "");
        let file = extract("<a href='c.html'>f</a>", "", Form::Markdown).expect("a page");
        assert_eq!(file.text, "[f](c.html)");
    }

    #[test]
    fn words_have_no_escapes_but_those_of_their_own() {
        check("1. a_b *c* [d] \\e", "1\\. a\\_b \\*c\\* \\[d\\] \\\\e", "1. a_b *c* [d] \\e");
        check("<code>a\\_b</code>", "`a\\_b`", "a\\_b");
        check("<pre><code>a\\_b\n  c</code></pre>", "```\na\\_b\n  c\n```", "a\\_b\n  c");
    }
}
