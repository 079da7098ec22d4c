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
    /// What is to be continued is still under way.
    #[error("the response '{0}' is still under way and cannot be continued yet")]
    PreviousUnfinished(String),
    /// What is to be continued is too long.
    #[error(transparent)]
    PreviousTooLong(Failure),
    /// There is no such item to refer to.
    #[error("there is no item '{0}'")]
    UnknownItem(String),
    /// It never can be what was asked of it.
    #[error("{0}")]
    Conflict(String),
    /// The run was refused or failed.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The store cannot be used.
    #[error("the response store cannot be used")]
    Store(#[from] store::Error),
}
