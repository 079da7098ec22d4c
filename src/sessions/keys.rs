//! How sessions are named.
//!
//! Every key begins with `agent:<agentId>:` and is folded to lower case. Ids of other systems are
//! written so that any text fits and no two become one, but for those that differ in case only.

use crate::config::{DmScope, SessionScope, SessionSettings};
use crate::types::{AgentId, InvalidName, SessionKey};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use uuid::Uuid;

/// Longest id of another system that a key holds as it is; longer ones are hashed.
const MAX_ID_BYTES: usize = 120;
/// What a hashed or empty id begins with; no other id does.
const MARK: char = '~';

/// A person on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer<'a> {
    /// The channel, such as `telegram`.
    pub channel: &'a str,
    /// Which of the channel's accounts they write to.
    pub account: &'a str,
    /// Their id there.
    pub id: &'a str,
}

/// A group or a room on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The channel, such as `discord`.
    pub channel: &'a str,
    /// Its id there.
    pub id: &'a str,
}

/// A kind of chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatType {
    /// With one person, or with a program.
    Direct,
    /// With several.
    Group,
    /// A thread or a topic.
    Thread,
}

impl ChatType {
    /// Its name in index rows.
    pub fn as_str(self) -> &'static str {
        match self {
            ChatType::Direct => "direct",
            ChatType::Group => "group",
            ChatType::Thread => "thread",
        }
    }

    /// The kind of chat a session is, by its key.
    pub fn of(key: &SessionKey) -> Self {
        let mut kind = ChatType::Direct;
        for segment in key.rest().split(':').skip(1) {
            match segment {
                "thread" | "topic" => return ChatType::Thread,
                "group" | "channel" => kind = ChatType::Group,
                _ => {}
            }
        }
        kind
    }
}

/// The session of a person's direct messages, as `session.scope`, `session.dmScope` and
/// `session.identityLinks` say.
pub fn direct(settings: &SessionSettings, agent: &AgentId, peer: Peer<'_>) -> SessionKey {
    if settings.scope == SessionScope::Global {
        return global(agent);
    }
    let channel = written(peer.channel);
    let person = match linked(settings, peer) {
        Some(name) => written(name),
        None => written(peer.id),
    };
    match settings.dm_scope {
        DmScope::Main => SessionKey::main(agent),
        DmScope::PerPeer => of(agent, &format!("direct:{person}")),
        DmScope::PerChannelPeer => of(agent, &format!("{channel}:direct:{person}")),
        DmScope::PerAccountChannelPeer => {
            of(agent, &format!("{channel}:{}:direct:{person}", written(peer.account)))
        }
    }
}

/// The session of a group.
pub fn group(settings: &SessionSettings, agent: &AgentId, place: Place<'_>) -> SessionKey {
    shared(settings, agent, "group", place)
}

/// The session of a room or of what a network itself calls a channel.
pub fn room(settings: &SessionSettings, agent: &AgentId, place: Place<'_>) -> SessionKey {
    shared(settings, agent, "channel", place)
}

/// The session of a thread in a chat.
pub fn thread(chat: &SessionKey, id: &str) -> SessionKey {
    below(chat, "thread", id)
}

/// The session of a topic of a Telegram group.
pub fn topic(group: &SessionKey, id: &str) -> SessionKey {
    below(group, "topic", id)
}

/// The session of a job.
pub fn cron(agent: &AgentId, job: &str) -> SessionKey {
    of(agent, &format!("cron:{}", written(job)))
}

/// The session of one run of a job that shares none with its other runs.
pub fn cron_run(agent: &AgentId, job: &str, run: Uuid) -> SessionKey {
    of(agent, &format!("cron:{}:run:{run}", written(job)))
}

/// The session of a call of a hook.
pub fn hook(agent: &AgentId, call: Uuid) -> SessionKey {
    of(agent, &format!("hook:{call}"))
}

/// The session of an agent that another one started.
pub fn subagent(agent: &AgentId, id: Uuid) -> SessionKey {
    of(agent, &format!("subagent:{id}"))
}

/// A session of its own for a call of a surface, such as `openai` or `openresponses`.
pub fn fresh(agent: &AgentId, surface: &str, id: Uuid) -> SessionKey {
    of(agent, &format!("{}:{id}", written(surface)))
}

/// The session of all calls that name this `user`: two users that differ by case are two.
pub fn of_user(agent: &AgentId, user: &str) -> SessionKey {
    of(agent, &format!("openai-user:{}", hash(user)))
}

/// The session of a client's chat with this id.
pub fn of_chat(agent: &AgentId, chat: &str) -> SessionKey {
    of(agent, &format!("openai-chat:{}", hash(chat)))
}

/// The session that people call `text`: `main`, a complete key, or a key of the default agent's.
///
/// # Errors
/// [`InvalidName`] as [`SessionKey::parse`].
pub fn named(text: &str, default_agent: &AgentId) -> Result<SessionKey, InvalidName> {
    let text = text.trim();
    let is_complete = text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("agent:"));
    if text.eq_ignore_ascii_case("main") {
        Ok(SessionKey::main(default_agent))
    } else if is_complete {
        SessionKey::parse(text)
    } else {
        SessionKey::of(default_agent, text)
    }
}

/// The same key in a namespace, where there is one: callers of different namespaces never share
/// a session, whatever they name it. A key that is in the namespace already stays as it is.
pub fn within(namespace: Option<&str>, key: SessionKey) -> SessionKey {
    let Some(namespace) = namespace else { return key };
    let prefix = format!("caller:{}:", written(namespace));
    if key.rest().starts_with(&prefix) {
        return key;
    }
    let rest = format!("{prefix}{}", key.rest());
    // A key that has no room for the namespace keeps its identity, not its text.
    SessionKey::of(key.agent(), &rest)
        .unwrap_or_else(|_| of(key.agent(), &format!("{prefix}{MARK}{}", hash(key.rest()))))
}

/// The namespace that a key lies in.
pub fn namespace(key: &SessionKey) -> Option<&str> {
    let (namespace, rest) = key.rest().strip_prefix("caller:")?.split_once(':')?;
    Some(namespace).filter(|namespace| !namespace.is_empty() && !rest.is_empty())
}

/// The one session of an agent where senders have none of their own.
fn global(agent: &AgentId) -> SessionKey {
    of(agent, "global")
}

fn shared(settings: &SessionSettings, agent: &AgentId, kind: &str, place: Place<'_>) -> SessionKey {
    match settings.scope {
        SessionScope::Global => global(agent),
        SessionScope::PerSender => {
            of(agent, &format!("{}:{kind}:{}", written(place.channel), written(place.id)))
        }
    }
}

fn below(chat: &SessionKey, kind: &str, id: &str) -> SessionKey {
    // All of an agent's chats being one session, a thread has none of its own either.
    if chat.rest() == "global" {
        return chat.clone();
    }
    let rest = format!("{}:{kind}:{}", chat.rest(), written(id));
    SessionKey::of(chat.agent(), &rest).unwrap_or_else(|_| {
        of(chat.agent(), &format!("{MARK}{}:{kind}:{}", hash(chat.rest()), written(id)))
    })
}

/// A key of segments that were made here: each is clean, and so few fit.
fn of(agent: &AgentId, rest: &str) -> SessionKey {
    SessionKey::of(agent, rest).expect("written segments hold no white space and are short")
}

/// The name that `session.identityLinks` gives to a person: the first entry, by name, that has
/// their id, with the channel before it or without.
fn linked<'a>(settings: &'a SessionSettings, peer: Peer<'_>) -> Option<&'a str> {
    let is_them = |entry: &String| match entry.split_once(':') {
        Some((channel, id)) if channel.eq_ignore_ascii_case(peer.channel) => {
            id.to_lowercase() == peer.id.to_lowercase()
        }
        _ => entry.to_lowercase() == peer.id.to_lowercase(),
    };
    let mut links = settings.identity_links.iter();
    links.find(|(_, entries)| entries.iter().any(is_them)).map(|(name, _)| name.as_str())
}

/// An id as a segment of a key: what a segment cannot hold is written `%xx`, byte by byte.
fn written(id: &str) -> String {
    if id.is_empty() {
        return MARK.to_string();
    }
    let mut text = String::with_capacity(id.len());
    for c in id.chars() {
        if c.is_whitespace() || c.is_control() || matches!(c, ':' | '%' | MARK) {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                write!(text, "%{byte:02x}").expect("a String takes all");
            }
        } else {
            // Folded here already, so that the limit counts what the key will hold.
            text.extend(c.to_lowercase());
        }
    }
    if text.len() > MAX_ID_BYTES { format!("{MARK}{}", hash(&text)) } else { text }
}

/// The first 128 bits of a text's SHA-256, hexadecimal.
fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes all");
        hex
    })
}

#[cfg(test)]
mod tests;
