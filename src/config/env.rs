//! The environment, read once and handed around.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Environment variables as of one moment. An empty variable counts as unset.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env(Arc<BTreeMap<String, String>>);

impl Env {
    /// The variables of this process; those that are not UTF-8 are left out.
    pub fn from_process() -> Self {
        Self::of(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// An environment made of the given variables.
    pub fn of<K: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let filled = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(_, value)| !value.is_empty());
        Self(Arc::new(filled.collect()))
    }

    /// The value of a variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Every variable that is set and not empty, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// This environment, and those of `further` whose names it does not have.
    #[must_use]
    pub(super) fn or(&self, further: &Env) -> Env {
        let mut merged = BTreeMap::clone(&further.0);
        merged.extend(self.0.iter().map(|(name, value)| (name.clone(), value.clone())));
        Env(Arc::new(merged))
    }
}

impl fmt::Debug for Env {
    /// Names only: values hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
