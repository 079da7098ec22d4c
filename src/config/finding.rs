//! An issue before its place in the file is known.

use super::key_path::KeyPath;

/// Something wrong at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) path: KeyPath,
    pub(super) message: String,
    /// How many members of the same key stand before the one that is meant.
    pub(super) nth: usize,
}

impl Finding {
    /// `message` about the value at `path`.
    pub(super) fn at(path: KeyPath, message: impl Into<String>) -> Self {
        Self { path, message: message.into(), nth: 0 }
    }

    /// A key that stands twice in its object.
    pub(super) fn repeated(path: KeyPath) -> Self {
        Self { path, message: "this key is written twice; keep one of them".to_owned(), nth: 1 }
    }
}
