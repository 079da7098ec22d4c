//! Reading a body whole, up to a limit.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

/// Why a body could not be read whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is larger than the caller takes.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// What the caller takes.
        limit: usize,
    },
    /// The connection broke.
    #[error(transparent)]
    Broken(#[from] super::Error),
}

/// Reads `body` to its end, at most `limit` bytes.
///
/// # Errors
/// As soon as it is known that the body is too large, or when the connection breaks.
pub async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, Error> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Error::TooLarge { limit });
    }
    // Small answers come in one frame, which is then handed on as it is.
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(super::Error::from)?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}
