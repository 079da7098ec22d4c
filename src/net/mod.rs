//! Everything the process sends outward over HTTP: pooled connections, TLS, Unix sockets, bounded
//! bodies and server-sent events.
//!
//! [`Client`] sends one request and hands back the response with its body still on the wire; it is
//! for addresses that the config names. [`Egress`](egress::Egress) is for addresses that callers
//! name, and the only one that follows a redirect. Nothing here retries an answer, or knows what
//! is being asked of whom.

pub mod body;
mod client;
mod connect;
pub mod egress;
mod error;
pub mod sse;

pub use client::Client;
pub use error::{Error, Kind};
