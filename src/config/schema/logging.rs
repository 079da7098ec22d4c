//! `logging`: log file and console.

use serde::Deserialize;

/// `logging`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Logging {
    /// Level of the log file; `info` by default.
    pub level: Option<Level>,
    /// The log file; by default `logs/openclaw-YYYY-MM-DD.log` (UTC) in the state directory.
    pub file: Option<String>,
    /// Level of the console; `info` by default, `debug` with `--verbose`.
    pub console_level: Option<Level>,
    /// Form of the console's lines; `pretty` by default.
    pub console_style: Option<ConsoleStyle>,
}

/// A log level, least to most talkative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing at all.
    Silent,
    /// Same as `error`.
    Fatal,
    /// What failed.
    Error,
    /// What may fail soon.
    Warn,
    /// What an operator wants to know.
    Info,
    /// What a developer wants to know.
    Debug,
    /// Everything.
    Trace,
}

/// `logging.consoleStyle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsoleStyle {
    /// Colour on a terminal, time first.
    Pretty,
    /// Without the time.
    Compact,
    /// One JSON document a line.
    Json,
}
