use super::*;
use crate::config::Reset;
use crate::media::Media;
use crate::net::egress::Egress;
use crate::secrets::Live;
use crate::sessions::{Begin, Begun, Ended, Ending, Patch, Sessions};
use crate::store::{Clock, Store};
use crate::tasks::Tasks;
use crate::tools::testing::live;
use crate::tools::{Consent, Context, Entry, Error, Invocation, Output, Toolbox, Wanted};
use crate::types::{Caller, History, Message, RunId, Scope, Scopes, SessionKey, Subject};
use proptest::prelude::*;
use std::time::Duration;
use tempfile::TempDir;

/// The toolbox of a gateway with a real store.
struct House {
    toolbox: Toolbox,
    sessions: Sessions,
    clock: Clock,
    live: Live,
    _folder: TempDir,
}

impl House {
    async fn new(config: Value) -> Self {
        let folder = TempDir::new().expect("a folder");
        let clock = Clock::standing_at(1_700_000_000_000);
        let store = Store::open(&folder.path().join("x.sqlite"), clock.clone()).expect("a store");
        let tasks = Tasks::new();
        let sessions = Sessions::open(store, &tasks).await.expect("sessions");
        let live = live(config);
        let egress = Egress::new();
        let media = Media::new(egress.clone(), None);
        let services =
            Services { live: live.clone(), sessions: sessions.clone(), tasks, egress, media };
        Self { toolbox: Toolbox::new(services), sessions, clock, live, _folder: folder }
    }

    /// One turn: a question, what tools said, an answer.
    async fn turn(&self, seed: (&str, Option<&'static str>), said: &[Message]) {
        let (key, owner) = seed;
        let [asked, meanwhile @ .., answer] = said else { panic!("a turn") };
        let begin = Begin {
            key: SessionKey::parse(key).expect("a key"),
            owner,
            channel: "telegram".to_owned(),
            reset: Reset::default(),
            run: RunId::from_bits(1),
            input: vec![asked.clone()],
            history: History::Session,
            idempotency_key: None,
            fingerprint: [0; 32],
        };
        let Begun::Turn(mut writer) = self.sessions.begin(begin).await.expect("begins") else {
            panic!("answered already");
        };
        writer.say(meanwhile.to_vec()).await.expect("written");
        let ended = Ended {
            answer: Some(answer.clone()),
            ending: Ending::Stop,
            why: String::new(),
            model: None,
            usage: None,
        };
        writer.finish(ended).await.expect("written");
        self.clock.advance(Duration::from_secs(60));
    }

    async fn ask(&self, caller: Caller, tool: &str, args: Value) -> Result<Value, Error> {
        let context = Context::resolve(self.live.load_full(), Wanted::default(), caller)?;
        self.ask_in(context, tool, args).await.map(|output| output.details)
    }

    async fn ask_in(&self, context: Context, tool: &str, args: Value) -> Result<Output, Error> {
        let invocation = Invocation {
            tool: tool.to_owned(),
            action: None,
            args,
            context,
            entry: Entry::Http(Consent::Open),
            idempotency_key: None,
        };
        self.toolbox.invoke(invocation).await
    }

    async fn history(&self, args: Value) -> Value {
        self.ask(Caller::OPERATOR, "sessions_history", args).await.expect("a history")
    }
}

fn narrow() -> Caller {
    Caller { subject: Subject::Anonymous, scopes: Scopes::NONE.with(Scope::Write) }
}

fn asked(text: &str) -> Message {
    serde_json::from_value(json!({"role": "user", "content": text})).expect("a message")
}

fn answered(text: &str) -> Message {
    serde_json::from_value(json!({"role": "assistant", "text": text})).expect("a message")
}

fn called(arguments: &str) -> [Message; 2] {
    let call = json!({"id": "c", "name": "t", "arguments": arguments});
    let messages = [
        json!({"role": "assistant", "tool_calls": [call]}),
        json!({"role": "tool", "call_id": "c", "content": "done"}),
    ];
    messages.map(|message| serde_json::from_value(message).expect("a message"))
}

fn seqs(details: &Value) -> Vec<u64> {
    let messages = details["messages"].as_array().expect("messages");
    messages.iter().map(|line| line["seq"].as_u64().expect("a number")).collect()
}

const MAIN: (&str, Option<&str>) = ("agent:main:main", None);

#[tokio::test]
async fn a_long_text_is_cut_and_a_full_page_goes_on_in_the_next() {
    let house = House::new(json!({})).await;
    for _ in 0..12 {
        house.turn(MAIN, &[asked("?"), answered(&"ä".repeat(5_000))]).await;
    }
    let page = house.history(json!({"sessionKey": "main"})).await;
    let last = &page["messages"].as_array().expect("messages").last().expect("one")["text"];
    assert_eq!(last.as_str().expect("a text"), "ä".repeat(4_000) + "…");
    // Some eight kilobytes an answer: a page holds few of them and says where to go on.
    let first = seqs(&page);
    assert_eq!(page["nextBeforeSeq"], first[0]);
    let text = page.to_string();
    assert!(text.len() < 48 * 1024 && first.len() == 10, "{} bytes, {first:?}", text.len());
    let next = house.history(json!({"sessionKey": "main", "beforeSeq": first[0]})).await;
    assert_eq!(seqs(&next).last(), Some(&(first[0] - 1)));
}

#[tokio::test]
async fn large_entries_do_not_end_a_history_early() {
    let house = House::new(json!({})).await;
    for _ in 0..3 {
        // Two of them are more than the sessions give at a time.
        house.turn(MAIN, &[asked(&"x".repeat(5 << 20)), answered("!")]).await;
    }
    let page = house.history(json!({"sessionKey": "main"})).await;
    assert_eq!(seqs(&page), [2, 3, 4, 5, 6, 7]);
    assert_eq!(page["nextBeforeSeq"], Value::Null);
}

#[tokio::test]
async fn tools_are_left_out_unless_they_are_asked_for() {
    let house = House::new(json!({})).await;
    let mut turn = vec![asked("Go.")];
    for _ in 0..40 {
        turn.extend(called(&"x".repeat(5_000)));
    }
    turn.push(answered("Gone."));
    house.turn(MAIN, &turn).await;
    let hidden = house.history(json!({"sessionKey": "main", "limit": 2})).await;
    assert_eq!((seqs(&hidden), &hidden["hasMore"]), (vec![2, 83], &json!(false)));
    let shown =
        house.history(json!({"sessionKey": "main", "limit": 2, "includeTools": true})).await;
    assert_eq!((seqs(&shown), &shown["nextBeforeSeq"]), (vec![82, 83], &json!(82)));
    let before = json!({"sessionKey": "main", "limit": 1, "includeTools": true, "beforeSeq": 82});
    let call = &house.history(before).await["messages"][0];
    assert_eq!(call["toolCalls"][0]["name"], "t");
    let arguments = call["toolCalls"][0]["arguments"].as_str().expect("a text");
    assert_eq!(arguments.chars().count(), 4_001);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever the size of its pages, and whatever is left out, a history is whole.
    #[test]
    fn pages_put_together_are_the_history(
        turns in prop::collection::vec(0..3usize, 1..8),
        limit in 1..6usize,
        tools in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let house = House::new(json!({})).await;
            for calls in &turns {
                let mut turn = vec![asked("?")];
                (0..*calls).for_each(|_| turn.extend(called("{}")));
                turn.push(answered("!"));
                house.turn(MAIN, &turn).await;
            }
            let key = json!({"sessionKey": "main", "includeTools": tools, "limit": 200});
            let whole = seqs(&house.history(key).await);
            let (mut paged, mut before) = (Vec::new(), None);
            loop {
                let mut args = json!({"sessionKey": "main", "includeTools": tools, "limit": limit});
                if let Some(before) = before {
                    args["beforeSeq"] = json!(before);
                }
                let page = house.history(args).await;
                let mut part = seqs(&page);
                assert!(part.len() <= limit);
                part.extend(paged);
                paged = part;
                before = page["nextBeforeSeq"].as_u64();
                if before.is_none() {
                    break;
                }
            }
            let messages = turns.iter().map(|calls| if tools { 2 + 2 * calls } else { 2 });
            assert_eq!(paged.len(), messages.sum::<usize>());
            assert_eq!(paged, whole);
        });
    }
}

#[tokio::test]
async fn a_list_is_filtered_and_never_shows_a_foreign_session() {
    let house = House::new(json!({"agents": {"list": [{"id": "main"}, {"id": "other"}]}})).await;
    house.turn(("agent:other:main", None), &[asked("red apple"), answered("ok")]).await;
    house
        .turn(
            ("agent:main:caller:anonymous:a", Some("anonymous")),
            &[asked("red"), answered("apple")],
        )
        .await;
    house.turn(MAIN, &[asked("apple red, apple green"), answered("an apple is red")]).await;
    let rows: [(Caller, Value, &[&str]); 9] = [
        (
            Caller::OPERATOR,
            json!({}),
            &["agent:main:main", "agent:main:caller:anonymous:a", "agent:other:main"],
        ),
        (Caller::OPERATOR, json!({"limit": 1}), &["agent:main:main"]),
        (Caller::OPERATOR, json!({"agent": "Other"}), &["agent:other:main"]),
        (Caller::OPERATOR, json!({"agent": "nobody"}), &[]),
        (Caller::OPERATOR, json!({"activeMinutes": 1}), &["agent:main:main"]),
        (Caller::OPERATOR, json!({"search": "red green"}), &["agent:main:main"]),
        (narrow(), json!({}), &["agent:main:caller:anonymous:a"]),
        (narrow(), json!({"search": "apple"}), &["agent:main:caller:anonymous:a"]),
        (narrow(), json!({"search": "green"}), &[]),
    ];
    for (caller, args, expected) in rows {
        let listed = house.ask(caller, "sessions_list", args.clone()).await.expect("a list");
        let keys = listed["sessions"].as_array().expect("a list").iter();
        let keys: Vec<_> = keys.map(|row| row["key"].as_str().expect("a key")).collect();
        assert_eq!(keys, expected, "{args}");
    }
    let twice = json!({"search": "apple red", "agent": "main"});
    let found = house.ask(Caller::OPERATOR, "sessions_list", twice).await.expect("a list");
    assert_eq!(found["count"], 1, "a session found twice is listed once");
    let shown = json!({"messageLimit": 1, "limit": 1});
    let listed = house.ask(Caller::OPERATOR, "sessions_list", shown).await.expect("a list");
    assert_eq!(listed["sessions"][0]["messages"][0]["text"], "an apple is red");
}

#[tokio::test]
async fn a_list_that_is_too_long_says_how_many_there_are() {
    let house = House::new(json!({})).await;
    let name = "n".repeat(450);
    for i in 0..100 {
        let key = format!("agent:main:{i}{name}");
        house.turn((&key, None), &[asked("?"), answered(&"!".repeat(3_000))]).await;
    }
    let args = json!({"limit": 100, "messageLimit": 20});
    let listed = house.ask(Caller::OPERATOR, "sessions_list", args).await.expect("a list");
    let (count, total) = (listed["count"].as_u64().expect("a number"), &listed["total"]);
    assert_eq!(total, 100);
    assert!((20..100).contains(&count), "{count}");
    assert!(listed.to_string().len() < 48 * 1024);
}

#[tokio::test]
async fn a_foreign_session_is_answered_exactly_as_a_missing_one() {
    let house = House::new(json!({})).await;
    // Another caller's namespace is as foreign as none.
    let rows = [("agent:main:main", None), ("agent:main:caller:operator:stolen", None)];
    for row in rows {
        house.turn(row, &[asked("secret"), answered("kept")]).await;
    }
    let foreign = ["agent:main:main", "stolen", "agent:main:caller:operator:stolen"];
    for tool in ["session_status", "sessions_history"] {
        for (key, other) in
            foreign.iter().zip(["agent:main:nope", "nope", "agent:main:caller:operator:nope"])
        {
            let told = async |key: &str| {
                let told = house.ask(narrow(), tool, json!({"sessionKey": key})).await;
                told.expect_err("not there").to_string().replace(key, "{key}")
            };
            if *key == "agent:main:main" && tool == "session_status" {
                // The caller's own main session, in which nothing was said.
                let own = house.ask(narrow(), tool, json!({"sessionKey": key})).await;
                assert_eq!(own.expect("its own")["exists"], false);
                continue;
            }
            assert_eq!(told(key).await, told(other).await, "{tool} {key}");
        }
    }
}

#[tokio::test]
async fn a_status_tells_the_model_and_the_queue_in_force() {
    let queue = json!({"queue": {"mode": "collect", "byChannel": {"telegram": "interrupt"}}});
    let house = House::new(json!({"messages": queue})).await;
    let status = async || {
        let status = house.ask(Caller::OPERATOR, "session_status", json!({})).await;
        let status = status.expect("a status");
        let text = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
        (text("model"), text("queueMode"), status["messageCount"].as_u64())
    };
    let expected = |model: &str, mode: &str, count| (model.to_owned(), mode.to_owned(), count);
    assert_eq!(status().await, expected("fake/chat", "collect", None));
    house.turn(MAIN, &[asked("?"), answered("!")]).await;
    assert_eq!(status().await, expected("fake/chat", "interrupt", Some(2)));
    let patch = Patch { model_override: Some("fake/other".to_owned()), ..Patch::default() };
    let key = SessionKey::parse(MAIN.0).expect("a key");
    house.sessions.patch(&key, patch).await.expect("written");
    assert_eq!(status().await, expected("fake/other", "interrupt", Some(2)));

    // A run that leaves no trace has no session of its own to tell of.
    let mut context = Context::resolve(house.live.load_full(), Wanted::default(), Caller::OPERATOR)
        .expect("a context");
    context.session = None;
    let untold = house.ask_in(context, "session_status", json!({})).await;
    let message = "sessionKey required: this run is not part of a session";
    assert_eq!(untold, Err(Error::Input(message.to_owned())));
}

#[tokio::test]
async fn every_tool_s_schema_is_one_and_says_what_it_takes() {
    let house = House::new(json!({})).await;
    let services = Services {
        live: house.live.clone(),
        sessions: house.sessions.clone(),
        tasks: Tasks::new(),
        egress: Egress::new(),
        media: Media::new(Egress::new(), None),
    };
    for tool in all(&services) {
        let spec = tool.spec();
        jsonschema::validator_for(&spec.parameters).expect("a schema");
        assert_eq!(spec.parameters["additionalProperties"], false, "{}", spec.name);
        for (name, property) in spec.parameters["properties"].as_object().expect("an object") {
            assert!(property["description"].is_string(), "{}.{name}", spec.name);
        }
    }
}
