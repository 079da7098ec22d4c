//! Paths as clients put them together, and the routes they mean.

use super::ApiError;
use poem::Request;
use poem::http::{Uri, uri::PathAndQuery};

/// Forgives what base URLs put together by hand bring: doubled and trailing slashes. The slash
/// in a model id is made one segment, so that `/v1/models/openclaw/default` finds its route.
pub(super) fn normalise(request: &mut Request) -> Result<(), ApiError> {
    const MODELS: &str = "/v1/models/";
    let uri = request.uri();
    let path = uri.path();
    let doubled = path.contains("//");
    let trailing = path.len() > 1 && path.ends_with('/');
    let slashed = path.strip_prefix(MODELS).is_some_and(|id| id.contains('/'));
    if let Some(id) = path.strip_prefix(MODELS) {
        check_encoding(id)?;
    }
    if !(doubled || trailing || slashed) {
        return Ok(());
    }
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut clean = format!("/{}", segments.join("/"));
    if let Some(id) = clean.strip_prefix(MODELS) {
        clean = format!("{MODELS}{}", id.replace('/', "%2F"));
    }
    if let Some(query) = uri.query() {
        clean = format!("{clean}?{query}");
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(clean).ok();
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| ApiError::not_found("this path"))?;
    Ok(())
}

/// A model id must be percent-encoded UTF-8.
fn check_encoding(id: &str) -> Result<(), ApiError> {
    let mut bytes = id.bytes();
    let mut decoded = Vec::with_capacity(id.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
        match (digit(), digit()) {
            (Some(high), Some(low)) => decoded.extend(u8::try_from(high * 16 + low)),
            _ => return Err(invalid_model_id()),
        }
    }
    String::from_utf8(decoded).map(drop).map_err(|_| invalid_model_id())
}

fn invalid_model_id() -> ApiError {
    ApiError::invalid("invalid_value", "model", "Invalid model id: its percent-encoding is broken.")
}

/// Whether a path fits a pattern of literal segments and `{name}` ones.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(got)) if wanted == got || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str) {
        let mut request = Request::builder().uri(Uri::try_from(from).expect("a URI")).finish();
        normalise(&mut request).expect("accepted");
        assert_eq!(request.uri().to_string(), to);
    }

    #[test]
    fn paths_put_together_by_hand_are_forgiven() {
        check("/v1/models", "/v1/models");
        check("/v1//models?user=1", "/v1/models?user=1");
        check("/v1/models/", "/v1/models");
        check("/v1/models/openclaw/default", "/v1/models/openclaw%2Fdefault");
        check("/v1/models/openclaw%2Fdefault", "/v1/models/openclaw%2Fdefault");
        check("/v1/models//a//b/", "/v1/models/a%2Fb");
        check("/", "/");
        check("//", "/");
    }

    #[test]
    fn a_broken_encoding_is_refused() {
        for bad in ["/v1/models/%", "/v1/models/%zz", "/v1/models/%ff"] {
            let mut request = Request::builder().uri(Uri::try_from(bad).expect("a URI")).finish();
            assert!(normalise(&mut request).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns_match_segment_by_segment() {
        assert!(fits("/v1/models/{model}", "/v1/models/a%2Fb"));
        assert!(!fits("/v1/models/{model}", "/v1/models"));
        assert!(!fits("/v1/models", "/v1/models/a"));
    }
}
