//! Credentials as a config file writes them, before `secrets` resolves them.

use serde::Deserialize;
use std::fmt;

/// A credential field of the config: the text itself, `${VAR}` already substituted.
///
/// It never prints itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretInput(String);

impl SecretInput {
    /// Wraps a credential read from a flag or the environment.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whoever checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text itself, for the room that turns it into a resolved secret.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl fmt::Debug for SecretInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretInput(…)")
    }
}
