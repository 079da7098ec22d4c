//! The id of one request, in its reply's `x-request-id` and in the log.

use std::fmt;
use uuid::Uuid;

/// One request's id.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestId(Uuid);

impl RequestId {
    /// A new id.
    pub(super) fn new() -> Self {
        Self(Uuid::new_v4())
    }

    /// An id for what this request makes, such as `chatcmpl_…`: the same random part, so that a
    /// reply can be found in the log by either.
    pub(super) fn derive(self, prefix: &str) -> String {
        format!("{prefix}_{}", self.0.simple())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "req_{}", self.0.simple())
    }
}
