use super::testing::{Probe, toolbox};
use super::*;
use crate::types::{Caller, Scope, Scopes, Subject};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// Somebody without the admin scope, who has a namespace of their own.
fn narrow() -> Caller {
    Caller { subject: Subject::Anonymous, scopes: Scopes::NONE.with(Scope::Write) }
}

fn over_http(toolbox: &Toolbox, tool: &str, args: Value) -> Invocation {
    let context = toolbox.context(Wanted::default(), Caller::OPERATOR).expect("a context");
    Invocation {
        tool: tool.to_owned(),
        action: None,
        args,
        context,
        entry: Entry::Http(Consent::Open),
        idempotency_key: None,
    }
}

fn in_a_turn(toolbox: &Toolbox, tool: &str) -> Invocation {
    Invocation { entry: Entry::Turn, ..over_http(toolbox, tool, json!({})) }
}

fn full() -> Value {
    json!({"tools": {"profile": "full"}})
}

/// A tool that counts how often it ran and waits for a sign each time.
fn counting(runs: &Arc<AtomicUsize>, go: &Arc<Notify>) -> Probe {
    let (runs, go) = (runs.clone(), go.clone());
    Probe::new("count", move |_| {
        let (runs, go) = (runs.clone(), go.clone());
        async move {
            let run = runs.fetch_add(1, Ordering::Relaxed) + 1;
            go.notified().await;
            Ok(Output { content: vec![format!("run {run}")], details: json!(run) })
        }
    })
}

#[tokio::test]
async fn arguments_are_checked_before_the_tool_runs() {
    let schema = json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "minLength": 1},
            "mode": {"enum": ["read", "write"]},
            "lines": {"type": "array", "items": {"type": "integer", "minimum": 1}},
            "deep": {"type": "object", "properties": {"key": {"type": ["string", "null"]}}},
        },
        "required": ["path"],
        "additionalProperties": false,
    });
    let toolbox = toolbox(full(), [Probe::echo("file").taking(schema)]);
    let rows = [
        (json!({}), "path required"),
        (json!({"path": 5}), "path: expected string, found a number"),
        (json!({"path": ""}), "path: expected at least 1 characters"),
        (json!({"path": "x", "mode": "r"}), "mode: expected one of [\"read\",\"write\"]"),
        (json!({"path": "x", "lines": [1, 0]}), "lines[1]: expected at least 1"),
        (json!({"path": "x", "lines": [1, "2"]}), "lines[1]: expected integer, found a string"),
        (
            json!({"path": "x", "deep": {"key": 1}}),
            "deep.key: expected null or string, found a number",
        ),
        (json!({"path": "x", "pth": 1}), "pth is not an argument of this tool"),
        (json!({"mode": "r"}), "mode: expected one of [\"read\",\"write\"]; path required"),
    ];
    for (args, message) in rows {
        let error = toolbox.invoke(over_http(&toolbox, "file", args.clone())).await;
        assert_eq!(error, Err(Error::Input(message.to_owned())), "{args}");
    }
    for (args, found) in
        [(json!("x"), "a string"), (json!([1]), "an array"), (json!(1), "a number")]
    {
        let error = toolbox.invoke(over_http(&toolbox, "file", args)).await;
        let message = format!("args must be an object, found {found}");
        assert_eq!(error, Err(Error::Invalid(message)));
    }
    let good = json!({"path": "x", "deep": {"key": null}});
    let output = toolbox.invoke(over_http(&toolbox, "FILE ", good.clone())).await.expect("runs");
    assert_eq!(output.details, good);
}

#[tokio::test]
async fn an_action_joins_the_arguments_of_a_tool_that_has_one() {
    let schema = json!({"type": "object", "properties": {"action": {"type": "string"}}});
    let probes = [Probe::echo("acting").taking(schema), Probe::echo("other")];
    let toolbox = toolbox(full(), probes);
    let rows = [
        ("acting", json!({}), json!({"action": "list"})),
        ("acting", json!(null), json!({"action": "list"})),
        ("acting", json!({"action": "own"}), json!({"action": "own"})),
        ("other", json!({}), json!({})),
    ];
    for (tool, args, expected) in rows {
        let action = Some("list".to_owned());
        let invocation = Invocation { action, ..over_http(&toolbox, tool, args) };
        assert_eq!(toolbox.invoke(invocation).await.expect("runs").details, expected, "{tool}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_held_to_its_limits() {
    let limits = Limits { time: Duration::from_secs(7), output_bytes: 10 };
    let talking = Probe::new("talking", |_| async {
        Ok(Output { content: vec!["x".repeat(100)], details: json!("y".repeat(100)) })
    });
    let slow = Probe::new("slow", |_| std::future::pending());
    let toolbox = toolbox(full(), [talking.within(limits), slow.within(limits)]);
    let output = toolbox.invoke(over_http(&toolbox, "talking", json!({}))).await.expect("runs");
    assert_eq!(
        output.content,
        ["x".repeat(10), "[output cut: 90 of 100 bytes left out]".to_owned()]
    );
    assert_eq!(output.details, json!({"truncated": true, "bytes": 102}));
    let begun = tokio::time::Instant::now();
    let error = toolbox.invoke(over_http(&toolbox, "slow", json!({}))).await;
    assert_eq!(error, Err(Error::TimedOut(Duration::from_secs(7))));
    assert_eq!(begun.elapsed(), Duration::from_secs(7));
}

#[tokio::test]
async fn a_fault_and_a_panic_are_told_alike_and_not_in_their_words() {
    let faulty = Probe::new("faulty", |_| async { Err(Failed::Fault("secret".into())) });
    let panicking = Probe::new("panicking", |_| async { panic!("secret") });
    let early = Probe::new("early", |call| {
        assert!(call.args.is_empty(), "secret");
        std::future::pending()
    });
    let broken = Probe::echo("broken").taking(json!({"type": "nonsense"}));
    let toolbox = toolbox(full(), [faulty, panicking, early, broken]);
    for tool in ["faulty", "panicking", "early", "broken"] {
        let error = toolbox.invoke(over_http(&toolbox, tool, json!({"x": 1}))).await;
        assert_eq!(error, Err(Error::Failed), "{tool}");
        assert_eq!(Error::Failed.to_string(), "tool execution failed");
    }
}

#[tokio::test]
async fn a_missing_tool_and_a_hidden_one_are_told_alike() {
    let config = json!({"tools": {"profile": "full", "deny": ["hidden"]}});
    let probes = [Probe::echo("hidden"), Probe::echo("owners").owner_only(), Probe::echo("exec")];
    let toolbox = toolbox(config, probes);
    for tool in ["missing", "hidden", "exec", "owners"] {
        let mut invocation = over_http(&toolbox, tool, json!([]));
        invocation.context = toolbox.context(Wanted::default(), narrow()).expect("a context");
        let expected = Error::Unavailable(tool.to_owned());
        assert_eq!(toolbox.rehearse(&invocation), Err(expected.clone()));
        assert_eq!(toolbox.invoke(invocation).await, Err(expected));
    }
    let owners = toolbox.invoke(over_http(&toolbox, "owners", json!({}))).await;
    assert!(owners.is_ok(), "the operator has it");
}

#[tokio::test]
async fn the_catalogue_is_what_a_turn_may_use() {
    let probes = || [Probe::echo("exec"), Probe::echo("Read"), Probe::echo("cron").owner_only()];
    let names = |config: Value, caller| {
        let toolbox = toolbox(config, probes());
        let context = toolbox.context(Wanted::default(), caller).expect("a context");
        let specs = toolbox.catalogue(&context).into_iter();
        specs.map(|spec| spec.name).collect::<Vec<_>>()
    };
    assert_eq!(names(full(), Caller::OPERATOR), ["cron", "exec", "Read"]);
    assert_eq!(names(full(), narrow()), ["exec", "Read"]);
    assert_eq!(names(json!({}), Caller::OPERATOR), Vec::<String>::new());
    assert_eq!(names(json!({"tools": {"allow": ["read"]}}), narrow()), ["Read"]);
    let toolbox = toolbox(full(), probes());
    let context = toolbox.context(Wanted::default(), narrow()).expect("a context");
    let spec = &toolbox.catalogue(&context)[0];
    assert_eq!(spec.parameters.as_ref().expect("a schema").get(), r#"{"type":"object"}"#);
}

#[tokio::test]
async fn a_rehearsal_runs_nothing_and_says_what_would_run() {
    let (runs, go) = (Arc::default(), Arc::default());
    let toolbox = toolbox(full(), [counting(&runs, &go)]);
    let rehearsal = toolbox.rehearse(&over_http(&toolbox, "COUNT", json!({"a": 1})));
    let args = json!({"a": 1}).as_object().expect("an object").clone();
    let expected = Rehearsal { tool: "count".to_owned(), args, approval: "not_needed" };
    assert_eq!(rehearsal, Ok(expected));
    assert_eq!(runs.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn over_http_consent_is_given_with_the_call() {
    let toolbox = toolbox(full(), [Probe::echo("danger").asking()]);
    let open = over_http(&toolbox, "danger", json!({}));
    let refused = Err(Error::ApprovalRequired("danger".to_owned()));
    assert_eq!(toolbox.rehearse(&open).map(drop), refused.clone());
    assert_eq!(toolbox.invoke(open.clone()).await.map(drop), refused);
    let given = Invocation { entry: Entry::Http(Consent::Given), ..open.clone() };
    assert_eq!(toolbox.rehearse(&given).expect("would run").approval, "given");
    assert!(toolbox.invoke(given.clone()).await.is_ok());
    // Once is once.
    assert!(toolbox.invoke(open).await.is_err());
    let mut less = given;
    less.context = toolbox.context(Wanted::default(), narrow()).expect("a context");
    assert_eq!(toolbox.invoke(less.clone()).await, Err(Error::MissingScope(Scope::Approvals)));
    less.context.caller.scopes = less.context.caller.scopes.with(Scope::Approvals);
    assert!(toolbox.invoke(less).await.is_ok());
    assert!(toolbox.approvals().list().is_empty());
}

/// Waits until this many requests wait, without counting on time.
async fn waiting(approvals: &Approvals, count: usize) -> Vec<Pending> {
    loop {
        let list = approvals.list();
        if list.len() == count {
            return list;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn in_a_turn_a_use_waits_for_a_decision() {
    let toolbox = toolbox(full(), [Probe::echo("danger").asking()]);
    let ask = || {
        let (toolbox, invocation) = (toolbox.clone(), in_a_turn(&toolbox, "danger"));
        assert_eq!(toolbox.rehearse(&invocation).expect("asks").approval, "asked");
        tokio::spawn(async move { toolbox.invoke(invocation).await })
    };
    let approvals = toolbox.approvals();

    let denied = ask();
    let [pending] = waiting(approvals, 1).await.try_into().expect("one");
    assert_eq!((pending.ask.tool.as_str(), pending.ask.agent.as_str()), ("danger", "main"));
    assert!(!denied.is_finished());
    approvals.decide(&pending.id, Decision::Deny).expect("it waits");
    let refused = Error::Refused { tool: "danger".to_owned(), why: Refusal::Denied };
    assert_eq!(denied.await.expect("no panic"), Err(refused));
    let again = approvals.decide(&pending.id, Decision::AllowOnce);
    assert_eq!(again, Err(UnknownApproval(pending.id)));

    let once = ask();
    let [pending] = waiting(approvals, 1).await.try_into().expect("one");
    approvals.decide(&pending.id, Decision::AllowOnce).expect("it waits");
    assert!(once.await.expect("no panic").is_ok());

    // For good: everything of this agent and tool that waits, and what comes later.
    let (one, other) = (ask(), ask());
    let pending = waiting(approvals, 2).await;
    approvals.decide(&pending[1].id, Decision::AllowAlways).expect("it waits");
    assert!(one.await.expect("no panic").is_ok());
    assert!(other.await.expect("no panic").is_ok());
    let later = toolbox.invoke(in_a_turn(&toolbox, "danger")).now_or_never();
    assert!(later.expect("nothing to wait for").is_ok());
    let over_http = over_http(&toolbox, "danger", json!({}));
    assert_eq!(toolbox.rehearse(&over_http).expect("would run").approval, "remembered");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_decides_expires_and_what_nobody_awaits_is_withdrawn() {
    let toolbox = toolbox(full(), [Probe::echo("danger").asking()]);
    let expired = toolbox.invoke(in_a_turn(&toolbox, "danger")).await;
    let refused = Error::Refused { tool: "danger".to_owned(), why: Refusal::Expired };
    assert_eq!(expired, Err(refused));
    assert!(toolbox.approvals().list().is_empty());

    let mut left = Box::pin(toolbox.invoke(in_a_turn(&toolbox, "danger")));
    assert!(futures_util::poll!(&mut left).is_pending());
    assert_eq!(toolbox.approvals().list().len(), 1);
    drop(left);
    assert!(toolbox.approvals().list().is_empty());
}

#[tokio::test]
async fn only_so_many_wait_for_approval() {
    let toolbox = toolbox(full(), [Probe::echo("danger").asking()]);
    let mut asked = Vec::new();
    for _ in 0..100 {
        let mut one = Box::pin(toolbox.invoke(in_a_turn(&toolbox, "danger")));
        assert!(futures_util::poll!(&mut one).is_pending());
        asked.push(one);
    }
    let more = toolbox.invoke(in_a_turn(&toolbox, "danger")).await;
    assert!(matches!(more, Err(Error::Busy(_))), "{more:?}");
    asked.pop();
    let mut fits = Box::pin(toolbox.invoke(in_a_turn(&toolbox, "danger")));
    assert!(futures_util::poll!(&mut fits).is_pending());
}

#[tokio::test]
async fn concurrent_repeats_run_once() {
    let (runs, go) = (Arc::default(), Arc::new(Notify::new()));
    let toolbox = toolbox(full(), [counting(&runs, &go)]);
    let keyed = |args: Value| Invocation {
        idempotency_key: Some("k".to_owned()),
        ..over_http(&toolbox, "count", args)
    };
    let mut first = Box::pin(toolbox.invoke(keyed(json!({"a": 1, "b": 2}))));
    let mut second = Box::pin(toolbox.invoke(keyed(json!({"b": 2, "a": 1}))));
    assert!(futures_util::poll!(&mut first).is_pending());
    assert!(futures_util::poll!(&mut second).is_pending());
    let other = keyed(json!({"a": 2}));
    assert_eq!(toolbox.rehearse(&other), Err(Error::Conflict));
    assert_eq!(toolbox.invoke(other).await, Err(Error::Conflict));
    go.notify_one();
    let (first, second) = futures_util::join!(first, second);
    assert_eq!(first.as_ref().expect("runs").content, ["run 1"]);
    assert_eq!(first, second);
    assert_eq!(toolbox.invoke(keyed(json!({"a": 1, "b": 2}))).await, first);
    assert_eq!(runs.load(Ordering::Relaxed), 1);

    // Another caller's key is another key.
    let mut less = keyed(json!({"a": 2}));
    less.context = toolbox.context(Wanted::default(), narrow()).expect("a context");
    go.notify_one();
    assert_eq!(toolbox.invoke(less).await.expect("runs").content, ["run 2"]);
}

fn resolved(wanted: Wanted<'_>, caller: Caller) -> Result<String, String> {
    let config = json!({"agents": {"list": [{"id": "main"}, {"id": "research"}]}});
    let toolbox = toolbox(config, []);
    let context = toolbox.context(wanted, caller).map_err(|error| error.to_string())?;
    let session = context.session.expect("always one over HTTP");
    Ok(format!("{} {session}", context.agent))
}

#[test]
fn agent_and_session_are_found_or_refused() {
    let rows = [
        (None, None, Ok("main agent:main:main")),
        (None, Some("main"), Ok("main agent:main:main")),
        (None, Some(" MAIN "), Ok("main agent:main:main")),
        (Some(""), Some(""), Ok("main agent:main:main")),
        (Some("research"), None, Ok("research agent:research:main")),
        (Some("Research"), Some("main"), Ok("research agent:research:main")),
        (None, Some("agent:research:Direct:anna"), Ok("research agent:research:direct:anna")),
        (Some("research"), Some("agent:research:x"), Ok("research agent:research:x")),
        (Some("research"), Some("x"), Ok("research agent:research:x")),
        (None, Some("agent:main:cron:job"), Ok("main agent:main:cron:job")),
        (Some("zzz"), None, Err("Unknown agent id \"zzz\"")),
        (Some("a b"), None, Err("Unknown agent id \"a b\"")),
        (None, Some("agent:zzz:main"), Err("Unknown agent id \"zzz\"")),
        (
            Some("research"),
            Some("agent:main:main"),
            Err("agent \"research\" does not match session key agent \"main\""),
        ),
        (
            None,
            Some("a b"),
            Err("sessionKey \"a b\" is not one: expected `main` or agent:<agentId>:<rest>, at \
                 most 512 characters without white space"),
        ),
    ];
    for (agent, session, expected) in rows {
        let got = resolved(Wanted { agent, session }, Caller::OPERATOR);
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(got, expected, "{agent:?} {session:?}");
    }
}

#[test]
fn reserved_sessions_are_the_operator_s() {
    for session in ["agent:main:cron:x", "cron:x", "agent:main:SUBAGENT:x", "acp:x"] {
        let wanted = Wanted { agent: None, session: Some(session) };
        let refused = "`sessionKey` cannot use reserved internal session namespaces.";
        assert_eq!(resolved(wanted, narrow()), Err(refused.to_owned()), "{session}");
        assert!(resolved(wanted, Caller::OPERATOR).is_ok(), "{session}");
    }
}
