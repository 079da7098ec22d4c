//! One run of a tool within its limits.

use super::{Call, Error, Failed, Limits, Output, Tool};
use futures_util::FutureExt;
use serde_json::json;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use tokio::time::timeout;

/// Runs a tool. What goes wrong inside is logged here, once, and told nowhere else.
pub(super) async fn run(tool: &dyn Tool, call: Call) -> Result<Output, Error> {
    let spec = tool.spec();
    let (name, Limits { time, output_bytes }) = (spec.name.as_str(), spec.limits);
    let agent = call.context.agent.clone();
    // `async` around the call, so that a panic before the first await is caught as well.
    let work = AssertUnwindSafe(async { tool.invoke(call).await }).catch_unwind();
    match timeout(time, work).await {
        Ok(Ok(Ok(output))) => Ok(cut(output, output_bytes)),
        Ok(Ok(Err(Failed::Input(message)))) => Err(Error::Input(message)),
        Ok(Ok(Err(Failed::Fault(error)))) => {
            tracing::error!(tool = name, %agent, error, "the tool failed");
            Err(Error::Failed)
        }
        Ok(Err(panic)) => {
            tracing::error!(tool = name, %agent, panic = said(&*panic), "the tool panicked");
            Err(Error::Failed)
        }
        Err(_) => {
            tracing::warn!(tool = name, %agent, seconds = time.as_secs(), "the tool took too long");
            Err(Error::TimedOut(time))
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("not a text")
}

/// Holds an answer to so many bytes of text, and its details to as many, and says what was cut.
fn cut(output: Output, limit: usize) -> Output {
    let Output { mut content, mut details } = output;
    let all: usize = content.iter().map(String::len).sum();
    if all > limit {
        let mut room = limit;
        content.retain_mut(|text| {
            let kept = text.floor_char_boundary(room);
            text.truncate(kept);
            room -= kept;
            kept > 0
        });
        let left: usize = all - content.iter().map(String::len).sum::<usize>();
        content.push(format!("[output cut: {left} of {all} bytes left out]"));
    }
    let size = details.to_string().len();
    if size > limit {
        details = json!({ "truncated": true, "bytes": size });
    }
    Output { content, details }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], limit: usize, expected: &[&str]) {
        let content = texts.iter().map(|text| (*text).to_owned()).collect();
        let output = cut(Output { content, details: json!("details") }, limit);
        assert_eq!(output.content, expected);
    }

    #[test]
    fn an_answer_is_cut_at_a_character_and_says_so() {
        check(&["12345", "678"], 8, &["12345", "678"]);
        check(&["12345", "6789"], 8, &["12345", "678", "[output cut: 1 of 9 bytes left out]"]);
        check(&["ääää"], 5, &["ää", "[output cut: 4 of 8 bytes left out]"]);
        check(&["12345", "6"], 5, &["12345", "[output cut: 1 of 6 bytes left out]"]);
        let details = |limit| cut(Output { content: vec![], details: json!("12345678") }, limit);
        assert_eq!(details(10).details, json!("12345678"));
        assert_eq!(details(9).details, json!({"truncated": true, "bytes": 10}));
    }
}
