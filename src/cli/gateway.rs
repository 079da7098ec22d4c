//! `openclaw gateway`: run the server in the foreground, or print its token.

use super::{Context, Exit, output};
use crate::auth::{self, Effective};
use crate::config::{
    self, AuthMode, Bind, ConsoleStyle, Level, ListenFlags, Loaded, ProfileChoice,
};
use crate::gateway::{Credential, DRAIN_LIMIT, Gateway, Notes, Options, Prepared};
use crate::telemetry;
use crate::types::SecretInput;
use anyhow::{Context as _, anyhow};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs the gateway in the foreground unless another subcommand is given.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Run the gateway in the foreground
    Run(Flags),
    /// Print the token that clients send, for scripts and for pasting
    AuthToken,
}

/// Flags of a foreground gateway.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Flags {
    /// Listen on this port, 0 for any free one [default: OPENCLAW_GATEWAY_PORT, gateway.port or 18789]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Listen on these addresses [default: gateway.bind or loopback]
    #[arg(long, value_name = "WHERE")]
    bind: Option<Bind>,
    /// How callers prove themselves [default: gateway.auth.mode]
    #[arg(long, value_name = "MODE")]
    auth: Option<AuthMode>,
    /// The token callers send (visible in the process list; the environment is not)
    #[arg(long, value_name = "TOKEN", value_parser = secret)]
    token: Option<SecretInput>,
    /// The password callers send (visible in the process list; the environment is not)
    #[arg(long, value_name = "PASSWORD", value_parser = secret)]
    password: Option<SecretInput>,
    /// Start without a config, or with one that does not say gateway.mode=local
    #[arg(long)]
    allow_unconfigured: bool,
    /// Print debug lines on the console as well
    #[arg(long)]
    verbose: bool,
}

fn secret(text: &str) -> Result<SecretInput, String> {
    if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(SecretInput::new(text)) }
}

pub(super) fn run(context: &Context, args: Args) -> Result<(), Exit> {
    let flags = match args.command {
        Some(Command::AuthToken) => return auth_token(context),
        Some(Command::Run(flags)) => flags,
        None => args.flags,
    };
    super::runtime()?.block_on(async {
        let prepared = prepare(context, &flags).await?;
        Box::pin(serve(context, &flags, prepared, |_| Ok(()))).await
    })
}

/// Reads the config and finds the models for a gateway with these flags.
pub(super) async fn prepare(context: &Context, flags: &Flags) -> Result<Prepared, Exit> {
    Ok(Prepared::load(&context.paths, options(context, flags)).await?)
}

/// Runs a gateway until a signal stops it; `started` is called once it answers.
pub(super) async fn serve(
    context: &Context,
    flags: &Flags,
    prepared: Prepared,
    started: impl FnOnce(&Gateway) -> std::io::Result<()>,
) -> Result<(), Exit> {
    let logs = telemetry::start(&log_options(context, flags, &prepared));
    let logs = logs.map_err(Exit::new)?;
    let mut signals = Signals::new().context("cannot listen for signals")?;
    let gateway = Gateway::start(prepared).await?;
    announce(&gateway, logs.path());
    started(&gateway).context("cannot write to stdout")?;
    let signal = signals.next().await;
    tracing::info!(signal, "stopping; a second signal stops at once");
    tokio::select! {
        drained = gateway.stop(DRAIN_LIMIT) => {
            if !drained {
                tracing::warn!(limit = ?DRAIN_LIMIT, "requests were still under way");
            }
            tracing::info!("stopped");
            Ok(())
        }
        second = signals.next() => {
            Err(Exit::new(anyhow!("stopped at once by a second {second}")).code(130))
        }
    }
}

/// Options for the gateway from flags and environment.
fn options(context: &Context, flags: &Flags) -> Options {
    Options {
        listen: ListenFlags { port: flags.port, bind: flags.bind },
        auth: auth::Flags {
            mode: flags.auth,
            token: flags.token.clone(),
            password: flags.password.clone(),
        },
        allow_unconfigured: flags.allow_unconfigured,
        env: context.env.clone(),
        ..Options::default()
    }
}

fn log_options(context: &Context, flags: &Flags, prepared: &Prepared) -> telemetry::Options {
    let logging = prepared.logging();
    let from_env = prepared.env().get("OPENCLAW_LOG_LEVEL").and_then(|text| {
        let level = <Level as clap::ValueEnum>::from_str(text, true);
        // Logs are not up yet, and a wrong level must not keep the gateway from starting.
        if level.is_err() {
            output::note(format_args!("OPENCLAW_LOG_LEVEL={text} is not a level; ignored"));
        }
        level.ok()
    });
    let overriding = context.global.log_level.or(from_env);
    let console = if flags.verbose { Some(Level::Debug) } else { None };
    let file = match &logging.file {
        Some(file) => telemetry::Destination::File(context.paths.named_in_config(file)),
        None => telemetry::Destination::Daily(context.paths.state_dir.join("logs")),
    };
    telemetry::Options {
        file,
        level: overriding.or(logging.level).unwrap_or(Level::Info),
        console_level: console.or(overriding).or(logging.console_level).unwrap_or(Level::Info),
        console_style: logging.console_style.unwrap_or(ConsoleStyle::Pretty),
        colour: context.global.colour(&context.env),
    }
}

fn announce(gateway: &Gateway, log_file: &std::path::Path) {
    let pid = std::process::id();
    for address in gateway.addresses() {
        tracing::info!(%address, pid, "listening on ws://{address} (PID {pid})");
    }
    let Notes { chat_model, embedding_model, credential } = gateway.notes();
    tracing::info!(model = %chat_model, "agent model: {chat_model}");
    tracing::info!(model = %embedding_model, "embedding model: {embedding_model}");
    let log_file = log_file.display();
    tracing::info!(file = %log_file, "log file: {log_file}");
    match credential {
        Credential::Minted => {
            tracing::info!("auth: minted token, printed by `openclaw gateway auth-token`");
        }
        Credential::None => {
            tracing::warn!("auth: none; every program on this machine may use the gateway");
        }
        Credential::From(origin) => tracing::info!(origin, "auth: the credential of {origin}"),
    }
    tracing::info!("ready");
}

/// The signals that stop a gateway.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Listened for so that it does not end the process: a file that may not grow is an error of
    /// the one write.
    _file_size: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let file_size = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
        Ok(Self { terminate, interrupt, _file_size: file_size })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

fn auth_token(context: &Context) -> Result<(), Exit> {
    let loaded: Loaded = config::load(&context.paths, &context.env)?;
    let flags = auth::Flags::default();
    let effective = auth::effective(&flags, &loaded.config.gateway, &loaded.env)
        .map_err(|error| Exit::new(error).code(super::CONFIG))?;
    let token = match effective {
        Effective::Token(token) => token,
        Effective::Missing => auth::minted(&context.paths.state_dir)
            .map_err(Exit::new)?
            .ok_or_else(|| no_token(context))?,
        Effective::Password(_) => {
            let error = anyhow!("this gateway uses a password, which is not printed");
            return Err(
                Exit::new(error).hint("it is gateway.auth.password or OPENCLAW_GATEWAY_PASSWORD")
            );
        }
        Effective::Open => {
            return Err(Exit::new(anyhow!("gateway.auth.mode is \"none\": clients send no token")));
        }
    };
    output::line(token.expose())
}

fn no_token(context: &Context) -> Exit {
    let command = match &context.paths.profile {
        ProfileChoice::Default => "openclaw quickstart".to_owned(),
        ProfileChoice::Dev => "openclaw --dev gateway --allow-unconfigured".to_owned(),
        ProfileChoice::Named(name) => format!("openclaw --profile {name} quickstart"),
    };
    let path = auth::minted_path(&context.paths.state_dir);
    Exit::new(anyhow!("no token yet: none is configured and {} does not exist", path.display()))
        .hint(format!("the first start makes one: `{command}`"))
}
