//! Which keys hold credentials.

use super::key_path::KeyPath;

/// Keys whose value proves who callers are.
const GATEWAY: [&str; 2] = ["gateway.auth.token", "gateway.auth.password"];

/// Keys whose value is sent to a provider.
const PROVIDER: [&str; 2] = ["models.providers.*.apiKey", "models.providers.*.headers.*"];

/// Whether the value at `path` is a credential, which no message may repeat.
pub(super) fn is_at(path: &KeyPath) -> bool {
    guards_the_gateway(path) || PROVIDER.iter().any(|pattern| path.matches(pattern))
}

/// Whether the value decides who may call, so that leaving it out is no way to go on.
pub(super) fn guards_the_gateway(path: &KeyPath) -> bool {
    GATEWAY.iter().any(|pattern| path.matches(pattern))
}
