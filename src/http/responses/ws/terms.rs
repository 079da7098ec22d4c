//! The terms that the request which opens a connection sets.

use crate::http::target::{self, Overrides};
use crate::http::terms::Terms;
use crate::http::{ApiError, session};
use crate::types::{Caller, Origin, Surface};
use poem::http::HeaderMap;

/// What holds for every response that one connection asks for.
pub(super) fn of(caller: Caller, headers: &HeaderMap) -> Result<Terms, ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let owned = |name: &str| text(name).map(str::to_owned);
    let on_disconnect = target::on_disconnect(text(target::DISCONNECT_HEADER))?;
    Ok(Terms {
        overrides: Overrides::read(
            caller,
            owned(target::AGENT_HEADER),
            owned(target::MODEL_HEADER),
        )?,
        // A key names one request, and a connection carries many.
        idempotency_key: None,
        on_disconnect,
        origin: Origin { surface: Surface::Responses, caller },
        session_key: owned(session::KEY_HEADER),
    })
}
