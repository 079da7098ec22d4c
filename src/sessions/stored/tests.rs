use super::*;
use crate::types::{Content, Part, ToolCall};

fn run() -> RunId {
    RunId::from_bits(7)
}

fn user(text: &str) -> Message {
    Message::User { content: Content::Text(text.to_owned()), name: None }
}

/// Entries written by any version are read by all later ones: these texts must not change.
#[test]
fn the_written_form_stays() {
    let id = "run_00000000000000000000000000000007";
    let call = ToolCall { id: "c".to_owned(), name: "t".to_owned(), arguments: "{}".to_owned() };
    let answer = Said {
        message: Message::Assistant { text: Some("hi".to_owned()), tool_calls: vec![call] },
        run: run(),
        model: Some(ModelRef::parse("a/b").expect("valid")),
        usage: Some(Usage { input: 1, output: 2, cached_input: 3, reasoning: 4 }),
        ending: Some(Ending::ToolCalls),
    };
    let parts = Content::Parts(vec![
        Part::Text("look".to_owned()),
        Part::Image { url: "data:x".to_owned(), detail: None },
    ]);
    let asked = Said {
        message: Message::User { content: parts, name: Some("Anna".to_owned()) },
        run: run(),
        model: None,
        usage: None,
        ending: None,
    };
    let table = [
        (
            Body::Opened { session: "s".to_owned(), why: "new".to_owned() },
            ("opened", r#"{"session":"s","why":"new"}"#.to_owned(), None),
        ),
        (
            Body::Message(asked),
            (
                "message",
                format!(
                    r#"{{"run":"{id}","message":{{"role":"user","content":[{{"text":"look"}},{{"image":{{"url":"data:x"}}}}],"name":"Anna"}}}}"#
                ),
                Some("look"),
            ),
        ),
        (
            Body::Message(answer),
            (
                "message",
                format!(
                    r#"{{"run":"{id}","message":{{"role":"assistant","text":"hi","tool_calls":[{{"id":"c","name":"t","arguments":"{{}}"}}]}},"model":"a/b","usage":{{"input":1,"output":2,"cached":3,"reasoning":4}},"ending":"tool_calls"}}"#
                ),
                Some("hi"),
            ),
        ),
        (
            Body::Broken {
                run: run(),
                ending: Ending::Interrupted,
                why: "\"gone\"".to_owned(),
                partial: Some("h".to_owned()),
            },
            (
                "broken",
                format!(
                    r#"{{"run":"{id}","ending":"interrupted","why":"\"gone\"","partial":"h"}}"#
                ),
                None,
            ),
        ),
        (
            Body::Notice("line\nline".to_owned()),
            ("notice", r#"{"text":"line\nline"}"#.to_owned(), None),
        ),
    ];
    for (body, (kind, json, text)) in table {
        let written = event(&body);
        assert_eq!((written.kind, &written.body, written.text.as_deref()), (kind, &json, text));
        let key = SessionKey::parse("agent:main:main").expect("valid");
        let event = Event { sequence: 3, at: 9, kind: kind.to_owned(), body: json, once: None };
        let read = entry(&key, &event).expect("it can be read");
        assert_eq!(read, Entry { sequence: 3, at: 9, body });
    }
}

#[test]
fn a_mark_goes_along() {
    let mark = Mark { once: "in:k".to_owned(), fingerprint: "f".to_owned() };
    let written = asked(run(), &user("hello"), Some(&mark));
    assert_eq!(written.once.as_deref(), Some("in:k"));
    let event = Event {
        sequence: 1,
        at: 0,
        kind: written.kind.to_owned(),
        body: written.body,
        once: written.once,
    };
    let key = SessionKey::parse("agent:main:main").expect("valid");
    let (said, fingerprint) = marked(&key, &event).expect("it can be read");
    assert_eq!((said.message, fingerprint.as_str()), (user("hello"), "f"));
}

#[test]
fn what_cannot_be_read_is_said_to_be_damaged() {
    let key = SessionKey::parse("agent:main:main").expect("valid");
    let check = |kind: &str, body: &str| {
        let event =
            Event { sequence: 5, at: 0, kind: kind.to_owned(), body: body.to_owned(), once: None };
        let error = entry(&key, &event).expect_err("damaged").to_string();
        assert!(error.starts_with("session agent:main:main: entry 5 "), "{error}");
    };
    check("message", "{");
    check("message", r#"{"run":"x","message":{"role":"user","content":"a"}}"#);
    check("unheard", "{}");
}

#[test]
fn a_long_text_is_indexed_in_part() {
    let long = "ä".repeat(MAX_INDEXED_CHARS + 1);
    let text = asked(run(), &user(&long), None).text.expect("indexed");
    assert_eq!(text.chars().count(), MAX_INDEXED_CHARS);
    assert_eq!(asked(run(), &user(""), None).text, None);
}
