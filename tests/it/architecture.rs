//! The house keeps its shape: rooms import downwards only, and each says what it is.
//!
//! Works on tokens, so that grouped and renamed imports, paths in code and paths inside macros all
//! count, and comments and strings do not.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rank, room, and the lower rooms it may import; `types` and `tasks` are open to all.
///
/// The table of `docs/ARCHITECTURE.md`, as far as the rooms exist.
const ROOMS: &[(u8, &str, &[&str])] = &[
    (0, "types", &[]),
    (0, "tasks", &[]),
    (1, "config", &[]),
    (2, "store", &["config"]),
    (2, "net", &["config"]),
    (3, "telemetry", &["config", "net"]),
    (3, "media", &["config", "net"]),
    (4, "secrets", &["config", "store", "telemetry"]),
    (5, "auth", &["config", "store", "secrets"]),
    (5, "sessions", &["config", "store"]),
    (5, "providers", &["config", "net", "secrets", "telemetry"]),
    (
        6,
        "tools",
        &["config", "net", "store", "secrets", "media", "sessions", "providers", "telemetry"],
    ),
    (7, "agents", &["config", "secrets", "sessions", "providers", "tools", "telemetry"]),
    (8, "runs", &["config", "store", "secrets", "sessions", "agents", "telemetry"]),
    (9, "responses", &["config", "store", "sessions", "runs"]),
    (13, "health", &["config", "secrets", "telemetry", "sessions", "providers", "agents", "runs"]),
    (
        15,
        "http",
        &[
            "config",
            "net",
            "secrets",
            "auth",
            "telemetry",
            "media",
            "sessions",
            "providers",
            "tools",
            "agents",
            "runs",
            "responses",
            "health",
        ],
    ),
    (
        16,
        "gateway",
        &[
            "config",
            "store",
            "net",
            "secrets",
            "auth",
            "telemetry",
            "sessions",
            "providers",
            "tools",
            "agents",
            "runs",
            "responses",
            "media",
            "health",
            "http",
        ],
    ),
    (
        17,
        "cli",
        &[
            "gateway",
            "config",
            "secrets",
            "telemetry",
            "store",
            "auth",
            "media",
            "sessions",
            "providers",
        ],
    ),
];

/// Open to every room.
const OPEN_TO_ALL: [&str; 2] = ["types", "tasks"];
/// Rooms that become a drawer for everything.
const BANNED_ROOMS: [&str; 6] = ["error", "errors", "utils", "common", "helpers", "core"];
/// Endings that say nothing about what a type is.
const BANNED_ENDINGS: [&str; 5] = ["Manager", "Helper", "Util", "Info", "Data"];
/// No file may be longer.
const MAX_FILE_LINES: usize = 600;

#[test]
fn rooms_import_downwards_only() {
    for (path, text) in sources() {
        let found = violations(&path, &text);
        assert!(found.is_empty(), "{}: {}", path.display(), found.join("; "));
    }
}

#[test]
fn an_upward_import_is_found_however_it_is_written() {
    let planted = [
        ("runs/mod.rs", "use crate::http::JSON;"),
        ("runs/mod.rs", "use crate::{types::Usage, http::{self, JSON}};"),
        ("runs/mod.rs", "use crate::http as web;"),
        ("runs/mod.rs", "use super::http::JSON;"),
        ("runs/lane.rs", "use super::super::http;"),
        ("runs/lane/queue.rs", "use super::super::super::{cli, types};"),
        ("runs/mod.rs", "fn f() { let x = crate::gateway::Gateway::start; }"),
        ("runs/mod.rs", "fn f() { println!(\"{}\", crate::http::JSON); }"),
        ("runs/mod.rs", "macro_rules! m { () => { $crate::cli::run() }; }"),
        ("runs/mod.rs", "mod inner { use super::super::http; }"),
        ("runs/mod.rs", "use crate as house;"),
        ("runs/mod.rs", "use crate::{self as house};"),
        ("runs/mod.rs", "extern crate self as house;"),
        ("runs/mod.rs", "use crate::*;"),
        ("types/run.rs", "use crate::tasks::Tasks;"),
        ("auth/mod.rs", "use crate::providers::Providers;"),
        ("lib.rs", "pub use http::JSON;"),
        ("lib.rs", "pub struct AppState;"),
    ];
    for (path, text) in planted {
        assert!(!violations(Path::new(path), text).is_empty(), "not found in {path}: {text}");
    }
}

#[test]
fn a_downward_import_is_fine() {
    let clean = [
        ("runs/mod.rs", "use crate::{agents::{self, turn::Turn}, types::Failure};"),
        ("runs/lane.rs", "use super::Run; // crate::http is only a comment"),
        ("runs/mod.rs", "const TEXT: &str = \"crate::http\"; mod inner { use super::Run; }"),
        ("lib.rs", "//! Docs.\npub mod http;\nmod cli;"),
        ("main.rs", "fn main() { openclaw::cli::run(); }"),
    ];
    for (path, text) in clean {
        assert_eq!(violations(Path::new(path), text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn every_room_says_what_it_is() {
    let declared: BTreeSet<&str> = ROOMS.iter().map(|(_, room, _)| *room).collect();
    let present: BTreeSet<String> =
        sources().iter().filter_map(|(path, _)| room_of(path).map(str::to_owned)).collect();
    assert_eq!(declared, present.iter().map(String::as_str).collect(), "table and src differ");
    for (path, text) in sources() {
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if name != "tests" {
            assert!(text.starts_with("//!"), "{} opens without a `//!`", path.display());
        }
        assert!(!BANNED_ROOMS.contains(&room_of(&path).unwrap_or_default()));
    }
}

#[test]
fn sizes_stay_readable() {
    let mut lengths: Vec<(usize, PathBuf)> =
        sources().into_iter().map(|(path, text)| (text.lines().count(), path)).collect();
    lengths.sort();
    let median = lengths[lengths.len() / 2].0;
    println!("{} files, median {median} lines; the longest:", lengths.len());
    for (lines, path) in lengths.iter().rev().take(5) {
        println!("  {lines:5} {}", path.display());
    }
    let (longest, path) = lengths.last().expect("there are sources");
    assert!(*longest <= MAX_FILE_LINES, "{} has {longest} lines", path.display());
    assert!(median <= 150, "the median file has {median} lines");
}

/// Every source file by its path below `src`.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("a readable file");
                files.push((path.strip_prefix(&root).expect("below src").to_owned(), text));
            }
        }
    }
    files.sort();
    files
}

/// The room a file belongs to; `lib.rs` and `main.rs` belong to none.
fn room_of(path: &Path) -> Option<&str> {
    let first = path.components().next()?.as_os_str().to_str()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(room, "lib" | "main")).then_some(room)
}

/// The module path of a file: `a/b.rs` and `a/b/mod.rs` are both `[a, b]`.
fn module_of(path: &Path) -> Vec<String> {
    let mut parts: Vec<String> = path
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if parts.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// What a file does that the house does not allow.
fn violations(path: &Path, text: &str) -> Vec<String> {
    let tokens: TokenStream = text.parse().expect("the file is Rust");
    let mut found = Found { allowed: allowed(path), room: room_of(path), wrong: Vec::new() };
    found.walk(tokens, &module_of(path));
    if path == Path::new("lib.rs") {
        found.only_modules(text);
    }
    found.wrong
}

fn allowed(path: &Path) -> Option<&'static [&'static str]> {
    let room = room_of(path)?;
    ROOMS.iter().find(|(_, name, _)| *name == room).map(|(_, _, may)| *may)
}

struct Found<'a> {
    allowed: Option<&'static [&'static str]>,
    room: Option<&'a str>,
    wrong: Vec<String>,
}

impl Found<'_> {
    fn walk(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut i = 0;
        while i < tokens.len() {
            match &tokens[i] {
                TokenTree::Group(group) => self.walk(group.stream(), module),
                TokenTree::Ident(word) if *word == "mod" => {
                    if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                        (tokens.get(i + 1), tokens.get(i + 2))
                    {
                        let mut inner = module.to_vec();
                        inner.push(name.to_string());
                        self.walk(body.stream(), &inner);
                        i += 2;
                    }
                }
                TokenTree::Ident(word) if *word == "crate" => {
                    self.root(&tokens[i + 1..], i, &tokens)
                }
                TokenTree::Ident(word) if *word == "super" && !after_colons(&tokens, i) => {
                    i = self.supers(&tokens, i, module);
                }
                TokenTree::Ident(word)
                    if matches!(word.to_string().as_str(), "struct" | "enum" | "trait") =>
                {
                    self.name(tokens.get(i + 1));
                }
                _ => {}
            }
            i += 1;
        }
    }

    /// What follows `crate`.
    fn root(&mut self, rest: &[TokenTree], i: usize, all: &[TokenTree]) {
        let after_extern = i > 0 && matches!(&all[i - 1], TokenTree::Ident(w) if *w == "extern");
        let visibility = rest.is_empty() && i == 0;
        if after_extern || matches!(rest.first(), Some(TokenTree::Ident(word)) if *word == "as") {
            self.wrong.push("renames the crate root".to_owned());
        } else if !visibility {
            self.names(after_path_separator(rest));
        }
    }

    /// A chain of `super::`; gives back where it ends.
    fn supers(&mut self, tokens: &[TokenTree], mut i: usize, module: &[String]) -> usize {
        let mut ups = 0;
        while matches!(tokens.get(i), Some(TokenTree::Ident(word)) if *word == "super") {
            ups += 1;
            i += 3;
        }
        if ups >= module.len() {
            self.names(tokens.get(i..).unwrap_or_default());
        }
        i - 1
    }

    /// The rooms named right after the crate root: one, or a group of them.
    fn names(&mut self, rest: &[TokenTree]) {
        match rest.first() {
            Some(TokenTree::Ident(room)) => self.import(&room.to_string()),
            Some(TokenTree::Punct(star)) if star.as_char() == '*' => {
                self.wrong.push("imports the whole crate root".to_owned());
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let mut first = true;
                for token in group.stream() {
                    match token {
                        TokenTree::Ident(room) if first => {
                            self.import(&room.to_string());
                            first = false;
                        }
                        TokenTree::Punct(comma) if comma.as_char() == ',' => first = true,
                        _ => first = false,
                    }
                }
            }
            _ => {}
        }
    }

    fn import(&mut self, room: &str) {
        if room == "self" {
            self.wrong.push("renames the crate root".to_owned());
            return;
        }
        let own = self.room == Some(room);
        let open =
            OPEN_TO_ALL.contains(&room) && self.room.is_some_and(|r| !OPEN_TO_ALL.contains(&r));
        if !own && !open && !self.allowed.is_some_and(|may| may.contains(&room)) {
            self.wrong.push(format!("imports `{room}`"));
        }
    }

    fn name(&mut self, token: Option<&TokenTree>) {
        let Some(TokenTree::Ident(name)) = token else { return };
        let name = name.to_string();
        if let Some(ending) = BANNED_ENDINGS.iter().find(|ending| name.ends_with(*ending)) {
            self.wrong.push(format!("names a type `{name}`: `{ending}` says nothing"));
        }
    }

    /// `lib.rs` declares modules and nothing else.
    fn only_modules(&mut self, text: &str) {
        let code = text.lines().map(str::trim).filter(|line| !line.is_empty());
        for line in code.filter(|line| !line.starts_with("//")) {
            let rest = line.strip_prefix("pub ").unwrap_or(line);
            if !(rest.starts_with("mod ") && rest.ends_with(';')) {
                self.wrong.push(format!("lib.rs defines more than modules: {line}"));
            }
        }
    }
}

fn after_colons(tokens: &[TokenTree], i: usize) -> bool {
    i > 0 && matches!(&tokens[i - 1], TokenTree::Punct(p) if p.as_char() == ':')
}

fn after_path_separator(rest: &[TokenTree]) -> &[TokenTree] {
    match rest {
        [TokenTree::Punct(a), TokenTree::Punct(b), ..]
            if a.as_char() == ':' && b.as_char() == ':' =>
        {
            &rest[2..]
        }
        _ => &[],
    }
}

#[test]
fn ranks_and_imports_agree() {
    let rank = |room: &str| ROOMS.iter().find(|(_, name, _)| *name == room).map(|(rank, ..)| *rank);
    for (own, room, may) in ROOMS {
        for lower in *may {
            let other = rank(lower).unwrap_or_else(|| panic!("{room} may import unknown {lower}"));
            assert!(other < *own, "{room} (rank {own}) may not import {lower} (rank {other})");
        }
    }
}
