//! Who is calling, and what may they do.
//!
//! [`effective()`] decides from flags, config and environment how callers prove themselves;
//! [`Gate`] then turns a request's credentials into a [`Caller`](crate::types::Caller), whose
//! [`Account`] says how much it may still ask. It knows header values, not HTTP types, and never
//! logs or echoes a credential.

mod effective;
mod gate;
mod limits;
mod minted;

pub use effective::{Effective, Error, Flags, effective};
pub use gate::{Credentials, Gate, Rejection};
pub use limits::{Account, Allowance, Exceeded, Limits, Short, Standing};
pub use minted::{mint, minted, minted_path};
