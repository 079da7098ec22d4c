use super::*;
use crate::config::{Drop as Drops, EmbeddingChoice, Env, Fallback, Loaded};
use crate::runs::member::Born;
use crate::secrets::{self, Snapshot};
use crate::types::{
    Caller, Delivery, Hints, ModelRef, OnDisconnect, Origin, QueueMode, RunId, RunKind, RunRequest,
    Sampling, Surface, ToolChoice,
};
use serde_json::json;
use tracing::Span;

fn snapshot() -> Arc<Snapshot> {
    let loaded = Loaded {
        config: serde_json::from_value(json!({})).expect("an empty config"),
        exists: false,
        warnings: Vec::new(),
        modified: None,
        env: Env::default(),
    };
    let embedding = EmbeddingChoice { provider: "up".to_owned(), model: "embed".to_owned() };
    let model = ModelRef::parse("up/chat").expect("a model");
    Arc::new(secrets::resolve(loaded, &Fallback { model, embedding }))
}

fn job(number: u128) -> Job {
    let born = Born {
        id: RunId::from_bits(number),
        owner: None,
        session: SessionKey::parse("agent:main:chat:1").ok(),
        repeat: None,
        on_disconnect: OnDisconnect::Detach,
    };
    let request = RunRequest {
        agent: None,
        session: None,
        history: crate::types::History::Session,
        kind: RunKind::Turn,
        input: Vec::new(),
        context: Vec::new(),
        sampling: Sampling::default(),
        hints: Hints::default(),
        response_format: None,
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        parallel_tool_calls: None,
        model: None,
        delivery: Delivery::Growing,
        origin: Origin { surface: Surface::Chat, caller: Caller::OPERATOR },
        queue: None,
        timeout: None,
        idempotency_key: None,
        on_disconnect: OnDisconnect::Detach,
    };
    let (member, snapshot) = (Arc::new(Member::new(born)), snapshot());
    Job { member, snapshot, request, alike: [0; 32], span: Span::none() }
}

#[test]
fn nobody_joins_a_turn_that_was_told_to_end() {
    let room = Room { cap: 9, drops: Drops::New };
    let mut line = Line::default();
    let mut enter = |number| {
        let waiting = Waiting { job: job(number), mode: QueueMode::Steer, alike: [0; 32] };
        let entered = line.lane.enter(waiting, room, Instant::now());
        entered.start.map(|job| job.member)
    };
    let leader = enter(1).expect("it begins");
    assert!(enter(2).is_none() && enter(3).is_none(), "they wait");
    leader.stop.tell(Stopped::Cancelled);
    assert!(line.take_steering(&leader, [0; 32]).is_empty());
    line.lane.release();
    let turn = line.lane.next(Instant::now()).expect("a turn of their own");
    assert_eq!(turn.len(), 2);
    assert!(turn.iter().all(|job| !job.member.follows() && !job.member.log.is_finished()));
}
