//! Who calls: the security scheme of every `/v1` operation.

use super::meter::Meter;
use super::{ApiError, rate};
use crate::auth::{Credentials, Gate, Rejection};
use crate::types::{Caller, Scope};
use poem::http::{StatusCode, header};
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use std::sync::Arc;

/// The scheme's name in the OpenAPI document.
const SCHEME: &str = "bearerAuth";

/// A caller that may look.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) caller: Caller,
}

/// A caller that may end and remove what work has made.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) caller: Caller,
}

/// A caller that may start work.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) caller: Caller,
    /// Counts what its work takes.
    pub(super) meter: Meter,
}

/// Authenticates a request and checks one scope.
fn admit(request: &Request, scope: Scope) -> Result<Caller, ApiError> {
    let gate = gate(request);
    let value = |name: &str| request.headers().get(name).map(|value| value.as_bytes());
    let credentials = Credentials {
        authorization: value(header::AUTHORIZATION.as_str()),
        scopes: value("x-openclaw-scopes"),
    };
    let caller = gate.admit(credentials).map_err(unauthorized)?;
    if caller.scopes.grants(scope) {
        return Ok(caller);
    }
    Err(ApiError::missing_scope(scope.as_str()))
}

fn gate(request: &Request) -> &Gate {
    request.data::<Arc<Gate>>().expect("the gate is in every request's data")
}

/// Authenticates a caller that starts work, and counts the request against its limits.
pub(super) fn admit_worker(request: &Request) -> Result<Writer, ApiError> {
    let caller = admit(request, Scope::Write)?;
    Ok(Writer { caller, meter: rate::count(gate(request), request, caller)? })
}

fn unauthorized(rejection: Rejection) -> ApiError {
    let message = match rejection {
        Rejection::Missing => {
            "No credential given. Send the gateway's token as `Authorization: Bearer <token>`; \
             `openclaw gateway auth-token` prints it."
        }
        Rejection::Wrong => {
            "Incorrect credential. `openclaw gateway auth-token` prints the gateway's token."
        }
    };
    ApiError::new(StatusCode::UNAUTHORIZED, "authentication_error", "invalid_api_key", message)
}

/// Implements poem-openapi's extractor for a caller type that is let in by one function.
macro_rules! security_scheme {
    ($caller:ty, $admit:expr) => {
        impl<'a> ApiExtractor<'a> for $caller {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                registry.create_security_scheme(SCHEME, scheme());
            }

            fn security_schemes() -> Vec<&'static str> {
                vec![SCHEME]
            }

            async fn from_request(
                request: &'a Request,
                _body: &mut RequestBody,
                _options: ExtractParamOptions<Self::ParamType>,
            ) -> poem::Result<Self> {
                Ok($admit(request)?)
            }
        }
    };
}

security_scheme!(Reader, |request| admit(request, Scope::Read).map(|caller| Reader { caller }));
security_scheme!(Keeper, |request| admit(request, Scope::Write).map(|caller| Keeper { caller }));
security_scheme!(Writer, admit_worker);

fn scheme() -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty: "http",
        description: Some("The gateway's token or password."),
        name: None,
        key_in: None,
        scheme: Some("bearer"),
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    }
}
