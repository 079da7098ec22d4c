//! Why something cannot be done with responses.

use crate::store;
use crate::types::Failure;

/// Why something cannot be done with responses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such response for this caller.
    #[error("there is no response '{0}'")]
    Unknown(String),
    /// There is no such response to continue.
    #[error("there is no response '{0}' to continue")]
    UnknownPrevious(String),
    /// There is no such item to refer to.
    #[error("there is no item '{0}'")]
    UnknownItem(String),
    /// It is not finished, or never can be what was asked of it.
    #[error("{0}")]
    Conflict(String),
    /// The run was refused or failed.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The store cannot be used.
    #[error("the response store cannot be used")]
    Store(#[from] store::Error),
}
