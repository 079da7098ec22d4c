//! Conversations made short.

use super::*;
use openclaw::responses::{Compact, Error, summary_of};
use openclaw::types::FailureKind;

fn whole(text: &str) -> Reply {
    ending(text, "stop")
}

fn ending(text: &str, finish: &str) -> Reply {
    let message = json!({"role": "assistant", "content": text});
    let usage = json!({"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34});
    let choice = json!({"index": 0, "message": message, "finish_reason": finish});
    Reply::json(200, &json!({"id": "c", "choices": [choice], "usage": usage}))
}

/// What makes these items short.
fn short(input: Vec<Item>) -> Compact {
    let RunRequest { agent, model, origin, .. } = ask("").run;
    Compact { agent, model, origin, context: Vec::new(), previous: None, input }
}

#[tokio::test]
async fn a_summary_takes_the_place_of_the_conversation() {
    let upstream = Upstream::with([rich(), whole("Anna wants 3 apples."), answer("yes")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let first = home.create(with_tools(ask("three apples for Anna"))).await;
    let id = *first.id();
    first.finish().await;
    let input = vec![output("call_a", "none left"), said("and now?")];
    let compact = Compact { previous: Some(id), ..short(input) };
    let made = soon(home.responses.compact(compact)).await.expect("made short");
    assert_eq!((made.usage.input, made.usage.output), (30, 4));
    let asked = &upstream.seen()[1];
    let prompt = told(asked).pop().expect("a message");
    for word in ["three apples for Anna", "Ich sähe nach.", "calls look", "none left", "and now?"]
    {
        assert!(prompt.contains(word), "{word}: {prompt}");
    }
    assert!(asked.body.get("tools").is_none(), "{}", asked.body);
    let [
        Item::Message { .. },
        Item::Message { id, .. },
        Item::Compaction { encrypted_content, .. },
    ] = made.output.as_slice()
    else {
        panic!("{:?}", made.output);
    };
    assert!(id.starts_with("msg_"), "{id}");
    assert_eq!(summary_of(encrypted_content).as_deref(), Some("Anna wants 3 apples."));
    // What comes out goes in again.
    let mut items = made.output.clone();
    items.push(said("and pears?"));
    home.create(asks(items)).await.finish().await;
    let told = told(&upstream.seen()[2]);
    assert_eq!(
        (told[0].as_str(), told[1].as_str()),
        ("user:three apples for Anna", "user:and now?")
    );
    assert!(
        told[2].starts_with("system:") && told[2].ends_with("Anna wants 3 apples."),
        "{told:?}"
    );
    let listing = openclaw::store::Listing { limit: 9, ..Default::default() };
    let sessions = home.house.store.records("sessions", listing).await.expect("readable");
    assert!(sessions.is_empty(), "the summary is no turn of a session: {sessions:?}");
}

#[tokio::test]
async fn what_is_too_long_to_be_kept_is_in_the_summary_alone() {
    let upstream = Upstream::with([whole("short")]).await;
    let (home, _folder) = Home::new(&upstream).await;
    let long = "x".repeat(70_000);
    let compact = short(vec![said("a"), said(&long)]);
    let made = soon(home.responses.compact(compact)).await.expect("made short");
    assert!(matches!(made.output.as_slice(), [Item::Compaction { .. }]), "{:?}", made.output.len());
    assert!(told(&upstream.seen()[0])[1].contains(&long));
}

#[tokio::test]
async fn a_model_that_writes_nothing_is_a_failure() {
    let refusal = json!({"error": {"message": "no", "type": "invalid_request_error"}});
    let upstream = Upstream::with([whole(""), Reply::json(400, &refusal)]).await;
    let (home, _folder) = Home::new(&upstream).await;
    for kind in [FailureKind::UpstreamUnavailable, FailureKind::UpstreamRejected] {
        let compact = short(vec![said("a")]);
        let refused = soon(home.responses.compact(compact)).await.expect_err("failed");
        assert!(matches!(&refused, Error::Failed(failure) if failure.kind == kind), "{refused}");
    }
}

#[tokio::test]
async fn half_a_summary_is_none() {
    let cases = [("length", "too long"), ("content_filter", "withheld")];
    for (finish, why) in cases {
        let upstream = Upstream::with([ending("Anna wants", finish)]).await;
        let (home, _folder) = Home::new(&upstream).await;
        let compact = short(vec![said("a")]);
        let refused = soon(home.responses.compact(compact)).await.expect_err("failed");
        assert!(refused.to_string().contains(why), "{finish}: {refused}");
    }
}
