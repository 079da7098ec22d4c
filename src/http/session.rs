//! Which session a request is a turn of: the header that says so, else the chat it belongs to in
//! the client's own terms, else its user, else none.

use super::ApiError;
use crate::sessions::keys;
use crate::types::{AgentId, Caller, History, SessionKey};
use poem::Response;
use poem::http::{HeaderMap, HeaderValue};

/// Names the session; on a reply, the session the request was a turn of.
pub(super) const KEY_HEADER: &str = "x-openclaw-session-key";
/// On a reply: what the session was found by.
const SOURCE_HEADER: &str = "x-openclaw-session-source";
/// Sent by Open WebUI when it forwards user information.
const OPEN_WEBUI_HEADER: &str = "x-openwebui-chat-id";
/// What LibreChat's conversation is sent as, by the configuration in `docs/sessions.md`; the
/// first is the name its own documentation uses.
const CONVERSATION_HEADERS: [&str; 2] = ["x-conversation-id", "x-librechat-conversation-id"];
/// What Open WebUI calls its chat where it sends the facts of a request along.
const CHAT_ID: &str = "metadata.chat_id";
/// What programs send in the place of an id that they do not have yet.
const NO_IDS: [&str; 5] = ["new", "null", "none", "undefined", "pending"];
/// Longer names are not names.
const MAX_NAME_CHARS: usize = 512;
/// What Open WebUI calls a chat that it does not keep, alone or before a colon: `temporary` now,
/// `local` in earlier versions.
const TEMPORARY_CHATS: [&str; 2] = ["temporary", "local"];

/// What a request says of its session beside its client's own headers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fields<'a> {
    /// The header `x-openclaw-session-key`.
    pub(super) session_key: Option<&'a str>,
    /// `conversation`, of a Responses request.
    pub(super) own_conversation: Option<&'a str>,
    /// `metadata.chat_id`.
    pub(super) chat_id: Option<&'a str>,
    /// `metadata.conversation`.
    pub(super) conversation: Option<&'a str>,
    /// `prompt_cache_key`.
    pub(super) prompt_cache_key: Option<&'a str>,
    /// `user`.
    pub(super) user: Option<&'a str>,
}

/// A session and what it was found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) key: SessionKey,
    /// The header or field that won.
    pub(super) source: &'static str,
    /// Who keeps the conversation: a client that names its own chat sends all of it.
    pub(super) history: History,
}

impl Found {
    /// Tells the client which session its request was a turn of, and why.
    pub(super) fn tell(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Ok(key) = HeaderValue::from_str(self.key.as_str()) {
            headers.insert(KEY_HEADER, key);
        }
        headers.insert(SOURCE_HEADER, HeaderValue::from_static(self.source));
    }
}

/// The session of a request to `agent`, if it is a turn of one. What comes first wins:
/// `x-openclaw-session-key`, `conversation`, `X-OpenWebUI-Chat-Id`, LibreChat's conversation
/// header, `metadata.chat_id`, `metadata.conversation`, `prompt_cache_key`, `user`.
///
/// Every key is made within the caller's namespace, so a key of somebody else's is just a key
/// under which this caller has no session yet.
pub(super) fn find(
    caller: Caller,
    agent: &AgentId,
    headers: &HeaderMap,
    fields: Fields<'_>,
) -> Result<Option<Found>, ApiError> {
    let namespace = caller.namespace();
    if let Some(text) = filled(fields.session_key) {
        let key = keys::within(namespace, named(text, agent)?);
        return Ok(Some(Found { key, source: KEY_HEADER, history: History::Session }));
    }
    let mut chats = Vec::with_capacity(7);
    chats.push(("conversation", filled(fields.own_conversation)));
    chats.push((OPEN_WEBUI_HEADER, header(headers, OPEN_WEBUI_HEADER)?));
    for name in CONVERSATION_HEADERS {
        chats.push((name, header(headers, name)?));
    }
    chats.push((CHAT_ID, filled(fields.chat_id)));
    chats.push(("metadata.conversation", filled(fields.conversation)));
    chats.push(("prompt_cache_key", filled(fields.prompt_cache_key)));
    let chat = chats.into_iter().find_map(|(source, id)| Some((source, id.filter(filled_in)?)));
    if chat.is_some_and(|(_, id)| is_temporary(id)) {
        // Its client promised not to keep it, whatever else the request says.
        return Ok(None);
    }
    let (source, key) = match (chat, filled(fields.user)) {
        (Some((source, id)), _) => (source, keys::of_chat(agent, checked(source, id)?)),
        (None, Some(user)) => ("user", keys::of_user(agent, checked("user", user)?)),
        (None, None) => return Ok(None),
    };
    let history = if is_chat_program(source) { History::Caller } else { History::Session };
    Ok(Some(Found { key: keys::within(namespace, key), source, history }))
}

/// Whether what named the session is a chat program's own name for its chat. Such a program keeps
/// the chat and sends all of it each time, also when a person edits or repeats its first message.
fn is_chat_program(source: &str) -> bool {
    source == OPEN_WEBUI_HEADER || CONVERSATION_HEADERS.contains(&source) || source == CHAT_ID
}

/// The session that `x-openclaw-session-key` names.
fn named(text: &str, agent: &AgentId) -> Result<SessionKey, ApiError> {
    let key = keys::named(text, agent).map_err(|error| {
        let message = format!("Invalid `{KEY_HEADER}`: {error}.");
        ApiError::invalid("invalid_value", KEY_HEADER, message)
    })?;
    if key.is_reserved() {
        let message = format!("`{KEY_HEADER}` cannot use reserved internal session namespaces.");
        return Err(ApiError::invalid("invalid_value", KEY_HEADER, message));
    }
    Ok(key)
}

/// A header's text; one that cannot be read must not be taken for one that was not given.
fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    match value.to_str() {
        Ok(text) => Ok(filled(Some(text))),
        Err(_) => {
            let message = format!("`{name}` must be printable ASCII.");
            Err(ApiError::invalid("invalid_value", name, message))
        }
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Whether a client has put an id in the place of its own placeholder.
fn filled_in(id: &&str) -> bool {
    let template = id.starts_with("{{") && id.ends_with("}}");
    !template && !NO_IDS.iter().any(|none| id.eq_ignore_ascii_case(none))
}

/// Whether a chat is one that its client does not keep.
fn is_temporary(id: &str) -> bool {
    TEMPORARY_CHATS.contains(&id.split_once(':').map_or(id, |(kind, _)| kind))
}

fn checked<'a>(param: &str, id: &'a str) -> Result<&'a str, ApiError> {
    if id.chars().count() <= MAX_NAME_CHARS {
        return Ok(id);
    }
    let message = format!("`{param}` is longer than {MAX_NAME_CHARS} characters.");
    Err(ApiError::invalid("invalid_value", param, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Scope, Scopes, Subject};
    use poem::http::HeaderName;

    #[test]
    fn what_comes_first_names_the_session_within_the_callers_namespace() {
        let order = [
            KEY_HEADER,
            "conversation",
            OPEN_WEBUI_HEADER,
            CONVERSATION_HEADERS[0],
            CONVERSATION_HEADERS[1],
            "metadata.chat_id",
            "metadata.conversation",
            "prompt_cache_key",
            "user",
        ];
        let scopes = Scopes::NONE.with(Scope::Write);
        let caller = Caller { subject: Subject::Anonymous, scopes };
        let agent = AgentId::main();
        for first in 0..order.len() {
            let given = |at: usize| (first <= at).then_some("x");
            let header = |at: usize| {
                given(at).map(|x| (HeaderName::from_static(order[at]), HeaderValue::from_static(x)))
            };
            let headers: HeaderMap = (2..5).filter_map(header).collect();
            let fields = Fields {
                session_key: given(0),
                own_conversation: given(1),
                chat_id: given(5),
                conversation: given(6),
                prompt_cache_key: given(7),
                user: given(8),
            };
            let found = find(caller, &agent, &headers, fields).expect("names");
            let Found { key, source, .. } = found.expect("a session");
            assert_eq!(source, order[first]);
            assert!(key.rest().starts_with("caller:anonymous:"), "{source}: {key}");
        }
        let found = find(caller, &agent, &HeaderMap::new(), Fields::default()).expect("no name");
        assert_eq!(found, None);
    }
}
