//! Why nothing was fetched.

use std::time::Duration;

/// Why nothing was fetched, as a clause for whoever named the address. What a name resolved to is
/// never told: an answer that did would map a private network for strangers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("expected an absolute http or https URL")]
    Url,
    /// The address must not be asked.
    #[error("{0}")]
    Refused(Refusal),
    /// The answer has more bytes than are taken.
    #[error("the answer has more than the {limit} bytes accepted")]
    TooLarge {
        /// Bytes that are taken.
        limit: usize,
    },
    /// It took too long, all redirects together.
    #[error("there was no complete answer within {} ms", .limit.as_millis())]
    Timeout {
        /// What it might have taken.
        limit: Duration,
    },
    /// There is no such host, it does not answer, or what it says is not HTTP.
    #[error("{0}")]
    Unreachable(&'static str),
    /// The answer has a status that is no success.
    #[error("the host answered with status {0}")]
    Status(u16),
    /// It leads from one address to the next.
    #[error("it was redirected more than {limit} times")]
    TooManyRedirects {
        /// Redirects that are followed.
        limit: u32,
    },
    /// Too much is being fetched at once; worth trying again.
    #[error("too much is being fetched at once; try again later")]
    Busy,
}

/// Why an address must not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither `http` nor `https`.
    #[error("only http and https URLs are fetched")]
    Scheme,
    /// A user name or a password stands in the URL.
    #[error("a URL must not hold a user name or a password")]
    Credentials,
    /// There is an allow-list, and the host is not on it.
    #[error("its host is not on the list of hosts that may be asked (urlAllowlist)")]
    Unlisted,
    /// The host is, or resolves to, an address that is not public.
    #[error("its host is not a public one (the config names exceptions in allowPrivateHosts)")]
    Private,
    /// An `https` address redirects to an `http` one.
    #[error("it redirects from https to http")]
    Downgrade,
}
