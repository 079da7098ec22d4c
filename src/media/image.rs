//! An image: checked by its first bytes, never decoded.

use super::off_thread::work_on;
use super::source::Given;
use super::{Error, Image, Kind, mime};
use crate::config::Images;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Makes an image of bytes. HEIC and HEIF stay what they are: no decoder for them is written in
/// Rust, and the models that read images of these kinds take them as they are.
pub(super) async fn read(given: Given, limits: &Images) -> Result<Image, Error> {
    let Given { bytes, claim, base64, .. } = given;
    let accepted = |found: &str| match mime::accepts(&limits.allowed_mimes, found) {
        true => Ok(()),
        false => Err(unsupported(found, limits)),
    };
    if let Some(claimed) = &claim.mime {
        accepted(claimed)?;
    }
    let found = mime::of_bytes(&bytes).ok_or_else(|| {
        Error::invalid("The image is none: its first bytes are of no known image format.")
    })?;
    accepted(found)?;
    if let Some(claimed) = claim.mime.filter(|claimed| !mime::agree(claimed, found)) {
        let message = format!("The image is declared {claimed}, but its first bytes are {found}.");
        return Err(Error::invalid(message));
    }
    let length = bytes.len();
    let data_uri = work_on(length, move || {
        let data = base64.unwrap_or_else(|| STANDARD.encode(&bytes));
        format!("data:{found};base64,{data}")
    });
    Ok(Image { data_uri: data_uri.await, bytes: length })
}

fn unsupported(found: &str, limits: &Images) -> Error {
    let accepted = limits.allowed_mimes.join(", ");
    Error::new(
        Kind::Unsupported,
        format!("The image is {found}, which is not accepted here; accepted are {accepted}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::mime::Claim;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

    async fn check(bytes: &'static [u8], claim: &str) -> Result<String, Kind> {
        let claim = Claim::parse(claim);
        let given = Given { bytes: bytes.into(), claim, base64: None, name: None };
        let image = read(given, &Images::default()).await;
        image.map(|image| image.data_uri).map_err(|error| error.kind)
    }

    #[tokio::test]
    async fn an_image_is_what_its_bytes_say_and_what_is_claimed() {
        let png = Ok("data:image/png;base64,iVBORw0KGgo=".to_owned());
        assert_eq!(check(PNG, "image/png").await, png);
        assert_eq!(check(PNG, "").await, png);
        assert_eq!(check(PNG, "application/octet-stream").await, png);
        assert_eq!(check(PNG, "image/jpeg").await, Err(Kind::Invalid));
        assert_eq!(check(PNG, "image/svg+xml").await, Err(Kind::Unsupported));
        assert_eq!(check(PNG, "text/html").await, Err(Kind::Unsupported));
        assert_eq!(check(b"<svg/>", "").await, Err(Kind::Invalid));
        assert_eq!(check(b"BM\0\0", "").await, Err(Kind::Unsupported));
        assert_eq!(check(b"%PDF-1.4", "image/png").await, Err(Kind::Unsupported));
        assert!(check(b"\xff\xd8\xff\xe0", "image/jpg").await.is_ok());
        let heic = check(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heif").await;
        assert!(heic.is_ok_and(|uri| uri.starts_with("data:image/heic;base64,")));
    }
}
