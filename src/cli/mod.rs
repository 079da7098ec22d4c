//! The operator's command line: one file a command, human output by default.
//!
//! [`run`] is the process: it parses, runs the command and turns its error into text, a hint and
//! an exit code. Commands print results to stdout and everything else to stderr.

mod backup;
mod exit;
mod extract_text;
mod gateway;
mod model_worker;
mod models;
mod output;
mod quickstart;
mod sessions;

pub use exit::{CONFIG, Exit};

use crate::config::{Env, Level, Paths, ProfileChoice};
use anyhow::Context as _;
use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;
use tokio::runtime::Runtime;

/// An OpenAI-compatible API server whose models are agents
#[derive(Debug, Parser)]
#[command(name = "openclaw", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags every command understands.
#[derive(Debug, Clone, clap::Args)]
struct Global {
    /// Use the development profile: state in ~/.openclaw-dev, port 19001
    #[arg(long, global = true, conflicts_with = "profile")]
    dev: bool,
    /// Use a named profile: state in ~/.openclaw-NAME
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// Level of log file and console, whatever the config says
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<Level>,
    /// Print without colour
    #[arg(long, global = true)]
    no_color: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find or fetch a model, write a config if there is none, and start the gateway
    Quickstart(quickstart::Args),
    /// Run the gateway, or ask about it
    Gateway(gateway::Args),
    /// Fetch and list the models that run on this machine
    #[command(subcommand)]
    Models(models::Models),
    /// List sessions, show what was said in one, or clean up
    Sessions(sessions::Args),
    /// Copy the store into one file, also while the gateway runs
    Backup(backup::Args),
    #[command(hide = true)]
    ModelWorker(model_worker::ModelWorker),
    #[command(hide = true)]
    ExtractText(extract_text::ExtractText),
}

/// What a command works with.
#[derive(Debug, Clone)]
struct Context {
    global: Global,
    env: Env,
    paths: Paths,
}

impl Global {
    fn profile(&self) -> ProfileChoice {
        match (&self.profile, self.dev) {
            (Some(name), _) => ProfileChoice::Named(name.clone()),
            (None, true) => ProfileChoice::Dev,
            (None, false) => ProfileChoice::Default,
        }
    }

    /// Colour is for terminals whose owner did not decline it.
    fn colour(&self, env: &Env) -> bool {
        !self.no_color && env.get("NO_COLOR").is_none()
    }
}

/// Runs the process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors to clap, and go to stdout with code 0; usage goes to
            // stderr with code 1, as the runbook says.
            let code = u8::from(error.use_stderr());
            return if error.print().is_ok() { code.into() } else { 1.into() };
        }
    };
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(exit) => exit.report(),
    }
}

fn dispatch(cli: Cli) -> Result<(), Exit> {
    let env = Env::from_process();
    let context = || {
        let paths = Paths::resolve(&env, cli.global.profile())?;
        Ok::<_, Exit>(Context { global: cli.global.clone(), env: env.clone(), paths })
    };
    match cli.command {
        Command::Quickstart(args) => quickstart::run(&context()?, args),
        Command::Gateway(args) => gateway::run(&context()?, args),
        Command::Models(command) => {
            let Context { paths, env, .. } = context()?;
            runtime()?.block_on(models::run(command, &paths, &env))
        }
        Command::Sessions(args) => sessions::run(&context()?, args),
        Command::Backup(args) => backup::run(&context()?, &args),
        // A worker has an empty environment, and so neither home nor state directory.
        Command::ModelWorker(args) => model_worker::run(args),
        Command::ExtractText(args) => extract_text::run(&args),
    }
}

/// A runtime for commands that fetch or wait.
fn runtime() -> Result<Runtime, Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    Ok(runtime.context("cannot start the async runtime")?)
}

/// The reference of all commands, as `docs/cli-reference.md` holds it.
pub fn reference() -> String {
    let mut text = String::from(
        "# Command line\n\nWritten from the program's own help; a test keeps both alike.\n",
    );
    describe(&mut Cli::command(), "", &mut text);
    text
}

fn describe(command: &mut clap::Command, parent: &str, text: &mut String) {
    let name = format!("{parent} {}", command.get_name()).trim().to_owned();
    let help = command.clone().bin_name(&name).term_width(90).render_long_help();
    let help = help.to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim()));
    for child in command.get_subcommands_mut() {
        if !child.is_hide_set() && child.get_name() != "help" {
            describe(child, &name, text);
        }
    }
}
