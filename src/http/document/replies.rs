//! What replies have in common: their headers, and the errors that any operation may end in.

use crate::http::tools;
use serde_json::{Map, Value, json};

/// The reply headers of the contract: name, meaning, type.
const HEADERS: [(&str, &str, &str); 15] = [
    ("x-request-id", "The request's id; the gateway's log has it too.", "string"),
    ("openai-processing-ms", "Milliseconds to the reply's first byte.", "integer"),
    ("x-openclaw-session-key", "The session that the request was a turn of, if any.", "string"),
    (
        "x-openclaw-session-source",
        "The header or field that the session was found by, if any.",
        "string",
    ),
    (
        "x-openclaw-ignored-params",
        "Fields of the request that were accepted and not used, separated by commas.",
        "string",
    ),
    ("x-ratelimit-limit-requests", "Requests that may be made at once.", "integer"),
    ("x-ratelimit-remaining-requests", "Requests of these that are left.", "integer"),
    ("x-ratelimit-reset-requests", "Until all of them are there again, such as `1.5s`.", "string"),
    ("x-ratelimit-limit-tokens", "Tokens that may be taken at once.", "integer"),
    ("x-ratelimit-remaining-tokens", "Tokens of these that are left.", "integer"),
    ("x-ratelimit-reset-tokens", "Until all of them are there again, such as `1.5s`.", "string"),
    ("Retry-After", "Seconds after which to try again, where that is known.", "integer"),
    ("WWW-Authenticate", "How to authenticate: `Bearer`.", "string"),
    ("Allow", "The methods that the path has.", "string"),
    ("x-should-retry", "`false`: a repeat gets the same answer.", "string"),
];

/// An error that operations may end in.
struct Failing {
    status: &'static str,
    description: &'static str,
    of: Of,
}

/// Which operations an error is one of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// All of them.
    Any,
    /// Those that take a body, and so may start work.
    Body,
    /// Those that take a body or anything in path or query.
    Input,
    /// Those that change something that is there, and runs that a key names.
    State,
}

const fn failing(status: &'static str, description: &'static str, of: Of) -> Failing {
    Failing { status, description, of }
}

/// How any `/v1` operation fails.
const ERRORS: [Failing; 12] = [
    failing("400", "The request is wrong; `param` says where, `code` which rule.", Of::Input),
    failing("401", "No or an incorrect credential.", Of::Any),
    failing("403", "The caller lacks a scope.", Of::Any),
    failing("404", "There is no such thing, or the endpoint is switched off.", Of::Any),
    failing("408", "The body did not arrive in time.", Of::Body),
    failing("409", "It cannot be done as things stand; a repeat does not change that.", Of::State),
    failing("413", "The body is too large.", Of::Body),
    failing("415", "The body is not declared as JSON.", Of::Body),
    failing("429", "Asked too often; `Retry-After` says when to try again.", Of::Any),
    failing("500", "The gateway failed.", Of::Any),
    failing("502", "The provider cannot be reached, or fails.", Of::Body),
    failing("504", "The provider did not answer in time, or the run took too long.", Of::Body),
];

/// What passes by itself; every operation may meet it.
const UNAVAILABLE: Failing =
    failing("503", "Not now; `Retry-After` says when to try again, where that is known.", Of::Any);

/// What any path answers to a request that was meant for somebody else.
const MISDIRECTED: (&str, &str) =
    ("421", "The `Host` is not one of this gateway's; `gateway.allowedHosts` adds names.");

/// How the use of a tool fails.
const TOOL_ERRORS: [(&str, &str); 10] = [
    ("400", "The request or the tool's arguments are wrong."),
    ("401", "No or an incorrect credential."),
    ("403", "The caller lacks a scope, or the tool needs approval."),
    ("404", "There is no such tool for this caller."),
    ("408", "The body did not arrive in time."),
    ("409", "The idempotency key was used for another request."),
    ("413", "The body is too large."),
    ("415", "The body is not declared as JSON."),
    ("429", "Too much is under way; `Retry-After` says when to try again."),
    ("500", "The tool failed."),
];

/// The operations that go on with the response that a reply holds.
const WITH_A_RESPONSE: [&str; 4] =
    ["retrieveResponse", "deleteResponse", "cancelResponse", "listInputItems"];

/// Adds errors and headers to every operation's replies. All errors of an operation have one
/// schema, for there are generators that have room for one type.
pub(super) fn complete(document: &mut Value) {
    tell_refusals(&mut document["components"]["schemas"]);
    let created = &mut document["paths"]["/v1/responses"]["post"]["responses"]["200"];
    created["links"] = WITH_A_RESPONSE.iter().map(link).collect::<Map<_, _>>().into();
    document["components"]["headers"] = HEADERS.iter().map(header).collect::<Map<_, _>>().into();
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            if path.starts_with("/v1/") {
                for failing in ERRORS.iter().chain([&UNAVAILABLE]) {
                    if concerns(failing.of, (path, method), operation) {
                        let error = (failing.status, failing.description);
                        add_error(operation, error, "ErrorResponse");
                    }
                }
                add_error(operation, MISDIRECTED, "ErrorResponse");
            } else if path == tools::PATH {
                for error in TOOL_ERRORS.into_iter().chain([MISDIRECTED]) {
                    add_error(operation, error, "ToolErrorResponse");
                }
            } else {
                add_error(operation, MISDIRECTED, "ProbeResponse");
            }
            for (status, reply) in operation["responses"].as_object_mut().into_iter().flatten() {
                let names = headers_of(path, status);
                let headers = names.map(|name| {
                    let place = json!({ "$ref": format!("#/components/headers/{name}") });
                    (name.to_owned(), place)
                });
                reply["headers"] = headers.collect::<Map<_, _>>().into();
            }
        }
    }
}

/// What is refused before its path is looked at has the error of `/v1`, whose fields these schemas
/// leave room for.
fn tell_refusals(schemas: &mut Value) {
    schemas["ProbeResponse"]["properties"]["error"] = json!({
        "$ref": "#/components/schemas/ErrorBody",
        "description": "421: what was wrong with the request."
    });
    schemas["ToolErrorResponse"]["required"] = json!(["error"]);
    schemas["ToolErrorResponse"]["properties"]["ok"]["description"] =
        json!("`false`; absent from 421.");
}

fn header((name, description, kind): &(&str, &str, &str)) -> (String, Value) {
    let header = json!({ "description": description, "schema": { "type": kind } });
    ((*name).to_owned(), header)
}

fn link(operation: &&str) -> (String, Value) {
    let parameters = json!({ "response_id": "$response.body#/id" });
    let link = json!({ "operationId": operation, "parameters": parameters });
    ((*operation).to_owned(), link)
}

fn concerns(of: Of, (path, method): (&str, &str), operation: &Value) -> bool {
    let body = operation.get("requestBody").is_some();
    let below_responses = path.starts_with("/v1/responses");
    match of {
        Of::Any => true,
        Of::Body => body,
        Of::Input => body || path.contains('{') || below_responses,
        Of::State => method != "get" && (below_responses || path == "/v1/chat/completions"),
    }
}

/// The names of the headers that a reply may have.
fn headers_of<'a>(path: &'a str, status: &'a str) -> impl Iterator<Item = &'static str> + 'a {
    let contract = path.starts_with("/v1/");
    let works = ["/v1/chat/completions", "/v1/responses"].contains(&path);
    let embeds = path == "/v1/embeddings";
    let good = status.starts_with('2');
    HEADERS.iter().map(|(name, ..)| *name).filter(move |name| match *name {
        "x-request-id" | "openai-processing-ms" => true,
        "x-openclaw-session-key" | "x-openclaw-session-source" => works && good,
        "x-openclaw-ignored-params" => (works || embeds) && good,
        "Retry-After" => ["429", "503"].contains(&status),
        "WWW-Authenticate" => status == "401",
        "Allow" => status == "405",
        "x-should-retry" => contract && (status == "409" || works && status == "502"),
        _ => contract && (good || status == "429"),
    })
}

fn add_error(operation: &mut Value, (status, description): (&str, &str), schema: &str) {
    let reply = &mut operation["responses"][status];
    // An operation that describes such a reply itself knows better.
    if reply.is_null() {
        *reply = json!({
            "description": description,
            "content": { "application/json": {
                "schema": { "$ref": format!("#/components/schemas/{schema}") }
            } }
        });
    }
}
