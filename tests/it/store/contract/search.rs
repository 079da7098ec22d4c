//! Search.

use super::{Ground, append, batch, event, runtime, worded};
use openclaw::store::Store;
use proptest::prelude::*;

/// The journals and sequences that are found, in order of name.
async fn found(store: &Store, prefix: &str, words: &str) -> Vec<(String, u64)> {
    let hits = store.search(prefix, words, 99).await.expect("searched");
    let mut found: Vec<_> = hits.into_iter().map(|hit| (hit.stream, hit.sequence)).collect();
    found.sort();
    found
}

async fn is_found(store: &Store, words: &str) -> bool {
    !found(store, "", words).await.is_empty()
}

pub(crate) async fn all_words_must_be_there(ground: &Ground) {
    let store = ground.open();
    append(&store, "a", worded("The quick brown fox")).await;
    append(&store, "a", event("not indexed: quick fox")).await;
    append(&store, "a", worded("A quick hare")).await;
    append(&store, "b", worded("fox, fox and fox; quick!")).await;
    let both = [("a".to_owned(), 1), ("b".to_owned(), 1)];
    assert_eq!(found(&store, "", "fox quick").await, both);
    assert_eq!(found(&store, "", "quick").await.len(), 3);
    assert_eq!(found(&store, "", "quick absent").await, []);
    assert_eq!(found(&store, "", "qui").await, [], "words are whole words");
    let best = store.search("", "fox", 1).await.expect("searched");
    assert_eq!((best.len(), best[0].stream.as_str()), (1, "b"), "the best comes first");
    assert_eq!(store.search("", "fox", 0).await, Ok(Vec::new()));
}

pub(crate) async fn words_are_found_whatever_their_form(ground: &Ground) {
    let store = ground.open();
    append(
        &store,
        "a",
        worded("Crème brûlée in MÜNCHEN, e-mail to anna@example.org: rust-lang 2026"),
    )
    .await;
    for words in
        ["creme BRULEE", "münchen", "MUNCHEN", "e-mail", "anna@example.org", "2026", "rust"]
    {
        assert!(is_found(&store, words).await, "{words}");
    }
    for words in ["lang-rust", "example.org@anna", "mail-e"] {
        assert!(!is_found(&store, words).await, "the parts of {words} have an order");
    }
}

pub(crate) async fn scripts_without_spaces_are_found(ground: &Ground) {
    let store = ground.open();
    append(&store, "a", worded("明天上海会下雨,东京不会。")).await;
    append(&store, "a", worded("東京タワーへ行きます")).await;
    append(&store, "a", worded("พรุ่งนี้ฝนจะตก")).await;
    append(&store, "a", worded("내일 비가 와요")).await;
    for words in ["上海", "下雨", "东京 上海", "タワー", "東京タワー", "ฝน", "비가"]
    {
        assert!(is_found(&store, words).await, "{words}");
    }
    for words in ["海上", "雨下", "京都", "ワータ"] {
        assert!(!is_found(&store, words).await, "{words}");
    }
}

pub(crate) async fn hostile_words_are_only_words(ground: &Ground) {
    let store = ground.open();
    append(&store, "a", worded("plain text NOT near OR and column: text* \"quoted\" 100%")).await;
    for none in ["", " ", "\"", "***", "()", "\0", "-- ' ;", "\u{feff}", "^", ":", "{}"] {
        assert_eq!(store.search("", none, 9).await, Ok(Vec::new()), "{none:?}");
    }
    for there in [
        "NOT",
        "plain NOT",
        "text*",
        "\"plain",
        "(plain",
        "column:",
        "NEAR",
        "-plain",
        "^plain",
        "plain\0text",
        "100%",
        "plain AND",
        "\"quoted\"",
        "OR OR OR",
    ] {
        assert!(is_found(&store, there).await, "{there:?}");
    }
    for absent in [
        "plain OR absent",
        "NOT absent",
        "text:plain",
        "plai*",
        "NEAR(plain text)",
        "quoted' OR 1=1 --",
    ] {
        assert!(!is_found(&store, absent).await, "{absent:?}");
    }
    let many = "plain ".repeat(100_000);
    assert!(is_found(&store, &many).await, "many words are no harm");
    tokio::task::spawn_blocking(move || {
        proptest!(ProptestConfig::with_cases(300), |(words in any::<String>())| {
            let hits = runtime().block_on(store.search("", &words, 9));
            prop_assert!(hits.is_ok(), "{:?}", hits);
        });
        proptest!(ProptestConfig::with_cases(300), |(words in r#"[a-z"*()^:{} +-]{0,12}(AND|OR|NOT|NEAR)?[" ]"#)| {
            let hits = runtime().block_on(store.search("", &words, 9));
            prop_assert!(hits.is_ok(), "{:?}", hits);
        });
    })
    .await
    .expect("no counterexample");
}

pub(crate) async fn a_prefix_narrows(ground: &Ground) {
    let store = ground.open();
    for stream in ["agent:main:1", "agent:main:2", "agent:mainly:1", "agent:other:1", "agent:main"]
    {
        append(&store, stream, worded("word")).await;
    }
    let streams = |found: Vec<(String, u64)>| found.into_iter().map(|(s, _)| s).collect::<Vec<_>>();
    let main = streams(found(&store, "agent:main:", "word").await);
    assert_eq!(main, ["agent:main:1", "agent:main:2"]);
    assert_eq!(found(&store, "", "word").await.len(), 5);
    assert_eq!(found(&store, "agent:%", "word").await, []);
    assert_eq!(found(&store, "agent:main:3", "word").await, []);
}

pub(crate) async fn a_removed_journal_is_not_found(ground: &Ground) {
    let store = ground.open();
    for stream in ["a", "b"] {
        append(&store, stream, worded("word")).await;
    }
    let again = batch(|b| {
        b.remove_stream("a");
        b.append("a", worded("different"));
    });
    store.commit(again).await.expect("committed");
    assert_eq!(found(&store, "", "word").await, [("b".to_owned(), 1)]);
    assert_eq!(found(&store, "", "different").await, [("a".to_owned(), 1)]);
    // What takes the place of the newest event is not found by its words.
    store.commit(batch(|b| b.remove_stream("a"))).await.expect("removed");
    append(&store, "c", worded("third")).await;
    append(&store, "d", event("{}")).await;
    assert_eq!(found(&store, "", "different").await, []);
    assert_eq!(found(&store, "", "third").await, [("c".to_owned(), 1)]);
}

pub(crate) async fn a_snippet_shows_the_words(ground: &Ground) {
    let store = ground.open();
    append(&store, "short", worded("All  of\nit: Needle <b>here</b>")).await;
    let hay = "some hay and more of it ".repeat(400);
    append(&store, "long", worded(&format!("{hay}NEEDLE {hay}"))).await;
    let short = store.search("short", "needle", 9).await.expect("searched").remove(0);
    assert_eq!(short.snippet, "All of it: Needle <b>here</b>", "text as it is, on one line");
    let long = store.search("long", "hay needle", 9).await.expect("searched").remove(0);
    assert!(long.snippet.chars().count() <= 170, "{}", long.snippet);
    let long = store.search("long", "needle", 9).await.expect("searched").remove(0);
    assert!(long.snippet.contains("NEEDLE"), "{}", long.snippet);
    assert!(long.snippet.starts_with('…') && long.snippet.ends_with('…'), "{}", long.snippet);
}
