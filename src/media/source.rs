//! Where bytes come from: base64, a `data:` address, or a fetch.

use super::mime::Claim;
use super::off_thread::work_on;
use super::{Error, Kind};
use crate::config::{Files, Images};
use crate::net::egress::{Ask, Egress, Overlong, Policy};
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use std::borrow::Cow;
use std::time::Duration;

/// Base64 that is accepted although it is not as it should be: without its padding, or with bits
/// left over.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Where the bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Here.
    Inline {
        /// Base64, standard alphabet.
        base64: String,
        /// What the caller says it is, such as `image/png`.
        media_type: Option<String>,
    },
    /// At an `http` or `https` address, or in a `data:` one.
    Url(String),
}

/// Bytes, and what is said of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) bytes: Bytes,
    pub(super) claim: Claim,
    /// The bytes in base64 as they came, where that needs no correction.
    pub(super) base64: Option<String>,
    /// Where it came from, by its last name.
    pub(super) name: Option<String>,
}

/// What is read, and how much of it.
#[derive(Debug, Clone, Copy)]
struct Size {
    what: &'static str,
    max_bytes: usize,
}

/// What may be read, and from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach<'a> {
    size: Size,
    accept: &'static str,
    allow_url: bool,
    allowlist: Option<&'a [String]>,
    private_hosts: &'a [String],
    max_redirects: u32,
    timeout_ms: u64,
}

impl<'a> From<&'a Images> for Reach<'a> {
    fn from(limits: &'a Images) -> Self {
        Self {
            size: Size { what: "image", max_bytes: limits.max_bytes },
            accept: "image/*",
            allow_url: limits.allow_url,
            allowlist: limits.url_allowlist.as_deref(),
            private_hosts: &limits.allow_private_hosts,
            max_redirects: limits.max_redirects,
            timeout_ms: limits.timeout_ms,
        }
    }
}

impl<'a> From<&'a Files> for Reach<'a> {
    fn from(limits: &'a Files) -> Self {
        Self {
            size: Size { what: "file", max_bytes: limits.max_bytes },
            accept: "*/*",
            allow_url: limits.allow_url,
            allowlist: limits.url_allowlist.as_deref(),
            private_hosts: &limits.allow_private_hosts,
            max_redirects: limits.max_redirects,
            timeout_ms: limits.timeout_ms,
        }
    }
}

impl Source {
    /// What a field holds that takes base64 or a whole `data:` address.
    pub fn of_data(data: String) -> Self {
        match after_scheme(&data) {
            Some(_) => Self::Url(data),
            None => Self::Inline { base64: data, media_type: None },
        }
    }

    /// Whether it has to be asked for elsewhere.
    pub fn is_fetched(&self) -> bool {
        matches!(self, Self::Url(url) if after_scheme(url).is_none())
    }

    /// Gets the bytes.
    pub(super) async fn read(self, egress: &Egress, reach: Reach<'_>) -> Result<Given, Error> {
        match self {
            Source::Inline { base64, media_type } => {
                let size = reach.size;
                work_on(base64.len(), move || {
                    // Some put a whole data: address where its data belongs.
                    if let Some(rest) = after_scheme(&base64) {
                        return size.data(rest);
                    }
                    let claim = media_type.as_deref().map(Claim::parse).unwrap_or_default();
                    size.base64(base64, claim)
                })
                .await
            }
            Source::Url(url) if after_scheme(&url).is_some() => {
                let size = reach.size;
                work_on(url.len(), move || size.data(after_scheme(&url).unwrap_or_default())).await
            }
            Source::Url(url) => reach.fetch(&url, egress).await,
        }
    }
}

/// What follows `data:`.
fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.trim_start().split_at_checked("data:".len())?;
    scheme.eq_ignore_ascii_case("data:").then_some(rest)
}

impl Size {
    fn base64(self, text: String, claim: Claim) -> Result<Given, Error> {
        let Self { what, max_bytes } = self;
        // White space aside, four characters are three bytes.
        let blank = |b: &u8| b.is_ascii_whitespace();
        let too_long = |text: &str| text.len() / 4 > max_bytes / 3 + 1;
        if too_long(&text) && text.bytes().filter(|b| !blank(b)).count() / 4 > max_bytes / 3 + 1 {
            return Err(Error::too_large(what, max_bytes));
        }
        let (bytes, base64) = match STANDARD.decode(&text) {
            Ok(bytes) => (bytes, Some(text)),
            Err(_) => {
                let mut text = text.into_bytes();
                text.retain(|b| !blank(b));
                let bytes = LENIENT.decode(&text).map_err(|_| {
                    Error::invalid(format!("The {what} is not base64 in the standard alphabet."))
                })?;
                (bytes, None)
            }
        };
        if bytes.len() > max_bytes {
            return Err(Error::too_large(what, max_bytes));
        }
        Ok(Given { bytes: bytes.into(), claim, base64, name: None })
    }

    /// Reads `<media type>[;base64],<data>`.
    fn data(self, rest: &str) -> Result<Given, Error> {
        let what = self.what;
        let Some((head, data)) = rest.split_once(',') else {
            let message = format!("The {what}'s data: URL has no comma before its data.");
            return Err(Error::invalid(message));
        };
        let head = head.trim();
        let ends = head.len().checked_sub("base64".len()).and_then(|at| head.split_at_checked(at));
        if let Some((before, mark)) = ends
            && mark.eq_ignore_ascii_case("base64")
            && let Some(media_type) = before.trim_end().strip_suffix(';')
        {
            let data =
                if data.contains('%') { text_of(percent_decoded(data)) } else { data.into() };
            return self.base64(data.into_owned(), Claim::parse(media_type));
        }
        let bytes = percent_decoded(data);
        if bytes.len() > self.max_bytes {
            return Err(Error::too_large(what, self.max_bytes));
        }
        Ok(Given { bytes: bytes.into(), claim: Claim::parse(head), base64: None, name: None })
    }
}

impl Reach<'_> {
    async fn fetch(self, url: &str, egress: &Egress) -> Result<Given, Error> {
        let Size { what, max_bytes } = self.size;
        if !self.allow_url {
            let message =
                format!("The {what} is named by a URL, which is switched off; send its data.");
            return Err(Error::new(Kind::Refused, message));
        }
        let policy = Policy {
            allowlist: self.allowlist,
            private_hosts: self.private_hosts,
            max_bytes,
            overlong: Overlong::Refuse,
            max_redirects: self.max_redirects,
            time: Duration::from_millis(self.timeout_ms),
        };
        let ask = Ask { url, accept: self.accept, user_agent: None };
        let fetched = egress.fetch(ask, policy).await;
        let fetched = fetched.map_err(|error| Error::fetching(what, &error))?;
        let claim = fetched.content_type.as_deref().map(Claim::parse).unwrap_or_default();
        let name = last_name(&fetched.url);
        Ok(Given { bytes: fetched.body, claim, base64: None, name })
    }
}

fn text_of(bytes: Vec<u8>) -> Cow<'static, str> {
    // Base64 has no bytes that a lossy reading would change.
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// Every `%41` as the byte it stands for; anything else as it is.
fn percent_decoded(text: &str) -> Vec<u8> {
    let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = match after {
            [high, low, ..] if *first == b'%' => digit(high).zip(digit(low)),
            _ => None,
        };
        match pair {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// The last name in a URL's path.
fn last_name(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let last = url.path_segments()?.next_back().filter(|name| !name.is_empty())?;
    Some(String::from_utf8_lossy(&percent_decoded(last)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(max_bytes: usize) -> Size {
        Size { what: "file", max_bytes }
    }

    fn check(data: &str, bytes: &[u8], mime: Option<&str>) {
        let given = size(1000).data(data).unwrap_or_else(|error| panic!("{data}: {error}"));
        assert_eq!(given.bytes, bytes, "{data}");
        assert_eq!(given.claim.mime.as_deref(), mime, "{data}");
    }

    #[test]
    fn a_data_address_is_read_in_every_form() {
        check("text/plain;base64,aGk=", b"hi", Some("text/plain"));
        check("text/plain;charset=utf-8;BASE64,aGk", b"hi", Some("text/plain"));
        check(";base64,aGk=", b"hi", None);
        check("image/png ; base64,aGk%3D", b"hi", Some("image/png"));
        check("text/plain,a%20b%2", b"a b%2", Some("text/plain"));
        check(",%zz%C3%A4", "%zzä".as_bytes(), None);
        check("text/x-base64,aGk=", b"aGk=", Some("text/x-base64"));
    }

    #[test]
    fn base64_is_taken_with_breaks_and_without_padding_and_measured() {
        let take = |text: &str| size(3).base64(text.to_owned(), Claim::default());
        assert_eq!(take("YWJj").expect("base64").base64.as_deref(), Some("YWJj"));
        let broken = take("YW\r\nI").expect("base64");
        assert_eq!((&*broken.bytes, broken.base64), (&b"ab"[..], None));
        assert_eq!(take("YWJjZA==").expect_err("four bytes").kind, Kind::TooLarge);
        assert_eq!(take(&"YWJj".repeat(9)).expect_err("many").kind, Kind::TooLarge);
        let spaced = format!("YW{}Jj", " ".repeat(100));
        assert_eq!(&*take(&spaced).expect("three bytes").bytes, b"abc");
        for text in ["a-_b", "ab!c", "a", "é"] {
            assert_eq!(take(text).expect_err(text).kind, Kind::Invalid, "{text}");
        }
    }
}
