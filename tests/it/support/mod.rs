//! What the tests stand on: a real gateway on a free port, and a scripted upstream behind it.

pub(crate) mod gateway;
pub(crate) mod golden;
pub(crate) mod pdf;
pub(crate) mod process;
pub(crate) mod seed;
pub(crate) mod upstream;

use std::time::Duration;

/// Longer than anything here takes, short enough not to hang a build.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what must come; panics when it does not.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it should have happened by now")
}

/// Whether generated files are to be written instead of compared.
pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1")
}

/// Compares a file of the project with what it should be, or writes it under `UPDATE_GOLDEN=1`.
pub(crate) fn compare_file(path: &str, expected: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if updating() {
        std::fs::write(&file, expected).expect("the file is written");
        return;
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = committed.lines().zip(expected.lines()).position(|(old, new)| old != new);
    let line = differs.unwrap_or_else(|| committed.lines().count().min(expected.lines().count()));
    assert!(
        committed == expected,
        "{path} is not what the code says, first in line {}; `UPDATE_GOLDEN=1 cargo test` \
         rewrites it:\n  committed: {}\n  the code:  {}",
        line + 1,
        committed.lines().nth(line).unwrap_or("(nothing)"),
        expected.lines().nth(line).unwrap_or("(nothing)"),
    );
}
