//! How much a chat model reads: conversation and answer together, in tokens.

use super::catalogue;

/// The most where the config sets no other limit. Memory grows with it: a model that was trained
/// for more could take all there is.
pub(super) const DEFAULT_WINDOW: u32 = 16_384;

/// The header in which the gateway tells a worker what the config sets.
pub(in crate::providers) const WINDOW_HEADER: &str = "x-openclaw-context-window";

/// The window of a model under what the config sets for it, as far as that can be told without its
/// file.
pub fn known_window(model: &str, configured: Option<u32>) -> Option<u32> {
    match catalogue::find(model).map(|entry| entry.trained) {
        Some(trained) => Some(trained.min(configured.unwrap_or(DEFAULT_WINDOW))),
        None => configured,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_the_models_own_up_to_a_limit() {
        assert_eq!(known_window("gemma-3-270m", None), Some(16_384));
        assert_eq!(known_window("gemma-3-270m", Some(8000)), Some(8000));
        assert_eq!(known_window("gemma-3-270m", Some(1_000_000)), Some(32_768));
        assert_eq!(known_window("all-minilm-l6-v2", None), Some(256));
        assert_eq!(known_window("pulled-from-a-hub", None), None);
        assert_eq!(known_window("pulled-from-a-hub", Some(8000)), Some(8000));
    }
}
