//! Which pages of other origins may call, and read what they are answered.
//!
//! An origin is on the list as it is or not at all; nobody is told of an origin they did not come
//! from. Callers prove themselves by a header of their own, so cookies play no part.

use crate::config::Cors;
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};

/// Methods that pages may use.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, DELETE");
/// Seconds for which a browser may remember the answer to a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// Headers of replies that pages may read beside the few that they always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, retry-after, openai-processing-ms, x-openclaw-ignored-params, \
     x-openclaw-session-key, x-openclaw-session-source, x-ratelimit-limit-requests, \
     x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-ratelimit-limit-tokens, \
     x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens, x-should-retry",
);
/// No more names of headers are repeated to a browser.
const MAX_REQUESTED: usize = 64;
const MAX_REQUESTED_BYTES: usize = 4 * 1024;
/// Sent by a page of the internet that calls a gateway on this machine or network.
const PRIVATE_NETWORK: &str = "access-control-request-private-network";
const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// What a reply tells the browser it goes to.
#[derive(Debug)]
pub(super) struct Origin {
    /// The caller's origin, where it is on the list.
    allowed: Option<HeaderValue>,
}

impl Origin {
    /// The origin of a request; none where no origin is on the list, so that replies do not depend
    /// on it.
    pub(super) fn of(headers: &HeaderMap, settings: &Cors) -> Option<Self> {
        if settings.allowed_origins.is_empty() {
            return None;
        }
        let origin = headers.get(header::ORIGIN);
        let listed = |origin: &&HeaderValue| {
            settings.allowed_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
        };
        Some(Self { allowed: origin.filter(listed).cloned() })
    }

    /// The answer to a browser that asks whether a page may send a request, where it may. It needs
    /// no credential: browsers send none along with the question.
    pub(super) fn preflight(&self, request: &Request) -> Option<Response> {
        let asks = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || self.allowed.is_none() {
            return None;
        }
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        if let Some(names) = requested(request.headers()) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        if request.headers().get(PRIVATE_NETWORK).is_some_and(|value| value == "true") {
            headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
        }
        let depends =
            [header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_REQUEST_HEADERS];
        for name in depends {
            headers.append(header::VARY, HeaderValue::from(name));
        }
        Some(response)
    }

    /// Lets the page read a reply, be it an error or a stream.
    pub(super) fn tell(self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from(header::ORIGIN));
        if let Some(origin) = self.allowed {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }
}

/// The headers that a page wants to send, where they are names of headers and not too many: all
/// of a client's own are let in, such as `x-stainless-lang`.
fn requested(headers: &HeaderMap) -> Option<&HeaderValue> {
    let value = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS)?;
    let names = value.to_str().ok().filter(|text| text.len() <= MAX_REQUESTED_BYTES)?;
    let mut count = 0;
    let plain = names.split(',').map(str::trim).all(|name| {
        count += 1;
        HeaderName::from_bytes(name.as_bytes()).is_ok()
    });
    (plain && count <= MAX_REQUESTED).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preflight(requested: &str) -> Option<Response> {
        let settings = Cors { allowed_origins: vec!["https://a.example".to_owned()] };
        let request = Request::builder()
            .method(Method::OPTIONS)
            .header("origin", "https://a.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", requested)
            .finish();
        Origin::of(request.headers(), &settings)?.preflight(&request)
    }

    #[test]
    fn requested_headers_are_repeated_as_far_as_they_are_names() {
        let echoed = |requested: &str| {
            let response = preflight(requested).expect("an answer");
            let value = response.headers().get(header::ACCESS_CONTROL_ALLOW_HEADERS).cloned();
            value.map(|value| value.to_str().expect("ASCII").to_owned())
        };
        let usual = "authorization,content-type, x-stainless-lang";
        assert_eq!(echoed(usual).as_deref(), Some(usual));
        let many = vec!["x-a"; MAX_REQUESTED + 1].join(",");
        for bad in ["a b", "", "a,,b", "a:b", &many, &"x".repeat(MAX_REQUESTED_BYTES + 1)] {
            assert_eq!(echoed(bad), None, "{bad}");
        }
    }
}
