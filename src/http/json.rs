//! JSON in and out: one parse of the request body, straight from bytes into the wire type.

use super::{ApiError, JSON};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, combinators::BoxBody};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Request, RequestBody, Response};
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{
    MetaMediaType, MetaRequest, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::{ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

/// A body over its limit is read to its end, but no further than this many times the limit, so
/// that the client is done sending and reads the 413 instead of a reset connection.
const DRAIN_FACTOR: usize = 4;

/// A client that sends nothing for this long in the middle of a body is given up.
const MAX_SILENCE: Duration = Duration::from_secs(30);
/// So is one that takes longer than this for the whole of it.
const MAX_UPLOAD: Duration = Duration::from_secs(300);

/// A JSON body: of a request, or of a reply with status 200.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

/// The body limit of an endpoint, put into the request by the middleware that knows the config.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimit(pub(super) usize);

impl<T: ToSchema + Send> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(T::name().into_owned())
    }

    fn register(registry: &mut Registry) {
        register_schema::<T>(registry);
    }
}

/// Makes poem-openapi know a schema's name; its content comes from utoipa when the document is
/// put together.
pub(super) fn register_schema<T: ToSchema>(registry: &mut Registry) {
    registry.schemas.entry(T::name().into_owned()).or_insert(MetaSchema::new("object"));
}

impl<T: ToSchema + DeserializeOwned + Send> ParsePayload for Json<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        check_content_type(request)?;
        let limit = request.data::<BodyLimit>().expect("every request has its limit").0;
        let body: BoxBody<Bytes, std::io::Error> = body.take()?.into();
        if announced(&body) > limit && expects_continue(request) {
            // The client waits for a go-ahead: not giving one spares it the upload.
            return Err(too_large(limit).into());
        }
        let bytes = read(body, limit).await?;
        Ok(Self(parse(&bytes)?))
    }
}

impl<'a, T: ToSchema + DeserializeOwned + Send> ApiExtractor<'a> for Json<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    const PARAM_IS_REQUIRED: bool = true;

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Self as Payload>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let schema = Self::schema_ref();
        let content = vec![MetaMediaType { content_type: Self::CONTENT_TYPE, schema }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<Self::ParamType>,
    ) -> poem::Result<Self> {
        <Self as ParsePayload>::from_request(request, body).await
    }
}

impl<T: Serialize + Send> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.0).expect("reply types hold only JSON-able values");
        let mut response = Response::builder().body(body);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        response
    }
}

impl<T: Serialize + ToSchema + Send> ApiResponse for Json<T> {
    fn meta() -> MetaResponses {
        let schema = Self::schema_ref();
        let content = vec![MetaMediaType { content_type: Self::CONTENT_TYPE, schema }];
        let ok = MetaResponse {
            description: "The answer.",
            status: Some(200),
            status_range: None,
            content,
            headers: vec![],
        };
        MetaResponses { responses: vec![ok] }
    }

    fn register(registry: &mut Registry) {
        <Self as Payload>::register(registry);
    }
}

fn check_content_type(request: &Request) -> Result<(), ApiError> {
    let given = request.header(header::CONTENT_TYPE).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    // A browser may send text/plain or no type at all to another origin without asking first, so
    // anything but JSON is refused, the missing type included.
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let named = if given.is_empty() { "no Content-Type" } else { given };
    let message = format!("Expected Content-Type: application/json, got {named}.");
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Err(ApiError::new(status, "invalid_request_error", "unsupported_media_type", message))
}

fn expects_continue(request: &Request) -> bool {
    request.header(header::EXPECT).is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
}

/// The length a body says it has, as far as it says.
fn announced(body: &BoxBody<Bytes, std::io::Error>) -> usize {
    usize::try_from(hyper::body::Body::size_hint(body).lower()).unwrap_or(usize::MAX)
}

/// Reads a body of at most `limit` bytes.
async fn read(mut body: BoxBody<Bytes, std::io::Error>, limit: usize) -> Result<Bytes, ApiError> {
    let over = announced(&body) > limit;
    let deadline = Instant::now() + MAX_UPLOAD;
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    let mut seen = 0usize;
    loop {
        let patience = deadline.min(Instant::now() + MAX_SILENCE);
        let frame = timeout_at(patience, body.frame()).await.map_err(|_| slow_body())?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| cut_body())?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        if seen > limit.saturating_mul(DRAIN_FACTOR) {
            return Err(too_large(limit));
        }
        if over || seen > limit {
            whole = BytesMut::new();
            continue;
        }
        // Most bodies arrive in one frame, which is then used as it is.
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            if whole.is_empty() {
                whole.extend_from_slice(&std::mem::take(&mut first));
            }
            whole.extend_from_slice(&data);
        }
    }
    match seen > limit {
        true => Err(too_large(limit)),
        false if whole.is_empty() => Ok(first),
        false => Ok(whole.freeze()),
    }
}

fn too_large(limit: usize) -> ApiError {
    let message = format!("The request body is larger than the {limit} bytes accepted here.");
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    ApiError::new(status, "invalid_request_error", "request_too_large", message)
}

fn slow_body() -> ApiError {
    let (silence, whole) = (MAX_SILENCE.as_secs(), MAX_UPLOAD.as_secs());
    let message = format!(
        "The request body did not arrive in time: nothing came for {silence} seconds, or it was \
         not complete after {whole}."
    );
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "invalid_request_error", "timeout", message)
}

fn cut_body() -> ApiError {
    let message = "The request body ended before it was complete.";
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_request_error", "invalid_json", message)
}

/// Parses a body, naming the exact place of whatever is wrong.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // serde would take an array for a struct's fields in order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        let message = "The request body must be a JSON object, not an array.";
        return Err(ApiError { param: None, ..ApiError::invalid("invalid_type", "", message) });
    }
    // The plain parse is the fast one; only a body that fails pays for tracking its path.
    serde_json::from_slice(bytes).map_err(|error| {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Err(tracked) => explain(&tracked),
            Ok(_) => not_json(&error),
        }
    })
}

/// Reads what a field at `path` holds and what was passed over when the body was parsed.
pub(super) fn parse_at<'a, T: Deserialize<'a>>(
    raw: &'a RawValue,
    path: &str,
) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    serde_path_to_error::deserialize::<_, T>(&mut reader).map_err(|tracked| {
        let error = explain(&tracked);
        let below = error.param.filter(|param| !param.is_empty());
        // What is said of the place must name it from the body's root.
        let param = below.as_ref().map_or(path.to_owned(), |below| format!("{path}.{below}"));
        let told = below.as_deref().unwrap_or("the request body");
        let message = error.message.replacen(told, &param, 1);
        ApiError { message, param: Some(param), ..error }
    })
}

fn not_json(error: &serde_json::Error) -> ApiError {
    let message = format!("The request body is not valid JSON: {error}.");
    ApiError::new(StatusCode::BAD_REQUEST, "invalid_request_error", "invalid_json", message)
}

fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let inner = error.inner();
    if !inner.is_data() {
        return not_json(inner);
    }
    let path = error.path().to_string();
    let path = if path == "." { String::new() } else { path };
    let text = inner.to_string();
    // Only the end is serde's: the text before it may quote anything the client sent.
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    if let Some(field) =
        reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next())
    {
        let param = if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
        let message = format!("Missing required parameter: '{param}'.");
        return ApiError::invalid("missing_required_parameter", param, message);
    }
    let code = match reason {
        reason if reason.starts_with("invalid type") => "invalid_type",
        reason if reason.starts_with("unknown variant") => "unsupported_value",
        _ => "invalid_value",
    };
    let place = if path.is_empty() { "the request body" } else { &path };
    let message = format!("Invalid value for '{place}': {}.", in_json_terms(reason));
    let error = ApiError::invalid(code, path.clone(), message);
    if path.is_empty() { ApiError { param: None, ..error } } else { error }
}

/// serde names what it expected in Rust's terms; the client thinks in JSON's.
fn in_json_terms(reason: &str) -> String {
    let Some((got, expected)) = reason.rsplit_once("expected ") else { return reason.to_owned() };
    let expected = match expected {
        "a sequence" => "an array",
        "i64" => "an integer",
        "u32" | "u64" => "an integer, 0 or more",
        "f64" => "a number",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    format!("{got}expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample {
        #[expect(dead_code, reason = "only its parsing is looked at")]
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    struct Item {
        #[expect(dead_code, reason = "only its parsing is looked at")]
        size: u32,
    }

    fn check(body: &str, code: &str, param: Option<&str>, message: &str) {
        let error = parse::<Sample>(body.as_bytes()).expect_err("must be refused");
        assert_eq!((error.code, error.param.as_deref()), (code, param), "{body}");
        assert!(error.message.contains(message), "{body}: {}", error.message);
    }

    #[test]
    fn what_is_read_later_is_named_from_the_root() {
        let fault = |raw: &str| {
            let raw = RawValue::from_string(raw.to_owned()).expect("JSON");
            let error = parse_at::<Sample>(&raw, "outer").expect_err("must be refused");
            assert!(error.message.contains(error.param.as_deref().expect("a place")), "{error}");
            (error.code, error.param.expect("a place"))
        };
        let missing = "missing_required_parameter";
        assert_eq!(fault("{}"), (missing, "outer.items".to_owned()));
        assert_eq!(fault(r#"{"items":[{}]}"#), (missing, "outer.items[0].size".to_owned()));
        assert_eq!(fault(r#"{"items":3}"#), ("invalid_type", "outer.items".to_owned()));
        assert_eq!(fault("3"), ("invalid_type", "outer".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_is_given_up() {
        let silence = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let body = poem::Body::from_bytes_stream(silence).into();
        let error = read(body, 10).await.expect_err("given up");
        assert_eq!((error.status.as_u16(), error.code), (408, "timeout"));
    }

    #[test]
    fn every_parse_error_says_where_and_why() {
        check("{", "invalid_json", None, "line 1 column 1");
        check("", "invalid_json", None, "EOF");
        check(" [1]", "invalid_type", None, "not an array");
        check("5", "invalid_type", None, "expected an object");
        check("{}", "missing_required_parameter", Some("items"), "'items'");
        check(
            r#"{"items":[{}]}"#,
            "missing_required_parameter",
            Some("items[0].size"),
            "items[0].size",
        );
        check(
            r#"{"items":[{"size":"x"}]}"#,
            "invalid_type",
            Some("items[0].size"),
            "expected an integer",
        );
        check(
            r#"{"items":[{"size":-1}]}"#,
            "invalid_value",
            Some("items[0].size"),
            "expected an integer",
        );
        check(r#"{"items":[]} x"#, "invalid_json", None, "trailing characters");
    }
}
