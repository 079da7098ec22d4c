//! Puts environment variables into the texts of a config: `${NAME}` anywhere, `$NAME` as a whole
//! credential, `$${NAME}` for the characters themselves.

use super::finding::Finding;
use super::key_path::KeyPath;
use super::node::Node;
use super::{Env, credential};

/// Bytes all texts together may grow to.
const MAX_EXPANDED_BYTES: usize = 8 * 1024 * 1024;

/// What came of a substitution.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) warnings: Vec<String>,
    pub(super) findings: Vec<Finding>,
    left_out: Vec<KeyPath>,
    bytes: usize,
}

/// Substitutes in every text of `node`, which stands at `path`.
///
/// A text whose variable is missing stays as it is, with a warning. A credential must not be
/// sent as the literal, so it is left out; one that guards the gateway is an error instead.
pub(super) fn apply(node: &mut Node, path: &KeyPath, env: &Env) -> Outcome {
    let mut outcome = Outcome::default();
    visit(node, path, env, &mut outcome);
    let depth = path.steps().len();
    for gone in std::mem::take(&mut outcome.left_out) {
        node.remove(&gone.steps()[depth..].iter().cloned().collect());
    }
    outcome
}

fn visit(node: &mut Node, path: &KeyPath, env: &Env, outcome: &mut Outcome) {
    match node {
        Node::Text(text) => fill(text, path, env, outcome),
        Node::List(elements) => {
            elements.iter_mut().for_each(|(at, node)| visit(node, &path.index(*at), env, outcome));
        }
        Node::Object(members) => {
            members.iter_mut().for_each(|(key, node)| visit(node, &path.key(key), env, outcome));
        }
        _ => {}
    }
}

fn fill(text: &mut String, path: &KeyPath, env: &Env, outcome: &mut Outcome) {
    let before = outcome.bytes;
    let is_credential = credential::is_at(path);
    let filled = match shorthand(text).filter(|_| is_credential) {
        Some(name) => env.get(name).map(str::to_owned).ok_or_else(|| name.to_owned()),
        None => expand(text, env, &mut outcome.bytes),
    };
    match filled {
        Ok(_) if outcome.bytes > MAX_EXPANDED_BYTES => {
            if before <= MAX_EXPANDED_BYTES {
                let message = "with its variables put in, the config is larger than 8 MiB";
                outcome.findings.push(Finding::at(path.clone(), message));
            }
        }
        Ok(filled) => *text = filled,
        Err(name) if credential::guards_the_gateway(path) => {
            let message = format!(
                "the variable {name} is not set: set it in the environment or in the .env file of \
                 the state directory"
            );
            outcome.findings.push(Finding::at(path.clone(), message));
        }
        Err(name) if is_credential || path.matches("env.*") || path.matches("env.vars.*") => {
            let warning = format!("{path}: the variable {name} is not set; going on without it");
            outcome.warnings.push(warning);
            outcome.left_out.push(path.clone());
        }
        Err(name) => outcome.warnings.push(format!(
            "{path}: the variable {name} is not set; ${{{name}}} is kept as it stands"
        )),
    }
}

/// The name in a text that is `$NAME` and nothing else.
fn shorthand(text: &str) -> Option<&str> {
    text.strip_prefix('$').filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

/// The text with its variables, or the name of the first that is not set. Adds the length of
/// the result to `bytes` and stops growing once that is too much.
fn expand(text: &str, env: &Env, bytes: &mut usize) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = |from: &'_ str| {
            let (name, _) = from.split_once('}')?;
            is_name(name).then(|| name.to_owned())
        };
        if let Some(name) = rest.strip_prefix("$${").and_then(name) {
            out.push_str(&rest[1..name.len() + 4]);
            rest = &rest[name.len() + 4..];
        } else if let Some(name) = rest.strip_prefix("${").and_then(name) {
            out.push_str(env.get(&name).ok_or_else(|| name.clone())?);
            rest = &rest[name.len() + 3..];
        } else {
            out.push('$');
            rest = &rest[1..];
        }
        if *bytes + out.len() > MAX_EXPANDED_BYTES {
            break;
        }
    }
    out.push_str(rest);
    *bytes += out.len();
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        expand(text, &Env::of([("A", "1"), ("B_2", "${A}"), ("EMPTY", "")]), &mut 0)
    }

    #[test]
    fn braces_are_filled_and_nothing_else() {
        let check = |text: &str, filled: &str| {
            assert_eq!(expanded(text).as_deref(), Ok(filled), "{text}");
        };
        check("x${A}y${A}", "x1y1");
        check("$${A} $$${A} $${a}", "${A} $${A} $${a}");
        check("${B_2}", "${A}");
        check("$A ${a} ${1A} ${A $ ${}", "$A ${a} ${1A} ${A $ ${}");
        check("ä${A}$", "ä1$");
    }

    #[test]
    fn a_missing_or_empty_variable_is_named() {
        assert_eq!(expanded("${A}${NONE}"), Err("NONE".to_owned()));
        assert_eq!(expanded("${EMPTY}"), Err("EMPTY".to_owned()));
    }

    #[test]
    fn a_config_cannot_be_blown_up_by_variables() {
        let env = Env::of([("BIG", "x".repeat(1024 * 1024))]);
        let list = (0..20).map(|at| (at, Node::Text("${BIG}".to_owned()))).collect();
        let outcome = apply(&mut Node::List(list), &KeyPath::of("a"), &env);
        let messages: Vec<_> = outcome.findings.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(messages, ["with its variables put in, the config is larger than 8 MiB"]);
    }
}
