//! The agents: which one answers, with which model, and the turn that lets it.
//!
//! [`Agents`] is the handle. This room never knows who asked or over which wire.

mod catalog;
mod price;
mod prompt;
mod turn;

pub use price::price;
pub use turn::{Boundary, Turn};

use crate::providers::Providers;
use crate::types::RunEvent;
use tokio::sync::mpsc::Sender;

/// The agents of a config and the models they answer with.
#[derive(Debug, Clone)]
pub struct Agents {
    providers: Providers,
}

impl Agents {
    /// Agents that reach their models through `providers`.
    pub fn new(providers: Providers) -> Self {
        Self { providers }
    }

    /// Lets an agent answer. What happens goes to `events`; [`RunEvent::Finished`] is the last.
    pub async fn turn(self, turn: Turn, events: Sender<RunEvent>) {
        turn::run(self, turn, events).await;
    }
}
