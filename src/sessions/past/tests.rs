use super::*;
use crate::sessions::Said;
use crate::types::{Content, RunId};

/// Entries from a script: `u:` user, `a:` assistant, `n:` notice, `b:` broken.
fn past(script: &str) -> Past {
    let entry = |(at, word): (usize, &str)| {
        let (kind, text) = word.split_once(':').expect("kind:text");
        let body = match kind {
            "n" => Body::Notice(text.to_owned()),
            "b" => Body::Opened { session: String::new(), why: String::new() },
            _ => Body::Message(Said {
                message: message(word),
                run: RunId::from_bits(1),
                model: None,
                usage: None,
                ending: None,
            }),
        };
        Entry { sequence: at as u64 + 1, at: 0, body }
    };
    let entries = script.split_whitespace().enumerate().map(entry).collect();
    Past { entries, is_cut: false }
}

fn message(word: &str) -> Message {
    match word.split_once(':').expect("role:text") {
        ("u", text) => Message::User { content: Content::Text(text.to_owned()), name: None },
        (_, text) => Message::Assistant { text: Some(text.to_owned()), tool_calls: Vec::new() },
    }
}

fn asked(script: &str, turn: &str, marked: Option<u64>) -> Vec<u64> {
    let turn: Vec<Message> = turn.split_whitespace().map(message).collect();
    past(script).asked_before(&turn.iter().collect::<Vec<_>>(), marked)
}

#[test]
fn an_open_question_is_recognised() {
    let check = |script: &str, turn: &str, expected: &[u64]| {
        assert_eq!(asked(script, turn, None), expected, "{script} | {turn}");
    };
    check("", "u:1", &[]);
    check("u:1", "u:1", &[1]);
    check("u:1 b:", "u:1 u:2", &[1]);
    check("u:1 b: u:2 b:", "u:1 u:2 u:3", &[1, 3]);
    check("u:1 b: u:2 b:", "u:2", &[3]);
    check("u:1 b: u:2 b:", "u:1", &[]);
    check("u:1 b: u:1 b:", "u:1 u:1 u:1", &[1, 3]);
    // What was answered is a new question when it comes again.
    check("u:1 a:2", "u:1", &[]);
    check("u:1 a:2 u:3 b:", "u:3", &[3]);
    check("u:1 a:2 u:3 b:", "u:1 u:3", &[]);
    check("u:1", "", &[]);
}

#[test]
fn a_marked_question_is_recognised_wherever_it_is() {
    let check = |script: &str, turn: &str, marked: u64, expected: &[u64]| {
        assert_eq!(asked(script, turn, Some(marked)), expected, "{script} | {turn}");
    };
    check("u:1 b: u:2 a:3", "u:1", 1, &[1]);
    check("u:1 u:2 b: u:3 a:4", "u:1 u:2", 1, &[1, 2]);
    // A message joined the turn before it broke.
    check("u:1 u:2 b:", "u:1", 1, &[1]);
    // Its front was asked before, without the key.
    check("u:1 b: u:2 b: u:3 a:4", "u:1 u:2", 3, &[1, 3]);
    // It lies before what was loaded.
    check("u:3 a:4", "u:1", 0, &[]);
}

#[test]
fn what_comes_before_leaves_the_turn_out_and_tells_its_notices_again() {
    let before = past("n:0 u:1 a:2 n:3 n:4 u:5 b:").before(&[6]);
    assert_eq!(before.notices, ["3", "4"]);
    assert_eq!(before.history, [message("u:1"), message("a:2")]);
    let before = past("n:0 u:1 a:2").before(&[]);
    assert_eq!(before.notices, [""; 0]);
    assert_eq!(before.history.len(), 2);
}

/// Entries from a script: `1u:` what was asked in run 1, `1a:` its answer, `1r` it was refused.
fn of_runs(script: &str) -> Past {
    let entry = |(at, word): (usize, &str)| {
        let run = RunId::from_bits(word[..1].parse().expect("a digit"));
        let body = match &word[1..] {
            "r" => Body::Broken { run, ending: Ending::Refused, why: String::new(), partial: None },
            rest => Body::Message(Said {
                message: message(rest),
                run,
                model: None,
                usage: None,
                ending: None,
            }),
        };
        Entry { sequence: at as u64 + 1, at: 0, body }
    };
    let entries = script.split_whitespace().enumerate().map(entry).collect();
    Past { entries, is_cut: false }
}

fn read(past: Past) -> Vec<Message> {
    past.before(&[]).history
}

#[test]
fn what_a_provider_refused_is_not_read_again() {
    let check = |script: &str, expected: &str| {
        let expected: Vec<Message> = expected.split_whitespace().map(message).collect();
        assert_eq!(read(of_runs(script)), expected, "{script}");
    };
    check("1u:x 1a:y 2u:bad 2r", "u:x a:y");
    check("1u:bad 1r 2u:x 2a:y", "u:x a:y");
    check("1u:bad 1u:too 1r 2u:x", "u:x");
    // Asked again by another run, which was answered.
    check("1u:x 1r 2a:y 3u:z", "u:x a:y u:z");
    check("1u:x 1u:y 1r 2a:z", "u:x u:y a:z");
}

#[test]
fn a_history_that_is_cut_begins_with_a_question() {
    let mut cut = past("a:1 u:2 a:3");
    cut.is_cut = true;
    assert_eq!(read(cut), [message("u:2"), message("a:3")]);
    assert_eq!(read(past("a:1 u:2")), [message("a:1"), message("u:2")]);
}
