use super::*;
use openclaw::sessions::{Filter, Patch};
use openclaw::types::AgentId;
use std::time::Duration;

async fn owned(sessions: &Sessions, rest: &str, owner: Option<&'static str>, text: &str) {
    let key = SessionKey::parse(&format!("agent:{rest}")).expect("valid");
    let writer = claim(sessions, Begin { owner, ..begin(&key, text) }).await;
    writer.finish(answer("fine")).await.expect("written");
}

/// Five sessions, one second apart.
async fn five(home: &Home) -> Sessions {
    let sessions = home.sessions().await;
    for (rest, owner) in [
        ("main:a", None),
        ("main:b", Some("anonymous")),
        ("ops:c", Some("anonymous")),
        ("ops:d", None),
        ("ops:a/b", Some("operator")),
    ] {
        owned(&sessions, rest, owner, &format!("u:tulip u:{rest}")).await;
        home.clock.advance(Duration::from_secs(1));
    }
    sessions
}

#[tokio::test]
async fn a_list_shows_only_what_its_filter_lets_through() {
    let home = Home::new();
    let sessions = five(&home).await;
    let check = async |filter: Filter, keys: &str, total: u64| {
        let listed = sessions.list(&filter).await.expect("readable");
        let rests: Vec<&str> =
            listed.rows.iter().map(|row| row.key.strip_prefix("agent:").expect("a key")).collect();
        assert_eq!((rests.join(" ").as_str(), listed.total), (keys, total), "{filter:?}");
    };
    let all = Filter { limit: 10, ..Filter::default() };
    let ops = || Some(AgentId::parse("ops").expect("valid"));
    check(all.clone(), "ops:a/b ops:d ops:c main:b main:a", 5).await;
    check(Filter { limit: 2, ..all.clone() }, "ops:a/b ops:d", 5).await;
    check(Filter { skip: 3, ..all.clone() }, "main:b main:a", 5).await;
    check(Filter { limit: 0, ..all.clone() }, "", 5).await;
    check(Filter { owner: Some("anonymous"), ..all.clone() }, "ops:c main:b", 2).await;
    check(Filter { owner: Some("operator"), ..all.clone() }, "ops:a/b", 1).await;
    check(Filter { owner: Some("nobody"), ..all.clone() }, "", 0).await;
    check(Filter { agent: ops(), limit: 2, ..all.clone() }, "ops:a/b ops:d", 3).await;
    check(Filter { agent: ops(), owner: Some("anonymous"), ..all.clone() }, "ops:c", 1).await;
    let since = Some(NOON + 3_000);
    check(Filter { active_since: since, ..all.clone() }, "ops:a/b ops:d", 2).await;
    let narrow = Filter { active_since: since, owner: Some("operator"), agent: ops(), ..all };
    check(narrow, "ops:a/b", 1).await;
}

#[tokio::test]
async fn a_search_finds_only_what_its_filter_lets_through() {
    let home = Home::new();
    let sessions = five(&home).await;
    let check = async |words: &str, filter: Filter, keys: &str| {
        let found = sessions.search(words, &filter).await.expect("readable");
        let mut rests: Vec<String> =
            found.iter().map(|found| found.key.as_str()["agent:".len()..].to_owned()).collect();
        rests.sort();
        assert_eq!(rests.join(" "), keys, "{words} {filter:?}");
        for found in found {
            let entries = entries(&sessions, &found.key).await;
            let entry = &entries[usize::try_from(found.sequence).expect("small") - 1];
            let Body::Message(said) = &entry.body else { panic!("{entry:?}") };
            assert!(script(std::slice::from_ref(&said.message)).contains(&found.snippet));
        }
    };
    let all = Filter { limit: 10, ..Filter::default() };
    check("tulip", all.clone(), "main:a main:b ops:a/b ops:c ops:d").await;
    check("rose", all.clone(), "").await;
    check("tulip", Filter { owner: Some("anonymous"), ..all.clone() }, "main:b ops:c").await;
    let main = Some(AgentId::main());
    check("tulip", Filter { agent: main, ..all.clone() }, "main:a main:b").await;
    let since = Some(NOON + 3_000);
    check("tulip", Filter { active_since: since, ..all.clone() }, "ops:a/b ops:d").await;
    assert_eq!(
        sessions.search("tulip", &Filter { limit: 2, ..all.clone() }).await.expect("ok").len(),
        2
    );
    assert_eq!(
        sessions.search("tulip", &Filter { skip: 4, ..all.clone() }).await.expect("ok").len(),
        1
    );
    // An earlier transcript is not the session any more.
    let key = SessionKey::parse("agent:ops:d").expect("valid");
    sessions.reset(&key).await.expect("reset");
    check("tulip", all, "main:a main:b ops:a/b ops:c").await;
}

#[tokio::test]
async fn others_sessions_do_not_crowd_out_ones_own() {
    let home = Home::new();
    let sessions = home.sessions().await;
    owned(&sessions, "main:mine", Some("anonymous"), "u:tulip u:filler u:filler").await;
    for at in 0..40 {
        owned(&sessions, &format!("main:{at}"), None, "u:tulip").await;
    }
    let filter = Filter { owner: Some("anonymous"), limit: 1, ..Filter::default() };
    let found = sessions.search("tulip", &filter).await.expect("readable");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key.as_str(), "agent:main:mine");
}

#[tokio::test]
async fn people_change_and_remove_sessions() {
    let home = Home::new();
    let sessions = home.sessions().await;
    let key = key("direct:anna");
    let patch = |label: Option<&str>, model: Option<&str>| Patch {
        label: label.map(str::to_owned),
        model_override: model.map(str::to_owned),
    };
    assert_eq!(sessions.patch(&key, patch(Some("x"), None)).await.expect("ok"), None);
    assert!(!sessions.remove(&key).await.expect("ok"));

    turn(&sessions, &key, "u:1", "2").await;
    home.clock.advance(Duration::from_secs(1));
    let set =
        sessions.patch(&key, patch(Some("Anna"), Some("a/b"))).await.expect("ok").expect("there");
    assert_eq!((set.label.as_deref(), set.updated_at), (Some("Anna"), NOON + 1_000));
    sessions.patch(&key, patch(Some(""), None)).await.expect("ok");
    let now = row(&sessions, &key).await;
    assert_eq!((now.label, now.model_override.as_deref()), (None, Some("a/b")));

    let writer = claim(&sessions, begin(&key, "u:3")).await;
    let error = sessions.remove(&key).await.expect_err("in use");
    assert!(matches!(error, Error::Running(_)), "{error}");
    writer.finish(answer("4")).await.expect("written");
    sessions.reset(&key).await.expect("reset");
    let first = now.session_id;
    assert!(sessions.remove(&key).await.expect("removed"));
    assert_eq!(sessions.row(&key).await.expect("ok"), None);
    // Nothing is left, of the earlier transcript either, and the session can be made again.
    let store = home.store();
    let page = Page::After { sequence: 0, limit: 1 };
    assert_eq!(store.events(&format!("session/{key}/{first}"), page).await.expect("ok"), []);
    assert_eq!(
        store.count("transcripts", &openclaw::store::Listing::default()).await.expect("ok"),
        0
    );
    assert_eq!(turn(&sessions, &key, "u:5", "6").await, "u:5");
}

#[tokio::test]
async fn a_callers_session_is_the_callers_whoever_names_it() {
    let home = Home::new();
    let sessions = home.sessions().await;
    // As an admin does, who has no namespace.
    let key = key("caller:anonymous:notes");
    turn(&sessions, &key, "u:1", "2").await;
    assert_eq!(row(&sessions, &key).await.owner.as_deref(), Some("anonymous"));
    let mine = Filter { owner: Some("anonymous"), limit: 10, ..Filter::default() };
    assert_eq!(sessions.list(&mine).await.expect("readable").total, 1);
    turn(&sessions, &super::key("caller"), "u:1", "2").await;
    assert_eq!(row(&sessions, &super::key("caller")).await.owner, None);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_other() {
    let home = Home::new();
    let sessions = five(&home).await;
    let key = SessionKey::parse("agent:ops:d").expect("valid");
    break_row(&home, &key).await;
    let all = Filter { limit: 10, ..Filter::default() };
    let listed = sessions.list(&all).await.expect("readable");
    assert_eq!((listed.rows.len(), listed.total), (4, 5));
    assert_eq!(sessions.search("tulip", &all).await.expect("readable").len(), 4);
    let error = sessions.row(&key).await.expect_err("unreadable");
    assert!(error.to_string().contains("cleanup --fix-missing"), "{error}");
}
