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
mod session;
mod tool;

pub use caller::{Caller, Scope, Scopes, Subject};
pub use embedding::{EmbeddingInput, Embeddings};
pub use failure::{Failure, FailureKind};
pub use message::{Content, Message, Part, ToolCall};
pub use name::{AgentId, InvalidName, ModelRef};
pub use run::{
    Alternative, ContextText, Delivery, Delta, Hints, History, OnDisconnect, Origin, Outcome,
    ResponseFormat, RunEvent, RunId, RunKind, RunRequest, Sampling, StopReason, Surface,
    TokenScore, Usage,
};
pub use secret::SecretInput;
pub use session::{QueueMode, SessionKey};
pub use tool::{ToolChoice, ToolSpec};
