//! One GET against a hub: redirects followed, the token kept at home, refusals put into words.

use super::target::HubFile;
use super::{Error, Hub};
use crate::net::Client;
use crate::secrets::Secret;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::body::Incoming;
use std::time::Duration;

/// Redirects followed before giving up.
const MAX_REDIRECTS: usize = 5;
/// How long a hub may take to answer a request with its headers.
const HEADER_LIMIT: Duration = Duration::from_secs(60);

/// A hub and the way into it.
#[derive(Debug)]
pub(super) struct Origin {
    root: String,
    scheme: String,
    authority: String,
    token: Option<Secret>,
}

/// A hub's answer, and what it said about the file on the way there.
pub(super) struct Found {
    pub(super) response: Response<Incoming>,
    /// The file's SHA-256, if the hub itself named it.
    pub(super) sha256: Option<String>,
}

/// The rest of a file: from this byte on, if it is still the version that `etag` names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resume<'a> {
    pub(super) from: u64,
    pub(super) etag: &'a str,
}

impl Origin {
    /// Checks the endpoint.
    pub(super) fn of(hub: &Hub) -> Result<Origin, Error> {
        let root = hub.endpoint.trim_end_matches('/').to_owned();
        let uri: Option<Uri> = root.parse().ok();
        let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?)));
        match parts {
            Some((scheme @ ("http" | "https"), authority)) => Ok(Origin {
                scheme: scheme.to_owned(),
                authority: authority.to_string(),
                token: hub.token.clone(),
                root,
            }),
            _ => Err(Error::Hub(format!(
                "{root:?} is not the root of a hub: --endpoint and HF_ENDPOINT take \
                 `https://host[:port]`"
            ))),
        }
    }

    /// Where a file lies.
    pub(super) fn address(&self, file: &HubFile) -> String {
        format!("{}/{}/resolve/main/{}", self.root, file.repo, file.path)
    }

    /// Asks for `file`, or for what `resume` leaves of it.
    pub(super) async fn get(
        &self,
        client: &Client,
        file: &HubFile,
        resume: Option<Resume<'_>>,
    ) -> Result<Found, Error> {
        let mut uri = parse(&self.address(file))?;
        let mut sha256 = None;
        for _ in 0..=MAX_REDIRECTS {
            let at_home = self.is_home(&uri);
            let response = send(client, self.request(&uri, resume)).await?;
            if at_home {
                sha256 = sha256.or_else(|| linked_sha256(&response));
            }
            if !response.status().is_redirection() {
                return Ok(Found { response, sha256 });
            }
            uri = next(&uri, response.headers().get(header::LOCATION))?;
        }
        Err(Error::Hub(format!(
            "the hub redirects {file} more than {MAX_REDIRECTS} times; check --endpoint"
        )))
    }

    fn request(&self, uri: &Uri, resume: Option<Resume<'_>>) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        let agent = concat!("openclaw/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        if let Some(Resume { from, etag }) = resume {
            let range = HeaderValue::from_str(&format!("bytes={from}-"));
            headers.insert(header::RANGE, range.expect("digits are a header value"));
            if let Ok(etag) = HeaderValue::from_str(etag) {
                headers.insert(header::IF_RANGE, etag);
            }
        }
        if let (true, Some(token)) = (self.is_home(uri), &self.token)
            && let Ok(mut bearer) = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        {
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        request
    }

    /// Whether this is the hub itself, which alone sees the token and is believed about checksums.
    fn is_home(&self, uri: &Uri) -> bool {
        uri.scheme_str() == Some(&self.scheme)
            && uri.authority().is_some_and(|authority| authority.as_str() == self.authority)
    }
}

async fn send(client: &Client, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
    let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    let again = "check the network and --endpoint, then run `openclaw models pull` again";
    match tokio::time::timeout(HEADER_LIMIT, client.send(request)).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error)) => Err(Error::Hub(format!("cannot reach {host}: {error}; {again}"))),
        Err(_) => Err(Error::Hub(format!("{host} does not answer within a minute; {again}"))),
    }
}

/// The target of a redirect. A secure connection is never left for an open one.
fn next(from: &Uri, location: Option<&HeaderValue>) -> Result<Uri, Error> {
    let location = location.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let scheme = from.scheme_str().unwrap_or("https");
    let authority = from.authority().map(ToString::to_string).unwrap_or_default();
    let absolute = match location {
        _ if location.starts_with("//") => format!("{scheme}:{location}"),
        _ if location.starts_with('/') => format!("{scheme}://{authority}{location}"),
        _ => location.to_owned(),
    };
    let to = parse(&absolute)?;
    if scheme == "https" && to.scheme_str() != Some("https") {
        return Err(Error::Hub(format!(
            "{authority} redirects from https to {absolute}, which is not secure; use another \
             --endpoint"
        )));
    }
    Ok(to)
}

fn parse(address: &str) -> Result<Uri, Error> {
    let uri: Option<Uri> = address.parse().ok();
    uri.filter(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some()
    })
    .ok_or_else(|| {
        Error::Hub(format!("the hub points to {address:?}, which is no address; check --endpoint"))
    })
}

/// The hub's word on the file behind a redirect: its `x-linked-etag`, where that is a SHA-256.
fn linked_sha256(response: &Response<Incoming>) -> Option<String> {
    let value = response.headers().get("x-linked-etag")?.to_str().ok()?;
    let hex = value.trim_start_matches("W/").trim_matches('"');
    let is_sha256 = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sha256.then(|| hex.to_ascii_lowercase())
}

/// What a status other than success means for the user.
pub(super) fn refusal(status: StatusCode, file: &HubFile) -> Error {
    Error::Hub(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => format!(
            "the hub does not let you have {file} ({status}): the model may be private or ask you \
             to accept its terms on its page; then set HF_TOKEN to a token of yours and run the \
             command again"
        ),
        StatusCode::NOT_FOUND => format!(
            "the hub has no {file}: check the spelling on the model's page, upper and lower case \
             too"
        ),
        StatusCode::TOO_MANY_REQUESTS => format!(
            "the hub says it is asked too often ({status}); wait a few minutes and run the command \
             again"
        ),
        _ => format!("the hub answers {status} for {file}; try again later"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(endpoint: &str) -> Hub {
        Hub { endpoint: endpoint.to_owned(), token: Some(Secret::new("hf_x")) }
    }

    #[test]
    fn the_token_stays_at_home() {
        let origin = Origin::of(&hub("https://hub.test:8443/")).expect("a hub");
        let sent = |uri: &str| {
            let uri = uri.parse().expect("an address");
            origin.request(&uri, None).headers().contains_key(header::AUTHORIZATION)
        };
        assert!(sent("https://hub.test:8443/a"));
        for other in ["https://hub.test/a", "http://hub.test:8443/a", "https://cdn.test:8443/a"] {
            assert!(!sent(other), "{other}");
        }
    }

    #[test]
    fn redirects_are_followed_but_never_down_to_http() {
        let from: Uri = "https://hub.test/a/b".parse().expect("an address");
        let go = |to: &'static str| next(&from, Some(&HeaderValue::from_static(to)));
        assert_eq!(go("/c?d").expect("relative").to_string(), "https://hub.test/c?d");
        assert_eq!(go("//cdn.test/c").expect("no scheme").to_string(), "https://cdn.test/c");
        assert_eq!(go("https://cdn.test/c").expect("absolute").to_string(), "https://cdn.test/c");
        for bad in ["http://cdn.test/c", "ftp://cdn.test/c", "c/d"] {
            assert!(go(bad).is_err(), "{bad}");
        }
        assert!(next(&from, None).is_err());
    }

    #[test]
    fn a_hub_is_an_http_root() {
        for bad in ["huggingface.co", "ftp://x", "", "https://"] {
            assert!(Origin::of(&hub(bad)).is_err(), "{bad:?}");
        }
    }
}
