//! Tools: what they are, who may use them, and the one place where one is used.
//!
//! [`Toolbox`] is the handle; whoever uses a tool, a program or a model, comes by
//! [`Toolbox::invoke`]. A tool is never run before the policy, its schema and its need for
//! approval have been checked, and never without its limits. This room knows no wire and starts no
//! run.

mod approvals;
mod arguments;
mod builtin;
mod context;
mod error;
mod execute;
mod installed;
pub mod policy;
mod repeats;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tool;
mod toolbox;

pub use approvals::{Approvals, Ask, Decision, Pending, UnknownApproval};
pub use context::{Chat, Context, Wanted};
pub use error::{Error, Failed, Refusal};
pub use tool::{Approval, Call, Group, Limits, Output, Spec, Tool};
pub use toolbox::{Consent, Entry, Invocation, Rehearsal, Services, Toolbox};
