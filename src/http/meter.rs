//! Counts the tokens of a request against its caller's limit.

use super::{ApiError, rate};
use crate::auth::Account;
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
