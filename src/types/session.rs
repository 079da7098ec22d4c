//! What names a session, and how a new message meets a run that is under way in it.

use super::{AgentId, InvalidName};
use std::fmt;
use std::sync::Arc;

/// Longest session key, in characters.
const MAX_KEY_CHARS: usize = 512;
/// Namespaces that only the gateway itself makes keys in.
const RESERVED: [&str; 3] = ["subagent", "cron", "acp"];

/// The key of a session, `agent:<agentId>:<rest>`: lower case, at most 512 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey {
    text: Arc<str>,
    agent: AgentId,
}

impl SessionKey {
    /// Parses a complete key, folding it to lower case.
    ///
    /// # Errors
    /// [`InvalidName`] when it is not `agent:<agentId>:<rest>`, too long, or holds white space or
    /// control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim().to_lowercase();
        let parts = text.strip_prefix("agent:").and_then(|rest| rest.split_once(':'));
        let agent = parts.and_then(|(agent, _)| AgentId::parse(agent).ok());
        let clean = |c: char| !c.is_control() && !c.is_whitespace();
        match (agent, parts) {
            (Some(agent), Some((_, rest)))
                if !rest.is_empty()
                    && text.chars().all(clean)
                    && text.chars().count() <= MAX_KEY_CHARS =>
            {
                Ok(Self { text: text.into(), agent })
            }
            _ => Err(InvalidName::new(
                "session key",
                "agent:<agentId>:<rest>, at most 512 characters without white space",
                &text,
            )),
        }
    }

    /// The key `rest` of an agent.
    ///
    /// # Errors
    /// [`InvalidName`] as [`SessionKey::parse`].
    pub fn of(agent: &AgentId, rest: &str) -> Result<Self, InvalidName> {
        Self::parse(&format!("agent:{agent}:{rest}"))
    }

    /// An agent's main session.
    pub fn main(agent: &AgentId) -> Self {
        Self { text: format!("agent:{agent}:main").into(), agent: agent.clone() }
    }

    /// The agent it belongs to.
    pub fn agent(&self) -> &AgentId {
        &self.agent
    }

    /// What follows `agent:<agentId>:`.
    pub fn rest(&self) -> &str {
        &self.text["agent:".len() + self.agent.as_str().len() + 1..]
    }

    /// Whether only the gateway itself may choose it.
    pub fn is_reserved(&self) -> bool {
        let namespace = self.rest().split(':').next().unwrap_or("");
        RESERVED.contains(&namespace)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What becomes of a message for a session in which a run is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueueMode {
    /// It joins the run at its next boundary; when there is none left, it is a turn of its own.
    Steer,
    /// It waits for its own turn, first come first served.
    Followup,
    /// It waits for a quiet moment and becomes one turn with whatever else waits.
    Collect,
    /// It ends the run and takes its place.
    Interrupt,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_folded_checked_and_taken_apart() {
        let key = SessionKey::parse(" agent:Main:Direct:Anna ").expect("valid");
        assert_eq!(key.as_str(), "agent:main:direct:anna");
        assert_eq!((key.agent().as_str(), key.rest()), ("main", "direct:anna"));
        let long = format!("agent:main:{}", "x".repeat(502));
        for bad in ["main", "agent:main", "agent:main:", "agent:a b:x", "agent:main:a b", &long] {
            assert!(SessionKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reserved_namespaces_are_known_in_any_case() {
        for reserved in ["agent:main:cron:x", "agent:main:CRON:x", "agent:a:subagent:1"] {
            assert!(SessionKey::parse(reserved).expect("valid").is_reserved(), "{reserved}");
        }
        for free in ["agent:main:main", "agent:main:cronjob:x", "agent:main:openai:cron"] {
            assert!(!SessionKey::parse(free).expect("valid").is_reserved(), "{free}");
        }
    }
}
