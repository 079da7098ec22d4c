//! From runs' events to one completion.

use super::outcome::{broke_off, failed, finish_reason};
use super::source::Source;
use super::stream::Style;
use super::wire_out::{ChatCompletionChoice, CreateChatCompletionResponse, Grown, Heading};
use crate::http::ApiError;
use crate::http::meter::Meter;
use crate::types::{Outcome, RunEvent, Usage};

/// One answer as far as it has come.
#[derive(Debug, Default)]
struct Answer {
    grown: Grown,
    usage: Usage,
    outcome: Option<Outcome>,
}

/// Reads the runs to their ends and answers with one completion.
///
/// # Errors
/// When one of them fails; the others are given up.
pub(super) async fn complete(
    mut source: Source,
    heading: Heading,
    style: Style,
    mut meter: Meter,
) -> Result<CreateChatCompletionResponse, ApiError> {
    let mut answers = source.each::<Answer>();
    let mut left = answers.as_slice().len();
    while left > 0 {
        let (index, event) = source.next().await;
        let answer = answers.at(index);
        match event.ok_or_else(|| failed(broke_off()))? {
            RunEvent::Accepted | RunEvent::Started { .. } => {}
            RunEvent::Delta(delta) => answer.grown.take(delta),
            RunEvent::Usage(spent) => {
                answer.usage = spent;
                meter.saw(total(answers.as_slice().iter().map(|answer| answer.usage)));
            }
            RunEvent::Finished(Outcome::Failed(failure)) => return Err(failed(failure)),
            RunEvent::Finished(outcome) => {
                answer.outcome = Some(outcome);
                left -= 1;
            }
        }
    }
    let usage = total(answers.as_slice().iter().map(|answer| answer.usage));
    let choices = answers.try_map(|index, answer| {
        let outcome = answer.outcome.unwrap_or_else(|| Outcome::Failed(broke_off()));
        let reason = finish_reason(outcome, style.calls)?;
        Ok::<_, ApiError>(ChatCompletionChoice::new(index, answer.grown, reason, style.calls))
    })?;
    Ok(CreateChatCompletionResponse::new(heading, choices, usage))
}

/// The tokens of all answers together.
pub(super) fn total(each: impl Iterator<Item = Usage>) -> Usage {
    each.fold(Usage::default(), |sum, one| Usage {
        input: sum.input.saturating_add(one.input),
        output: sum.output.saturating_add(one.output),
        cached_input: sum.cached_input.saturating_add(one.cached_input),
        reasoning: sum.reasoning.saturating_add(one.reasoning),
    })
}
