//! Config texts in, config or complaints out.

mod reach;
mod rules;

use super::interpret::interpret;
use super::*;
use crate::types::{AgentId, ModelRef};
use std::path::Path;

/// The process environment the texts below are read with.
fn env() -> Env {
    Env::of([("KEY", "sk-1"), ("NAME", "World"), ("EMPTY", ""), ("BAD", "two\nlines")])
}

/// The agents, where those that choose no model get `found/chat` and `found/embed`.
fn roster(config: &Config) -> Roster {
    let (provider, model) = ("found".to_owned(), "embed".to_owned());
    let embedding = EmbeddingChoice { provider, model };
    let model = ModelRef::parse("found/chat").expect("a model reference");
    Roster::of(config, &Fallback { model, embedding })
}

fn read(text: &str) -> Result<super::interpret::Interpreted, String> {
    interpret(Path::new("/c/openclaw.json"), text, &env()).map_err(|error| error.to_string())
}

fn accepted(text: &str) -> super::interpret::Interpreted {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Checks the lines below `OpenClaw config is invalid: …`.
fn refused(text: &str, lines: &[&str]) {
    let message = read(text).err().unwrap_or_else(|| panic!("{text} must be refused"));
    let mut expected = vec!["OpenClaw config is invalid: /c/openclaw.json".to_owned()];
    expected.extend(lines.iter().map(|line| format!("  {line}")));
    assert_eq!(message.lines().collect::<Vec<_>>(), expected, "{text}");
}

fn refused_whole(text: &str, message: &str) {
    assert_eq!(read(text).err().as_deref(), Some(message), "{text}");
}

/// A config with one agent that would be fine but for `inner`, which stands in line 1.
fn provider(inner: &str) -> String {
    format!("{{models: {{providers: {{p: {{baseUrl: 'http://h/v1', {inner}}}}}}}}}")
}

#[test]
fn every_implemented_key_is_read() {
    let read = accepted(
        r#"{ "$schema": "https://example.org/s.json", // a comment
        env: {EXTRA: "e", vars: {MORE: "m"}},
        gateway: {
          mode: "local", port: 3000, bind: "custom", customBindHost: "10.0.0.1",
          auth: {mode: "token", token: "$KEY", password: "p"},
          http: {endpoints: {
            chatCompletions: {enabled: false, maxBodyBytes: 1024},
            embeddings: {enabled: true}, models: {},
          }},
        },
        agents: {
          defaults: {
            model: "p/a/b", systemPrompt: "Hello ${NAME}, $${NAME}",
            memorySearch: {provider: "local", model: "e"}, systemAgent: {agentId: "two"},
          },
          list: [{id: "One", name: "1", model: {primary: "ollama/x"}}],
          entries: {two: {systemPrompt: "", memorySearch: {provider: "p", model: "e2"}}},
        },
        models: {providers: {
          p: {api: "openai-completions", baseUrl: "https://[::1]:8443/v1", apiKey: "${KEY}",
              headers: {"X-Team": "t ${EXTRA}${MORE}"}, timeoutSeconds: 1, idleTimeoutSeconds: 86400,
              models: [{id: "a/b"}, {id: "e2"}]},
          s: {api: "scripted", script: "s.json"}, local: {api: "local"},
        }},
        memory: {search: {provider: "local", model: "other"}},
        logging: {level: "debug", file: "l", consoleLevel: "silent", consoleStyle: "json"},
      }"#,
    );
    assert_eq!(read.warnings, [""; 0]);
    assert_eq!((read.env.get("EXTRA"), read.env.get("MORE")), (Some("e"), Some("m")));
    let config = &read.config;
    assert_eq!((config.gateway.port, config.gateway.bind), (Some(3000), Some(Bind::Custom)));
    assert_eq!(config.gateway.auth.token.as_ref().map(|t| t.expose()), Some("sk-1"));
    let chat = &config.gateway.http.endpoints.chat_completions;
    assert_eq!((chat.enabled, chat.max_body_bytes), (false, 1024));
    assert_eq!(config.gateway.http.endpoints.models, Endpoint::default());
    let p = &config.models.providers["p"];
    assert_eq!(p.api_key.as_ref().map(|key| key.expose()), Some("sk-1"));
    assert_eq!(p.headers["X-Team"].expose(), "t em");
    assert_eq!((p.timeout_seconds, p.idle_timeout_seconds), (Some(1), Some(86400)));
    assert_eq!(config.logging.console_style, Some(ConsoleStyle::Json));

    let roster = roster(config);
    let ids: Vec<_> = roster.iter().map(|agent| agent.id.as_str()).collect();
    assert_eq!((ids, roster.default_agent().id.as_str()), (vec!["one", "two"], "two"));
    let one = roster.get(&AgentId::parse("one").expect("valid")).expect("listed");
    assert_eq!(one.model.to_string(), "ollama/x");
    assert_eq!(one.system_prompt.as_deref(), Some("Hello World, ${NAME}"));
    assert_eq!(one.embedding.model, "e");
    let two = roster.default_agent();
    assert_eq!(two.model.to_string(), "p/a/b");
    assert_eq!(two.system_prompt, None, "an empty prompt of its own switches the default off");
    assert_eq!(two.embedding.model, "e2");
}

#[test]
fn the_example_in_the_documentation_is_valid() {
    let page = include_str!("../../../docs/configuration.md");
    let example = page.split("```").find_map(|part| part.strip_prefix("json5\n"));
    let read = accepted(example.expect("the page has an example"));
    let missing = "models.providers.openai.apiKey: the variable OPENAI_API_KEY is not set; going on without it";
    assert_eq!(read.warnings, [missing]);
    assert_eq!(roster(&read.config).iter().count(), 2);
}

#[test]
fn an_empty_object_is_the_defaults() {
    let read = accepted("{}");
    assert_eq!(read.config, Config::default());
    let roster = roster(&read.config);
    assert_eq!((roster.iter().count(), roster.default_agent().id.as_str()), (1, "main"));
    let null = accepted("{gateway: {port: null, mode: null}}");
    assert_eq!(null.config, Config::default());
}

#[test]
fn a_syntax_error_names_its_place() {
    let at = "/c/openclaw.json";
    refused_whole("{\n  a: 1\n  b: 2\n}", &format!("{at}:3:3: not valid JSON5: expected comma"));
    let value = "not valid JSON5: expected a value; a text stands in quotes";
    refused_whole("{a: nope}", &format!("{at}:1:6: {value}"));
    refused_whole("{a: hello}", &format!("{at}:1:5: {value}"));
    refused_whole("{a: 1, : 2}", &format!("{at}:1:8: not valid JSON5: expected identifier"));
    refused_whole("{}\n x", &format!("{at}:2:2: not valid JSON5: trailing characters"));
    refused_whole(
        "{a: {\n b: 1,\n",
        &format!("{at}:1:5: not valid JSON5: the file ends where more of this object was expected"),
    );
    refused_whole(
        "{a: 'x",
        &format!("{at}:1:1: not valid JSON5: the file ends where more of this string was expected"),
    );
    refused_whole(
        &"[".repeat(100_000),
        &format!("{at}:1:65: not valid JSON5: more than 64 levels of nesting"),
    );
}

#[test]
fn a_file_without_a_config_says_how_to_write_one() {
    let empty = "cannot read /c/openclaw.json: it is empty; an empty config is written {}";
    refused_whole("", empty);
    refused_whole("\u{feff} \n", empty);
    refused("[]", &["the file: expected an object in { }, found a list (line 1, column 1)"]);
    refused("'x'", &["the file: expected an object in { }, found a text (line 1, column 1)"]);
}

#[test]
fn everything_wrong_is_listed_at_once_with_its_place() {
    refused(
        "{\n  gateway: {\n    port: 'abc',\n    prot: 1,\n    auth: {mode: 'none', mode: 'token'},\n  },\n  \
         agents: {list: [{id: 'a'}, {name: 'b'}, 7]},\n  logging: {level: 'loud'},\n}",
        &[
            "gateway.auth.mode: this key is written twice; keep one of them (line 5, column 26)",
            "gateway.port: expected a port number, 1 to 65535, found \"abc\" (line 3, column 5)",
            "gateway.prot: unknown key; did you mean \"port\"? (line 4, column 5)",
            "agents.list[2]: expected an object in { }, found a number (line 7, column 43)",
            "logging.level: \"loud\" is not one of silent, fatal, error, warn, info, debug, trace \
             (line 8, column 13)",
            "agents.list[1].id: is missing (line 7, column 30)",
        ],
    );
}

#[test]
fn more_than_fifty_issues_are_cut() {
    let keys: String = (0..60).map(|at| format!("k{at}: 1,")).collect();
    let message = read(&format!("{{{keys}}}")).err().expect("refused");
    assert_eq!(message.lines().count(), 51);
}

#[test]
fn unknown_keys_come_with_the_nearest_one() {
    refused("{gatway: {}}", &["gatway: unknown key; did you mean \"gateway\"? (line 1, column 2)"]);
    refused(
        "{gateway: {custom_bind_host: '::1', tsl: {}}}",
        &[
            "gateway.custom_bind_host: unknown key; did you mean \"customBindHost\"? (line 1, column 12)",
            "gateway.tsl: unknown key; did you mean \"tls\"? (line 1, column 37)",
        ],
    );
    refused(
        "{agents: {defaults: {model: {primary: 'local/m', first: 'x'}}}}",
        &["agents.defaults.model.first: unknown key; this section has primary (line 1, column 50)"],
    );
    refused(
        "{models: {\"x\\u001b[31m\": 1}}",
        &["models[\"x\\u{1b}[31m\"]: unknown key; this section has providers (line 1, column 11)"],
    );
}

#[test]
fn wrong_types_say_what_was_expected() {
    let port = "gateway.port: expected a port number, 1 to 65535, found";
    let at = "(line 1, column 12)";
    refused("{gateway: {port: 0}}", &[&format!("{port} 0 {at}")]);
    refused("{gateway: {port: 65536}}", &[&format!("{port} 65536 {at}")]);
    refused("{gateway: {port: -1}}", &[&format!("{port} -1 {at}")]);
    refused("{gateway: {port: 80.5}}", &[&format!("{port} 80.5 {at}")]);
    refused("{gateway: {port: [1]}}", &[&format!("{port} a list {at}")]);
    refused("{gateway: {port: '80'}}", &[&format!("{port} \"80\"; write it without quotes {at}")]);
    refused(
        "{gateway: 'token'}",
        &["gateway: expected an object in { }, found a text (line 1, column 2)"],
    );
    refused(
        "{gateway: ['local'], agents: {list: [[]]}}",
        &[
            "gateway: expected an object in { }, found a list (line 1, column 2)",
            "agents.list[0]: expected an object in { }, found a list (line 1, column 38)",
        ],
    );
    refused(
        "{gateway: null}",
        &["gateway: expected an object in { }, found null (line 1, column 2)"],
    );
    refused(
        "{gateway: {http: {endpoints: {models: {enabled: 'true'}}}}}",
        &[
            "gateway.http.endpoints.models.enabled: expected true or false, found \"true\"; write it \
           without quotes (line 1, column 40)",
        ],
    );
    refused(
        "{gateway: {mode: 5}}",
        &["gateway.mode: expected one of local, remote, found 5 (line 1, column 12)"],
    );
    refused(
        "{gateway: {customBindHost: 'h'}}",
        &["gateway.customBindHost: invalid IP address syntax (line 1, column 12)"],
    );
    refused(
        "{agents: {list: {}, entries: []}}",
        &[
            "agents.list: expected a list in [ ], found an object (line 1, column 11)",
            "agents.entries: expected an object in { }, found a list (line 1, column 21)",
        ],
    );
    refused("{$schema: 1}", &["$schema: expected a text in quotes (line 1, column 2)"]);
}

#[test]
fn words_known_from_elsewhere_get_a_hint() {
    let words = "is not one of loopback, lan, tailnet, auto, custom";
    let check = |host: &str, hint: &str| {
        let text = format!("{{gateway: {{bind: '{host}'}}}}");
        refused(&text, &[&format!("gateway.bind: {host:?} {words}{hint} (line 1, column 12)")]);
    };
    check("0.0.0.0", "; use \"lan\" for all addresses");
    check("127.0.0.1", "; use \"loopback\"");
    check("10.0.0.1", "; use \"custom\" and put the address into gateway.customBindHost");
    check("everywhere", "");
    refused(
        "{gateway: {auth: {mode: 'trusted-proxy'}}}",
        &[
            "gateway.auth.mode: \"trusted-proxy\" is not one of none, token, password; this build does \
           not support trusted-proxy yet: use \"token\" and let the proxy send the token (line 1, column 19)",
        ],
    );
    refused(
        &provider("api: 'anthropic-messages'"),
        &[
            "models.providers.p.api: \"anthropic-messages\" is not one of openai-completions, local, \
           scripted; this build does not speak it yet: use \"openai-completions\" if the provider \
           offers it too (line 1, column 51)",
        ],
    );
}

#[test]
fn what_would_weaken_the_gateway_is_refused() {
    let reference = "this build does not support SecretRef objects yet: write \"${NAME}\" and set \
                     NAME in the environment or in the .env file of the state directory";
    refused(
        "{gateway: {auth: {token: {source: 'env', provider: 'default', id: 'T'}}}}",
        &[&format!("gateway.auth.token: {reference} (line 1, column 19)")],
    );
    refused(
        &provider("headers: {a: {source: 'env', provider: 'd', id: 'T'}}"),
        &[&format!("models.providers.p.headers.a: {reference} (line 1, column 61)")],
    );
    refused(
        "{gateway: {tls: {enabled: true}}}",
        &[
            "gateway.tls.enabled: this build does not serve TLS yet: remove gateway.tls and put a TLS \
           proxy in front (line 1, column 18)",
        ],
    );
    refused(
        "{gateway: {$include: './g.json5'}}",
        &[
            "gateway.$include: this build does not support $include yet: copy the included file in its \
           place (line 1, column 12)",
        ],
    );
    refused(
        &provider("apiKey: '__OPENCLAW_REDACTED__'"),
        &["models.providers.p.apiKey: this is the placeholder of a redacted credential: put the \
           credential itself here (line 1, column 51)"],
    );
}

#[test]
fn credentials_are_never_repeated() {
    for text in [
        "{gateway: {auth: {token: 4711}}}",
        "{gateway: {auth: {token: true, password: ['hush']}}}",
        "{gateway: {auth: 'hush'}}",
        "{gateway: {auth: {token: ' hush'}}}",
        "{models: {providers: 'hush'}}",
        "{models: {providers: {p: 'hush'}}}",
        &provider("apiKey: 4711"),
        &provider("headers: 'hush'"),
        &provider("headers: {a: 4711}"),
        &provider("apiKey: 'hush\\n'"),
        "{models: {providers: {p: {baseUrl: 'http://u:hush@h/'}}}}",
    ] {
        let message = read(text).err().unwrap_or_else(|| panic!("{text} must be refused"));
        assert!(!message.contains("hush") && !message.contains("4711"), "{message}");
    }
    let debug = format!("{:?}", accepted(&provider("apiKey: 'hush'")).config);
    assert!(!debug.contains("hush") && !format!("{:?}", env()).contains("sk-1"));
}

#[test]
fn missing_variables_never_turn_into_credentials() {
    let read = accepted(
        "{agents: {defaults: {systemPrompt: 'Hi ${NOBODY}'}}, env: {HALF: '${NOBODY}'}, \
          models: {providers: {p: {baseUrl: 'http://h', apiKey: 'k-${EMPTY}', headers: {a: '$NOPE', b: '$KEY'}}, \
          q: {baseUrl: 'http://h', apiKey: '${HALF}'}}}}",
    );
    let p = &read.config.models.providers["p"];
    assert_eq!((p.api_key.clone(), p.headers.len()), (None, 1));
    assert_eq!(p.headers["b"].expose(), "sk-1");
    assert_eq!(read.config.models.providers["q"].api_key, None);
    assert_eq!(read.config.agents.defaults.system_prompt.as_deref(), Some("Hi ${NOBODY}"));
    assert_eq!(
        read.warnings,
        [
            "env.HALF: the variable NOBODY is not set; going on without it",
            "agents.defaults.systemPrompt: the variable NOBODY is not set; ${NOBODY} is kept as it stands",
            "models.providers.p.apiKey: the variable EMPTY is not set; going on without it",
            "models.providers.p.headers.a: the variable NOPE is not set; going on without it",
            "models.providers.q.apiKey: the variable HALF is not set; going on without it",
        ]
    );
    let unset = "is not set: set it in the environment or in the .env file of the state directory";
    refused(
        "{gateway: {auth: {token: '${NOPE}', password: '$EMPTY'}}}",
        &[
            &format!("gateway.auth.token: the variable NOPE {unset} (line 1, column 19)"),
            &format!("gateway.auth.password: the variable EMPTY {unset} (line 1, column 37)"),
        ],
    );
    let broken = "has a line break, a control character, or space at one end";
    refused(
        &provider("apiKey: '$BAD'"),
        &[&format!("models.providers.p.apiKey: {broken} (line 1, column 51)")],
    );
}

#[test]
fn keys_of_later_builds_give_one_warning_each() {
    let read = accepted(
        "{channels: {telegram: {botToken: '${T}'}}, gateway: {tls: {enabled: false}, reload: {mode: 'hot'}}, \
          agents: {list: [{id: 'a', sandbox: {mode: 'off'}}], defaults: {model: {primary: 'local/m', \
          fallbacks: ['p/q']}}}, env: {shellEnv: {enabled: true}}, models: {providers: {p: {baseUrl: \
          'http://h', models: [{id: 'm', name: 'n', compat: {}, contextTokens: 1}]}}}}",
    );
    let suffix = ": this build does not support this key yet; it is ignored";
    let keys = [
        "channels",
        "gateway.tls",
        "gateway.reload",
        "agents.list[0].sandbox",
        "agents.defaults.model.fallbacks",
        "env.shellEnv",
        "models.providers.p.models[0].compat",
        "models.providers.p.models[0].contextTokens",
    ];
    assert_eq!(read.warnings, keys.map(|key| format!("{key}{suffix}")));

    let many: String =
        (0..120).map(|at| format!("p{at}: {{baseUrl: 'http://h', auth: 'none'}},")).collect();
    let read = accepted(&format!("{{models: {{providers: {{{many}}}}}}}"));
    assert_eq!(read.warnings.len(), 101);
    assert_eq!(read.warnings[100], "and 20 more warnings about the config");
}

#[test]
fn the_env_section_stands_below_the_environment() {
    let read = accepted("{env: {NAME: 'config', vars: {EMPTY: 'filled'}}}");
    assert_eq!((read.env.get("NAME"), read.env.get("EMPTY")), (Some("World"), Some("filled")));
    refused(
        "{env: {A: 1, 'B-C': 'x', vars: []}}",
        &[
            "env.A: expected a text in quotes (line 1, column 8)",
            "env.B-C: a variable's name has letters, digits and _ only (line 1, column 14)",
            "env.vars: expected an object in { } (line 1, column 26)",
        ],
    );
    refused("{env: 'x'}", &["env: expected an object in { } (line 1, column 2)"]);
}

#[test]
fn loading_reads_both_files_and_says_what_is_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().to_str().expect("UTF-8");
    let process = Env::of([("OPENCLAW_STATE_DIR", state), ("A", "process"), ("B", "")]);
    let paths = Paths::resolve(&process, ProfileChoice::Default).expect("resolved");

    let none = load(&paths, &process).expect("no file is no error");
    assert_eq!((none.exists, none.modified, &none.config), (false, None, &Config::default()));

    std::fs::write(dir.path().join(".env"), "A=dotenv\nB=dotenv\n").expect("written");
    let text = "{env: {A: 'config', B: 'config', C: 'config'}, agents: {defaults: {systemPrompt: '${A} ${B} ${C}'}}}";
    std::fs::write(&paths.config_file, text).expect("written");
    let loaded = load(&paths, &process).expect("valid");
    assert!(loaded.exists && loaded.modified.is_some());
    assert_eq!(
        loaded.config.agents.defaults.system_prompt.as_deref(),
        Some("process dotenv config")
    );
    assert_eq!(loaded.env.get("C"), Some("config"));

    std::fs::write(dir.path().join(".env"), "A=1\nsk-secret\n").expect("written");
    let error = load(&paths, &process).expect_err("a broken .env").to_string();
    assert_eq!(error, format!("{state}/.env:2:1: expected NAME=value"));
}

#[test]
fn a_large_config_is_a_clear_error() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().to_str().expect("UTF-8");
    let process = Env::of([("OPENCLAW_STATE_DIR", state)]);
    let paths = Paths::resolve(&process, ProfileChoice::Default).expect("resolved");
    std::fs::write(&paths.config_file, " ".repeat(2 * 1024 * 1024 + 1)).expect("written");
    let error = load(&paths, &process).expect_err("too large").to_string();
    assert_eq!(error, format!("cannot read {state}/openclaw.json: it is larger than 2048 KiB"));
}
