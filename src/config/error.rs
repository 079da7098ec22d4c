//! What can be wrong with a configuration, worded for a terminal.

use std::fmt;
use std::path::PathBuf;

/// Why there is no configuration to work with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No home directory and no state directory either.
    #[error("no home directory: set HOME, or set OPENCLAW_STATE_DIR to where the state shall lie")]
    NoHome,
    /// A flag or an environment variable has a value it cannot have.
    #[error("{name} is {value:?}: expected {expected}")]
    Setting {
        /// The flag or variable.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it may say.
        expected: &'static str,
    },
    /// An environment variable whose value is not repeated has one it cannot have.
    #[error("{name}: {what}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A bind that needs an address, and none is configured.
    #[error("bind \"custom\" needs an address: set gateway.customBindHost in the config")]
    NoCustomHost,
    /// A file is there and cannot be read as text.
    #[error("cannot read {}: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What stands in the way.
        why: String,
    },
    /// A file is not what its format asks for.
    #[error("{}:{}:{}: {what}", file.display(), at.line, at.column)]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Where reading stopped.
        at: Position,
        /// What was expected there.
        what: String,
    },
    /// The config is well-formed and says what it must not.
    #[error("OpenClaw config is invalid: {}{}", file.display(), Lines { issues, more: *more })]
    Invalid {
        /// The config file.
        file: PathBuf,
        /// What is wrong, in the order of the file's sections.
        issues: Vec<Issue>,
        /// How many further issues were not listed.
        more: usize,
    },
    /// A file that shall be created exists already.
    #[error("{} exists already and is left as it is", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// A file or its directory cannot be written.
    #[error("cannot write {}: {source}", file.display())]
    Unwritable {
        /// The file or directory.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// One thing that is wrong with the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The key, such as `agents.list[0].model`; empty for the file as a whole.
    pub path: String,
    /// What is wrong with it; never holds a credential.
    pub message: String,
    /// Where the key, or the nearest thing to it, stands in the file.
    pub position: Option<Position>,
}

/// A place in a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the file" } else { &self.path };
        write!(f, "{path}: {}", self.message)?;
        match self.position {
            Some(Position { line, column }) => write!(f, " (line {line}, column {column})"),
            None => Ok(()),
        }
    }
}

/// Each issue on a line of its own.
struct Lines<'a> {
    issues: &'a [Issue],
    more: usize,
}

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for issue in self.issues {
            write!(f, "\n  {issue}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
