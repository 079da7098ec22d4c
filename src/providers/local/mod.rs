//! Models on this machine: their files, and the worker processes that run them.
//!
//! [`Store`] says what is installed, [`pull`] installs, and [`Workers`] starts a worker of our own
//! binary when a model is first asked for. A worker speaks the OpenAI dialect on a Unix socket, so
//! the rest of `providers` talks to it like to any other upstream. No model is ever loaded into
//! the gateway's own process.

pub mod catalogue;
mod error;
mod last_words;
pub mod pull;
mod store;
mod window;
pub mod worker;
mod workers;

pub use error::{Error, ErrorKind};
pub use store::{Installed, Kind, Store};
pub(super) use window::WINDOW_HEADER;
pub use window::known_window;
pub use workers::{BASE_URL, Settings, Workers};
