use super::*;
use proptest::prelude::*;

/// How a client asks.
#[derive(Debug, Clone, Copy)]
enum Asking {
    /// It sends only the turn.
    TurnOnly,
    /// It sends all it remembers along.
    Everything,
    /// It sends the last turn along, with an answer that it edited.
    Edited,
}

/// How a turn ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Answered,
    Failed,
    /// The process dies; the next one does or does not look after what it left.
    Died {
        recovered: bool,
    },
    /// It fails, and the client repeats it with its idempotency key until it is answered.
    Repeated,
    /// It is answered, and the client repeats it all the same.
    Doubted,
}

fn asking() -> impl Strategy<Value = Asking> {
    prop_oneof![Just(Asking::TurnOnly), Just(Asking::Everything), Just(Asking::Edited)]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        3 => Just(End::Answered),
        1 => Just(End::Failed),
        1 => any::<bool>().prop_map(|recovered| End::Died { recovered }),
        1 => Just(End::Repeated),
        1 => Just(End::Doubted),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// The transcript never loses or doubles a turn, whoever holds the history and however turns
    /// end.
    #[test]
    fn no_turn_is_lost_or_doubled(turns in prop::collection::vec((asking(), end(), 1..3usize), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(play(&turns));
    }
}

async fn play(turns: &[(Asking, End, usize)]) {
    let home = Home::new();
    let key = key("direct:anna");
    let mut sessions = home.sessions().await;
    // What was said, as the client remembers it and as the transcript must have it.
    let mut said: Vec<String> = Vec::new();
    let mut told: Vec<String> = vec!["o:new".to_owned()];
    for (at, (asking, end, length)) in turns.iter().enumerate() {
        let turn: Vec<String> = (0..*length).map(|part| format!("u:{at}.{part}")).collect();
        let earlier = match asking {
            Asking::TurnOnly => String::new(),
            Asking::Everything => said.join(" "),
            Asking::Edited if said.is_empty() => String::new(),
            Asking::Edited => "u:old a:edited".to_owned(),
        };
        let ask = || Begin {
            history: History::Session,
            idempotency_key: Some(format!("k{at}")),
            ..begin(&key, &format!("s:x {earlier} {}", turn.join(" ")))
        };
        let mut writer = claim(&sessions, ask()).await;
        let read = script(&writer.take_conversation());
        assert!(read.ends_with(&turn.join(" ")), "{read}");
        // A client that sends an answer along is taken at its word.
        let history = if earlier.contains("a:") { earlier.clone() } else { said.join(" ") };
        let expected = format!("s:x {history} {}", turn.join(" "));
        assert_eq!(read, expected.split_whitespace().collect::<Vec<_>>().join(" "));
        said.extend(turn.clone());
        told.extend(turn.clone());
        let reply = format!("re-{at}");
        match end {
            End::Answered => writer.finish(answer(&reply)).await.expect("written"),
            End::Failed => writer.finish(failure(None)).await.expect("written"),
            End::Died { recovered } => {
                drop(writer);
                sessions = home.sessions().await;
                if *recovered {
                    assert_eq!(sessions.recover().await.expect("recovered").len(), 1);
                }
            }
            End::Repeated => {
                writer.finish(failure(Some("half"))).await.expect("written");
                claim(&sessions, ask()).await.finish(answer(&reply)).await.expect("written");
            }
            End::Doubted => {
                writer.finish(answer(&reply)).await.expect("written");
                let again = sessions.begin(ask()).await.expect("it begins");
                assert!(matches!(again, Begun::Answered(_)), "{again:?}");
            }
        }
        if !matches!(end, End::Failed | End::Died { .. }) {
            said.push(format!("a:{reply}"));
            told.push(format!("a:{reply}"));
        }
    }
    let transcript = transcript(&sessions, &key).await;
    let messages: Vec<&str> =
        transcript.split(' ').filter(|word| !word.starts_with("b:")).collect();
    assert_eq!(messages, told);
    let row = row(&sessions, &key).await;
    assert_eq!(row.messages, said.len() as u64);
    assert_eq!(row.entries, transcript.split(' ').count() as u64);
}
