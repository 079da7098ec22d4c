//! `openclaw.json`: where it lies, how it is read, and what it may say.
//!
//! [`Paths`] finds the file, [`load()`] reads it into a [`Config`], and [`Roster`] answers which
//! agents there are. This room is the only one that reads the environment; others ask [`Env`].
//! It never names another room's types, resolves no secret and opens no socket.

mod alias;
mod credential;
mod dotenv;
mod env;
mod error;
mod file;
mod finding;
mod hosts;
mod interpret;
mod key_path;
mod known;
mod listen;
mod load;
mod node;
mod paths;
mod position;
mod reach;
mod roster;
mod schema;
mod shape;
mod substitute;
#[cfg(test)]
mod tests;
mod url;
mod validate;
mod wording;

pub use alias::{AliasTarget, aliased_models, own_agent};
pub use env::Env;
pub use error::{Error, Issue, Position};
pub use file::write_new;
pub use hosts::HostRule;
pub use listen::{Listen, ListenFlags, listen};
pub use load::{Loaded, load};
pub use paths::{Paths, ProfileChoice};
pub use roster::{AgentEntry, Choice, Fallback, Roster, choices, default_agent};
pub use schema::*;
pub use url::base_url;
pub use validate::{DISCOVERABLE, LOCAL};
