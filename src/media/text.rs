//! Bytes that should be text, made into text.

/// Why bytes are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoText {
    /// They hold what no text has, such as zeros.
    Binary,
    /// They are in an encoding that is not known here.
    Encoding,
}

/// What the bytes 0x80 to 0x9f are in Windows' Latin alphabet; nought for none.
const WINDOWS_1252: [u16; 32] = [
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc,
    0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
];

/// The names by which people declare that alphabet, of which ISO-8859-1 and ASCII are parts.
const LATIN: [&str; 6] = ["iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252"];

/// Decodes UTF-8, UTF-16 with its mark, and the Latin alphabet where `charset` declares it.
///
/// # Errors
/// [`NoText`].
pub fn decode(bytes: &[u8], charset: Option<&str>) -> Result<String, NoText> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => return utf8(rest).ok_or(NoText::Encoding),
        [0xff, 0xfe, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        _ => {}
    }
    if memchr::memchr(0, bytes).is_some() {
        return Err(NoText::Binary);
    }
    match charset {
        // What is valid UTF-8 is hardly ever meant to be anything else.
        Some(charset) if LATIN.contains(&charset) => {
            Ok(utf8(bytes).unwrap_or_else(|| latin(bytes)))
        }
        _ => utf8(bytes).ok_or(NoText::Encoding),
    }
}

fn utf8(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NoText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Result<String, _> =
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    match text {
        Ok(text) if rest.is_empty() && !text.contains('\0') => Ok(text),
        _ => Err(NoText::Binary),
    }
}

fn latin(bytes: &[u8]) -> String {
    let decode = |byte: &u8| match byte {
        0x80..=0x9f => match WINDOWS_1252[usize::from(byte - 0x80)] {
            0 => char::REPLACEMENT_CHARACTER,
            code => char::from_u32(code.into()).unwrap_or(char::REPLACEMENT_CHARACTER),
        },
        byte => char::from(*byte),
    };
    bytes.iter().map(decode).collect()
}

/// The beginning of a text, at most so many characters, and how many it has where some are missing.
pub fn cut(text: &str, max_chars: usize) -> (&str, Option<usize>) {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => (&text[..end], Some(max_chars + text[end..].chars().count())),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], charset: Option<&str>, expected: Result<&str, NoText>) {
        let found = decode(bytes, charset);
        assert_eq!(found.as_deref().map_err(|error| *error), expected, "{bytes:?} {charset:?}");
    }

    #[test]
    fn bytes_are_text_only_where_it_is_sure_which() {
        check("grün".as_bytes(), None, Ok("grün"));
        check(b"\xef\xbb\xbfhi", None, Ok("hi"));
        check(b"\xff\xfeh\0i\0", None, Ok("hi"));
        check(b"\xfe\xff\0h\0i", None, Ok("hi"));
        check(b"\xff\xfeh\0i", None, Err(NoText::Binary));
        check(b"\xff\xfe\0\xd8", None, Err(NoText::Binary));
        check(b"a\0b", None, Err(NoText::Binary));
        check(b"gr\xfcn", None, Err(NoText::Encoding));
        check(b"gr\xfcn", Some("utf-8"), Err(NoText::Encoding));
        check(b"gr\xfcn \x80 \x81", Some("iso-8859-1"), Ok("grün € \u{fffd}"));
        check("grün".as_bytes(), Some("latin1"), Ok("grün"));
        check(b"", None, Ok(""));
    }

    #[test]
    fn a_cut_counts_characters_and_says_what_there_was() {
        assert_eq!(cut("äöü", 3), ("äöü", None));
        assert_eq!(cut("äöü", 2), ("äö", Some(3)));
        assert_eq!(cut("", 0), ("", None));
    }
}
