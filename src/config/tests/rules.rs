//! What the values of a config must fulfil, beyond their types.

use super::{accepted, provider, refused, roster};
use crate::config::{Choice, Config, base_url, choices};
use crate::config::{DISCOVERABLE, Env};

#[test]
fn providers_are_checked() {
    let check = |inner: &str, line: &str| refused(&provider(inner), &[line]);
    check(
        "timeoutSeconds: 0",
        "models.providers.p.timeoutSeconds: expected 1 to 86400 seconds, found 0 (line 1, column 51)",
    );
    check(
        "idleTimeoutSeconds: 86401",
        "models.providers.p.idleTimeoutSeconds: expected 1 to 86400 seconds, found 86401 (line 1, column 51)",
    );
    check(
        "apiKey: ''",
        "models.providers.p.apiKey: must not be empty; leave the key out if there is no credential (line 1, column 51)",
    );
    check(
        "headers: {'a b': 'x'}",
        "models.providers.p.headers[\"a b\"]: is not a valid header name (line 1, column 61)",
    );
    check(
        "headers: {Host: 'x'}",
        "models.providers.p.headers.Host: belongs to the connection and cannot be set (line 1, column 61)",
    );
    check(
        "headers: {'X-A': '1', 'x-a': '2'}",
        "models.providers.p.headers.x-a: is the same header as \"X-A\" (line 1, column 73)",
    );
    check(
        "models: [{id: 'm'}, {id: 'm'}]",
        "models.providers.p.models[1].id: \"m\" is listed twice (line 1, column 72)",
    );
    check("models: [{}]", "models.providers.p.models[0].id: is missing (line 1, column 60)");
    check(
        "script: 'x'",
        "models.providers.p.script: is only for api \"scripted\" (line 1, column 51)",
    );
    check(
        "api: 'scripted'",
        "models.providers.p.script: is missing; api \"scripted\" answers from this file (line 1, column 23)",
    );
    refused(
        "{models: {providers: {'A.b': {api: 'local'}, local: {baseUrl: 'http://h'}}}}",
        &[
            "models.providers[\"A.b\"]: a provider's id has a-z, 0-9, _ and -, and starts with a letter \
             or digit (line 1, column 23)",
            "models.providers.local: \"local\" is the built-in provider; choose another id (line 1, column 46)",
        ],
    );
}

#[test]
fn a_base_url_is_http_with_a_host_and_nothing_secret() {
    let check = |url: &str, message: &str| {
        let text = format!("{{models: {{providers: {{p: {{baseUrl: '{url}'}}}}}}}}");
        refused(&text, &[&format!("models.providers.p.baseUrl: {message} (line 1, column 27)")]);
    };
    let form = "expected a URL such as https://api.openai.com/v1";
    for url in [
        "",
        "localhost:11434",
        "/v1",
        "ftp://h/",
        "http://",
        "http://h:99999/",
        "http://h:x/",
        "http://a b/",
    ] {
        check(url, form);
    }
    check("https://u:p@h/v1", "must not hold a user name or password; use apiKey or headers");
    let query = "must not have a fragment, or a query other than ?api-version=…";
    for url in ["https://h/v1?key=1", "https://h/v1?api-version=1&key=1", "https://h/v1#x"] {
        check(url, query);
    }
    refused(
        "{models: {providers: {p: {apiKey: 'k'}}}}",
        &["models.providers.p.baseUrl: is missing; it is the root of the API, such as \
           https://api.openai.com/v1 (line 1, column 23)"],
    );
    for url in [
        "http://127.0.0.1:11434/v1",
        "http://[::1]/v1",
        "https://h.example",
        "https://mine.openai.azure.com/openai/deployments/x?api-version=2024-10-21",
    ] {
        accepted(&format!("{{models: {{providers: {{p: {{baseUrl: '{url}'}}}}}}}}"));
    }
}

#[test]
fn models_must_lead_to_a_provider() {
    let check = |agents: &str, line: &str| {
        refused(
            &format!(
                "{{agents: {{{agents}}}, models: {{providers: {{p: {{baseUrl: 'http://h', models: [{{id: 'm'}}]}}}}}}}}"
            ),
            &[line],
        );
    };
    check(
        "defaults: {model: 'gpt'}",
        "agents.defaults.model: \"gpt\" is not a valid model reference: expected `provider/model` (line 1, column 22)",
    );
    check(
        "defaults: {model: {primary: 'gpt'}}",
        "agents.defaults.model.primary: \"gpt\" is not a valid model reference: expected `provider/model` (line 1, column 30)",
    );
    check("defaults: {model: {}}", "agents.defaults.model.primary: is missing (line 1, column 22)");
    check(
        "defaults: {model: 5}",
        "agents.defaults.model: expected \"provider/model\" or an object with `primary`, found 5 (line 1, column 22)",
    );
    check(
        "defaults: {model: 'x/m'}",
        "agents.defaults.model: there is no provider \"x\"; add models.providers.x (line 1, column 22)",
    );
    check(
        "list: [{id: 'a', model: {primary: 'x/m'}}]",
        "agents.list[0].model.primary: there is no provider \"x\"; add models.providers.x (line 1, column 36)",
    );
    check(
        "entries: {a: {model: 'p/other'}}",
        "agents.entries.a.model: \"other\" is not in models.providers.p.models (line 1, column 25)",
    );
    check(
        "defaults: {memorySearch: {provider: 'x', model: 'm'}}",
        "agents.defaults.memorySearch.provider: there is no provider \"x\"; add models.providers.x (line 1, column 37)",
    );
    check(
        "defaults: {memorySearch: {provider: 'p', model: 'y'}}",
        "agents.defaults.memorySearch.model: \"y\" is not in models.providers.p.models (line 1, column 52)",
    );
    check(
        "defaults: {memorySearch: {provider: 'local'}}",
        "agents.defaults.memorySearch.model: is missing (line 1, column 22)",
    );
    for provider in DISCOVERABLE.into_iter().chain(["local"]) {
        accepted(&format!("{{agents: {{defaults: {{model: '{provider}/m'}}}}}}"));
    }
    // A provider with a mistake is still there: the mistake is the only issue.
    refused(
        "{agents: {defaults: {model: 'p/m'}}, models: {providers: {p: 5}}}",
        &["models.providers.p: expected an object in { }, found a number (line 1, column 59)"],
    );
}

#[test]
fn limits_are_checked() {
    let check = |bytes: &str| {
        refused(
            &format!(
                "{{gateway: {{http: {{endpoints: {{embeddings: {{maxBodyBytes: {bytes}}}}}}}}}}}"
            ),
            &[&format!(
                "gateway.http.endpoints.embeddings.maxBodyBytes: expected 1024 to 1073741824 bytes, found {bytes} (line 1, column 44)"
            )],
        );
    };
    check("1023");
    check("1073741825");
    refused(
        "{gateway: {bind: 'custom'}}",
        &["gateway.customBindHost: is missing; bind \"custom\" needs it (line 1, column 2)"],
    );
    refused(
        "{logging: {file: ' '}}",
        &["logging.file: must not be empty; leave the key out for the default (line 1, column 12)"],
    );
}

#[test]
fn limits_of_conversations_and_runs_are_checked() {
    let check = |text: &str, line: &str| refused(text, &[line]);
    check(
        "{session: {reset: {mode: 'daily', atHour: 24}}}",
        "session.reset.atHour: expected an hour, 0 to 23, found 24 (line 1, column 35)",
    );
    check(
        "{session: {resetByChannel: {slack: {atHour: 24}}}}",
        "session.resetByChannel.slack.atHour: expected an hour, 0 to 23, found 24 (line 1, column 37)",
    );
    check(
        "{session: {reset: {mode: 'idle'}}}",
        "session.reset.idleMinutes: is missing; reset mode \"idle\" needs it (line 1, column 12)",
    );
    check(
        "{session: {resetByType: {group: {mode: 'idle', idleMinutes: 0}}}}",
        "session.resetByType.group.idleMinutes: must be at least 1 (line 1, column 48)",
    );
    check(
        "{session: {maintenance: {maxEntries: 0}}}",
        "session.maintenance.maxEntries: must be at least 1 (line 1, column 26)",
    );
    check(
        "{messages: {queue: {cap: 0}}}",
        "messages.queue.cap: expected 1 to 1000, found 0 (line 1, column 21)",
    );
    check(
        "{messages: {queue: {debounceMs: 60001}}}",
        "messages.queue.debounceMs: expected 0 to 60000, found 60001 (line 1, column 21)",
    );
    check(
        "{gateway: {http: {sse: {commitAfterMs: 600001}}}}",
        "gateway.http.sse.commitAfterMs: expected 0 to 600000, found 600001 (line 1, column 25)",
    );
    for silence in ["9", "15001"] {
        check(
            &format!("{{gateway: {{http: {{sse: {{keepAliveMs: {silence}}}}}}}}}"),
            &format!(
                "gateway.http.sse.keepAliveMs: expected 10 to 15000, found {silence} (line 1, \
                 column 25)"
            ),
        );
    }
    check(
        "{agents: {defaults: {maxConcurrent: 0}}}",
        "agents.defaults.maxConcurrent: expected 1 to 1000000, found 0 (line 1, column 22)",
    );
    check(
        "{agents: {defaults: {timeoutSeconds: 0}}}",
        "agents.defaults.timeoutSeconds: expected 1 to 2678400, found 0 (line 1, column 22)",
    );
    check(
        "{agents: {list: [{id: 'a', maxConcurrent: 0}]}}",
        "agents.list[0].maxConcurrent: expected 1 to 1000000, found 0 (line 1, column 28)",
    );
    check(
        "{models: {providers: {p: {api: 'local', models: [{id: 'm', cost: {input: -1}}]}}}}",
        "models.providers.p.models[0].cost.input: expected a number, 0 or more (line 1, column 67)",
    );
    for text in [
        "{session: {reset: {mode: 'daily', atHour: 23, idleMinutes: 1}}}",
        "{session: {maintenance: {maxEntries: 1}}, messages: {queue: {cap: 1, debounceMs: 0}}}",
        "{agents: {defaults: {maxConcurrent: 1, timeoutSeconds: 1}}}",
        "{gateway: {http: {sse: {commitAfterMs: 0, keepAliveMs: 10}}}}",
        "{models: {providers: {p: {api: 'local', models: [{id: 'm', cost: {input: 0}}]}}}}",
    ] {
        accepted(text);
    }
}

#[test]
fn agents_have_one_meaning_each() {
    let check = |agents: &str, line: &str| refused(&format!("{{agents: {{{agents}}}}}"), &[line]);
    check(
        "list: [{id: 'A'}, {id: 'a'}]",
        "agents.list[1].id: \"a\" is taken already by agents.list[0] (line 1, column 30)",
    );
    check(
        "list: [{id: 'Default'}]",
        "agents.list[0].id: \"default\" is reserved for the default agent's alias; choose another id (line 1, column 19)",
    );
    check(
        "entries: {'a b': {}}",
        "agents.entries[\"a b\"]: \"a b\" is not a valid agent id: expected 1 to 64 of a-z, 0-9, _ and -, starting with a letter or digit (line 1, column 21)",
    );
    check(
        "entries: {a: {id: 'b'}}",
        "agents.entries.a.id: must be the same as the key; leave it out (line 1, column 25)",
    );
    check(
        "list: [{id: 'a', name: 'x'}], entries: {A: {name: 'y'}}",
        "agents.entries.A: agents.list[0] has the same id and says something else (line 1, column 51)",
    );
    check(
        "list: [{id: 'a'}], defaults: {systemAgent: {agentId: 'main'}}",
        "agents.defaults.systemAgent.agentId: there is no agent \"main\"; there is a (line 1, column 55)",
    );
    check(
        "defaults: {systemAgent: {}}",
        "agents.defaults.systemAgent.agentId: is missing (line 1, column 22)",
    );
}

#[test]
fn the_default_agent_is_the_marked_one_then_the_system_agent_then_the_first() {
    let check = |agents: &str, all: &[&str], default: &str| {
        let roster = roster(&accepted(&format!("{{agents: {{{agents}}}}}")).config);
        let ids: Vec<_> = roster.iter().map(|agent| agent.id.as_str()).collect();
        assert_eq!(
            (ids.as_slice(), roster.default_agent().id.as_str()),
            (all, default),
            "{agents}"
        );
    };
    let system = "defaults: {systemAgent: {agentId: 'B'}}";
    check("", &["main"], "main");
    check("defaults: {systemAgent: {agentId: 'main'}}", &["main"], "main");
    check("list: [{id: 'c'}, {id: 'b'}, {id: 'a'}]", &["c", "b", "a"], "c");
    check("entries: {c: {}, b: {}, a: {}}", &["c", "b", "a"], "c");
    check(&format!("list: [{{id: 'a'}}, {{id: 'b'}}], {system}"), &["a", "b"], "b");
    check(
        &format!(
            "list: [{{id: 'a'}}, {{id: 'b'}}, {{id: 'c', default: true}}, {{id: 'd', default: true}}], {system}"
        ),
        &["a", "b", "c", "d"],
        "c",
    );
    check(
        "list: [{id: 'x', name: 'n'}], entries: {z: {}, X: {id: 'x', name: 'n'}, y: {}}",
        &["x", "z", "y"],
        "x",
    );
}

#[test]
fn what_agents_leave_open_is_found_for_each_of_them() {
    let config = accepted(
        "{agents: {list: [{id: 'a'}, {id: 'b', default: true, model: 'local/m'}, {id: 'c', \
          memorySearch: {provider: 'local', model: 'own'}}]}}",
    )
    .config;
    let roster = roster(&config);
    let models: Vec<_> = roster
        .iter()
        .map(|agent| (agent.model.to_string(), agent.embedding.model.as_str()))
        .collect();
    let expected = [("found/chat", "embed"), ("local/m", "embed"), ("found/chat", "own")];
    assert_eq!(models, expected.map(|(model, embedding)| (model.to_owned(), embedding)));
    let models: Vec<_> = choices(&config).iter().map(|choice| choice.model.is_some()).collect();
    assert_eq!(models, [true, false, false], "the default agent comes first");

    let memory = "{memory: {search: {provider: 'local', model: 'shared'}}}";
    let config = accepted(memory).config;
    let agent = super::roster(&config);
    assert_eq!(agent.default_agent().embedding.model, "shared");
    assert_eq!(choices(&Config::default()), [Choice { model: None, embedding: None }]);
}

#[test]
fn a_base_url_in_the_environment_is_checked_without_repeating_it() {
    let read = |url: &'static str| {
        let env = Env::of([("X_URL", url)]);
        base_url(&env, "X_URL").map(|url| url.map(str::to_owned)).map_err(|error| error.to_string())
    };
    assert_eq!(read(""), Ok(None));
    assert_eq!(read("http://h/v1"), Ok(Some("http://h/v1".to_owned())));
    let form = "X_URL: expected a URL such as https://api.openai.com/v1";
    assert_eq!(read("h/v1"), Err(form.to_owned()));
    assert!(read("http://u:hush@h/v1").is_err_and(|error| !error.contains("hush")));
}

#[test]
fn aliases_lead_somewhere() {
    let check = |aliases: &str, expected: &[&str]| {
        let text = format!(
            "{{gateway: {{http: {{models: {{aliases: {{{aliases}}}}}}}}}, \
             agents: {{list: [{{id: 'a'}}, {{id: 'b'}}]}}, models: {{providers: {{p: {{baseUrl: 'http://h', \
             models: [{{id: 'm'}}]}}}}}}}}"
        );
        if expected.is_empty() {
            accepted(&text);
        } else {
            let place = "gateway.http.models.aliases";
            let lines: Vec<_> = expected.iter().map(|line| format!("{place}{line}")).collect();
            refused(&text, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        }
    };
    check("'gpt-4o': 'B', gpt: 'openclaw', e: 'p/m', 'openai/o': 'openai/o', l: 'local/x'", &[]);
    check(
        "x: 'c', y: 'q/m', z: 'p/n', w: 'a b', openclaw: 'a', 'agent:b': 'a', ' v': 'a'",
        &[
            "[\" v\"]: a name has 1 to 256 bytes, no space at its ends and no control characters (line 1, column 107)",
            "[\"agent:b\"]: is a name of the gateway's own and always means an agent; choose another (line 1, column 91)",
            ".openclaw: is a name of the gateway's own and always means an agent; choose another (line 1, column 76)",
            ".w: \"a b\" is neither an agent's id nor `provider/model`; write one of them (line 1, column 66)",
            ".x: there is no agent \"c\"; there is a, b (line 1, column 38)",
            ".y: there is no provider \"q\"; add models.providers.q (line 1, column 46)",
            ".z: \"n\" is not in models.providers.p.models (line 1, column 56)",
        ],
    );
}

#[test]
fn the_doors_settings_are_checked() {
    refused(
        "{gateway: {allowedHosts: ['a.example', 'http://b', 'c:1', ''], http: {limits: {requestsPerMinute: 0, \
          tokensPerMinute: 1000000001}, cors: {allowedOrigins: ['https://a/']}}}}",
        &[
            "gateway.http.cors.allowedOrigins[0]: an origin has no path, user or default port: write \"https://a\" (line 1, column 156)",
            "gateway.allowedHosts[1]: expected a host name such as gateway.example.com, without scheme or port (line 1, column 40)",
            "gateway.allowedHosts[2]: expected a host name such as gateway.example.com, without scheme or port (line 1, column 52)",
            "gateway.allowedHosts[3]: expected a host name such as gateway.example.com, without scheme or port (line 1, column 59)",
            "gateway.http.limits.requestsPerMinute: expected 1 to 1000000000, found 0 (line 1, column 80)",
            "gateway.http.limits.tokensPerMinute: expected 1 to 1000000000, found 1000000001 (line 1, column 102)",
        ],
    );
    refused(
        "{gateway: {http: {limits: {burst: 0}}}}",
        &[
            "gateway.http.limits.burst: expected 1 to 1000000000, found 0 (line 1, column 28)",
            "gateway.http.limits.burst: needs requestsPerMinute: it is how many of its requests may come at once (line 1, column 28)",
        ],
    );
    refused(
        &provider("models: [{id: 'm', name: ' ', input: [], contextWindow: 0, maxTokens: 0}]"),
        &[
            "models.providers.p.models[0].name: must not be empty; leave the key out where it is not known (line 1, column 70)",
            "models.providers.p.models[0].input: must not be empty; leave the key out where it is not known (line 1, column 81)",
            "models.providers.p.models[0].contextWindow: expected 1 or more tokens, found 0 (line 1, column 92)",
            "models.providers.p.models[0].maxTokens: expected 1 or more tokens, found 0 (line 1, column 110)",
        ],
    );
    let provider = |inner: &str| provider(&format!("embedding: {{{inner}}}"));
    refused(
        &provider("maxInputs: 0, maxTokens: 300001"),
        &[
            "models.providers.p.embedding.maxInputs: expected 1 to 2048, found 0 (line 1, column 63)",
            "models.providers.p.embedding.maxTokens: expected 1 to 300000, found 300001 (line 1, column 77)",
        ],
    );
}
