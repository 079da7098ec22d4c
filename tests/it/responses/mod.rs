//! `responses`, from its public face down to a scripted upstream and a store on the disk.

mod chain;
mod compaction;
mod decoding;
mod faults;
mod idempotency;
mod life;
mod reading;

use crate::runs::{House, answer, chunk, ends, gated, guest, member, stateless};
use crate::support::soon;
use crate::support::upstream::{Gate, Reply, Seen, Upstream};
use openclaw::responses::{
    Create, Echo, Event, Item, Keep, Output, Part, Reader, ResponseId, ResponseObject, Responses,
    Role, State, Status,
};
use openclaw::types::{AgentId, Caller, OnDisconnect, Origin, RunRequest, SessionKey, Surface};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// Responses over a store in a folder.
struct Home {
    house: House,
    responses: Responses,
}

impl Home {
    async fn at(folder: &Path, upstream: &Upstream) -> Self {
        let house = House::at(folder, upstream, json!({})).await;
        let responses = Responses::new(house.runs.clone(), house.store.clone(), &house.tasks);
        Self { house, responses }
    }

    async fn new(upstream: &Upstream) -> (Self, TempDir) {
        let folder = TempDir::new().expect("a folder");
        (Self::at(folder.path(), upstream).await, folder)
    }

    async fn create(&self, create: Create) -> Reader {
        soon(self.responses.create(create)).await.expect("it begins")
    }

    async fn get(&self, id: &ResponseId) -> ResponseObject {
        self.responses.get(&Caller::OPERATOR, id).await.expect("it is there")
    }

    async fn read(&self, id: &ResponseId, after: Option<u64>) -> Vec<Event> {
        let reader = self.responses.read(&Caller::OPERATOR, id, after).await;
        all(reader.expect("it is there")).await
    }
}

/// A user's message as an item.
fn said(text: &str) -> Item {
    Item::Message {
        id: String::new(),
        status: Status::Completed,
        role: Role::User,
        content: vec![Part::InputText { text: text.to_owned() }],
        phase: None,
    }
}

/// What a function answered.
fn output(call_id: &str, text: &str) -> Item {
    Item::FunctionCallOutput {
        id: String::new(),
        call_id: call_id.to_owned(),
        output: Output::Text(text.to_owned()),
        status: Status::Completed,
    }
}

/// A response that is kept, asked by the operator of the agent `main`.
fn asks(items: Vec<Item>) -> Create {
    let run = RunRequest {
        agent: Some(AgentId::main()),
        input: openclaw::responses::messages(&items),
        origin: Origin { surface: Surface::Responses, caller: Caller::OPERATOR },
        ..stateless("")
    };
    let echo = Echo { model: "openclaw".to_owned(), ..Echo::default() };
    Create { run, input: items, echo, previous: None, keep: Keep::Stored, background: false }
}

fn ask(text: &str) -> Create {
    asks(vec![said(text)])
}

fn in_background(text: &str) -> Create {
    Create { background: true, ..ask(text) }
}

fn by(caller: Caller, mut create: Create) -> Create {
    create.run.origin.caller = caller;
    create
}

fn continuing(previous: &ResponseId, create: Create) -> Create {
    Create { previous: Some(*previous), ..create }
}

fn disconnecting(on_disconnect: OnDisconnect, mut create: Create) -> Create {
    create.run.on_disconnect = on_disconnect;
    create
}

fn in_session(key: &str, mut create: Create) -> Create {
    create.run.session = Some(SessionKey::parse(key).expect("a key"));
    create
}

/// Reads a response to its end.
async fn all(mut reader: Reader) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = soon(reader.next()).await {
        events.push(event);
    }
    assert!(events.last().is_none_or(|event| event.last().is_some()), "{events:?}");
    events
}

/// Reads a response until it has said something.
async fn until_text(reader: &mut Reader) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let event = soon(reader.next()).await.expect("more");
        let done = event.kind() == "response.output_text.delta";
        events.push(event);
        if done {
            return events;
        }
    }
}

/// A response's text.
fn text(response: &ResponseObject) -> String {
    let content = response.output.iter().filter_map(|item| match item {
        Item::Message { content, .. } => Some(content),
        _ => None,
    });
    let texts = content.flatten().map(|part| match part {
        Part::OutputText { text, .. } => text.as_str(),
        other => panic!("{other:?}"),
    });
    texts.collect()
}

/// The messages that the upstream was sent: `role:text`, calls by their ids.
fn told(seen: &Seen) -> Vec<String> {
    let messages = seen.body["messages"].as_array().expect("messages");
    let line = |message: &Value| {
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        let calls: String =
            calls.map(|call| format!("[{}]", call["id"].as_str().expect("id"))).collect();
        let text = message["content"].as_str().unwrap_or_default();
        format!("{}:{text}{calls}", message["role"].as_str().expect("a role"))
    };
    messages.iter().map(line).collect()
}

/// An answer of several pieces, with thoughts before it and calls after it.
fn rich() -> Reply {
    let call = |index: u32, id: &str| {
        let function = json!({"name": "look", "arguments": ""});
        chunk(
            json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]}),
            None,
        )
    };
    let arguments = |index: u32, piece: &str| {
        chunk(json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}), None)
    };
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    let usage = json!({"id": "c", "choices": [], "usage": usage});
    let end = format!("{}data: {usage}\n\ndata: [DONE]\n\n", chunk(json!({}), Some("tool_calls")));
    Reply::stream()
        .then(chunk(json!({"reasoning_content": "hm "}), None))
        .then(chunk(json!({"reasoning_content": "ja"}), None))
        .then(chunk(json!({"content": "Ich "}), None))
        .then(chunk(json!({"content": "sähe nach."}), None))
        .then(call(0, "call_a") + &arguments(0, "{\"q\":") + &arguments(0, "\"ü\"}"))
        .then(call(1, "call_b") + &arguments(1, "{}"))
        .then(end)
}

/// A request with the tools that [`rich`] calls.
fn with_tools(mut create: Create) -> Create {
    create.run.tools = vec![openclaw::types::ToolSpec {
        name: "look".to_owned(),
        description: None,
        parameters: None,
        strict: None,
    }];
    create
}
