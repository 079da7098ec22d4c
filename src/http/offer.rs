//! The functions a request offers the model, and how free the model is in calling them.

use super::{ApiError, form};
use crate::types::{ToolChoice, ToolSpec};

/// The functions of one request.
#[derive(Debug, Default)]
pub(super) struct Offer {
    pub(super) tools: Vec<ToolSpec>,
    pub(super) choice: ToolChoice,
}

/// A function that a request names, and where it does.
#[derive(Debug)]
pub(super) struct NamedAt {
    pub(super) name: String,
    /// Such as `tool_choice.function.name`.
    pub(super) path: String,
}

impl Offer {
    /// Adds a function; `path` is where it stands, such as `tools[0].function`.
    pub(super) fn add(&mut self, tool: ToolSpec, path: &str) -> Result<(), ApiError> {
        let at_name = || format!("{path}.name");
        if tool.name.is_empty() {
            return Err(ApiError::invalid("invalid_value", at_name(), "A function needs a name."));
        }
        if self.has(&tool.name) {
            let message = format!("Two functions are named '{}'.", tool.name);
            return Err(ApiError::invalid("invalid_value", at_name(), message));
        }
        if let Some(parameters) = &tool.parameters {
            form::object(parameters, || format!("{path}.parameters"))?;
        }
        self.tools.push(tool);
        Ok(())
    }

    /// Takes `auto`, `none` or `required`, said at `path`. Without functions only a demand means
    /// anything, and it cannot be met.
    pub(super) fn word(&mut self, word: &str, path: &str) -> Result<(), ApiError> {
        self.choice = match word {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" if self.tools.is_empty() => {
                let message = format!("{path}=required needs functions to call: send `tools`.");
                return Err(ApiError::invalid("unsupported_value", path, message));
            }
            "required" => ToolChoice::Required,
            other => {
                let message = format!("`{path}` must be auto, none or required, not '{other}'.");
                return Err(ApiError::invalid("unsupported_value", path, message));
            }
        };
        Ok(())
    }

    /// Takes the demand for a call to one function.
    pub(super) fn function(&mut self, wanted: NamedAt) -> Result<(), ApiError> {
        self.known(&wanted)?;
        self.choice = ToolChoice::Function(wanted.name);
        Ok(())
    }

    /// Takes `allowed_tools`: of all functions only these may be called. `mode` is said at
    /// `<path>.mode`. The model is not shown the others, so it cannot call them.
    pub(super) fn allowed(
        &mut self,
        mode: Option<&str>,
        wanted: &[NamedAt],
        path: &str,
    ) -> Result<(), ApiError> {
        if wanted.is_empty() {
            let path = format!("{path}.tools");
            let message = format!("`{path}` must name at least one function.");
            return Err(ApiError::invalid("invalid_value", path, message));
        }
        for one in wanted {
            self.known(one)?;
        }
        self.tools.retain(|tool| wanted.iter().any(|one| one.name == tool.name));
        self.choice = match mode {
            Some("auto") => ToolChoice::Auto,
            Some("required") => ToolChoice::Required,
            other => {
                let path = format!("{path}.mode");
                let got = other.unwrap_or("nothing");
                let message = format!("`{path}` must be auto or required, not '{got}'.");
                return Err(ApiError::invalid("unsupported_value", path, message));
            }
        };
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.tools.iter().any(|tool| tool.name == name)
    }

    fn known(&self, wanted: &NamedAt) -> Result<(), ApiError> {
        if self.has(&wanted.name) {
            return Ok(());
        }
        let message = format!("None of the request's functions is named '{}'.", wanted.name);
        Err(ApiError::invalid("invalid_value", wanted.path.as_str(), message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(names: &[&str]) -> Offer {
        let mut offer = Offer::default();
        for name in names {
            let name = (*name).to_owned();
            let tool = ToolSpec { name, description: None, parameters: None, strict: None };
            offer.add(tool, "t").expect("a function");
        }
        offer
    }

    fn named(name: &str) -> NamedAt {
        NamedAt { name: name.to_owned(), path: "here".to_owned() }
    }

    #[test]
    fn allowed_tools_are_the_only_ones_the_model_sees() {
        let mut all = offer(&["a", "b", "c"]);
        all.allowed(Some("required"), &[named("c"), named("a")], "p").expect("known");
        let names: Vec<&str> = all.tools.iter().map(|tool| tool.name.as_str()).collect();
        assert_eq!((names, all.choice), (vec!["a", "c"], ToolChoice::Required));
        let fault = |mode, wanted: &[NamedAt]| {
            let error = offer(&["a"]).allowed(mode, wanted, "p").expect_err("wrong");
            error.param.expect("a place")
        };
        assert_eq!(fault(Some("auto"), &[named("x")]), "here");
        assert_eq!(fault(Some("auto"), &[]), "p.tools");
        assert_eq!(fault(Some("none"), &[named("a")]), "p.mode");
        assert_eq!(fault(None, &[named("a")]), "p.mode");
    }

    #[test]
    fn a_demand_needs_a_function() {
        for word in ["auto", "none"] {
            offer(&[]).word(word, "tool_choice").expect("says nothing");
        }
        assert!(offer(&[]).word("required", "tool_choice").is_err());
        assert!(offer(&["a"]).word("required", "tool_choice").is_ok());
        assert!(offer(&["a"]).word("any", "tool_choice").is_err());
        assert!(offer(&["a"]).function(named("b")).is_err());
    }
}
