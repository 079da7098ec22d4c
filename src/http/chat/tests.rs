//! Replies from runs whose events come one at a time, as providers send them.

use super::reply::{self, Answer, Ending};
use super::wire_out::Heading;
use crate::http::request_id::RequestId;
use crate::runs::Run;
use crate::types::{Delta, Outcome, RunEvent, StopReason, Usage};
use poem::IntoResponse;

/// A run that lets its reader see each event alone.
fn run(events: Vec<RunEvent>) -> Run {
    Run::of(|sender| async move {
        for event in events {
            sender.send(event).await.expect("it is read");
            tokio::task::yield_now().await;
        }
    })
}

async fn streamed(events: Vec<RunEvent>) -> String {
    let heading = Heading::new(RequestId::new(), None);
    let reply = reply::stream(run(events), heading, Ending::Plain).await.expect("a reply");
    let Answer::Stream(body) = reply.answer else { panic!("a stream was asked for") };
    body.into_string().await.expect("UTF-8")
}

fn text(text: &str) -> RunEvent {
    RunEvent::Delta(Delta::Text(text.to_owned()))
}

#[tokio::test]
async fn an_event_that_writes_nothing_does_not_end_the_stream() {
    let usage = || RunEvent::Usage(Usage::default());
    let end = RunEvent::Finished(Outcome::Completed(StopReason::Stop));
    let whole = streamed(vec![text("one"), usage(), text("two"), usage(), end]).await;
    assert!(whole.contains("\"two\"") && whole.contains("\"stop\""), "{whole}");
    assert!(whole.ends_with("data: [DONE]\n\n"), "{whole}");
}

#[tokio::test]
async fn a_run_that_somebody_ends_is_a_conflict_not_to_be_repeated() {
    let heading = Heading::new(RequestId::new(), None);
    let ended = run(vec![RunEvent::Accepted, RunEvent::Finished(Outcome::Aborted)]);
    let error = reply::stream(ended, heading, Ending::Plain).await.expect_err("no answer");
    assert_eq!((error.status.as_u16(), error.code), (409, "cancelled"));
    assert_eq!(error.into_response().headers()["x-should-retry"], "false");
    let whole = streamed(vec![text("one"), RunEvent::Finished(Outcome::Aborted)]).await;
    assert!(whole.contains("\"cancelled\"") && whole.ends_with("data: [DONE]\n\n"), "{whole}");
}

#[tokio::test]
async fn a_run_that_ends_without_an_outcome_ends_as_an_error() {
    let whole = streamed(vec![text("one")]).await;
    assert!(whole.contains("\"internal_error\""), "{whole}");
    assert!(whole.ends_with("data: [DONE]\n\n"), "{whole}");
    let heading = Heading::new(RequestId::new(), None);
    let error = reply::complete(run(vec![text("one")]), heading).await.expect_err("no outcome");
    assert_eq!(error.code, "internal_error");
}
