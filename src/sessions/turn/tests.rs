use super::*;
use crate::types::ToolCall;

/// `s:` system, `u:` user, `a:` assistant, `c:` assistant calling tools, `t:` a tool's result.
fn messages(script: &str) -> Vec<Message> {
    script.split_whitespace().map(message).collect()
}

fn message(word: &str) -> Message {
    let (role, text) = word.split_once(':').expect("role:text");
    let content = || Content::Text(text.to_owned());
    let call =
        |id: &str| ToolCall { id: id.to_owned(), name: "f".to_owned(), arguments: String::new() };
    match role {
        "s" => Message::System { text: text.to_owned() },
        "u" => Message::User { content: content(), name: None },
        "a" => Message::Assistant { text: Some(text.to_owned()), tool_calls: Vec::new() },
        "c" => Message::Assistant { text: None, tool_calls: text.split(',').map(call).collect() },
        _ => Message::Tool { call_id: text.to_owned(), content: content() },
    }
}

fn script(messages: &[Message]) -> String {
    let word = |message: &Message| match message {
        Message::System { text } => format!("s:{text}"),
        Message::User { content, .. } => format!("u:{}", content.text()),
        Message::Assistant { text: Some(text), .. } => format!("a:{text}"),
        Message::Assistant { tool_calls, .. } => {
            let ids: Vec<&str> = tool_calls.iter().map(|call| call.id.as_str()).collect();
            format!("c:{}", ids.join(","))
        }
        Message::Tool { content, .. } if content.text() == UNANSWERED => "t:?".to_owned(),
        Message::Tool { call_id, .. } => format!("t:{call_id}"),
    };
    messages.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_turn_is_what_follows_the_last_answer() {
    let check = |input: &str, earlier: &str, turn: &str| {
        let input = messages(input);
        let split = Input::of(&input);
        let owned = |part: &[&Message]| part.iter().map(|m| (*m).clone()).collect::<Vec<_>>();
        assert_eq!(script(&owned(&split.earlier)), earlier);
        assert_eq!(script(&owned(&split.turn)), turn);
    };
    check("u:1", "", "u:1");
    check("s:x u:1 s:y u:2", "", "u:1 u:2");
    check("s:x u:1 a:2 u:3", "u:1 a:2", "u:3");
    check("u:1 c:9 t:9", "u:1 c:9", "t:9");
    check("u:1 a:2", "u:1 a:2", "");
    check("s:x", "", "");
}

#[test]
fn the_model_reads_instructions_notices_history_and_turn() {
    let check = |input: &str, notices: &[&str], history: &str, read: &str| {
        let notices = notices.iter().map(|text| (*text).to_owned()).collect();
        let before = Before { notices, history: messages(history) };
        assert_eq!(script(&conversation(messages(input), before)), read, "{input} | {history}");
    };
    check("s:x u:3", &["n"], "u:1 a:2", "s:x s:n u:1 a:2 u:3");
    check("u:3 s:late", &[], "u:1 a:2", "s:late u:1 a:2 u:3");
    // A client that holds the history is taken at its word.
    check("s:x u:1 a:2 s:y u:3", &["n"], "", "s:x s:n u:1 a:2 s:y u:3");
    check("u:1 a:2 t:odd", &[], "", "u:1 a:2 t:odd");
    // Calls and results stay together, whatever was cut off or left open.
    check("u:3", &[], "t:lost u:1 a:2", "u:1 a:2 u:3");
    check("t:7", &[], "u:1 c:7", "u:1 c:7 t:7");
    check("t:8 t:7", &[], "u:1 c:7,8", "u:1 c:7,8 t:8 t:7");
    check("u:3", &[], "u:1 c:7", "u:1 c:7 t:? u:3");
    check("u:3", &[], "u:1 c:7,8 t:8", "u:1 c:7,8 t:8 t:? u:3");
    check("t:8 u:3", &[], "u:1 c:7,8", "u:1 c:7,8 t:8 t:? u:3");
    check("s:x", &[], "u:1 c:7", "s:x u:1 c:7 t:?");
    check("t:odd", &[], "u:1 a:2", "u:1 a:2 t:odd");
    check("u:3", &[], "u:1 a: u:2 a:3", "u:1 u:2 a:3 u:3");
}

#[test]
fn a_turn_is_known_by_what_was_said() {
    let print = |input: &str| Input::of(&messages(input)).fingerprint(&[0; 32]);
    assert_eq!(print("s:x u:1"), print("s:y u:0 a:0 u:1"));
    assert_ne!(print("u:1"), print("u:2"));
    assert_ne!(print("u:1"), print("u:1 u:1"));
    assert_eq!(print("u:1").len(), 64);
}

#[test]
fn a_fingerprint_is_the_same_in_every_build() {
    let input = messages("s:x u:1");
    let of = |beside: u8| Input::of(&input).fingerprint(&[beside; 32]);
    assert_eq!(of(0), "647310ef6600b2a5b01317c92140b2d510ef75f5de97a987f9362934cf9ef54c");
    assert_ne!(of(0), of(1));
}
