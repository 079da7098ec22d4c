//! By which names the gateway may be called.
//!
//! A page can give its own domain this machine's address and so make a browser take the gateway
//! for the page's own server (DNS rebinding). It cannot change the name that the browser then
//! sends. So only names that nobody outside can register are taken, and those that the config
//! adds; an address is no name and cannot be rebound.

use super::ApiError;
use poem::Request;
use poem::http::{StatusCode, header, uri::Authority};
use std::net::IpAddr;

/// Names under these belong to the machine or its network: the public DNS never has them.
const PRIVATE_ZONES: [&str; 4] = ["localhost", "local", "internal", "home.arpa"];
/// An error quotes no more of a name.
const MAX_SHOWN_CHARS: usize = 80;

/// Refuses a request that was sent to a name of somebody else's.
pub(super) fn check(request: &Request, allowed: &[String]) -> Result<(), ApiError> {
    // HTTP/2 has the name in the URL. No browser leaves it out altogether.
    let named = request.uri().authority().map(Authority::as_str);
    let header = || request.headers().get(header::HOST).map(|value| value.to_str());
    let Some(authority) = named.map(Ok).or_else(header) else { return Ok(()) };
    let host = authority.ok().and_then(without_port).ok_or_else(unreadable)?;
    if is_allowed(host, allowed) { Ok(()) } else { Err(refuse(host)) }
}

/// The host of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn without_port(authority: &str) -> Option<&str> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    let digits = port.strip_prefix(':').unwrap_or(port);
    let is_port = port.is_empty() || digits.len() < port.len();
    let plain = !host.is_empty() && !host.contains(['@', '/', ' ']);
    (plain && is_port && digits.bytes().all(|b| b.is_ascii_digit())).then_some(host)
}

fn is_allowed(host: &str, allowed: &[String]) -> bool {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if bare.parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    // A name without a dot is one of the machine's own or of its network, such as a container's.
    let private = !name.contains('.') || PRIVATE_ZONES.iter().any(|zone| is_within(name, zone));
    private || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
}

fn is_within(name: &str, zone: &str) -> bool {
    let split = name.len().checked_sub(zone.len() + 1);
    let ends = split.and_then(|at| name.split_at_checked(at));
    ends.is_some_and(|(_, end)| {
        end.strip_prefix('.').is_some_and(|end| end.eq_ignore_ascii_case(zone))
    })
}

fn refuse(host: &str) -> ApiError {
    let shown: String = host.chars().take(MAX_SHOWN_CHARS).collect();
    let message = format!(
        "This gateway does not answer to the name '{shown}'. To be called by it, list it in \
         `gateway.allowedHosts`; its address and `localhost` always do."
    );
    let status = StatusCode::MISDIRECTED_REQUEST;
    ApiError::new(status, "invalid_request_error", "host_not_allowed", message)
}

fn unreadable() -> ApiError {
    let message = "The `Host` header is not a host name or address.";
    ApiError::invalid("invalid_value", "host", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_no_part_of_the_name() {
        let check = |authority, host| assert_eq!(without_port(authority), host, "{authority:?}");
        for authority in ["a.example", "a.example:80", "a.example:"] {
            check(authority, Some("a.example"));
        }
        check("[::1]:80", Some("[::1]"));
        check("[::1]", Some("[::1]"));
        for bad in ["", ":80", "a:b", "a:1:2", "[::1", "[::1]x", "u@a", "a b", "a/b"] {
            check(bad, None);
        }
    }

    #[test]
    fn only_names_that_nobody_else_can_have_are_let_in() {
        let listed = ["gateway.example.com".to_owned()];
        for host in [
            "127.0.0.1",
            "[::1]",
            "192.168.1.5",
            "localhost",
            "LOCALHOST.",
            "app.localhost",
            "openclaw",
            "mybox.local",
            "host.docker.internal",
            "nas.home.arpa",
            "Gateway.example.com",
        ] {
            assert!(is_allowed(host, &listed), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evillocal.com",
            "x.gateway.example.com",
            "notlocalhost.com",
            "a.notlocal",
            "1.2.3",
        ] {
            assert!(!is_allowed(host, &listed), "{host}");
        }
    }
}
