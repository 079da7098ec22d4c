//! The `.env` file of the state directory: `NAME=value` lines.
//!
//! Parsed here because the common crates either write the process environment or expand `$NAME`
//! from it, and both would go round [`Env`].

use super::file;
use super::{Env, Error, Position};
use std::path::Path;

/// Largest `.env` file read.
const MAX_BYTES: u64 = 256 * 1024;

/// Reads a `.env` file; a missing one is empty.
pub(super) fn read(path: &Path) -> Result<Env, Error> {
    let Some(text) = file::read_text(path, MAX_BYTES)? else { return Ok(Env::default()) };
    parse(&text.text).map_err(|(line, what)| Error::Syntax {
        file: path.to_owned(),
        at: Position { line, column: 1 },
        what: what.to_owned(),
    })
}

/// Parses the lines; an error is the line's number and what is wrong with it.
fn parse(text: &str) -> Result<Env, (usize, &'static str)> {
    let mut variables = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        variables.push(assignment(line).map_err(|what| (number + 1, what))?);
    }
    Ok(Env::of(variables))
}

/// One `NAME=value` line, with or without `export` before it.
fn assignment(line: &str) -> Result<(&str, String), &'static str> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').ok_or("expected NAME=value")?;
    let name = name.trim();
    if !is_name(name) {
        return Err("expected a name of letters, digits and _ before the =");
    }
    Ok((name, unquote(value.trim())?))
}

/// Whether `name` can name an environment variable.
pub(super) fn is_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

/// Takes the quotes off a value. Single quotes keep every character; double quotes know `\n`,
/// `\"` and `\\`; a bare value ends at ` #`.
fn unquote(value: &str) -> Result<String, &'static str> {
    let Some(quote @ ('"' | '\'')) = value.chars().next() else {
        let end = value.find(" #").or_else(|| value.find("\t#")).unwrap_or(value.len());
        let bare = &value[..end];
        return Ok(if bare.starts_with('#') { String::new() } else { bare.trim_end().to_owned() });
    };
    let mut out = String::new();
    let mut rest = value[1..].chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' if quote == '"' => match rest.next().ok_or("the quotes are not closed")? {
                'n' => out.push('\n'),
                c @ ('"' | '\\') => out.push(c),
                other => out.extend(['\\', other]),
            },
            c if c == quote => {
                let after = rest.as_str().trim_start();
                let clean = after.is_empty() || after.starts_with('#');
                return if clean { Ok(out) } else { Err("unexpected text after the quotes") };
            }
            c => out.push(c),
        }
    }
    Err("the quotes are not closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_with_their_quotes_and_comments() {
        let text = "\u{feff}# head\n\nA=1\r\n export B = two words # note\nC='a $B \"x\" # y'\n\
                    D=\"line\\nnext \\\"q\\\" \\\\ \\d\" # end\nE=\nF=a#b\nG=# only a comment\nA=2\n";
        let env = parse(text).expect("well formed");
        let all: Vec<_> = env.iter().collect();
        assert_eq!(
            all,
            [
                ("A", "2"),
                ("B", "two words"),
                ("C", "a $B \"x\" # y"),
                ("D", "line\nnext \"q\" \\ \\d"),
                ("F", "a#b"),
            ]
        );
    }

    #[test]
    fn a_wrong_line_is_named() {
        let check = |text: &str, line, what| assert_eq!(parse(text), Err((line, what)), "{text}");
        check("A=1\nnonsense", 2, "expected NAME=value");
        check("9A=1", 1, "expected a name of letters, digits and _ before the =");
        check("=1", 1, "expected a name of letters, digits and _ before the =");
        check("A='x", 1, "the quotes are not closed");
        check("A=\"x\\", 1, "the quotes are not closed");
        check("A='x' y", 1, "unexpected text after the quotes");
    }
}
