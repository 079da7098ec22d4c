//! Credentials in force, and the snapshot every request reads.
//!
//! A [`Snapshot`] is the config with its secrets resolved, immutable and shared; a run pins one
//! and never sees two. A [`Secret`] never prints itself: reveal it only in the call that sends it.

mod secret;
mod snapshot;

pub use secret::Secret;
pub use snapshot::{Live, Snapshot, resolve};
