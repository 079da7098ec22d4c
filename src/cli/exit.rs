//! How a command ends when it does not end well.

use super::output;
use crate::{config, gateway};
use serde_json::json;
use std::fmt;
use std::process::ExitCode;

/// A start that a restart cannot mend (`EX_CONFIG`): supervisors shall not try again.
pub const CONFIG: u8 = 78;

/// An error on its way to the terminal: what failed, what to try next, and the exit code.
#[derive(Debug)]
pub struct Exit {
    code: u8,
    /// Nothing where there is nothing to tell.
    error: Option<anyhow::Error>,
    hint: Option<String>,
    /// Whether a program reads stdout: it gets the error there too.
    json: bool,
}

impl Exit {
    /// A failure with exit code 1.
    pub fn new(error: impl Into<anyhow::Error>) -> Self {
        Self { code: 1, error: Some(error.into()), hint: None, json: false }
    }

    /// An early end that is none of the user's business: exit code 0 and not a word.
    pub(super) fn quiet() -> Self {
        Self { code: 0, error: None, hint: None, json: false }
    }

    /// The same failure with another exit code.
    #[must_use]
    pub fn code(self, code: u8) -> Self {
        Self { code, ..self }
    }

    /// The same failure with what to try next.
    #[must_use]
    pub fn hint(self, hint: impl fmt::Display) -> Self {
        Self { hint: Some(hint.to_string()), ..self }
    }

    /// The same failure for a command that was asked for one JSON document.
    #[must_use]
    pub(super) fn in_json(self) -> Self {
        Self { json: true, ..self }
    }

    /// Prints the error with its causes and gives back the exit code.
    pub(super) fn report(self) -> ExitCode {
        if let Some(error) = self.error {
            output::note(format_args!("{error:#}"));
            if self.json {
                let error = json!({"type": "cli_error", "message": format!("{error:#}")});
                // The exit code says it as well, should nobody read stdout any more.
                output::line(format_args!("{:#}", json!({"ok": false, "error": error}))).ok();
            }
        }
        if let Some(hint) = self.hint {
            output::note(format_args!("hint: {hint}"));
        }
        self.code.into()
    }
}

impl From<anyhow::Error> for Exit {
    fn from(error: anyhow::Error) -> Self {
        Self::new(error)
    }
}

impl From<config::Error> for Exit {
    fn from(error: config::Error) -> Self {
        Self::new(error).code(CONFIG)
    }
}

impl From<gateway::Error> for Exit {
    fn from(error: gateway::Error) -> Self {
        use gateway::Error as Kind;
        let code = match &error {
            Kind::Config(_)
            | Kind::NoConfig(_)
            | Kind::Remote
            | Kind::NoMode(_)
            | Kind::Auth(_)
            | Kind::Exposed { .. } => CONFIG,
            Kind::Sessions(_)
            | Kind::Responses(_)
            | Kind::Taken { .. }
            | Kind::Lock(..)
            | Kind::Mint(..)
            | Kind::InUse(_)
            | Kind::Bind(..) => 1,
        };
        Self::new(error).code(code)
    }
}
