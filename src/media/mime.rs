//! Media types: what is claimed, what the bytes say, and what is accepted.

/// Names of a type beside the one that is registered.
const ALIASES: [(&str, &str); 9] = [
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-png", "image/png"),
    ("application/x-pdf", "application/pdf"),
    ("text/x-markdown", "text/markdown"),
    ("application/xhtml+xml", "text/html"),
    ("application/csv", "text/csv"),
    ("text/json", "application/json"),
    ("application/x-json", "application/json"),
];

/// Types that say nothing but that there are bytes.
const GENERIC: [&str; 5] = [
    "application/octet-stream",
    "binary/octet-stream",
    "application/x-download",
    "application/force-download",
    "application/unknown",
];

/// What the ends of file names say.
const EXTENSIONS: [(&str, &str); 9] = [
    ("txt", "text/plain"),
    ("text", "text/plain"),
    ("md", "text/markdown"),
    ("markdown", "text/markdown"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("csv", "text/csv"),
    ("json", "application/json"),
    ("pdf", "application/pdf"),
];

/// How far into a file its PDF mark may stand.
const PDF_MARK_WITHIN: usize = 1024;

/// A media type as somebody claims it, with its `charset`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// In lower case, by its registered name, without parameters; none where nothing is said.
    pub mime: Option<String>,
    /// In lower case.
    pub charset: Option<String>,
}

impl Claim {
    /// Reads `text/html; charset=utf-8` and the like.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let charset = parts.find_map(|part| {
            let (key, value) = part.split_once('=')?;
            let value = value.trim().trim_matches('"').to_ascii_lowercase();
            key.trim().eq_ignore_ascii_case("charset").then_some(value)
        });
        let mime =
            Some(registered(&name)).filter(|name| name.contains('/') && !GENERIC.contains(name));
        Self { mime: mime.map(str::to_owned), charset }
    }
}

fn registered(name: &str) -> &str {
    let known = ALIASES.iter().find(|(alias, _)| *alias == name);
    known.map_or(name, |(_, registered)| registered)
}

/// What the end of a file's name says.
pub(super) fn of_name(name: &str) -> Option<&'static str> {
    let (_, end) = name.rsplit_once('.')?;
    let known = EXTENSIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(end));
    known.map(|(_, mime)| *mime)
}

/// What the bytes say, where they have a mark.
pub(super) fn of_bytes(bytes: &[u8]) -> Option<&'static str> {
    if is_pdf(bytes) {
        return Some("application/pdf");
    }
    let mime = infer::get(bytes)?.mime_type();
    // HEIC is the HEIF whose brand says that its pictures are HEVC.
    let hevc = matches!(bytes.get(8..12), Some(b"heic" | b"heix" | b"hevc" | b"hevx"));
    Some(if mime == "image/heif" && hevc { "image/heic" } else { mime })
}

/// Whether the bytes have the mark of a PDF, which need not be at their beginning.
pub(super) fn is_pdf(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(PDF_MARK_WITHIN)];
    memchr::memmem::find(head, b"%PDF-").is_some()
}

/// Whether two types may mean one thing.
pub(super) fn agree(claimed: &str, found: &str) -> bool {
    let heif = |mime: &str| mime.starts_with("image/heic") || mime.starts_with("image/heif");
    claimed == found || (heif(claimed) && heif(found))
}

/// Whether a list of accepted types, in which `image/*` stands for a kind, has the type.
pub(super) fn accepts(list: &[String], mime: &str) -> bool {
    list.iter().any(|line| {
        let line = line.trim().to_ascii_lowercase();
        match line.strip_suffix('*') {
            Some(kind) => kind.ends_with('/') && mime.starts_with(kind),
            None => registered(&line) == mime,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, mime: Option<&str>, charset: Option<&str>) {
        let claim = Claim::parse(text);
        assert_eq!((claim.mime.as_deref(), claim.charset.as_deref()), (mime, charset), "{text}");
    }

    #[test]
    fn a_claim_is_read_whatever_its_form() {
        check("text/html; charset=UTF-8", Some("text/html"), Some("utf-8"));
        check(" Text/HTML ;x=y; Charset = \"latin1\"", Some("text/html"), Some("latin1"));
        check("image/jpg", Some("image/jpeg"), None);
        check("application/octet-stream", None, None);
        check("", None, None);
        check("nonsense", None, None);
    }

    #[test]
    fn a_list_accepts_what_it_names() {
        let list = ["IMAGE/JPG", "text/*"].map(str::to_owned);
        for (mime, expected) in
            [("image/jpeg", true), ("image/png", false), ("text/csv", true), ("textile/x", false)]
        {
            assert_eq!(accepts(&list, mime), expected, "{mime}");
        }
    }

    #[test]
    fn bytes_say_what_they_are() {
        for (bytes, mime) in [
            (&b"\x89PNG\r\n\x1a\n"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Some("image/heic")),
            (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", Some("image/heif")),
            (b"junk before\n%PDF-1.7", Some("application/pdf")),
            (b"hello", None),
        ] {
            assert_eq!(of_bytes(bytes), mime, "{bytes:?}");
        }
        assert!(agree("image/heif", "image/heic") && !agree("image/png", "image/jpeg"));
    }
}
