//! Where in the config something stands, such as `agents.list[0].model`.

use std::fmt;

/// The way from the root of the config to one value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KeyPath(Vec<Step>);

/// One step of a [`KeyPath`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a member of an object.
    Key(String),
    /// Into an element of a list.
    Index(usize),
}

impl KeyPath {
    /// A path of plain keys, written with dots.
    pub(super) fn of(dotted: &str) -> Self {
        Self(dotted.split('.').map(|key| Step::Key(key.to_owned())).collect())
    }

    /// The member `key` of what this path leads to.
    pub(super) fn key(&self, key: &str) -> Self {
        self.then(Step::Key(key.to_owned()))
    }

    /// The element `index` of what this path leads to.
    pub(super) fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    fn then(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// The path to what holds this value; the root's parent is the root.
    pub(super) fn parent(&self) -> Self {
        Self(self.0[..self.0.len().saturating_sub(1)].to_vec())
    }

    /// The steps from the root.
    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Goes one step further.
    pub(super) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    /// Goes back one step.
    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    /// Whether this is the value at `other` or one inside it.
    pub(super) fn is_within(&self, other: &KeyPath) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Whether the path has the form of `pattern`: keys with dots, `*` for any key and `[]` for
    /// any element. The empty pattern is the root.
    pub(super) fn matches(&self, pattern: &str) -> bool {
        let mut wanted = pattern
            .split('.')
            .flat_map(|part| match part.strip_suffix("[]") {
                Some(key) => [Some(key), Some("[]")],
                None => [Some(part), None],
            })
            .flatten()
            .filter(|part| !part.is_empty());
        let all = self.0.iter().all(|step| match (step, wanted.next()) {
            (Step::Key(key), Some(part)) => part != "[]" && (part == "*" || part == key),
            (Step::Index(_), Some(part)) => part == "[]",
            (_, None) => false,
        });
        all && wanted.next().is_none()
    }
}

impl FromIterator<Step> for KeyPath {
    fn from_iter<T: IntoIterator<Item = Step>>(steps: T) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_plain(key) && place == 0 => f.write_str(key)?,
                Step::Key(key) if is_plain(key) => write!(f, ".{key}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

/// Whether a key can stand in a dotted path without quotes.
fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prints_as_people_write_it() {
        let path = KeyPath::of("agents.list").index(2).key("model");
        assert_eq!(path.to_string(), "agents.list[2].model");
        assert_eq!(KeyPath::of("env").key("a b\n").to_string(), r#"env["a b\n"]"#);
        assert_eq!(KeyPath::default().to_string(), "");
    }

    #[test]
    fn patterns_have_wildcards_for_keys_and_elements() {
        let path = KeyPath::of("models.providers.x.models").index(0).key("cost");
        assert!(path.matches("models.providers.*.models[].cost"));
        assert!(!path.matches("models.providers.*.models[]"));
        assert!(!path.matches("models.providers.*.models.*.cost"));
        assert!(!path.matches("models.providers.*.models[].cost.input"));
        assert!(KeyPath::default().matches("") && !path.matches(""));
    }
}
