//! Whether function calls and what answers them belong together.

use crate::http::ApiError;
use crate::responses::Item;
use std::collections::HashSet;

/// Refuses a conversation in which a call has no answer, or an answer no call before it: providers
/// do, in words that say nothing of this API. `whole` says whether nothing came before it.
pub(super) fn check(items: &[Item], whole: bool) -> Result<(), ApiError> {
    let mut called = HashSet::new();
    let mut answered = HashSet::new();
    for item in items {
        match item {
            Item::FunctionCall { call_id, .. } => {
                called.insert(call_id.as_str());
            }
            Item::FunctionCallOutput { call_id, .. } => {
                if whole && !called.contains(call_id.as_str()) {
                    return Err(wrong(format!(
                        "No tool call found for function call output with call_id {call_id}. Send its \
                         function_call before it, or the previous_response_id of the response that \
                         made it."
                    )));
                }
                answered.insert(call_id.as_str());
            }
            Item::Message { .. } | Item::Reasoning { .. } | Item::Compaction { .. } => {}
        }
    }
    let mut calls = items.iter().filter_map(|item| match item {
        Item::FunctionCall { call_id, .. } => Some(call_id.as_str()),
        _ => None,
    });
    match calls.find(|call_id| !answered.contains(call_id)) {
        None => Ok(()),
        Some(call_id) => Err(wrong(format!(
            "No tool output found for function call {call_id}. Add a function_call_output with this \
             call_id."
        ))),
    }
}

fn wrong(message: String) -> ApiError {
    ApiError::invalid("invalid_value", "input", message)
}
