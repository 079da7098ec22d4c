//! Names of agents and models.

use std::fmt;

/// An agent's id: lower case, `[a-z0-9][a-z0-9_-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgentId(String);

/// Text that is not a valid name; says which rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {what}: expected {rule}")]
pub struct InvalidName {
    what: &'static str,
    rule: &'static str,
    text: String,
}

impl InvalidName {
    /// Says that `text` is not a valid `what`, whose form is `rule`.
    pub fn new(what: &'static str, rule: &'static str, text: &str) -> Self {
        Self { what, rule, text: text.to_owned() }
    }
}

impl AgentId {
    /// Parses an id, folding it to lower case.
    ///
    /// # Errors
    /// [`InvalidName`] when the text is empty, too long or has other characters.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let id = text.trim().to_ascii_lowercase();
        let mut bytes = id.bytes();
        let starts = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let goes_on =
            bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
        if starts && goes_on && id.len() <= 64 {
            return Ok(Self(id));
        }
        Err(InvalidName {
            what: "agent id",
            rule: "1 to 64 of a-z, 0-9, _ and -, starting with a letter or digit",
            text: text.to_owned(),
        })
    }

    /// The agent that exists when no other is configured.
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A model behind a provider, written `provider/model` and split at the first slash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelRef {
    /// The provider's id in `models.providers`.
    pub provider: String,
    /// The model's name as the provider knows it; may hold further slashes.
    pub model: String,
}

impl ModelRef {
    /// Parses `provider/model`.
    ///
    /// # Errors
    /// [`InvalidName`] when there is no slash or nothing on one side of it.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        match text.trim().split_once('/') {
            Some((provider, model)) if !provider.is_empty() && !model.is_empty() => {
                Ok(Self { provider: provider.to_owned(), model: model.to_owned() })
            }
            _ => Err(InvalidName {
                what: "model reference",
                rule: "`provider/model`",
                text: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agent_ids_are_folded_and_checked() {
        assert_eq!(AgentId::parse(" Research_2 ").expect("valid").as_str(), "research_2");
        for bad in ["", "-a", "a/b", "../../etc", "ä", &"a".repeat(65)] {
            assert!(AgentId::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn a_model_reference_splits_at_the_first_slash() {
        let parsed = ModelRef::parse("openrouter/meta/llama").expect("valid");
        assert_eq!((parsed.provider.as_str(), parsed.model.as_str()), ("openrouter", "meta/llama"));
        assert_eq!(parsed.to_string(), "openrouter/meta/llama");
        for bad in ["gpt", "/gpt", "openai/"] {
            assert!(ModelRef::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }
}
