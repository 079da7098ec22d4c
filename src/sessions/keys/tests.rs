use super::*;
use std::collections::{BTreeMap, BTreeSet};

const ID: Uuid = Uuid::from_u128(0x1234);
const ANNA: Peer<'static> = Peer { channel: "telegram", account: "work", id: "4711" };

fn agent() -> AgentId {
    AgentId::parse("ops").expect("valid")
}

fn scoped(dm_scope: DmScope) -> SessionSettings {
    SessionSettings { dm_scope, ..SessionSettings::default() }
}

#[test]
fn every_origin_has_its_form() {
    let (agent, plain) = (agent(), SessionSettings::default());
    let direct_with = |scope| direct(&scoped(scope), &agent, ANNA);
    let place = Place { channel: "Discord", id: "C9" };
    let in_group = group(&plain, &agent, place);
    let table = [
        (direct_with(DmScope::Main), "main"),
        (direct_with(DmScope::PerPeer), "direct:4711"),
        (direct_with(DmScope::PerChannelPeer), "telegram:direct:4711"),
        (direct_with(DmScope::PerAccountChannelPeer), "telegram:work:direct:4711"),
        (in_group.clone(), "discord:group:c9"),
        (room(&plain, &agent, place), "discord:channel:c9"),
        (thread(&in_group, "T:1"), "discord:group:c9:thread:t%3a1"),
        (topic(&in_group, "7"), "discord:group:c9:topic:7"),
        (cron(&agent, "nightly"), "cron:nightly"),
        (cron_run(&agent, "nightly", ID), "cron:nightly:run:00000000-0000-0000-0000-000000001234"),
        (hook(&agent, ID), "hook:00000000-0000-0000-0000-000000001234"),
        (subagent(&agent, ID), "subagent:00000000-0000-0000-0000-000000001234"),
        (fresh(&agent, "openai", ID), "openai:00000000-0000-0000-0000-000000001234"),
        // The first 128 bits of SHA-256("abc"), from the standard's own example.
        (of_user(&agent, "abc"), "openai-user:ba7816bf8f01cfea414140de5dae2223"),
        (of_chat(&agent, "abc"), "openai-chat:ba7816bf8f01cfea414140de5dae2223"),
    ];
    for (key, rest) in table {
        assert_eq!(key.as_str(), format!("agent:ops:{rest}"));
    }
}

#[test]
fn the_global_scope_is_one_session() {
    let settings = SessionSettings {
        scope: SessionScope::Global,
        dm_scope: DmScope::PerPeer,
        ..SessionSettings::default()
    };
    let place = Place { channel: "discord", id: "c9" };
    let group = group(&settings, &agent(), place);
    for key in [
        direct(&settings, &agent(), ANNA),
        room(&settings, &agent(), place),
        thread(&group, "1"),
        group,
    ] {
        assert_eq!(key.as_str(), "agent:ops:global");
    }
}

#[test]
fn linked_people_are_one() {
    let links = BTreeMap::from([
        ("anna".to_owned(), vec!["telegram:4711".to_owned(), "Discord:Anna#1".to_owned()]),
        ("bert".to_owned(), vec!["bert@example.org".to_owned()]),
    ]);
    let settings = SessionSettings { identity_links: links, ..scoped(DmScope::PerPeer) };
    let of = |channel, id| direct(&settings, &agent(), Peer { channel, account: "", id });
    assert_eq!(of("telegram", "4711").rest(), "direct:anna");
    assert_eq!(of("discord", "anna#1").rest(), "direct:anna");
    assert_eq!(of("mail", "Bert@Example.org").rest(), "direct:bert");
    assert_eq!(of("discord", "4711").rest(), "direct:4711");
}

#[test]
fn ids_of_any_text_fit_and_stay_apart() {
    let long = "ä".repeat(400);
    let longer = format!("{long}x");
    let ids = [
        "", "~", " ", "a", "a ", " a", "a:b", "a%3ab", "a b", "a\tb", "a\u{a0}b", "a/b", "%",
        "%25", "main", "🙂", &long, &longer,
    ];
    let settings = scoped(DmScope::PerAccountChannelPeer);
    let mut seen = BTreeSet::new();
    for id in ids {
        let place = Place { channel: id, id };
        let peer = Peer { channel: "x", account: "y", id };
        let base = group(&settings, &agent(), place);
        for key in [
            direct(&settings, &agent(), peer),
            direct(&settings, &agent(), Peer { channel: id, account: id, id: "x" }),
            thread(&thread(&thread(&base, id), id), id),
            cron(&agent(), id),
            of_user(&agent(), id),
            fresh(&agent(), "openai", Uuid::from_u128(seen.len() as u128)),
            base,
        ] {
            assert_eq!(SessionKey::parse(key.as_str()).as_ref(), Ok(&key));
            assert!(seen.insert(key.clone()), "{id:?} collides: {key}");
        }
    }
    assert_ne!(of_user(&agent(), "Anna"), of_user(&agent(), "anna"));
}

#[test]
fn people_name_sessions_in_three_ways() {
    let check = |text: &str, key: &str| {
        let named = named(text, &agent()).map(|key| key.to_string());
        assert_eq!(named.as_deref().unwrap_or("refused"), key, "{text:?}");
    };
    check("main", "agent:ops:main");
    check(" Main ", "agent:ops:main");
    check("agent:other:Main", "agent:other:main");
    check("AGENT:other:x", "agent:other:x");
    check("hook:1", "agent:ops:hook:1");
    check("My-Chat", "agent:ops:my-chat");
    check("agent:", "refused");
    check("agent:other", "refused");
    check("", "refused");
    check("two words", "refused");
}

#[test]
fn namespaces_keep_callers_apart() {
    let key = |rest: &str| SessionKey::of(&agent(), rest).expect("valid");
    let check = |namespace, rest: &str, expected: &str| {
        assert_eq!(within(namespace, key(rest)).rest(), expected, "{namespace:?} {rest}");
    };
    check(None, "caller:a:x", "caller:a:x");
    check(Some("a"), "x", "caller:a:x");
    check(Some("a"), "caller:a:x", "caller:a:x");
    check(Some("b"), "caller:a:x", "caller:b:caller:a:x");
    check(Some("a"), "caller:ab:x", "caller:a:caller:ab:x");
    let (long, other) = ("x".repeat(495), "y".repeat(495));
    let (first, second) = (within(Some("a"), key(&long)), within(Some("a"), key(&other)));
    assert!(first.rest().starts_with("caller:a:~") && first != second, "{first}");
}

#[test]
fn the_kind_of_chat_is_in_the_key() {
    let check = |rest: &str, kind: ChatType| {
        assert_eq!(ChatType::of(&SessionKey::of(&agent(), rest).expect("valid")), kind, "{rest}");
    };
    check("main", ChatType::Direct);
    check("telegram:direct:1", ChatType::Direct);
    check("group", ChatType::Direct);
    check("discord:group:1", ChatType::Group);
    check("slack:channel:c", ChatType::Group);
    check("slack:channel:c:thread:1", ChatType::Thread);
    check("telegram:group:1:topic:2", ChatType::Thread);
}
