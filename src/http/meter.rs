//! Counts the tokens of a request against its caller's limit.

use super::{ApiError, rate};
use crate::auth::{Account, Short};
use crate::types::Usage;

/// Counts what one request takes. What it saw last is taken from the caller's limit when it is
/// dropped, so that an answer nobody read to its end counts too. Keep it as long as the work goes
/// on; it costs nothing where no limit is configured.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Where the tokens are counted; none where they are not.
    account: Option<Account>,
    tokens: u64,
}

impl Meter {
    /// A meter whose tokens are taken from this account.
    pub(super) fn of(account: Account) -> Self {
        Self { account: Some(account), tokens: 0 }
    }

    /// The meter of the same caller's next request on the same connection, which is counted, and
    /// refused where it is too much.
    pub(super) fn next(&self) -> Result<Self, ApiError> {
        let Some(account) = &self.account else { return Ok(Self::default()) };
        account.begin().map_err(rate::refuse)?;
        Ok(Self::of(account.clone()))
    }

    /// Counts a request that asks for so many answers as so many requests; one of them is counted.
    ///
    /// # Errors
    /// 429 when not so many are left, 400 at `n` when there never are.
    pub(super) fn count_answers(&self, answers: u32) -> Result<(), ApiError> {
        let Some(account) = self.account.as_ref().filter(|_| answers > 1) else { return Ok(()) };
        account.begin_more(answers - 1).map_err(|short| match short {
            Short::Now(exceeded) => rate::refuse(exceeded),
            Short::Ever { capacity } => {
                let message = format!(
                    "Each of several answers counts as a request, and {capacity} may come at once \
                     by gateway.http.limits: ask for fewer."
                );
                ApiError::invalid("invalid_value", "n", message)
            }
        })
    }

    /// A meter of the same caller's that has counted nothing, to go on from.
    pub(super) fn sibling(&self) -> Self {
        Self { account: self.account.clone(), tokens: 0 }
    }

    /// The request has taken so much by now; the last figure counts.
    pub(super) fn saw(&mut self, usage: Usage) {
        self.tokens = usage.input.saturating_add(usage.output);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(account) = self.account.take() {
            account.charge(self.tokens);
        }
    }
}
