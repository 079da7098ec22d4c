//! The base URL of a provider, as the config or the environment gives it.

use super::{Env, Error};
use http::Uri;

/// The base URL that an environment variable gives, if it does.
///
/// # Errors
/// [`Error::Variable`] when it is none.
pub fn base_url<'a>(env: &'a Env, variable: &'static str) -> Result<Option<&'a str>, Error> {
    let Some(url) = env.get(variable) else { return Ok(None) };
    check(url).map_err(|what| Error::Variable { name: variable, what })?;
    Ok(Some(url))
}

/// Says what is wrong with a provider's URL, without repeating it: it may hold a password.
pub(super) fn check(url: &str) -> Result<(), &'static str> {
    const FORM: &str = "expected a URL such as https://api.openai.com/v1";
    let uri: Uri = url.parse().map_err(|_| FORM)?;
    let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(FORM);
    };
    if authority.as_str().contains('@') {
        return Err("must not hold a user name or password; use apiKey or headers");
    }
    // Azure's base URLs carry their API version; anything else may be a credential.
    let versioned = uri.query().is_none_or(|query| {
        query.strip_prefix("api-version=").is_some_and(|version| !version.contains('&'))
    });
    if !versioned || url.contains('#') {
        return Err("must not have a fragment, or a query other than ?api-version=…");
    }
    let port = authority.as_str().rsplit_once(':').map(|(_, port)| port);
    let wrong_port =
        port.is_some_and(|port| !port.ends_with(']')) && authority.port_u16().is_none();
    if authority.host().is_empty() || wrong_port {
        return Err(FORM);
    }
    Ok(())
}
