//! Why the store did not do what it was asked.

use std::path::PathBuf;
use std::time::Duration;

/// Why the store did not do what it was asked. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no store.
    #[error("there is no store at {0}; a gateway makes it when it first starts")]
    Missing(PathBuf),
    /// Somebody keeps it locked.
    #[error("the store {0} is locked by another process; close what has it open, then try again")]
    Locked(PathBuf),
    /// The disk is full.
    #[error(
        "the disk that holds the store {0} is full; make room, nothing that was accepted is lost"
    )]
    Full(PathBuf),
    /// It is not what it must be.
    #[error("the store {file} is damaged: {what}; restore a backup (`openclaw backup` makes them)")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A newer openclaw wrote it.
    #[error(
        "the store {file} has schema {found}, this openclaw knows {known}; use the newer openclaw"
    )]
    NewerSchema {
        /// The file.
        file: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// It is older than what can be read as it is.
    #[error(
        "the store {file} has schema {found} and can be read from schema {least} on; start the \
         gateway once, which brings it up to date"
    )]
    OlderSchema {
        /// The file.
        file: PathBuf,
        /// Its schema.
        found: i64,
        /// The oldest schema that is read here.
        least: i64,
    },
    /// It was opened to be read.
    #[error("the store {0} was opened for reading only; open it for writing to change it")]
    ReadOnly(PathBuf),
    /// Somebody else holds the lease.
    #[error("{lease} is held by {holder}; wait until it is given back or expires")]
    Held {
        /// The lease.
        lease: String,
        /// Who holds it.
        holder: String,
    },
    /// A newer holder of the lease is there.
    #[error(
        "the claim on {lease} is stale: a newer writer has it, or it was given back; claim it anew"
    )]
    Fenced {
        /// The lease.
        lease: String,
    },
    /// A record is not as expected, or an event with this mark is there already.
    #[error("{what} is there already or has changed; read it again, then decide anew")]
    Conflict {
        /// The record or the mark.
        what: String,
    },
    /// Files, permissions, or a fault of the engine.
    #[error("{file} cannot be used: {why}")]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// A search was ended.
    #[error("the search took longer than {0:?} and was ended; look for more words, or rarer ones")]
    TooSlow(Duration),
    /// It was closed.
    #[error("the store is closed; the gateway is stopping, try again once it has started")]
    Closed,
}
