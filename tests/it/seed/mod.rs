//! The runbook's promises, one test a row of `docs/seed-matrix.md`, named by the row's id.

mod openai;
mod precedence;
mod runtime;
mod sessions;
mod start;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A file and a test in it.
type Named = BTreeSet<(String, String)>;

/// The files that have tests named by an id, as the page names them.
const FILES: [&str; 6] =
    ["openai.rs", "precedence.rs", "runtime.rs", "sessions.rs", "src/config/listen.rs", "start.rs"];

#[test]
fn the_page_and_the_tests_name_each_other() {
    let (page, tests) = (on_the_page(), in_the_files());
    let missing: Vec<_> = page.difference(&tests).collect();
    assert!(missing.is_empty(), "on the page, but there is no such test: {missing:?}");
    let unlisted: Vec<_> = tests.difference(&page).collect();
    assert!(unlisted.is_empty(), "a test without a row on the page: {unlisted:?}");
}

/// What the rows of `docs/seed-matrix.md` name.
fn on_the_page() -> Named {
    let rows = include_str!("../../../docs/seed-matrix.md").lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let id = cells.next()?.to_lowercase().replace('-', "_") + "_";
        let (test, file) = cells.nth(1)?.split_once("`, ")?;
        let test = test.strip_prefix('`')?;
        id_of(&id).map(|id| {
            assert_eq!(id_of(test), Some(id), "{test} is not named by its row");
            (file.to_owned(), test.to_owned())
        })
    });
    rows.collect()
}

/// The functions of the tests' files whose names begin with an id.
fn in_the_files() -> Named {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Named::new();
    for name in FILES {
        let below = if name.starts_with("src/") { "" } else { "tests/it/seed" };
        let text = fs::read_to_string(root.join(below).join(name)).expect("a readable file");
        for line in text.lines().map(str::trim_start) {
            let line = line.strip_prefix("async ").unwrap_or(line);
            let test = line.strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            if let Some(test) = test.filter(|test| id_of(test).is_some()) {
                found.insert((name.to_owned(), test.to_owned()));
            }
        }
    }
    found
}

/// The id that a name begins with: `st_1` of `st_1_gateway_runs`.
fn id_of(name: &str) -> Option<&str> {
    let (letters, rest) = name.split_once('_')?;
    let (digits, _) = rest.split_once('_')?;
    let fits =
        letters.len() == 2 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| &name[..letters.len() + 1 + digits.len()])
}
