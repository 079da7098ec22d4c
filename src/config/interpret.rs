//! From the text of a config file to a [`Config`]: parse, drop what is not built, substitute,
//! fit into the schema, validate. Everything wrong on the way is gathered and reported at once.

use super::finding::Finding;
use super::key_path::{KeyPath, Step};
use super::node::{self, Node};
use super::substitute::{self, Outcome};
use super::{Config, Env, Error, Issue, credential, dotenv, known, position, shape, validate};
use std::path::Path;

/// Most warnings kept; one more line says how many there were.
const MAX_WARNINGS: usize = 100;

/// What a config file says.
pub(super) struct Interpreted {
    pub(super) config: Config,
    pub(super) warnings: Vec<String>,
    pub(super) env: Env,
}

/// Reads the `text` of `file`, with the variables of `env` and of its own `env` section.
pub(super) fn interpret(file: &Path, text: &str, env: &Env) -> Result<Interpreted, Error> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        let why = "it is empty; an empty config is written {}".to_owned();
        return Err(Error::Unreadable { file: file.to_owned(), why });
    }
    let (mut tree, mut findings) = node::parse(text).map_err(|error| Error::Syntax {
        file: file.to_owned(),
        at: error.at,
        what: error.what,
    })?;
    refuse_unsafe(&mut tree, &mut findings);
    let mut warnings = drop_unbuilt(&mut tree);
    let env = take_env(&mut tree, env, &mut warnings, &mut findings);
    let Outcome { warnings: unset, findings: unsafe_unset, .. } =
        substitute::apply(&mut tree, &KeyPath::default(), &env);
    warnings.extend(unset);
    findings.extend(unsafe_unset);

    let (config, misfits) = shape::read(tree.clone());
    findings.extend(misfits);
    let broken: Vec<KeyPath> = findings.iter().map(|finding| finding.path.clone()).collect();
    let consequence = |f: &Finding| broken.iter().any(|path| f.path.is_within(path));
    findings.extend(validate::check(&config, &tree).into_iter().filter(|f| !consequence(f)));
    if findings.is_empty() {
        return Ok(Interpreted { config, warnings: capped(warnings), env });
    }
    Err(invalid(file, text, findings))
}

/// Parts that would change who may call or what is read if they were left out with a warning.
fn refuse_unsafe(tree: &mut Node, findings: &mut Vec<Finding>) {
    if let Some(schema) = tree.remove(&KeyPath::of("$schema"))
        && !matches!(schema, Node::Text(_))
    {
        findings.push(Finding::at(KeyPath::of("$schema"), "expected a text in quotes"));
    }
    let mut refused = Vec::new();
    tree.walk(&mut KeyPath::default(), &mut |path, node| {
        let Some(message) = why_refused(path, node) else { return true };
        refused.push(Finding::at(path.clone(), message));
        false
    });
    for finding in refused {
        tree.remove(&finding.path);
        findings.push(finding);
    }
}

fn why_refused(path: &KeyPath, node: &Node) -> Option<&'static str> {
    if matches!(path.steps().last(), Some(Step::Key(key)) if key == "$include") {
        return Some(
            "this build does not support $include yet: copy the included file in its place",
        );
    }
    if path.matches("gateway.tls.enabled") && *node == Node::Bool(true) {
        return Some(
            "this build does not serve TLS yet: remove gateway.tls and put a TLS proxy in front",
        );
    }
    let is_ref = |members: &[(String, Node)]| members.iter().any(|(key, _)| key == "source");
    match node {
        Node::Object(members) if credential::is_at(path) && is_ref(members) => Some(
            "this build does not support SecretRef objects yet: write \"${NAME}\" and set NAME in \
             the environment or in the .env file of the state directory",
        ),
        Node::Text(text) if credential::is_at(path) && text == "__OPENCLAW_REDACTED__" => {
            Some("this is the placeholder of a redacted credential: put the credential itself here")
        }
        _ => None,
    }
}

/// Takes out what [`known::NOT_BUILT_YET`] lists and says so.
fn drop_unbuilt(tree: &mut Node) -> Vec<String> {
    let mut unbuilt = Vec::new();
    tree.walk(&mut KeyPath::default(), &mut |path, _| {
        let listed = known::NOT_BUILT_YET.iter().any(|pattern| path.matches(pattern));
        if listed {
            unbuilt.push(path.clone());
        }
        !listed
    });
    for path in &unbuilt {
        tree.remove(path);
    }
    let warning = |path| format!("{path}: this build does not support this key yet; it is ignored");
    unbuilt.iter().map(warning).collect()
}

/// Takes the `env` section out of the tree and puts its variables below those of `env`.
fn take_env(
    tree: &mut Node,
    env: &Env,
    warnings: &mut Vec<String>,
    findings: &mut Vec<Finding>,
) -> Env {
    let path = KeyPath::of("env");
    let Some(mut section) = tree.remove(&path) else { return env.clone() };
    let outcome = substitute::apply(&mut section, &path, env);
    warnings.extend(outcome.warnings);
    findings.extend(outcome.findings);
    let mut variables = Vec::new();
    let vars = section.remove(&KeyPath::of("vars"));
    let parts = [(path.clone(), Some(section)), (path.key("vars"), vars)];
    for (path, part) in parts {
        let Some(part) = part else { continue };
        let Node::Object(members) = part else {
            findings.push(Finding::at(path, "expected an object in { }"));
            continue;
        };
        for (name, value) in members {
            let path = path.key(&name);
            match value {
                _ if !dotenv::is_name(&name) => {
                    let message = "a variable's name has letters, digits and _ only";
                    findings.push(Finding::at(path, message));
                }
                Node::Text(value) => variables.push((name, value)),
                _ => findings.push(Finding::at(path, "expected a text in quotes")),
            }
        }
    }
    env.or(&Env::of(variables))
}

fn capped(mut warnings: Vec<String>) -> Vec<String> {
    let more = warnings.len().saturating_sub(MAX_WARNINGS);
    if more > 0 {
        warnings.truncate(MAX_WARNINGS);
        warnings.push(format!("and {more} more warnings about the config"));
    }
    warnings
}

/// The error that lists the findings, each with its place in the text.
fn invalid(file: &Path, text: &str, findings: Vec<Finding>) -> Error {
    let more = findings.len().saturating_sub(shape::MAX_FINDINGS);
    let issues = findings.into_iter().take(shape::MAX_FINDINGS).map(|finding| Issue {
        position: position::locate(text, &finding),
        path: finding.path.to_string(),
        message: finding.message,
    });
    Error::Invalid { file: file.to_owned(), issues: issues.collect(), more }
}
