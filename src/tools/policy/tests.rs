use super::*;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Deserialize;
use serde_json::{Value, json};

/// The tools that the tests decide about: name, groups, owner-only.
const TOOLS: &[(&str, &[Group], bool)] = &[
    ("session_status", &[Group::Sessions, Group::OpenClaw], false),
    ("sessions_spawn", &[Group::Sessions, Group::OpenClaw], false),
    ("exec", &[Group::Runtime, Group::OpenClaw], false),
    ("read", &[Group::Fs, Group::OpenClaw], false),
    ("message", &[Group::Messaging, Group::OpenClaw], false),
    ("memory_get", &[Group::Memory, Group::OpenClaw], false),
    ("cron", &[Group::Automation, Group::OpenClaw], true),
    ("ticket", &[], false),
];

fn candidate(name: &str) -> Candidate<'static> {
    let found = TOOLS.iter().find(|(tool, ..)| *tool == name);
    let (name, groups, owner_only) = *found.unwrap_or_else(|| panic!("no tool {name}"));
    Candidate { name, groups, owner_only }
}

/// The layers of one row, as a config would write them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Setting {
    tools: ToolSettings,
    agent: ToolSettings,
    chat_group: Option<ToolLimits>,
    sub_agent: Option<ToolLimits>,
    /// Absent: in a turn.
    http: Option<HttpTools>,
    /// Absent: all.
    scopes: Option<Vec<String>>,
}

impl Setting {
    fn decide(&self, tool: &Candidate<'_>) -> Verdict {
        let scopes = self.scopes.as_ref().map_or(Scopes::ALL, |names| {
            let named = names.iter().map(|name| Scope::parse(name).expect("a scope"));
            named.fold(Scopes::NONE, Scopes::with)
        });
        let (chat_group, sub_agent) = (self.chat_group.clone(), self.sub_agent.clone());
        let model = ModelRef { provider: "fake".to_owned(), model: "org/Chat".to_owned() };
        decide(
            &Layers {
                global: &self.tools,
                agent: &self.agent,
                model: &model,
                narrowed: &Narrowed { chat_group, sub_agent },
                http: self.http.as_ref(),
                scopes,
            },
            tool,
        )
    }
}

fn check(layers: Value, expected: &[(&str, &str)]) {
    let setting: Setting = serde_json::from_value(layers.clone()).expect("layers");
    for (tool, verdict) in expected {
        let decided = setting.decide(&candidate(tool)).to_string();
        assert_eq!(decided, *verdict, "{tool} with {layers}");
    }
}

#[test]
fn without_a_profile_a_turn_has_no_tools_and_http_has_all_but_the_denied() {
    let nothing = "denied by profile";
    check(json!({}), &[("session_status", nothing), ("exec", nothing), ("ticket", nothing)]);
    let all = "allowed by profile";
    check(
        json!({"http": {}}),
        &[("session_status", all), ("read", all), ("exec", "denied by http"), ("ticket", all)],
    );
}

#[test]
fn a_profile_has_its_tools() {
    let (yes, no) = ("allowed by profile", "denied by profile");
    let rows = [
        ("minimal", [yes, no, no, no, no, no, no, no]),
        ("coding", [yes, yes, yes, yes, no, yes, no, no]),
        ("messaging", [yes, no, no, no, yes, no, no, no]),
        ("full", [yes, yes, yes, yes, yes, yes, yes, yes]),
    ];
    for (profile, verdicts) in rows {
        let expected: Vec<_> = TOOLS.iter().map(|(tool, ..)| *tool).zip(verdicts).collect();
        check(json!({"tools": {"profile": profile}}), &expected);
        check(json!({"agent": {"profile": profile}}), &expected);
        // The agent's own stands in the place of the global one, wider or narrower.
        for other in ["minimal", "full"] {
            let both = json!({"tools": {"profile": other}, "agent": {"profile": profile}});
            check(both, &expected);
        }
    }
}

#[test]
fn also_allow_adds_to_the_profile_of_any_layer() {
    check(
        json!({"tools": {"profile": "minimal", "alsoAllow": ["exec"]}}),
        &[("exec", "allowed by global"), ("session_status", "allowed by profile")],
    );
    check(
        json!({"tools": {"profile": "minimal"}, "agent": {"alsoAllow": ["group:runtime"]}}),
        &[("exec", "allowed by agent"), ("read", "denied by profile")],
    );
    check(
        json!({"agent": {"alsoAllow": ["exec"]}}),
        &[("exec", "allowed by agent"), ("session_status", "denied by profile")],
    );
    // It widens its own layer's allow-list, and no other's.
    check(
        json!({"tools": {"profile": "full", "allow": ["read"], "alsoAllow": ["exec"]}}),
        &[("read", "allowed by profile"), ("exec", "allowed by profile")],
    );
    check(
        json!({"tools": {"profile": "full", "allow": ["read"]}, "agent": {"alsoAllow": ["exec"]}}),
        &[("read", "allowed by profile"), ("exec", "denied by global")],
    );
}

#[test]
fn an_allow_list_limits_a_profile_and_stands_for_one_that_is_not_written() {
    check(
        json!({"tools": {"profile": "coding", "allow": ["exec", "message"]}}),
        &[
            ("exec", "allowed by profile"),
            ("read", "denied by global"),
            ("message", "denied by profile"),
        ],
    );
    check(
        json!({"tools": {"allow": ["exec"]}}),
        &[("exec", "allowed by global"), ("read", "denied by global")],
    );
    check(
        json!({"agent": {"allow": ["exec"]}}),
        &[("exec", "allowed by agent"), ("read", "denied by agent")],
    );
    check(
        json!({"tools": {"allow": ["exec", "read"]}, "agent": {"allow": ["exec", "message"]}}),
        &[
            ("exec", "allowed by global"),
            ("read", "denied by agent"),
            ("message", "denied by global"),
        ],
    );
    check(
        json!({"tools": {"profile": "full", "allow": []}}),
        &[("session_status", "denied by global")],
    );
}

#[test]
fn a_provider_s_limits_hold_while_its_model_answers() {
    let by = |key: &str, limits: Value| json!({"profile": "full", "byProvider": {key: limits}});
    let denied = [("exec", "denied by provider"), ("read", "allowed by profile")];
    for key in ["fake", "FAKE", "fake/org/Chat", " Fake/ORG/chat "] {
        check(json!({"tools": by(key, json!({"deny": ["exec"]}))}), &denied);
        check(json!({"tools": by(key, json!({"allow": ["read"]}))}), &denied);
        check(
            json!({"agent": by(key, json!({"deny": ["exec"]}))}),
            &[("exec", "denied by agent"), ("read", "allowed by profile")],
        );
    }
    for other in ["other", "fake/org", "fake/Chat", "other/org/Chat", "fak"] {
        check(
            json!({"tools": by(other, json!({"deny": ["*"]}))}),
            &[("exec", "allowed by profile")],
        );
    }
    check(
        json!({"tools": by("fake", json!({"profile": "minimal"}))}),
        &[("session_status", "allowed by profile"), ("exec", "denied by provider")],
    );
    // `alsoAllow` adds to a profile; what a provider stays within is not one.
    check(
        json!({"tools": {
            "profile": "minimal", "alsoAllow": ["exec"], "byProvider": {"fake": {"profile": "minimal"}}
        }}),
        &[("exec", "denied by provider")],
    );
    // The provider's entry and the model's hold together.
    let both = json!({"fake": {"deny": ["exec"]}, "fake/org/chat": {"deny": ["read"]}});
    check(
        json!({"tools": {"profile": "full", "byProvider": both}}),
        &[
            ("exec", "denied by provider"),
            ("read", "denied by provider"),
            ("message", "allowed by profile"),
        ],
    );
}

#[test]
fn what_is_denied_anywhere_is_denied() {
    let full = json!({"profile": "full", "allow": ["*"], "alsoAllow": ["*"]});
    let with = |mut settings: Value, key: &str, value: Value| {
        settings[key] = value;
        settings
    };
    let denying = with(full.clone(), "deny", json!(["EXEC"]));
    let rows = [
        (json!({"tools": denying, "agent": full}), "denied by global"),
        (json!({"tools": full, "agent": denying}), "denied by agent"),
        (json!({"tools": full, "chatGroup": {"deny": ["exec"]}}), "denied by chat group"),
        (json!({"tools": full, "chatGroup": {"allow": ["read"]}}), "denied by chat group"),
        (json!({"tools": full, "chatGroup": {"profile": "minimal"}}), "denied by chat group"),
        (json!({"tools": full, "subAgent": {"deny": ["exec"]}}), "denied by sub-agent"),
        (json!({"tools": full, "subAgent": {"allow": ["read"]}}), "denied by sub-agent"),
        (json!({"tools": full, "subAgent": {"profile": "messaging"}}), "denied by sub-agent"),
        (json!({"tools": full, "http": {"allow": ["exec"], "deny": ["exec"]}}), "denied by http"),
    ];
    for (layers, verdict) in rows {
        check(layers, &[("exec", verdict)]);
    }
    // The first layer of the chain is the one that is named.
    check(json!({"tools": denying, "agent": denying, "http": {}}), &[("exec", "denied by global")]);
}

#[test]
fn http_denies_its_list_unless_it_is_taken_off() {
    for name in HTTP_DENIED {
        let tool = Candidate { name, groups: &[], owner_only: false };
        let decided = |http: Value| {
            let layers = json!({"tools": {"profile": "full"}, "http": http});
            let setting: Setting = serde_json::from_value(layers).expect("layers");
            setting.decide(&tool).to_string()
        };
        assert_eq!(decided(json!({})), "denied by http", "{name}");
        for allow in [name, &name.to_uppercase(), "*"] {
            assert_eq!(decided(json!({"allow": [allow]})), "allowed by profile", "{name}");
        }
        assert_eq!(decided(json!({"allow": ["*"], "deny": [name]})), "denied by http", "{name}");
        let turn: Setting =
            serde_json::from_value(json!({"tools": {"profile": "full"}})).expect("");
        assert_eq!(turn.decide(&tool).to_string(), "allowed by profile", "{name}");
    }
    // It takes off the list what it names, and gives nothing.
    check(
        json!({"tools": {"profile": "minimal"}, "http": {"allow": ["exec"]}}),
        &[("exec", "denied by profile")],
    );
    check(
        json!({"http": {"deny": ["group:fs", "tick*"]}}),
        &[("read", "denied by http"), ("ticket", "denied by http")],
    );
}

#[test]
fn the_operator_s_tools_need_the_operator() {
    let full = json!({"profile": "full"});
    let rows = [
        (json!(["operator.admin"]), "allowed by profile"),
        (json!(["operator.write", "operator.approvals", "operator.read"]), "denied by owner"),
        (json!([]), "denied by owner"),
    ];
    for (scopes, verdict) in rows {
        check(json!({"tools": full, "scopes": scopes}), &[("cron", verdict)]);
        let http = json!({"allow": ["cron"]});
        check(json!({"tools": full, "scopes": scopes, "http": http}), &[("cron", verdict)]);
    }
    check(json!({"tools": full, "scopes": []}), &[("exec", "allowed by profile")]);
}

fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = select(vec![
        "session_status",
        "exec",
        "EXEC",
        "read",
        "cron",
        "ticket",
        "*",
        "s*",
        "group:fs",
        "Group:Sessions",
        "group:openclaw",
        "group:none",
        "",
    ]);
    prop::collection::vec(line.prop_map(str::to_owned), 0..4)
}

fn profile() -> impl Strategy<Value = Option<ToolProfile>> {
    use ToolProfile::{Coding, Full, Messaging, Minimal};
    select(vec![None, Some(Minimal), Some(Coding), Some(Messaging), Some(Full)])
}

fn limits() -> impl Strategy<Value = ToolLimits> {
    (profile(), prop::option::of(lines()), lines()).prop_map(|(profile, allow, deny)| ToolLimits {
        profile,
        allow,
        deny,
    })
}

fn settings() -> impl Strategy<Value = ToolSettings> {
    let key = select(vec!["fake".to_owned(), "fake/org/chat".to_owned(), "other".to_owned()]);
    let by_provider = prop::collection::btree_map(key, limits(), 0..2);
    (profile(), prop::option::of(lines()), lines(), lines(), by_provider).prop_map(
        |(profile, allow, also_allow, deny, by_provider)| ToolSettings {
            profile,
            allow,
            also_allow,
            deny,
            by_provider,
            ..ToolSettings::default()
        },
    )
}

fn http() -> impl Strategy<Value = Option<HttpTools>> {
    prop::option::of((lines(), lines()).prop_map(|(allow, deny)| HttpTools { allow, deny }))
}

prop_compose! {
    fn setting()(
        tools in settings(),
        agent in settings(),
        chat_group in prop::option::of(limits()),
        sub_agent in prop::option::of(limits()),
        http in http(),
        admin in any::<bool>(),
    ) -> Setting {
        let scopes = (!admin).then(|| vec!["operator.write".to_owned()]);
        Setting { tools, agent, chat_group, sub_agent, http, scopes }
    }
}

/// A setting with a further line denied in one of its layers.
fn denying(setting: &Setting, place: usize, line: String) -> Setting {
    let mut more = setting.clone();
    match place {
        0 => more.tools.deny.push(line),
        1 => more.agent.deny.push(line),
        2 => more.tools.by_provider.entry("fake".to_owned()).or_default().deny.push(line),
        3 => more.agent.by_provider.entry("fake".to_owned()).or_default().deny.push(line),
        4 => more.chat_group.get_or_insert_default().deny.push(line),
        5 => more.sub_agent.get_or_insert_default().deny.push(line),
        _ => {
            if let Some(http) = &mut more.http {
                http.deny.push(line);
            }
        }
    }
    more
}

fn allowed(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Allowed(_))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn denying_never_gives_a_tool(setting in setting(), place in 0..7usize, line in lines()) {
        let more = line.into_iter().fold(setting.clone(), |so_far, line| denying(&so_far, place, line));
        for (tool, ..) in TOOLS {
            let tool = candidate(tool);
            prop_assert!(allowed(setting.decide(&tool)) || !allowed(more.decide(&tool)));
        }
    }

    /// With a profile, as without one HTTP begins with another set than a turn.
    #[test]
    fn http_never_gives_a_tool_that_a_turn_has_not(setting in setting(), lists in http()) {
        let mut turn = Setting { http: None, ..setting };
        turn.tools.profile.get_or_insert(ToolProfile::Full);
        let over_http = Setting { http: Some(lists.unwrap_or_default()), ..turn.clone() };
        for (tool, ..) in TOOLS {
            let tool = candidate(tool);
            prop_assert!(allowed(turn.decide(&tool)) || !allowed(over_http.decide(&tool)));
        }
    }

    #[test]
    fn fewer_scopes_and_narrower_sessions_never_give_a_tool(setting in setting()) {
        let wider = Setting { chat_group: None, sub_agent: None, scopes: None, ..setting.clone() };
        for (tool, ..) in TOOLS {
            let tool = candidate(tool);
            prop_assert!(allowed(wider.decide(&tool)) || !allowed(setting.decide(&tool)));
        }
    }

    #[test]
    fn a_tool_named_in_a_deny_list_is_denied(setting in setting(), place in 0..6usize) {
        for (name, ..) in TOOLS {
            let more = denying(&setting, place, name.to_uppercase());
            prop_assert!(!allowed(more.decide(&candidate(name))), "{name}");
        }
    }
}
