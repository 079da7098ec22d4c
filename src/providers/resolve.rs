//! Which model a name means, and whether its provider may be asked for it.

use super::{Error, Kind, LOCAL};
use crate::config::Provider;
use crate::secrets::Snapshot;
use crate::types::ModelRef;

/// The model that `text` names.
///
/// `provider/model` is taken at its word once that provider exists. A bare name is looked for in
/// the providers' `models` lists, then among the models the agents use; names with slashes of
/// their own (`meta/llama`) are bare too when no provider is called like their first part.
pub(super) fn resolve(snapshot: &Snapshot, text: &str) -> Result<ModelRef, Error> {
    let providers = &snapshot.config.models.providers;
    let text = text.trim();
    if let Ok(model) = ModelRef::parse(text) {
        let settings = providers.get(&model.provider);
        if settings.is_some() || model.provider == LOCAL {
            return check(&model.provider, settings, &model).map(|()| model);
        }
    }
    let listed = providers
        .iter()
        .find(|(_, provider)| provider.models.iter().any(|model| model.id == text))
        .map(|(id, _)| ModelRef { provider: id.clone(), model: text.to_owned() });
    let used = || snapshot.roster.iter().map(|agent| &agent.model);
    let found = listed.or_else(|| used().find(|model| model.model == text).cloned());
    found.ok_or_else(|| {
        let (provider, _) = text.split_once('/').unwrap_or(("", text));
        Error::new(
            Kind::UnknownModel,
            provider,
            format!(
                "Unknown model: {text}. Write it as `provider/model` with a configured provider."
            ),
        )
    })
}

/// Whether provider `id` exists and, where it lists its models, lists this one.
pub(super) fn check(id: &str, settings: Option<&Provider>, model: &ModelRef) -> Result<(), Error> {
    let unknown = |why: &str| {
        Err(Error::new(Kind::UnknownModel, id, format!("Unknown model: {model}. {why}")))
    };
    match settings {
        None if id == LOCAL => Ok(()),
        None => unknown(&format!("No provider `{id}` is configured in `models.providers`.")),
        Some(provider) => {
            let models = &provider.models;
            if models.is_empty() || models.iter().any(|known| known.id == model.model) {
                return Ok(());
            }
            unknown(&format!("It is not in `models.providers.{id}.models`."))
        }
    }
}
