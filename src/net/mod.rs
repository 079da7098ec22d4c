//! Everything the process sends outward over HTTP: pooled connections, TLS, Unix sockets, bounded
//! bodies and server-sent events.
//!
//! [`Client`] sends one request and hands back the response with its body still on the wire.
//! Nothing here follows a redirect, retries an answer, or knows what is being asked of whom.

pub mod body;
mod client;
mod connect;
mod error;
pub mod sse;

pub use client::Client;
pub use error::{Error, Kind};
