//! Any answer, cut in any way, gives the same response, gapless numbers, and the same events again
//! from what is stored of it.

use super::super::Echo;
use super::super::audience::{Events, Nobody};
use super::super::draft::Draft;
use super::super::object::{Begin, State};
use super::super::row::{Ended, Row};
use super::super::{Event, Reader, ResponseId, Status};
use super::*;
use crate::types::{Failure, FailureKind, Outcome, StopReason, Usage};
use futures_util::FutureExt;
use proptest::prelude::*;

/// A thing that a model does, whole.
#[derive(Debug, Clone)]
enum Act {
    Answer,
    Text(String, bool),
    Refusal(String),
    Reasoning(String),
    Call(String),
    Usage,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => Just(Act::Answer),
        4 => ("[aäß😀 ]{0,12}", any::<bool>()).prop_map(|(text, scored)| Act::Text(text, scored)),
        1 => "[xyz]{0,6}".prop_map(Act::Refusal),
        2 => "[rö]{0,8}".prop_map(Act::Reasoning),
        3 => prop_oneof![
            Just(String::new()),
            Just("{\"a\":\"ü\"}".to_owned()),
            Just("{\"a\":1".to_owned()),
            Just("nonsense".to_owned()),
        ]
        .prop_map(Act::Call),
        1 => Just(Act::Usage),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(Outcome::Completed(StopReason::Stop)),
        1 => Just(Outcome::Completed(StopReason::Length)),
        1 => Just(Outcome::Completed(StopReason::ContentFilter)),
        2 => Just(Outcome::ClientToolCalls),
        1 => Just(Outcome::Aborted),
        1 => Just(Outcome::Failed(Failure::new(FailureKind::UpstreamRateLimit, "slower"))),
    ]
}

fn model() -> ModelRef {
    ModelRef::parse("up/chat").expect("a model")
}

/// The pieces of a text, cut after so many characters each, in turn.
fn pieces(text: &str, cuts: &[usize]) -> Vec<String> {
    let mut rest: Vec<char> = text.chars().collect();
    let mut pieces = Vec::new();
    for cut in cuts.iter().cycle() {
        if rest.is_empty() || cuts.iter().all(|cut| *cut == 0) {
            break;
        }
        let tail = rest.split_off((*cut).min(rest.len()));
        pieces.push(std::mem::replace(&mut rest, tail).into_iter().collect());
    }
    pieces.push(rest.into_iter().collect());
    pieces
}

fn score(token: &str) -> TokenScore {
    let top = vec![Alternative { token: "ä".to_owned(), logprob: -2.5, bytes: None }];
    TokenScore { token: token.to_owned(), logprob: -0.123_456_789_012_345_67, bytes: None, top }
}

/// The events of a run in which a model does this, cut so.
fn events(acts: &[Act], cuts: &[usize]) -> Vec<RunEvent> {
    let mut events = vec![RunEvent::Accepted, RunEvent::Started { model: model() }];
    let mut calls = 0;
    for act in acts {
        match act {
            Act::Answer => {
                calls = 0;
                events.push(RunEvent::Started { model: model() });
            }
            Act::Text(text, scored) => {
                for piece in pieces(text, cuts) {
                    if *scored {
                        events.push(RunEvent::Delta(Delta::Scores(vec![score(&piece)])));
                    }
                    events.push(RunEvent::Delta(Delta::Text(piece)));
                }
            }
            Act::Refusal(text) => {
                let pieces = pieces(text, cuts).into_iter();
                events.extend(pieces.map(|piece| RunEvent::Delta(Delta::Refusal(piece))));
            }
            Act::Reasoning(text) => {
                let pieces = pieces(text, cuts).into_iter();
                events.extend(pieces.map(|piece| RunEvent::Delta(Delta::Reasoning(piece))));
            }
            Act::Call(arguments) => {
                let (id, name) = (format!("call_{calls}"), "look".to_owned());
                events.push(RunEvent::Delta(Delta::ToolCallStart { index: calls, id, name }));
                for fragment in pieces(arguments, cuts) {
                    let piece = Delta::ToolCallArguments { index: calls, fragment };
                    events.push(RunEvent::Delta(piece));
                }
                calls += 1;
            }
            Act::Usage => {
                let usage = Usage { input: 7, output: 5, cached_input: 3, reasoning: 2 };
                events.push(RunEvent::Usage(usage));
            }
        }
    }
    events
}

fn beginning(background: bool) -> ResponseObject {
    let begin = Begin {
        id: ResponseId::from_bits(7),
        created_at: 1_000,
        state: if background { State::Queued } else { State::InProgress },
        background,
        store: true,
        previous: None,
    };
    ResponseObject::new(&begin, Echo::default())
}

/// What a reader gets, and the response at its end.
fn told(
    events: Vec<RunEvent>,
    outcome: &Outcome,
    background: bool,
) -> (Vec<Event>, ResponseObject) {
    let mut draft = Draft::new(ResponseId::from_bits(7), beginning(background));
    let mut heard = Events::default();
    draft.announce(&mut heard);
    for event in events {
        draft.grow(event, &mut heard);
    }
    draft.finish(outcome, 2_000, &mut heard);
    let all = std::iter::from_fn(|| heard.pop()).collect();
    (all, draft.into_object())
}

fn row(events: &[RunEvent], outcome: &Outcome, object: ResponseObject) -> Row {
    let row = Row {
        object,
        created: 1_000_000,
        owner: None,
        agent: None,
        session: None,
        kept_by_session: false,
        key: None,
        model: Some(model().to_string()),
        cuts: describe(events),
        ended: Some(Ended::of(outcome)),
    };
    let text = serde_json::to_string(&row).expect("JSON");
    serde_json::from_str(&text).expect("what was written")
}

fn all_of(mut reader: Reader) -> Vec<Event> {
    std::iter::from_fn(|| reader.next().now_or_never().expect("stored events wait for nothing"))
        .collect()
}

/// Every item and part that is added is done, in order, unless the response failed.
fn check_frame(events: &[Event], object: &ResponseObject) {
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event.sequence_number(), at as u64, "{event:?}");
        assert_eq!(event.last().is_some(), at + 1 == events.len(), "{event:?}");
    }
    assert_eq!(events.last().and_then(Event::last), Some(object));
    let count = |kind: &str| events.iter().filter(|event| event.kind() == kind).count();
    assert_eq!(count("response.output_item.added"), object.output.len());
    if object.status != State::Failed {
        for (added, done) in [
            ("response.output_item.added", "response.output_item.done"),
            ("response.content_part.added", "response.content_part.done"),
            ("response.reasoning_summary_part.added", "response.reasoning_summary_part.done"),
        ] {
            assert_eq!(count(added), count(done), "{added}");
        }
    }
    for item in &object.output {
        let (Item::Message { status, .. } | Item::FunctionCall { status, .. }) = item else {
            continue;
        };
        assert_ne!(*status, Status::InProgress, "{item:?}");
    }
}

/// The deltas of each item put together are what its `done` event and the response say.
fn check_deltas(events: &[Event], object: &ResponseObject) {
    let mut grown = std::collections::HashMap::<(String, u32), String>::new();
    for event in events {
        match event {
            Event::TextDelta { item_id, content_index, delta, .. }
            | Event::RefusalDelta { item_id, content_index, delta, .. } => {
                grown.entry((item_id.clone(), *content_index)).or_default().push_str(delta);
            }
            Event::ArgumentsDelta { item_id, delta, .. }
            | Event::SummaryTextDelta { item_id, delta, .. } => {
                grown.entry((item_id.clone(), 0)).or_default().push_str(delta);
            }
            Event::TextDone { item_id, content_index, text, .. }
            | Event::RefusalDone { item_id, content_index, refusal: text, .. } => {
                let key = (item_id.clone(), *content_index);
                assert_eq!(&grown.remove(&key).unwrap_or_default(), text);
            }
            Event::ArgumentsDone { item_id, arguments: text, .. }
            | Event::SummaryTextDone { item_id, text, .. } => {
                assert_eq!(&grown.remove(&(item_id.clone(), 0)).unwrap_or_default(), text);
            }
            Event::ItemDone { output_index, item, .. } => {
                assert_eq!(object.output.get(*output_index as usize), Some(item));
            }
            _ => {}
        }
    }
    assert!(grown.is_empty() || object.status == State::Failed, "{grown:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_gives_the_same_response_and_every_tail_again(
        acts in prop::collection::vec(act(), 0..8),
        cuts in prop::collection::vec(0..5_usize, 1..4),
        outcome in outcome(),
        background in any::<bool>(),
    ) {
        let cut = events(&acts, &cuts);
        let (first, object) = told(cut.clone(), &outcome, background);
        check_frame(&first, &object);
        check_deltas(&first, &object);

        let unscored = acts.iter().all(|act| !matches!(act, Act::Text(_, true)));
        let (_, whole) = told(events(&acts, &[99]), &outcome, background);
        if unscored {
            prop_assert_eq!(&whole, &object);
        }
        let mut silent = Draft::new(ResponseId::from_bits(7), beginning(background));
        for event in cut.clone() {
            silent.grow(event, &mut Nobody);
        }
        silent.finish(&outcome, 2_000, &mut Nobody);
        prop_assert_eq!(&silent.into_object(), &object);

        let row = row(&cut, &outcome, object);
        let id = ResponseId::from_bits(7);
        let again = all_of(Reader::of_row(id, &row, None));
        prop_assert_eq!(&again, &first);
        for after in 0..first.len() as u64 + 1 {
            let tail = all_of(Reader::of_row(id, &row, Some(after)));
            let start = usize::try_from(after + 1).expect("small").min(first.len());
            prop_assert_eq!(&tail[..], &first[start..]);
        }
    }
}

#[test]
fn calls_that_are_written_side_by_side_are_told_apart() {
    let start = |index: u32| {
        let (id, name) = (format!("call_{index}"), format!("f{index}"));
        RunEvent::Delta(Delta::ToolCallStart { index, id, name })
    };
    let grow = |index, fragment: &str| {
        RunEvent::Delta(Delta::ToolCallArguments { index, fragment: fragment.to_owned() })
    };
    let side_by_side = vec![
        RunEvent::Started { model: model() },
        start(0),
        start(1),
        grow(1, "{\"b\":"),
        grow(0, "{\"a\":1}"),
        grow(1, "2}"),
    ];
    let (events, object) = told(side_by_side, &Outcome::ClientToolCalls, false);
    check_frame(&events, &object);
    check_deltas(&events, &object);
    let arguments = object.output.iter().map(|item| match item {
        Item::FunctionCall { call_id, arguments, .. } => (call_id.as_str(), arguments.as_str()),
        other => panic!("{other:?}"),
    });
    let arguments: Vec<_> = arguments.collect();
    assert_eq!(arguments, [("call_0", "{\"a\":1}"), ("call_1", "{\"b\":2}")]);
}

#[test]
fn a_call_ends_before_the_next_begins() {
    let acts = [Act::Call("{\"a\":1}".to_owned()), Act::Call("{\"b\":2}".to_owned())];
    let (events, _) = told(events(&acts, &[3]), &Outcome::ClientToolCalls, false);
    let kinds: Vec<_> = events.iter().map(Event::kind).collect();
    let (added, done) = ("response.output_item.added", "response.output_item.done");
    let frames: Vec<_> = kinds.into_iter().filter(|kind| [added, done].contains(kind)).collect();
    assert_eq!(frames, [added, done, added, done]);
}

#[test]
fn scores_stand_beside_the_text_they_are_of_and_strict_clients_decode_them() {
    let scored = [Act::Text("yes".to_owned(), true)];
    let (events, object) =
        told(events(&scored, &[9]), &Outcome::Completed(StopReason::Stop), false);
    let deltas = events.iter().filter_map(|event| match event {
        Event::TextDelta { delta, logprobs, .. } => Some((delta.as_str(), logprobs.len())),
        _ => None,
    });
    assert_eq!(deltas.collect::<Vec<_>>(), [("yes", 1)]);
    for event in &events {
        let text = serde_json::to_string(event).expect("JSON");
        let decoded =
            serde_json::from_str::<async_openai::types::responses::ResponseStreamEvent>(&text);
        assert!(decoded.is_ok(), "{decoded:?}: {text}");
    }
    let [Item::Message { content, .. }] = object.output.as_slice() else { panic!("{object:?}") };
    let [Part::OutputText { logprobs, .. }] = content.as_slice() else { panic!("{content:?}") };
    assert_eq!((logprobs[0].token.as_str(), logprobs[0].bytes.as_slice()), ("yes", &b"yes"[..]));
    assert_eq!(logprobs[0].top_logprobs[0].bytes, "ä".as_bytes());
}
