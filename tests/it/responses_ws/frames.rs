//! What frames get: events, errors, and what was said before.

use super::{Client, answer, echo, kinds, plain, text_of};
use crate::support::gateway::Gateway;
use crate::support::upstream::{Reply, Upstream};
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Bytes, Message};

#[tokio::test]
async fn a_frame_gets_the_events_of_a_stream() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    client.create(json!({"input": "Hello"})).await;
    let events = client.events().await;
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(kinds(&events), expected);
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], at, "{event}");
    }
    let response = &events[8]["response"];
    assert_eq!(text_of(response), "Hello of 1");
    // It is kept, as one over HTTP is.
    let id = response["id"].as_str().expect("an id");
    let kept: Value = gateway.get(&format!("/v1/responses/{id}")).await.json().await.expect("JSON");
    assert_eq!(&kept, response);
}

#[tokio::test]
async fn a_response_continues_one_that_only_its_connection_knows() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    let first = client.response(json!({"input": "One", "store": false})).await;
    assert_eq!((text_of(&first), &first["previous_response_id"]), ("One of 1", &Value::Null));
    let second = json!({"input": "Two", "store": false, "previous_response_id": first["id"]});
    let second = client.response(second).await;
    assert_eq!(text_of(&second), "Two of 3");
    assert_eq!(second["previous_response_id"], first["id"]);
    let third = json!({"input": "Three", "store": false, "previous_response_id": second["id"]});
    assert_eq!(text_of(&client.response(third).await), "Three of 5");
    // Only the latest is remembered, and no other connection knows it.
    for mut client in [client, Client::open(&gateway).await] {
        let frame = json!({"type": "response.create", "input": "Four",
            "previous_response_id": first["id"]});
        let error = client.error(frame).await;
        assert_eq!(error["status"], 404);
        assert_eq!(error["error"]["code"], "previous_response_not_found");
        assert_eq!(error["error"]["param"], "previous_response_id");
        // The connection stays.
        assert_eq!(text_of(&client.response(json!({"input": "Five"})).await), "Five of 1");
    }
    let path = format!("/v1/responses/{}", first["id"].as_str().expect("an id"));
    assert_eq!(gateway.get(&path).await.status(), 404);
}

#[tokio::test]
async fn a_response_continues_a_kept_one_and_goes_on_from_there() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let kept = json!({"model": "openclaw", "input": "One"});
    let kept: Value = gateway.post("/v1/responses", kept).await.json().await.expect("JSON");
    let mut client = Client::open(&gateway).await;
    let second = json!({"input": "Two", "store": false, "previous_response_id": kept["id"]});
    let second = client.response(second).await;
    assert_eq!(text_of(&second), "Two of 3");
    let third = json!({"input": "Three", "previous_response_id": second["id"]});
    let third = client.response(third).await;
    assert_eq!(text_of(&third), "Three of 5");
    // The third is kept, with all that is kept nowhere else.
    let fourth = json!({"input": "Four", "previous_response_id": third["id"]});
    assert_eq!(text_of(&Client::open(&gateway).await.response(fourth).await), "Four of 7");
}

#[tokio::test]
async fn a_request_can_be_prepared_without_asking_the_model() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    let warm = json!({"generate": false, "store": false, "instructions": "Be brief.",
        "input": [{"role": "user", "content": "Remember 4711."}]});
    client.create(warm).await;
    let events = client.events().await;
    let expected = ["response.created", "response.in_progress", "response.completed"];
    assert_eq!(kinds(&events), expected);
    let warm = &events[2]["response"];
    assert_eq!((&warm["status"], &warm["output"]), (&json!("completed"), &json!([])));
    assert_eq!(upstream.seen().len(), 0);
    let next = json!({"input": "What?", "store": false, "previous_response_id": warm["id"]});
    assert_eq!(text_of(&client.response(next).await), "What? of 2");
    // Prepared with nothing: there is nothing to continue either.
    let empty = client.response(json!({"generate": false})).await;
    let frame = json!({"type": "response.create", "previous_response_id": empty["id"]});
    assert_eq!(client.error(frame).await["error"]["code"], "missing_required_parameter");
}

#[tokio::test]
async fn a_wrong_frame_gets_an_error_that_says_where_and_the_connection_stays() {
    let upstream = echo().await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    let create = "response.create";
    for (frame, code, param) in [
        (json!({"type": "response.cancel"}), "unsupported_value", json!("type")),
        (json!({"input": "x"}), "missing_required_parameter", json!("type")),
        (json!([1]), "invalid_type", Value::Null),
        (json!({"type": create}), "missing_required_parameter", json!("input")),
        (
            json!({"type": create, "input": "x", "temperature": 9}),
            "invalid_value",
            json!("temperature"),
        ),
        (json!({"type": create, "generate": "no"}), "invalid_type", json!("generate")),
        (
            json!({"type": create, "input": [{"role": "user", "content": [{"type": "input_image",
            "image_url": 5}]}]}),
            "invalid_type",
            json!("input[0].content[0].image_url"),
        ),
        (
            json!({"type": create, "response": {"input": 5}}),
            "invalid_type",
            json!("response.input"),
        ),
        (json!({"type": create, "response": []}), "invalid_type", json!("response")),
        (
            json!({"type": create, "input": "x", "model": "gpt-4o"}),
            "model_not_found",
            json!("model"),
        ),
    ] {
        let error = client.error(frame.clone()).await;
        let error = &error["error"];
        assert_eq!((&error["code"], &error["param"]), (&json!(code), &param), "{frame}: {error}");
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
    }
    client.0.send(Message::text("{")).await.expect("taken");
    assert_eq!(client.event().await["error"]["code"], "invalid_json");
    client.0.send(Message::Binary(Bytes::from_static(b"{}"))).await.expect("taken");
    assert_eq!(client.event().await["error"]["code"], "invalid_type");
    let nested = json!({"type": create, "response": {"model": "openclaw", "input": "Nested"}});
    client.send(nested).await;
    let last = client.events().await.pop().expect("events");
    assert_eq!(text_of(&last["response"]), "Nested of 1");
}

#[tokio::test]
async fn a_failure_of_the_providers_is_an_error_before_and_an_event_after_the_first_token() {
    let refused = json!({"error": {"message": "top_k?", "type": "x", "code": null}});
    let replies =
        [Reply::json(400, &refused), Reply::fixture("cut.sse").then_cut(), answer("Back")];
    let upstream = Upstream::with(replies).await;
    let gateway = Gateway::start(&upstream.base_url(), plain()).await;
    let mut client = Client::open(&gateway).await;
    let frame = json!({"type": "response.create", "input": "x", "stream_id": "a"});
    let error = client.error(frame).await;
    assert_eq!((&error["status"], &error["stream_id"]), (&json!(400), &json!("a")));
    assert_eq!(error["error"]["code"], "upstream_rejected");
    client.create(json!({"input": "x", "stream_id": "b"})).await;
    let events = client.events().await;
    assert!(events.iter().all(|event| event["stream_id"] == "b"), "{events:?}");
    let last = events.last().expect("events");
    assert_eq!(
        (&last["type"], &last["response"]["status"]),
        (&json!("response.failed"), &json!("failed"))
    );
    assert_eq!(text_of(&client.response(json!({"input": "x"})).await), "Back");
}
