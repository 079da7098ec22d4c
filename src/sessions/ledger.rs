//! Tokens and money, by day, agent and model.

use super::Error;
use crate::types::{AgentId, ModelRef, Usage};

/// Adds up what runs cost and writes it in batches, off every request's path.
#[derive(Debug, Clone)]
pub struct Ledger {}

/// What one run cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Spent {
    /// Whose run it was.
    pub agent: AgentId,
    /// Who answered.
    pub model: ModelRef,
    /// Its tokens.
    pub usage: Usage,
    /// Its price in millionths of a US dollar.
    pub microdollars: u64,
}

/// What a day's runs of an agent with a model cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The day, `YYYY-MM-DD`, in UTC.
    pub day: String,
    /// The agent.
    pub agent: String,
    /// The model.
    pub model: String,
    /// How many runs.
    pub runs: u64,
    /// Their tokens.
    pub usage: Usage,
    /// Their price in millionths of a US dollar.
    pub microdollars: u64,
}

impl Ledger {
    /// Counts a run. Never waits and never fails: it is written within a second.
    pub fn spent(&self, spent: Spent) {
        let _ = spent;
        todo!()
    }

    /// Totals from one day to another, both included, `YYYY-MM-DD`, written or not yet.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    pub async fn totals(&self, from: &str, to: &str) -> Result<Vec<Total>, Error> {
        let _ = (from, to);
        todo!()
    }
}
