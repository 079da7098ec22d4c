//! What an answer costs.

use crate::config::{Config, Cost};
use crate::types::{ModelRef, Usage};

/// What these tokens of a model cost, in millionths of a US dollar; nothing for a model whose
/// `cost` is not configured.
pub fn price(config: &Config, model: &ModelRef, usage: Usage) -> u64 {
    let provider = config.models.providers.get(&model.provider);
    let listed = provider.and_then(|known| known.models.iter().find(|m| m.id == model.model));
    listed.map_or(0, |listed| of(listed.cost, usage))
}

/// A dollar for a million tokens is a millionth of a dollar for each: no unit is converted.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "token counts and prices are far below where a float loses whole numbers"
)]
fn of(cost: Cost, usage: Usage) -> u64 {
    let fresh = usage.input.saturating_sub(usage.cached_input);
    let sum = fresh as f64 * cost.input
        + usage.cached_input as f64 * cost.cache_read
        + usage.output as f64 * cost.output;
    sum.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(usage: Usage, model: &str, expected: u64) {
        let cost = json!({"input": 2.5, "output": 10.0, "cacheRead": 0.25});
        let models = json!([{"id": "known", "cost": cost}, {"id": "free"}]);
        let config = json!({"models": {"providers": {"p": {"models": models}}}});
        let config: Config = serde_json::from_value(config).expect("a config");
        let model = ModelRef::parse(model).expect("a model");
        assert_eq!(price(&config, &model, usage), expected);
    }

    #[test]
    fn cached_tokens_have_their_own_price() {
        let usage = Usage { input: 1_000, output: 100, cached_input: 400, reasoning: 50 };
        check(usage, "p/known", 1_500 + 100 + 1_000);
        check(Usage { input: 1, ..Usage::default() }, "p/known", 3);
        check(usage, "p/free", 0);
        check(usage, "p/unknown", 0);
        check(usage, "q/known", 0);
    }
}
