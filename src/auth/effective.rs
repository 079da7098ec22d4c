//! How callers prove themselves, decided once at start.

use crate::config::{AuthMode, Env, Gateway};
use crate::secrets::Secret;
use crate::types::SecretInput;

/// What the command line says about authentication; it beats the config.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--auth`.
    pub mode: Option<AuthMode>,
    /// `--token`.
    pub token: Option<SecretInput>,
    /// `--password`.
    pub password: Option<SecretInput>,
}

/// The way callers prove themselves.
#[derive(Debug, Clone)]
pub enum Effective {
    /// They need not.
    Open,
    /// With this token.
    Token(Secret),
    /// With this password.
    Password(Secret),
    /// Nothing is configured: a token has to be minted, or the start refused.
    Missing,
}

/// Settings that contradict each other or lack something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Two credentials and nobody says which one counts.
    #[error(
        "both a gateway token and a gateway password are set but gateway.auth.mode is not: \
         set gateway.auth.mode to \"token\" or \"password\" (or pass --auth)"
    )]
    Ambiguous,
    /// A credential that no client could send.
    #[error(
        "{0} is empty or blank, or has a line break, a control character, or space at one end: \
         no client could send it"
    )]
    Unsendable(&'static str),
    /// Password mode without a password.
    #[error(
        "gateway.auth.mode is \"password\" but no password is set: set gateway.auth.password or \
         OPENCLAW_GATEWAY_PASSWORD, or pass --password"
    )]
    NoPassword,
}

/// Decides how callers prove themselves.
///
/// A credential comes from its flag, else the config, else the environment. The mode comes from
/// `--auth`, else a credential given as a flag, else `gateway.auth.mode`, else the one credential
/// that is set.
///
/// # Errors
/// [`Error`] where the settings leave the mode open or a password missing.
pub fn effective(flags: &Flags, gateway: &Gateway, env: &Env) -> Result<Effective, Error> {
    let pick = |places: [(&'static str, Option<&str>); 3]| {
        let set = places.into_iter().find_map(|(place, text)| Some((place, text?)));
        set.map(|(place, text)| sendable(place, text)).transpose()
    };
    let token = pick([
        ("--token", flags.token.as_ref().map(SecretInput::expose)),
        ("gateway.auth.token", gateway.auth.token.as_ref().map(SecretInput::expose)),
        ("OPENCLAW_GATEWAY_TOKEN", env.get("OPENCLAW_GATEWAY_TOKEN")),
    ])?;
    let password = pick([
        ("--password", flags.password.as_ref().map(SecretInput::expose)),
        ("gateway.auth.password", gateway.auth.password.as_ref().map(SecretInput::expose)),
        ("OPENCLAW_GATEWAY_PASSWORD", env.get("OPENCLAW_GATEWAY_PASSWORD")),
    ])?;
    let by_flag = match (&flags.token, &flags.password) {
        (Some(_), None) => Some(AuthMode::Token),
        (None, Some(_)) => Some(AuthMode::Password),
        _ => None,
    };
    match (flags.mode.or(by_flag).or(gateway.auth.mode), token, password) {
        (Some(AuthMode::None), ..) => Ok(Effective::Open),
        (Some(AuthMode::Token), Some(token), _) | (None, Some(token), None) => {
            Ok(Effective::Token(token))
        }
        (Some(AuthMode::Password), _, Some(password)) | (None, None, Some(password)) => {
            Ok(Effective::Password(password))
        }
        (Some(AuthMode::Password), _, None) => Err(Error::NoPassword),
        (Some(AuthMode::Token), None, _) | (None, None, None) => Ok(Effective::Missing),
        (None, Some(_), Some(_)) => Err(Error::Ambiguous),
    }
}

/// A credential that fits an `Authorization` header and comes back from it unchanged.
fn sendable(place: &'static str, text: &str) -> Result<Secret, Error> {
    if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
        return Err(Error::Unsendable(place));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(flags: &str, config: &str, env: &[(&str, &str)], expected: &str) {
        let mut parsed = Flags::default();
        for flag in flags.split_whitespace() {
            match flag.split_once('=').expect("name=value") {
                ("auth", "none") => parsed.mode = Some(AuthMode::None),
                ("auth", "token") => parsed.mode = Some(AuthMode::Token),
                ("token", value) => parsed.token = Some(SecretInput::new(value)),
                ("password", value) => parsed.password = Some(SecretInput::new(value)),
                other => panic!("unknown flag {other:?}"),
            }
        }
        let gateway: Gateway = serde_json::from_str(config).expect("a gateway section");
        let got = match effective(&parsed, &gateway, &Env::of(env.iter().copied())) {
            Ok(Effective::Open) => "open".to_owned(),
            Ok(Effective::Token(secret)) => format!("token {}", secret.expose()),
            Ok(Effective::Password(secret)) => format!("password {}", secret.expose()),
            Ok(Effective::Missing) => "missing".to_owned(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(got, expected, "flags {flags:?}, config {config}, env {env:?}");
    }

    #[test]
    fn credentials_come_from_flag_then_config_then_environment() {
        let both = r#"{"auth":{"token":"file"}}"#;
        let env = [("OPENCLAW_GATEWAY_TOKEN", "env")];
        check("token=flag", both, &env, "token flag");
        check("", both, &env, "token file");
        check("", "{}", &env, "token env");
        check("", "{}", &[("OPENCLAW_GATEWAY_PASSWORD", "env")], "password env");
        check("", "{}", &[], "missing");
    }

    #[test]
    fn a_credential_that_no_client_could_send_is_refused() {
        let env = |value| [("OPENCLAW_GATEWAY_TOKEN", value)];
        for bad in ["abc ", " abc", "a\nb", "abc\r", "  "] {
            check("", "{}", &env(bad), "Unsendable(\"OPENCLAW_GATEWAY_TOKEN\")");
        }
        let file = r#"{"auth":{"password":"p\n"}}"#;
        check("", file, &[], "Unsendable(\"gateway.auth.password\")");
    }

    #[test]
    fn the_mode_decides_which_credential_counts() {
        let two = r#"{"auth":{"token":"t","password":"p"}}"#;
        check("", two, &[], "Ambiguous");
        check("", r#"{"auth":{"mode":"password","token":"t","password":"p"}}"#, &[], "password p");
        check("auth=token", two, &[], "token t");
        check("password=q", two, &[], "password q");
        check("auth=none", two, &[], "open");
        check("", r#"{"auth":{"mode":"token"}}"#, &[], "missing");
        check("", r#"{"auth":{"mode":"password"}}"#, &[], "NoPassword");
    }
}
