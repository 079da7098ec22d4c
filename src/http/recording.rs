//! Sound recordings that callers hand in: checked to be what they are called.

use super::ApiError;
use crate::types::Part;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Base64 digits that hold the beginning of a recording; a multiple of four.
const HEAD_DIGITS: usize = 16;

/// A recording of `format`, base64 in `data`; both stand below `path`.
pub(super) fn part(data: String, format: String, path: &str) -> Result<Part, ApiError> {
    checked(&data, &format, path)?;
    Ok(Part::Audio { data, format })
}

/// Checks that `data` is base64 of a recording of `format`; both stand below `path`.
pub(super) fn checked(data: &str, format: &str, path: &str) -> Result<(), ApiError> {
    let fits: fn(&[u8]) -> bool = match format {
        "wav" => is_wav,
        "mp3" => is_mp3,
        other => {
            let path = format!("{path}.format");
            let message = format!("`{path}` must be wav or mp3, not '{other}'.");
            return Err(ApiError::invalid("unsupported_value", path, message));
        }
    };
    let wrong = |what: String| {
        let path = format!("{path}.data");
        Err(ApiError::invalid("invalid_value", path.as_str(), format!("`{path}` {what}")))
    };
    let digits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=');
    let head = data.get(..data.len().min(HEAD_DIGITS)).map(|head| STANDARD.decode(head));
    let Some(Ok(head)) = head.filter(|_| data.len().is_multiple_of(4) && data.bytes().all(digits))
    else {
        let hint = "must be base64 of the recording, without a `data:` prefix or line breaks.";
        return wrong(hint.to_owned());
    };
    if !fits(&head) {
        return wrong(format!("is not a recording of format {format}."));
    }
    Ok(())
}

fn is_wav(head: &[u8]) -> bool {
    head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WAVE")
}

/// An ID3 tag, or the eleven set bits that begin a frame.
fn is_mp3(head: &[u8]) -> bool {
    let frame = matches!(head, [0xFF, second, ..] if second & 0xE0 == 0xE0);
    head.starts_with(b"ID3") || frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], format: &str, fault: Option<&str>) {
        let got = checked(&STANDARD.encode(bytes), format, "p");
        assert_eq!(got.err().and_then(|error| error.param).as_deref(), fault, "{format}");
    }

    #[test]
    fn a_recording_is_what_it_is_called() {
        check(b"RIFF\0\0\0\0WAVEfmt ", "wav", None);
        check(b"ID3\x04rest of it", "mp3", None);
        check(b"\xFF\xFB\x90\x00", "mp3", None);
        check(b"ID3\x04rest of it", "wav", Some("p.data"));
        check(b"RIFF\0\0\0\0WAVEfmt ", "mp3", Some("p.data"));
        check(b"", "wav", Some("p.data"));
        check(b"ID3", "flac", Some("p.format"));
        for data in ["data:audio/wav;base64,UklGRg==", "UklG\nRg==", "UklGR", "é"] {
            assert!(checked(data, "wav", "p").is_err(), "{data}");
        }
    }
}
