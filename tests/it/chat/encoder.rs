//! Tool calls come out canonical, however a provider cuts them up.

use super::{PATH, asking, events};
use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Upstream};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Requests that are made; each takes a few milliseconds.
const CASES: u32 = 128;

/// A call as the model means it.
#[derive(Debug, Clone)]
struct Call {
    name: String,
    arguments: String,
    /// Where the provider cuts the arguments, in characters.
    cuts: Vec<usize>,
}

/// How a provider writes its fragments.
#[derive(Debug, Clone, Copy)]
enum Habit {
    /// As OpenAI does: an index each time, id and name once.
    Canonical,
    /// The same, but fragments of all calls come in turns.
    InTurns,
    /// Id and index each time.
    IdAlways,
    /// No index; the id says which.
    NoIndex,
    /// No id at all.
    NoId,
    /// Each call in one piece under index 0.
    WholeAtZero,
    /// Each call in one piece, its arguments not in a string.
    Object,
}

fn call() -> impl Strategy<Value = Call> {
    let text = prop_oneof![
        Just("{}".to_owned()),
        "[ -~]{0,20}".prop_map(|text| json!({"text": text, "n": 1}).to_string()),
        "\\PC{1,12}".prop_map(|text| json!({ "x": [text] }).to_string()),
    ];
    let name = prop::sample::select(vec!["look", "get_weather", "f"]);
    (name, text, prop::collection::vec(0usize..60, 0..6)).prop_map(|(name, arguments, cuts)| Call {
        name: name.to_owned(),
        arguments,
        cuts,
    })
}

fn habit() -> impl Strategy<Value = Habit> {
    prop::sample::select(vec![
        Habit::Canonical,
        Habit::InTurns,
        Habit::IdAlways,
        Habit::NoIndex,
        Habit::NoId,
        Habit::WholeAtZero,
        Habit::Object,
    ])
}

impl Call {
    /// The arguments in their pieces.
    fn pieces(&self) -> Vec<String> {
        let characters: Vec<char> = self.arguments.chars().collect();
        let mut cuts: Vec<usize> = self.cuts.iter().map(|at| (*at).min(characters.len())).collect();
        cuts.extend([0, characters.len()]);
        cuts.sort_unstable();
        cuts.windows(2).map(|ends| characters[ends[0]..ends[1]].iter().collect()).collect()
    }

    /// What a provider of this habit says of the call, fragment by fragment.
    fn fragments(&self, at: usize, habit: Habit) -> Vec<Value> {
        let (id, name) = (format!("call_{at}"), self.name.as_str());
        let whole = |index: Value, arguments: Value| {
            let function = json!({"name": name, "arguments": arguments});
            vec![json!({"index": index, "id": id, "type": "function", "function": function})]
        };
        match habit {
            Habit::WholeAtZero => return whole(json!(0), json!(self.arguments)),
            Habit::Object => {
                let value = serde_json::from_str(&self.arguments).expect("JSON");
                return whole(json!(at), value);
            }
            _ => {}
        }
        let first = json!({"name": name, "arguments": ""});
        let mut all = vec![json!({"index": at, "id": id, "type": "function", "function": first})];
        all.extend(
            self.pieces()
                .into_iter()
                .map(|piece| json!({"index": at, "id": id, "function": {"arguments": piece}})),
        );
        for (nth, fragment) in all.iter_mut().enumerate() {
            let fragment = fragment.as_object_mut().expect("an object");
            let id_once = matches!(habit, Habit::Canonical | Habit::InTurns) && nth > 0;
            if id_once || matches!(habit, Habit::NoId) {
                fragment.remove("id");
            }
            if matches!(habit, Habit::NoIndex) {
                fragment.remove("index");
            }
        }
        all
    }
}

/// The fragments of all calls in the order they come in.
fn ordered(calls: &[Call], habit: Habit) -> Vec<Value> {
    let mut each: Vec<_> =
        (0..).zip(calls).map(|(at, call)| call.fragments(at, habit).into_iter()).collect();
    if !matches!(habit, Habit::InTurns) {
        return each.into_iter().flatten().collect();
    }
    let mut all = Vec::new();
    loop {
        let before = all.len();
        all.extend(each.iter_mut().filter_map(Iterator::next));
        if all.len() == before {
            return all;
        }
    }
}

/// The provider's stream: some fragments a chunk, cut into writes anywhere.
fn stream(fragments: &[Value], a_chunk: usize, writes: &[usize]) -> Reply {
    let mut text = String::new();
    for together in fragments.chunks(a_chunk) {
        text +=
            &super::upstream_event(json!({"content": null, "tool_calls": together}), Value::Null);
    }
    text += &super::upstream_event(json!({}), json!("tool_calls"));
    text += "data: [DONE]\n\n";
    let bytes = text.into_bytes();
    let mut cuts: Vec<usize> = writes.iter().map(|at| at % bytes.len()).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    let writes = cuts.windows(2).map(|ends| bytes[ends[0]..ends[1]].to_vec());
    writes.fold(Reply::stream(), Reply::then)
}

/// A call as the client puts it together from the gateway's stream.
#[derive(Debug, Default)]
struct Heard {
    id: String,
    name: String,
    arguments: String,
}

/// Puts the calls together as clients do, checking what they rely on.
fn hear(text: &str) -> Result<Vec<Heard>, TestCaseError> {
    let mut heard: Vec<Heard> = Vec::new();
    let mut finish = None;
    for event in events(text) {
        let choice = &event["choices"][0];
        finish = choice["finish_reason"].as_str().map(str::to_owned).or(finish);
        for fragment in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = fragment["index"].as_u64().expect("an index") as usize;
            let function = &fragment["function"];
            if let Some(id) = fragment["id"].as_str() {
                prop_assert_eq!(index, heard.len(), "indices are dense: {}", text);
                prop_assert_eq!(&fragment["type"], "function");
                let (id, name) = (id.to_owned(), function["name"].as_str().expect("a name"));
                heard.push(Heard { id, name: name.to_owned(), arguments: String::new() });
            } else {
                prop_assert!(function.get("name").is_none(), "a name comes once: {}", text);
            }
            prop_assert!(index < heard.len(), "a call begins with its id: {}", text);
            let arguments = function["arguments"].as_str().expect("a text");
            heard[index].arguments.push_str(arguments);
        }
    }
    prop_assert_eq!(finish.as_deref(), Some("tool_calls"));
    Ok(heard)
}

fn compare(calls: &[Call], habit: Habit, heard: &[Heard]) -> Result<(), TestCaseError> {
    prop_assert_eq!(heard.len(), calls.len());
    let mut ids: Vec<&str> = heard.iter().map(|call| call.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    prop_assert_eq!(ids.len(), calls.len(), "each call has an id of its own");
    for (at, (call, heard)) in calls.iter().zip(heard).enumerate() {
        prop_assert_eq!(&heard.name, &call.name);
        if !matches!(habit, Habit::NoId) {
            prop_assert_eq!(&heard.id, &format!("call_{at}"), "the provider's id is kept");
        }
        let whole = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        match habit {
            Habit::Object => prop_assert_eq!(whole(&heard.arguments), whole(&call.arguments)),
            _ => prop_assert_eq!(&heard.arguments, &call.arguments),
        }
    }
    Ok(())
}

#[test]
fn any_fragmentation_comes_out_canonical() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let next: Arc<Mutex<Option<Reply>>> = Arc::default();
    let (upstream, gateway) = runtime.block_on(async {
        let upstream = Upstream::start().await;
        let reply = next.clone();
        upstream.otherwise(move |_| reply.lock().expect("not poisoned").take().expect("a reply"));
        let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
        (upstream, gateway)
    });
    let cases = (
        prop::collection::vec(call(), 1..4),
        habit(),
        1usize..4,
        prop::collection::vec(0usize..4096, 0..12),
    );
    let mut runner = TestRunner::new(Config { cases: CASES, ..Config::default() });
    let ran = runner.run(&cases, |(calls, habit, a_chunk, writes)| {
        let reply = stream(&ordered(&calls, habit), a_chunk, &writes);
        *next.lock().expect("not poisoned") = Some(reply);
        let text = runtime.block_on(async {
            let reply = gateway.post(PATH, asking(json!({"stream": true}))).await;
            reply.text().await.expect("a stream")
        });
        compare(&calls, habit, &hear(&text)?)
    });
    drop(upstream);
    ran.expect("every fragmentation");
}
