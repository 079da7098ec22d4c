//! The vocabulary every room shares: messages, tools, model and agent names, usage, callers, and
//! the waist of the house, [`RunRequest`] in and [`RunEvent`] out.
//!
//! Plain data only: no IO, no async, no wire format. A type lives here once a second room needs it.

mod caller;
mod embedding;
mod failure;
mod message;
mod name;
mod run;
mod secret;
mod tool;

pub use caller::{Caller, Scope, Scopes};
pub use embedding::{EmbeddingInput, Embeddings};
pub use failure::{Failure, FailureKind};
pub use message::{Content, Message, Part, ToolCall};
pub use name::{AgentId, InvalidName, ModelRef};
pub use run::{
    Delivery, Delta, Outcome, ResponseFormat, RunEvent, RunRequest, Sampling, StopReason, Usage,
};
pub use secret::SecretInput;
pub use tool::{ToolChoice, ToolSpec};
