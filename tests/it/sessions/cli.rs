//! `openclaw sessions` and `openclaw backup` as processes, most of them beside an open store.

use super::*;
use crate::support::process::binary;
use openclaw::sessions::Patch;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

const DAY_MILLIS: i64 = 86_400_000;

/// How a command ended.
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Home {
    /// A store whose clock shows the time of the machine, as that of a command does.
    fn of_now() -> Self {
        let clock = Clock::standing_at(Clock::system().now());
        Self { clock, ..Self::new() }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join(".openclaw")
    }

    fn configure(&self, config: &Value) {
        std::fs::create_dir_all(self.state()).expect("the state folder");
        std::fs::write(self.state().join("openclaw.json"), config.to_string()).expect("the config");
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let Output { status, stdout, stderr } = Command::new(binary())
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .current_dir(self.folder.path())
            .output()
            .expect("the binary runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// What a command prints that ends well.
    fn prints(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}: {}", ran.stdout);
        ran.stdout
    }

    /// The JSON document a command prints that ends well.
    fn tells(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.prints(arguments)).expect("one JSON document")
    }
}

fn other(rest: &str) -> SessionKey {
    SessionKey::parse(&format!("agent:ops:{rest}")).expect("valid")
}

fn keys_of(document: &Value) -> Vec<&str> {
    let sessions = document["sessions"].as_array().expect("a list");
    sessions.iter().map(|row| row["key"].as_str().expect("a key")).collect()
}

#[tokio::test]
async fn sessions_are_listed() {
    let home = Home::of_now();
    let sessions = home.sessions().await;
    turn(&sessions, &key("old"), "u:1", "2").await;
    home.clock.advance(Duration::from_secs(1));
    turn(&sessions, &key("discord:group:7"), "u:1", "2").await;
    turn(&sessions, &other("direct:bert"), "u:1", "2").await;
    let label = Patch { label: Some("Seven\u{1b}[31m".to_owned()), model_override: None };
    sessions.patch(&key("discord:group:7"), label).await.expect("patched");

    let shown = home.prints(&["sessions"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "SESSION                     KIND    USED  TOKENS  LABEL");
    assert!(lines[1].starts_with("agent:main:discord:group:7  group  "), "{shown}");
    assert!(lines[1].ends_with("  Seven\u{fffd}[31m"), "{shown}");
    assert!(lines[2].starts_with("agent:main:old              direct "), "{shown}");
    assert_eq!(lines[3..], ["", "1 more belong to other agents; `--all-agents` shows them."]);
    let shown = home.prints(&["sessions", "list", "--all-agents", "--limit", "1"]);
    assert!(shown.ends_with("\n… and 2 more; `--limit 3` shows them.\n"), "{shown}");
    assert_eq!(home.prints(&["sessions", "--agent", "none"]), "No sessions of agent none.\n");

    let told = home.tells(&["sessions", "--json"]);
    assert_eq!(keys_of(&told), ["agent:main:discord:group:7", "agent:main:old"]);
    assert_eq!(told["path"], json!(home.state().join("state/openclaw.sqlite")));
    let counts = ["count", "totalCount", "limitApplied", "hasMore"].map(|name| &told[name]);
    assert_eq!(counts, [&json!(2), &json!(2), &json!(100), &json!(false)]);
    let row = &told["sessions"][0];
    assert_eq!(
        (&row["kind"], &row["totalTokens"], &row["agentId"]),
        (&json!("group"), &json!(13), &json!("main"))
    );
    assert!(row["sessionId"].is_string() && row["ageMs"].is_i64(), "{row}");
    let told = home.tells(&["sessions", "list", "--agent", "ops", "--json"]);
    assert_eq!(keys_of(&told), ["agent:ops:direct:bert"]);
    let told = home.tells(&["sessions", "list", "--all-agents", "--limit", "2", "--json"]);
    assert_eq!(
        (&told["count"], &told["totalCount"], &told["hasMore"]),
        (&json!(2), &json!(3), &json!(true))
    );
}

#[tokio::test]
async fn only_active_sessions_are_listed() {
    let home = Home::of_now();
    let start = home.clock.now();
    home.clock.advance(Duration::from_secs(1));
    let sessions = home.sessions().await;
    turn(&sessions, &key("new"), "u:1", "2").await;
    // One that was used an hour ago.
    let earlier = Home { folder: home.folder, clock: Clock::standing_at(start - 3_600_000) };
    turn(&earlier.sessions().await, &key("old"), "u:1", "2").await;
    let listed = |minutes: &str| {
        let told = earlier.tells(&["sessions", "--active", minutes, "--json"]);
        (told["totalCount"].clone(), told["count"].clone())
    };
    assert_eq!(listed("50"), (json!(1), json!(1)));
    assert_eq!(listed("90"), (json!(2), json!(2)));
}

#[tokio::test]
async fn the_default_agent_is_the_configs() {
    let home = Home::of_now();
    home.configure(&json!({
        "gateway": {"mode": "local"},
        "agents": {"list": [{"id": "main"}, {"id": "ops", "default": true}]}
    }));
    let sessions = home.sessions().await;
    turn(&sessions, &key("a"), "u:1", "2").await;
    turn(&sessions, &other("b"), "u:hello", "2").await;
    assert_eq!(keys_of(&home.tells(&["sessions", "--json"])), ["agent:ops:b"]);
    assert!(home.prints(&["sessions", "show", "b"]).contains("\nhello\n"));
    // A broken config is told, where it is needed.
    home.configure(&json!({"session": {"reset": {"mode": "never"}}}));
    assert_eq!(home.run(&["sessions"]).code, Some(78));
    home.prints(&["sessions", "--all-agents"]);
    home.prints(&["sessions", "show", "agent:ops:b"]);
}

#[tokio::test]
async fn a_session_is_shown() {
    let home = Home::of_now();
    let sessions = home.sessions().await;
    let anna = key("direct:anna");
    sessions.announce(&anna, "news").await.expect("queued");
    let mut asked = begin(&anna, "");
    let text = Content::Text("two\nlines \u{1b}]0;title\u{7}".to_owned());
    asked.input = vec![Message::User { content: text, name: Some("Anna".to_owned()) }];
    claim(&sessions, asked).await.finish(answer("fine")).await.expect("written");
    claim(&sessions, begin(&anna, "u:more")).await.finish(failure(Some("half"))).await.expect("ok");

    let shown = home.prints(&["sessions", "show", "direct:Anna"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "Session:    agent:main:direct:anna");
    for line in [
        "Kind:       direct, openai",
        "Tokens:     10 read, 3 written",
        "Last run:   did not come to its end",
        "two",
        "lines \u{fffd}]0;title\u{fffd}",
        "fine",
        "half",
    ] {
        assert!(lines.contains(&line), "no {line:?} in {shown}");
    }
    for end in [
        "the session begins (new)",
        "notice",
        "user Anna",
        "assistant fake/chat",
        "no answer: the provider is away",
    ] {
        let heading = lines.iter().find(|line| line.starts_with('#') && line.ends_with(end));
        assert!(heading.is_some(), "no {end:?} in {shown}");
    }
    let shown = home.prints(&["sessions", "show", "direct:anna", "--limit", "2"]);
    assert!(
        shown.contains("\n(4 earlier entries are not shown; `--before 5` shows them)\n"),
        "{shown}"
    );
    assert!(!shown.contains("fine"), "{shown}");

    let told = home.tells(&["sessions", "show", "agent:main:direct:anna", "--json"]);
    let kinds: Vec<&Value> =
        told["entries"].as_array().expect("a list").iter().map(|entry| &entry["type"]).collect();
    assert_eq!(kinds, ["opened", "notice", "message", "message", "message", "broken"]);
    assert_eq!(told["entries"][3]["message"], json!({"role": "assistant", "text": "fine"}));
    assert_eq!(told["entries"][3]["usage"]["output"], json!(3));
    assert_eq!((&told["session"]["messages"], &told["hasMore"]), (&json!(3), &json!(false)));

    let ran = home.run(&["sessions", "show", "nobody"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(
        ran.stderr,
        "there is no session agent:main:nobody\n\
         hint: `openclaw sessions list --all-agents` shows which there are\n"
    );
    let ran = home.run(&["sessions", "show", "two words", "--json"]);
    let told: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    assert_eq!(
        (ran.code, &told["ok"], &told["error"]["type"]),
        (Some(1), &json!(false), &json!("cli_error"))
    );
    assert!(told["error"]["message"].as_str().expect("a text").contains("session key"), "{told}");
}

#[tokio::test]
async fn sessions_are_cleaned_up() {
    let home = Home::of_now();
    let rules =
        |mode: &str| json!({"session": {"maintenance": {"mode": mode, "pruneAfter": "10d"}}});
    home.configure(&rules("warn"));
    let old = Clock::standing_at(home.clock.now() - 20 * DAY_MILLIS);
    let store = Store::open(&file_in(&home.state()), old).expect("the store opens");
    let sessions = Sessions::open(store.clone(), &Tasks::new()).await.expect("the sessions open");
    turn(&sessions, &key("old"), "u:1", "2").await;
    let sessions = home.sessions().await;
    turn(&sessions, &key("new"), "u:1", "2").await;
    turn(&sessions, &key("hollow"), "u:1", "2").await;
    let id = row(&sessions, &key("hollow")).await.session_id;
    let mut batch = openclaw::store::Batch::new();
    batch.remove_stream(&format!("session/{}/{id}", key("hollow")));
    store.commit(batch).await.expect("committed");

    let plan = "Would remove 1 session: not used for longer than session.maintenance.pruneAfter.\n  \
                agent:main:old\n\
                Would mend 1 session without a transcript or an index row.\n";
    let warned = "session.maintenance.mode is \"warn\": `openclaw sessions cleanup --enforce` \
                  removes all the same.\n";
    let unchanged = "3 sessions; nothing was changed.\n";
    assert_eq!(home.prints(&["sessions", "cleanup"]), format!("{plan}{warned}{unchanged}"));
    let dry = home.prints(&["sessions", "cleanup", "--dry-run", "--enforce", "--fix-missing"]);
    assert_eq!(dry, format!("{plan}{unchanged}"));
    let fixed = home.tells(&["sessions", "cleanup", "--fix-missing", "--json"]);
    assert_eq!((&fixed["orphans"], &fixed["afterCount"]), (&json!(1), &json!(2)));
    assert_eq!(
        (&fixed["mended"], &fixed["removed"], &fixed["mode"]),
        (&json!(true), &json!(false), &json!("warn"))
    );
    assert_eq!(fixed["expired"], json!(["agent:main:old"]));
    let done = home.prints(&["sessions", "cleanup", "--enforce"]);
    assert_eq!(
        done,
        "Removed 1 session: not used for longer than session.maintenance.pruneAfter.\n  \
         agent:main:old\n2 sessions before, 1 now.\n"
    );
    home.configure(&rules("enforce"));
    let done = home.prints(&["sessions", "cleanup"]);
    assert_eq!(done, "Nothing to clean up.\n1 session before, 1 now.\n");
    // Whoever had the store open goes on.
    assert_eq!(turn(&sessions, &key("new"), "u:3", "4").await, "u:1 a:2 u:3");
}

#[tokio::test]
async fn a_backup_can_be_put_back() {
    let home = Home::of_now();
    let (store, tasks) = (home.store(), Tasks::new());
    let sessions = Sessions::open(store.clone(), &tasks).await.expect("the sessions open");
    let anna = key("direct:anna");
    turn(&sessions, &anna, "u:1", "2").await;
    let told = home.tells(&["backup", "--json"]);
    let backup = Path::new(told["path"].as_str().expect("a path")).to_owned();
    assert!(backup.starts_with(home.state().join("backups")), "{told}");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&backup), mode(backup.parent().expect("a folder"))), (0o600, 0o700));
    assert_eq!(told["bytes"], json!(std::fs::metadata(&backup).expect("there").len()));

    let said = home.prints(&["backup", "--output", "copy.sqlite"]);
    let copy = home.folder.path().join("copy.sqlite");
    assert!(said.starts_with(&format!("Backed up to {} (", copy.display())), "{said}");
    let ran = home.run(&["backup", "--output", "copy.sqlite"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("copy.sqlite"), "{}", ran.stderr);

    // What happens after the backup is not in it; its own instructions bring it back.
    turn(&sessions, &anna, "u:3", "4").await;
    assert!(sessions.remove(&anna).await.expect("removed"));
    assert!(tasks.drain(Duration::from_secs(30)).await);
    store.close().await;
    let steps: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let restored = Command::new("sh").args(["-ec", &steps.join("\n")]).status();
    assert!(restored.expect("sh runs").success());
    assert_eq!(transcript(&home.sessions().await, &anna).await, "o:new u:1 a:2");
}

#[test]
fn without_a_store_commands_say_so() {
    let home = Home::new();
    for arguments in
        [&["sessions"][..], &["sessions", "show", "main"], &["sessions", "cleanup"], &["backup"]]
    {
        let ran = home.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(ran.stderr.starts_with("there is no store at "), "{}", ran.stderr);
    }
    assert!(!home.state().exists(), "asking makes nothing");
    let ran = home.run(&["sessions", "--limit", "0"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
}
