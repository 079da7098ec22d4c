use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Announced calls as (id, name, arguments), from canonical deltas only.
type Calls = Vec<(String, String, String)>;

fn fold(events: VecDeque<ModelEvent>) -> Calls {
    let mut calls = Calls::new();
    for event in events {
        match event {
            ModelEvent::Delta(Delta::ToolCallStart { index, id, name }) => {
                assert_eq!(index as usize, calls.len(), "indexes count from 0 without gaps");
                calls.push((id, name, String::new()));
            }
            ModelEvent::Delta(Delta::ToolCallArguments { index, fragment }) => {
                assert!(!fragment.is_empty());
                calls[index as usize].2.push_str(&fragment);
            }
            other => panic!("not a tool call: {other:?}"),
        }
    }
    calls
}

fn normalise(fragments: &[Value]) -> Result<Calls, &'static str> {
    let mut calls = ToolCalls::default();
    let mut events = VecDeque::new();
    for fragment in fragments {
        let text = fragment.to_string();
        calls.take(serde_json::from_str(&text).expect("a fragment"), &mut events)?;
    }
    calls.finish(&mut events)?;
    Ok(fold(events))
}

fn check(fragments: Value, expected: &[(&str, &str, &str)]) {
    let fragments = fragments.as_array().expect("a list");
    let calls = normalise(fragments).expect("calls");
    let calls: Vec<_> =
        calls.iter().map(|(id, name, args)| (id.as_str(), name.as_str(), args.as_str())).collect();
    assert_eq!(calls, expected, "{fragments:?}");
}

#[test]
fn openai_and_its_variations_come_out_the_same() {
    let expected = [("a", "f", "{\"x\":1}"), ("b", "g", "{}")];
    let f = |arguments: Value| json!({"name": "f", "arguments": arguments});
    let args = |arguments: &str| json!({"arguments": arguments});
    let g = json!({"name": "g", "arguments": "{}"});
    // As OpenAI does it.
    check(
        json!([
            {"index": 0, "id": "a", "type": "function", "function": f(json!(""))},
            {"index": 0, "function": args("{\"x\"")},
            {"index": 0, "function": args(":1}")},
            {"index": 1, "id": "b", "function": g},
        ]),
        &expected,
    );
    // Interleaved, with gaps between the indexes.
    check(
        json!([
            {"index": 3, "id": "a", "function": f(json!("{"))},
            {"index": 9, "id": "b", "function": g},
            {"index": 3, "function": args("\"x\":1}")},
        ]),
        &expected,
    );
    // No index; whole calls; arguments as an object; every call at index 0.
    check(
        json!([{"id": "a", "function": f(json!({"x": 1}))}, {"id": "b", "function": g}]),
        &expected,
    );
    check(
        json!([
            {"index": 0, "id": "a", "function": f(json!({"x": 1}))},
            {"index": 0, "id": "b", "function": g},
        ]),
        &expected,
    );
    // Id and name repeated in every chunk; an id made up anew for every chunk.
    check(
        json!([
            {"index": 0, "id": "a", "function": f(json!("{\"x\""))},
            {"index": 0, "id": "a", "function": f(json!(":1}"))},
            {"index": 0, "id": "a", "function": {"name": "f", "arguments": null}},
            {"index": 1, "id": "b", "function": g},
        ]),
        &expected,
    );
    check(
        json!([
            {"index": 0, "id": "a", "function": f(json!("{\"x\""))},
            {"index": 0, "id": "zz", "function": args(":1}")},
            {"index": 1, "id": "b", "function": {"name": "g"}},
        ]),
        &expected,
    );
    // The name in pieces, the id late, the arguments before the name.
    check(
        json!([
            {"index": 0, "function": {"name": "f"}}, {"index": 0, "id": "a"},
            {"index": 0, "function": args("{\"x\":1}")},
            {"index": 1, "id": "b", "function": args("{}")}, {"index": 1, "function": {"name": "g"}},
        ]),
        &expected,
    );
    check(
        json!([
            {"index": 0, "id": "a", "function": {"name": "get_"}},
            {"index": 0, "function": {"name": "weather", "arguments": ""}},
        ]),
        &[("a", "get_weather", "{}")],
    );
    // The id alone and first, without index.
    check(
        json!([
            {"id": "a"}, {"function": f(json!("{\"x\":1}"))}, {"id": "b"}, {"function": g},
        ]),
        &expected,
    );
}

#[test]
fn missing_ids_are_made_up_and_differ() {
    let f = json!({"name": "f", "arguments": "{}"});
    for fragments in [
        json!([{"function": f}, {"function": f}]),
        json!([{"index": 0, "function": f}, {"index": 0, "function": f}]),
        json!([{"index": 0, "id": "", "function": f}, {"index": 1, "id": null, "function": f}]),
        json!([{"function": {"name": "f"}}, {"function": {"arguments": "{}"}},
            {"function": {"name": "f"}}, {"function": {"arguments": "{}"}}]),
    ] {
        let calls = normalise(fragments.as_array().expect("a list")).expect("calls");
        assert_eq!(calls.len(), 2, "{fragments}");
        assert!(
            calls
                .iter()
                .all(|(id, name, args)| id.starts_with("call_") && name == "f" && args == "{}")
        );
        assert_ne!(calls[0].0, calls[1].0);
    }
}

#[test]
fn what_is_no_call_is_an_error() {
    assert!(normalise(&[json!({"index": 0, "id": "a", "function": {"arguments": "{}"}})]).is_err());
    let endless = (0..=MAX_CALLS).map(|at| json!({"index": at, "function": {"name": "f"}}));
    assert!(normalise(&endless.collect::<Vec<_>>()).is_err());
    let piece = "x".repeat(MAX_ARGUMENT_BYTES / 4 + 1);
    let large = json!({"index": 0, "function": {"name": "f", "arguments": piece}});
    assert!(normalise(&vec![large; 4]).is_err());
}

#[test]
fn whole_calls_are_never_merged() {
    let mut calls = ToolCalls::default();
    let mut events = VecDeque::new();
    for _ in 0..2 {
        let text = r#"{"index":0,"id":"same","function":{"name":"f","arguments":{"x":1}}}"#;
        calls.take_whole(serde_json::from_str(text).expect("a call"), &mut events).expect("room");
    }
    calls.finish(&mut events).expect("named");
    let one = ("same".to_owned(), "f".to_owned(), r#"{"x":1}"#.to_owned());
    assert_eq!(fold(events), [one.clone(), one]);
}

/// How a provider cuts a call up.
#[derive(Debug, Clone)]
struct Style {
    index: bool,
    gap: u32,
    id: bool,
    repeat_id: bool,
    repeat_name: bool,
    empty_first: bool,
}

fn style() -> impl Strategy<Value = Style> {
    (any::<bool>(), 1u32..4, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(index, gap, id, repeat_id, repeat_name, empty_first)| Style {
            index,
            gap,
            // Whoever gives neither leaves nothing to tell a repeated name from another call.
            id: id || (!index && repeat_name),
            repeat_id: repeat_id || (!index && repeat_name),
            repeat_name: repeat_name && (index || id),
            empty_first,
        },
    )
}

fn cut(text: &str, at: &[usize]) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let mut cuts: Vec<usize> = at.iter().map(|at| at % (letters.len() + 1)).collect();
    cuts.extend([0, letters.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|pair| letters[pair[0]..pair[1]].iter().collect::<String>())
        .filter(|piece| !piece.is_empty())
        .collect()
}

proptest! {
    #[test]
    fn any_fragmentation_gives_the_same_calls(
        calls in prop::collection::vec(
            ("[a-z]{1,8}", prop::collection::btree_map("[a-z]{1,3}", "[ -~é]{0,12}", 0..4)),
            1..5,
        ),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        style in style(),
    ) {
        let mut fragments = Vec::new();
        for (at, (name, arguments)) in calls.iter().enumerate() {
            let arguments = serde_json::to_string(arguments).expect("JSON");
            let mut pieces = cut(&arguments, &cuts);
            if style.empty_first {
                pieces.insert(0, String::new());
            }
            for (nth, piece) in pieces.iter().enumerate() {
                let mut fragment = json!({"function": {"arguments": piece}});
                if style.index {
                    fragment["index"] = json!(at as u32 * style.gap);
                }
                if style.id && (nth == 0 || style.repeat_id) {
                    fragment["id"] = json!(format!("id{at}"));
                }
                if nth == 0 || style.repeat_name {
                    fragment["function"]["name"] = json!(name);
                }
                fragments.push(fragment);
            }
        }
        let canonical = normalise(&fragments).expect("calls");
        prop_assert_eq!(canonical.len(), calls.len());
        for (at, ((id, name, arguments), (expected, with))) in canonical.iter().zip(&calls).enumerate() {
            prop_assert_eq!(name, expected);
            prop_assert_eq!(arguments, &serde_json::to_string(with).expect("JSON"));
            let given = if style.id { *id == format!("id{at}") } else { id.starts_with("call_") };
            prop_assert!(given);
        }
    }
}
