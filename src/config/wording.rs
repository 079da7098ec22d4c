//! How a misfit is put to the person who wrote the config.

use super::finding::Finding;
use super::key_path::{KeyPath, Step};
use super::shape::{Found, Kind};
use super::{credential, known};
use std::net::IpAddr;

/// Characters of a found text that are repeated in a message.
const MAX_QUOTED: usize = 60;

/// The finding for a misfit at `path`.
pub(super) fn finding(path: &KeyPath, kind: Kind) -> Finding {
    match kind {
        Kind::UnknownKey(known) => Finding::at(path.clone(), unknown_key(path, known)),
        Kind::MissingKey(key) => Finding::at(path.key(key), "is missing"),
        Kind::UnknownWord { found, allowed } => {
            let hint = hint(path, &found).unwrap_or_default();
            let allowed = allowed.join(", ");
            Finding::at(path.clone(), format!("{} is not one of {allowed}{hint}", quote(&found)))
        }
        Kind::WrongType { found, expected } => {
            Finding::at(path.clone(), wrong_type(path, &found, &expected))
        }
        Kind::Other(message) => Finding::at(path.clone(), message),
    }
}

/// A text in quotes, shortened, with nothing in it that a terminal would obey.
pub(super) fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

fn wrong_type(path: &KeyPath, found: &Found, expected: &str) -> String {
    let wants_scalar = !(expected.starts_with("struct ") || expected.contains("map"));
    let expected = match expected {
        "u16" => "a port number, 1 to 65535",
        "u32" | "u64" | "usize" => "a whole number",
        "a boolean" => "true or false",
        "a string" => "a text in quotes",
        "a sequence" => "a list in [ ]",
        other if other.starts_with("struct ") || other == "a map" => "an object in { }",
        other => other,
    };
    match found {
        Found::Other(what) => format!("expected {expected}, found {what}"),
        Found::Scalar { text, kind } => {
            if !wants_scalar || expected.contains('[') || credential::is_at(path) {
                return format!("expected {expected}, found {kind}");
            }
            let text = if *kind == "a text" { quote(text) } else { text.clone() };
            format!("expected {expected}, found {text}{}", unquote_hint(kind, &text, expected))
        }
    }
}

/// For `"8080"` where 8080 is meant.
fn unquote_hint(kind: &str, quoted: &str, expected: &str) -> &'static str {
    let bare = quoted.trim_matches('"');
    let number = expected.contains("number") && bare.parse::<u64>().is_ok();
    let truth = expected == "true or false" && bare.parse::<bool>().is_ok();
    if kind == "a text" && (number || truth) { "; write it without quotes" } else { "" }
}

fn unknown_key(path: &KeyPath, known: &'static [&'static str]) -> String {
    let Some(Step::Key(key)) = path.steps().last() else {
        return "unknown key".to_owned();
    };
    let parent = path.parent();
    let later = known::NOT_BUILT_YET.iter().filter_map(|pattern| {
        let (section, last) = pattern.rsplit_once('.').unwrap_or(("", pattern));
        (parent.matches(section) && last != "*").then_some(last)
    });
    match nearest(key, known.iter().copied().chain(later)) {
        Some(near) => format!("unknown key; did you mean {near:?}?"),
        None => format!("unknown key; this section has {}", known.join(", ")),
    }
}

/// The candidate a slip of the hand away from `key`, if there is one.
fn nearest<'a>(key: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
    let key = plain(key);
    candidates
        .map(|candidate| {
            let plain = plain(candidate);
            let most = (plain.chars().count() / 3).max(1);
            (strsim::damerau_levenshtein(&key, &plain), most, candidate)
        })
        .filter(|(distance, most, _)| distance <= most)
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., candidate)| candidate)
}

/// What to do about a word that is known from elsewhere but not valid here.
fn hint(path: &KeyPath, found: &str) -> Option<&'static str> {
    if path.matches("gateway.bind") {
        return match found {
            "0.0.0.0" | "::" | "[::]" | "*" | "all" => Some("; use \"lan\" for all addresses"),
            "127.0.0.1" | "::1" | "[::1]" | "localhost" => Some("; use \"loopback\""),
            host if host.parse::<IpAddr>().is_ok() => {
                Some("; use \"custom\" and put the address into gateway.customBindHost")
            }
            _ => None,
        };
    }
    if path.matches("gateway.auth.mode") && found == "trusted-proxy" {
        return Some(
            "; this build does not support trusted-proxy yet: use \"token\" and let the proxy \
             send the token",
        );
    }
    if path.matches("models.providers.*.api") {
        return match found {
            "ollama" => Some(
                "; use \"openai-completions\" with a baseUrl such as http://127.0.0.1:11434/v1",
            ),
            "openai-responses" | "anthropic-messages" | "google-generative-ai" => Some(
                "; this build does not speak it yet: use \"openai-completions\" if the provider \
                 offers it too",
            ),
            _ => None,
        };
    }
    None
}
