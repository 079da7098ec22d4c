//! What can be pulled: a model of the catalogue, or one GGUF file of a hub's repository.

use super::Error;
use crate::providers::local::catalogue::{self, Entry};
use crate::providers::local::store::{Kind, is_name};
use std::fmt;

/// A model to pull.
#[derive(Debug, Clone)]
pub enum Target {
    /// One known by name.
    Known(&'static Entry),
    /// A chat model in a hub's repository.
    Hub(HubFile),
}

/// A GGUF file in a hub's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubFile {
    /// `owner/repo`.
    pub(super) repo: String,
    /// The file's path in the repository.
    pub(super) path: String,
}

impl fmt::Display for HubFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.repo, self.path)
    }
}

impl Target {
    /// Reads `NAME` or `owner/repo:file.gguf`.
    ///
    /// # Errors
    /// [`Error::Target`] says what was expected.
    pub fn parse(text: &str) -> Result<Target, Error> {
        if let Some(entry) = catalogue::find(text.strip_prefix("local/").unwrap_or(text)) {
            return Ok(Target::Known(entry));
        }
        let refused = |why: &str| Error::Target(format!("cannot pull {text:?}: {why}"));
        let Some((repo, path)) = text.split_once(':') else {
            return Err(refused(
                "it is neither a model known by name (see `openclaw models list`) nor \
                 `owner/repo:file.gguf`",
            ));
        };
        let parts: Vec<&str> = repo.split('/').collect();
        if parts.len() != 2 || !parts.iter().all(|part| is_name(part)) {
            return Err(refused("before the colon stands the repository, `owner/repo`"));
        }
        if !path.split('/').all(is_name) {
            return Err(refused("after the colon stands the path of a file in the repository"));
        }
        if !path.to_ascii_lowercase().ends_with(".gguf") {
            return Err(refused("only GGUF files can be run as chat models"));
        }
        if is_split(path) {
            return Err(refused("this is one piece of a split model; choose a file that is whole"));
        }
        let target = Target::Hub(HubFile { repo: repo.to_owned(), path: path.to_owned() });
        if catalogue::find(&target.name()).is_some() {
            return Err(refused(
                "it would be installed under the name of a model known by name (see `openclaw \
                 models list`), which it may not be; choose another file",
            ));
        }
        Ok(target)
    }

    /// The name it is installed as.
    pub fn name(&self) -> String {
        match self {
            Target::Known(entry) => entry.name.to_owned(),
            Target::Hub(file) => {
                let base = file.path.rsplit('/').next().unwrap_or(&file.path);
                base[..base.len() - ".gguf".len()].to_ascii_lowercase()
            }
        }
    }

    /// What it does.
    pub fn kind(&self) -> Kind {
        match self {
            Target::Known(entry) => entry.kind,
            Target::Hub(_) => Kind::Chat,
        }
    }

    /// Its licence, or where to look for it.
    pub fn licence(&self) -> String {
        match self {
            Target::Known(entry) => format!("{} ({})", entry.licence, entry.licence_url),
            Target::Hub(file) => format!("see the model card of {} on its hub", file.repo),
        }
    }
}

/// Whether the name ends like `-00001-of-00003.gguf`.
fn is_split(path: &str) -> bool {
    let stem = &path[..path.len() - ".gguf".len()];
    let mut parts = stem.rsplit('-');
    let number = |part: Option<&str>| {
        part.is_some_and(|part| part.len() == 5 && part.bytes().all(|b| b.is_ascii_digit()))
    };
    number(parts.next()) && parts.next() == Some("of") && number(parts.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_hub_files_are_told_apart() {
        let known = Target::parse("gemma-3-270m").expect("known");
        assert_eq!((known.name().as_str(), known.kind()), ("gemma-3-270m", Kind::Chat));
        let hub = Target::parse("Qwen/Qwen2.5-0.5B-Instruct-GGUF:q/qwen2.5-Q4_K_M.gguf");
        let hub = hub.expect("a hub file");
        assert_eq!((hub.name().as_str(), hub.kind()), ("qwen2.5-q4_k_m", Kind::Chat));
    }

    #[test]
    fn what_cannot_be_pulled_is_refused_with_the_reason() {
        for (text, why) in [
            ("nope", "models list"),
            ("a:b.gguf", "owner/repo"),
            ("a/b/c:d.gguf", "owner/repo"),
            ("a/b:../x.gguf", "path of a file"),
            ("a/b:x.bin", "GGUF"),
            ("a/b:m-00001-of-00003.gguf", "split"),
            ("a/b:sub/Gemma-3-270M.gguf", "known by name"),
        ] {
            let error = Target::parse(text).expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
