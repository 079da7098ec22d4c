//! The model files under `<state dir>/models`.
//!
//! A model is a folder `models/<kind>/<name>` with a `manifest.json`. The folder appears whole, by
//! a rename, or not at all: one that is there is installed.

use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The one file of a chat model.
pub(super) const CHAT_FILE: &str = "model.gguf";
/// The file that says what a model's folder holds.
const MANIFEST: &str = "manifest.json";
/// Largest manifest worth reading, in bytes.
const MAX_MANIFEST: u64 = 1024 * 1024;

/// What a model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Continues conversations.
    Chat,
    /// Embeds texts.
    Embedding,
}

impl Kind {
    /// The name of its folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Chat => "chat",
            Kind::Embedding => "embedding",
        }
    }
}

/// What `manifest.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The model's name.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// Where it came from, in words.
    pub source: String,
    /// Its licence, or where to look for it.
    pub licence: String,
    /// Seconds since 1970 at which it was installed.
    pub created: u64,
    /// Its files.
    pub files: Vec<ManifestFile>,
}

/// A file in a [`Manifest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Its name in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

/// A model that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its folder.
    pub dir: PathBuf,
    /// What it is.
    pub manifest: Manifest,
}

impl Installed {
    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.manifest.files.iter().map(|file| file.bytes).sum()
    }
}

/// The models of one state directory.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The store under this state directory, which need not exist yet.
    pub fn at(state_dir: &Path) -> Store {
        Store { root: state_dir.join("models") }
    }

    /// The folder that holds everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every installed model, chat before embedding, by name.
    pub fn installed(&self) -> Vec<Installed> {
        [Kind::Chat, Kind::Embedding].into_iter().flat_map(|kind| self.of_kind(kind)).collect()
    }

    /// The installed model of this name.
    pub fn find(&self, name: &str) -> Option<Installed> {
        if !is_name(name) {
            return None;
        }
        [Kind::Chat, Kind::Embedding].into_iter().find_map(|kind| read(&self.dir(kind, name)))
    }

    /// Where the model of this name came from, be its files whole or not.
    pub(super) fn source(&self, name: &str) -> Option<String> {
        if !is_name(name) {
            return None;
        }
        let of_kind = |kind| manifest(&self.dir(kind, name));
        [Kind::Chat, Kind::Embedding].into_iter().find_map(of_kind).map(|found| found.source)
    }

    /// The chat model to use when none is named: the one pulled last.
    pub fn default_chat(&self) -> Option<String> {
        self.newest(Kind::Chat)
    }

    /// The embedding model to use when none is named: the one pulled last.
    pub fn default_embedding(&self) -> Option<String> {
        self.newest(Kind::Embedding)
    }

    /// Where a model of this name lies or would lie.
    pub(super) fn dir(&self, kind: Kind, name: &str) -> PathBuf {
        self.root.join(kind.as_str()).join(name)
    }

    fn newest(&self, kind: Kind) -> Option<String> {
        let models = self.of_kind(kind);
        models.into_iter().max_by_key(|m| m.manifest.created).map(|m| m.manifest.name)
    }

    fn of_kind(&self, kind: Kind) -> Vec<Installed> {
        let Ok(entries) = fs::read_dir(self.root.join(kind.as_str())) else { return Vec::new() };
        let mut models: Vec<_> =
            entries.flatten().filter_map(|entry| read(&entry.path())).collect();
        models.sort_by(|a, b| a.manifest.name.cmp(&b.manifest.name));
        models
    }
}

/// Whether this is a model's name and so safe as a folder's.
pub(super) fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=128).contains(&name.len()) && name.chars().all(good) && !name.starts_with('.')
}

/// The manifest in this folder, if it is the folder's own.
fn manifest(dir: &Path) -> Option<Manifest> {
    let file = dir.join(MANIFEST);
    if fs::metadata(&file).ok()?.len() > MAX_MANIFEST {
        return None;
    }
    let manifest: Manifest = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let named = dir.file_name().is_some_and(|name| name == manifest.name.as_str());
    named.then_some(manifest)
}

/// The model in this folder, if it has a manifest and its files are whole.
fn read(dir: &Path) -> Option<Installed> {
    let manifest = manifest(dir)?;
    let whole = manifest.files.iter().all(|file| {
        is_name(&file.name)
            && fs::metadata(dir.join(&file.name)).is_ok_and(|meta| meta.len() == file.bytes)
    });
    whole.then(|| Installed { dir: dir.to_owned(), manifest })
}

/// Writes the manifest of a model whose files lie in `dir`.
pub(super) fn write_manifest(dir: &Path, manifest: &Manifest) -> io::Result<()> {
    fs::write(dir.join(MANIFEST), serde_json::to_vec_pretty(manifest)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(store: &Store, kind: Kind, name: &str, created: u64) {
        let dir = store.dir(kind, name);
        fs::create_dir_all(&dir).expect("a folder");
        fs::write(dir.join(CHAT_FILE), b"GGUF").expect("a file");
        let file = ManifestFile { name: CHAT_FILE.into(), bytes: 4, sha256: "00".into() };
        let manifest = Manifest {
            name: name.into(),
            kind,
            source: "test".into(),
            licence: "none".into(),
            created,
            files: vec![file],
        };
        write_manifest(&dir, &manifest).expect("a manifest");
    }

    #[test]
    fn the_default_is_the_model_pulled_last() {
        let state = tempfile::tempdir().expect("a folder");
        let store = Store::at(state.path());
        assert!(store.installed().is_empty() && store.default_chat().is_none());
        install(&store, Kind::Chat, "zeta", 1);
        install(&store, Kind::Chat, "alpha", 2);
        install(&store, Kind::Embedding, "embed", 3);
        let names: Vec<_> = store.installed().into_iter().map(|m| m.manifest.name).collect();
        assert_eq!(names, ["alpha", "zeta", "embed"]);
        assert_eq!(store.default_chat().as_deref(), Some("alpha"));
        assert_eq!(store.default_embedding().as_deref(), Some("embed"));
    }

    #[test]
    fn a_damaged_folder_is_not_installed() {
        let state = tempfile::tempdir().expect("a folder");
        let store = Store::at(state.path());
        install(&store, Kind::Chat, "cut", 1);
        assert!(store.find("cut").is_some());
        fs::write(store.dir(Kind::Chat, "cut").join(CHAT_FILE), b"GG").expect("a file");
        assert!(store.find("cut").is_none(), "a file of another length is not the model");
        assert_eq!(store.source("cut").as_deref(), Some("test"), "but says what it was");
        install(&store, Kind::Chat, "moved", 1);
        fs::rename(store.dir(Kind::Chat, "moved"), store.dir(Kind::Chat, "other")).expect("moved");
        assert!(store.find("other").is_none(), "the manifest names another model");
        assert!(store.find("../chat/moved").is_none());
    }

    #[test]
    fn names_are_safe_folders() {
        assert!(is_name("qwen2.5-0.5b_Q4"));
        for bad in ["", ".", "..", ".partial", "a/b", "a b", "ä", &"a".repeat(129)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
