//! Items become the messages they stand for.

use super::super::{Status, Summary};
use super::*;

fn said(role: Role, text: &str) -> Item {
    let content = match role {
        Role::Assistant => vec![Part::text(text.to_owned())],
        _ => vec![Part::InputText { text: text.to_owned() }],
    };
    Item::Message { id: String::new(), status: Status::Completed, role, content, phase: None }
}

fn call(call_id: &str) -> Item {
    Item::FunctionCall {
        id: String::new(),
        call_id: call_id.to_owned(),
        name: "look".to_owned(),
        arguments: "{}".to_owned(),
        status: Status::Completed,
    }
}

fn answer(call_id: &str) -> Item {
    Item::FunctionCallOutput {
        id: String::new(),
        call_id: call_id.to_owned(),
        output: Output::Text(format!("re {call_id}")),
        status: Status::Completed,
    }
}

fn thought() -> Item {
    let summary = vec![Summary::SummaryText { text: "hm".to_owned() }];
    Item::Reasoning { id: String::new(), summary, status: None }
}

/// One line a message: `user:text`, `assistant:text:calls`, `tool:call:text`.
fn check(items: &[Item], expected: &[&str]) {
    let lines = messages(items).into_iter().map(|message| match message {
        Message::System { text } => format!("system:{text}"),
        Message::User { content, .. } => format!("user:{}", content.text()),
        Message::Assistant { text, tool_calls } => {
            let calls: Vec<_> = tool_calls.iter().map(|call| call.id.as_str()).collect();
            format!("assistant:{}:{}", text.as_deref().unwrap_or("-"), calls.join(","))
        }
        Message::Tool { call_id, content } => format!("tool:{call_id}:{}", content.text()),
    });
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn calls_go_with_the_text_of_their_turn() {
    let (user, model) = (said(Role::User, "hi"), said(Role::Assistant, "so"));
    let items = [user.clone(), thought(), model.clone(), call("1"), thought(), call("2")];
    check(&items, &["user:hi", "assistant:so:1,2"]);
    let items = [call("1"), model.clone(), answer("1"), model.clone()];
    check(&items, &["assistant:so:1", "tool:1:re 1", "assistant:so:"]);
    let items = [call("1"), answer("1"), call("2"), answer("2")];
    check(&items, &["assistant:-:1", "tool:1:re 1", "assistant:-:2", "tool:2:re 2"]);
    check(&[model.clone(), model, user], &["assistant:so:", "assistant:so:", "user:hi"]);
    check(&[said(Role::Developer, "be brief")], &["system:be brief"]);
}

#[test]
fn images_stay_where_they_are_and_files_leave_no_empty_message() {
    let user = |content| Item::Message {
        id: String::new(),
        status: Status::Completed,
        role: Role::User,
        content,
        phase: None,
    };
    let url = "data:image/png;base64,AA==".to_owned();
    let image = Part::InputImage { image_url: Some(url.clone()), detail: "auto".to_owned() };
    let text = Part::InputText { text: "look".to_owned() };
    let told = messages(&[user(vec![text, image])]);
    let [Message::User { content: Content::Parts(parts), .. }] = told.as_slice() else {
        panic!("{told:?}");
    };
    let detail = Some("auto".to_owned());
    assert_eq!(parts[1], types::Part::Image { url, detail });
    let file = Part::InputFile { filename: Some("a.pdf".to_owned()), file_url: None };
    check(&[user(vec![file])], &["user:[attached file: a.pdf]"]);
}

#[test]
fn what_this_gateway_made_short_is_told_and_what_another_did_is_not() {
    let compaction = |encrypted_content: &str| Item::Compaction {
        id: String::new(),
        encrypted_content: encrypted_content.to_owned(),
    };
    let summary = "w4Rw";
    let told = messages(&[compaction(&format!("oc1.{summary}"))]);
    assert!(
        matches!(&told[..], [Message::System { text }] if text.ends_with("\n\nÄp")),
        "{told:?}"
    );
    for foreign in ["gAAAAABo", "oc1.%%", "oc2.w4Rw", ""] {
        check(&[compaction(foreign)], &[]);
    }
}
