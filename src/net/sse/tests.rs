use super::*;
use proptest::prelude::*;

fn decode(portions: &[&[u8]], limit: usize) -> Result<Vec<String>, TooLarge> {
    let mut decoder = Decoder::with_limit(limit);
    let mut events = Vec::new();
    for portion in portions {
        decoder.feed(portion);
        while let Some(data) = decoder.next_event()? {
            events.push(String::from_utf8_lossy(data).into_owned());
        }
    }
    if let Some(data) = decoder.finish()? {
        events.push(String::from_utf8_lossy(data).into_owned());
    }
    Ok(events)
}

fn check(stream: &str, expected: &[&str]) {
    let events = decode(&[stream.as_bytes()], MAX_EVENT_BYTES).expect("within limits");
    assert_eq!(events, expected, "{stream:?}");
}

#[test]
fn lines_end_with_lf_cr_or_both() {
    check("data: a\n\ndata: b\n\n", &["a", "b"]);
    check("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]);
    check("data: a\r\rdata: b\r\r", &["a", "b"]);
    check("data: a\n\r\ndata: b\r\n\n", &["a", "b"]);
}

#[test]
fn data_lines_join_and_other_fields_do_not_count() {
    check("data: a\ndata:b\ndata\ndata:  c\n\n", &["a\nb\n\n c"]);
    check("data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", &["a\nb", "c"]);
    check("data: a\rdata: b\r\r", &["a\nb"]);
    check(": hello\nevent: x\nid: 1\nretry: 3\ndatabase: no\ndata: a\n\n", &["a"]);
    check("event: ping\n\n\n\n: only comments\n\n", &[]);
    check("data:\n\n", &[""]);
}

#[test]
fn a_byte_order_mark_is_stepped_over_once() {
    check("\u{feff}data: a\n\n", &["a"]);
    check("\u{feff}", &[]);
    check("data: a\n\n\u{feff}data: b\n\n", &["a"]);
}

#[test]
fn what_the_end_cuts_short_is_handed_out() {
    check("data: a\n\ndata: [DONE]", &["a", "[DONE]"]);
    check("data: a\n", &["a"]);
    check("data: a\r", &["a"]);
    check("dat", &[]);
}

#[test]
fn events_and_lines_are_bounded() {
    assert_eq!(decode(&[b"data: 12345\n\n"], 11), Ok(vec!["12345".to_owned()]));
    assert_eq!(decode(&[b"data: 123456\n\n"], 11), Err(TooLarge { limit: 11 }));
    assert_eq!(decode(&[b"data: 12345", b"6789"], 11), Err(TooLarge { limit: 11 }));
    let lines = b"data: 123\ndata: 456\ndata: 789\ndata: abc\n\n";
    assert_eq!(decode(&[lines], 11), Err(TooLarge { limit: 11 }));
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "\u{feff}", "data", ":", " ", "\n", "\r", "\r\n", "a", "é", "data: x", "event: y",
                ": comment", "\n\n", "data: {\"a\":1}\n\n",
            ]),
            0..40,
        ),
        cuts in prop::collection::vec(0usize..200, 0..12),
    ) {
        let stream = pieces.concat().into_bytes();
        let whole = decode(&[&stream], 64);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|at| at.min(stream.len())).collect();
        cuts.sort_unstable();
        let mut portions = Vec::new();
        let mut start = 0;
        for cut in cuts {
            portions.push(&stream[start..cut]);
            start = cut;
        }
        portions.push(&stream[start..]);
        prop_assert_eq!(&decode(&portions, 64), &whole);
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        prop_assert_eq!(&decode(&bytes, 64), &whole);
    }
}

/// A line of a stream.
#[derive(Debug, Clone)]
enum Line {
    Data(String),
    Other(&'static str),
}

/// An event: its lines, each with the end it has, and the end of the blank line after them.
type Event = (Vec<(Line, &'static str)>, &'static str);

fn ending() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["\n", "\r", "\r\n"])
}

fn event() -> impl Strategy<Value = Event> {
    let others = vec![": comment", ":", "event: x", "id", "retry: 10", "datum: no", " data: no"];
    let line = prop_oneof![
        3 => "[ -~é\u{feff}]{0,12}".prop_map(Line::Data),
        1 => prop::sample::select(others).prop_map(Line::Other),
    ];
    (prop::collection::vec((line, ending()), 0..5), ending())
}

/// Writes a line; a CR before a lone LF would be one end of a line instead of two.
fn write(stream: &mut String, line: &str, end: &'static str) {
    let joins = line.is_empty() && end == "\n" && stream.ends_with('\r');
    stream.push_str(line);
    stream.push_str(if joins { "\r\n" } else { end });
}

proptest! {
    #[test]
    fn what_was_written_is_read_whatever_the_ends_of_lines_and_portions(
        mark in any::<bool>(),
        events in prop::collection::vec(event(), 0..8),
        portions in prop::collection::vec(1usize..24, 1..200),
    ) {
        let mut stream = String::from(if mark { "\u{feff}" } else { "" });
        let mut expected = Vec::new();
        for (lines, blank) in events {
            let mut data = Vec::new();
            for (line, end) in lines {
                match line {
                    Line::Data(text) => {
                        // The one space after the colon is not part of the text.
                        let space = if text.starts_with(' ') || text.len() % 2 == 0 { " " } else { "" };
                        write(&mut stream, &format!("data:{space}{text}"), end);
                        data.push(text);
                    }
                    Line::Other(text) => write(&mut stream, text, end),
                }
            }
            write(&mut stream, "", blank);
            if !data.is_empty() {
                expected.push(data.join("\n"));
            }
        }
        let mut rest = stream.as_bytes();
        let mut cut = Vec::new();
        for size in portions.iter().cycle() {
            let (portion, left) = rest.split_at((*size).min(rest.len()));
            cut.push(portion);
            rest = left;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(decode(&cut, MAX_EVENT_BYTES), Ok(expected), "{:?}", stream);
    }
}
