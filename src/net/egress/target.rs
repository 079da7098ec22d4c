//! An address that may be asked, as far as its text tells.

use super::{Error, Policy, Refusal};
use crate::config::HostRule;
use http::Uri;
use std::net::IpAddr;
use url::{Host, Url};

/// One hop: a URL with a host, `http` or `https`, without credentials.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) url: Url,
    host: Host,
    pub(super) port: u16,
}

impl Target {
    /// The address that a caller names. The parser is the browsers': `0x7f.1` and `2130706433`
    /// come out as the address that they are.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        Self::of(Url::parse(text.trim()).map_err(|_| Error::Url)?)
    }

    /// The address to which a `Location` of this one leads.
    pub(super) fn follow(&self, location: &str) -> Result<Self, Error> {
        let next = self.url.join(location);
        let next = next.map_err(|_| Error::Unreachable("it redirects to what is no URL"))?;
        let next = Self::of(next)?;
        if self.url.scheme() == "https" && next.url.scheme() == "http" {
            return Err(Error::Refused(Refusal::Downgrade));
        }
        Ok(next)
    }

    fn of(mut url: Url) -> Result<Self, Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Refused(Refusal::Scheme));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Refused(Refusal::Credentials));
        }
        url.set_fragment(None);
        let host = url.host().ok_or(Error::Url)?.to_owned();
        let port = url.port_or_known_default().ok_or(Error::Url)?;
        Ok(Self { url, host, port })
    }

    /// Refuses a host that is not on the policy's list.
    pub(super) fn check(&self, policy: &Policy<'_>) -> Result<(), Error> {
        match policy.allowlist {
            Some(list) if !self.is_in(list) => Err(Error::Refused(Refusal::Unlisted)),
            _ => Ok(()),
        }
    }

    /// Whether the policy lets the host have private addresses.
    pub(super) fn may_be_private(&self, policy: &Policy<'_>) -> bool {
        self.is_in(policy.private_hosts)
    }

    fn is_in(&self, list: &[String]) -> bool {
        let rules = list.iter().filter_map(|line| HostRule::parse(line).ok());
        rules.into_iter().any(|rule| rule.fits(&self.host, self.port))
    }

    /// The name to look up, or the address that needs none.
    pub(super) fn host(&self) -> Result<IpAddr, &str> {
        match &self.host {
            Host::Ipv4(address) => Ok((*address).into()),
            Host::Ipv6(address) => Ok((*address).into()),
            Host::Domain(name) => Err(name),
        }
    }

    /// The host as it stands in the URL.
    pub(super) fn host_name(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    pub(super) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The same for hyper, whose parser is another one: where the two do not agree on the host,
    /// what was checked would not be what is asked.
    pub(super) fn uri(&self) -> Result<Uri, Error> {
        let uri: Uri = self.url.as_str().parse().map_err(|_| Error::Url)?;
        let agreed = uri.host() == self.url.host_str() && uri.port_u16() == self.url.port();
        if agreed { Ok(uri) } else { Err(Error::Url) }
    }
}
