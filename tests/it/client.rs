//! A strict typed client: async-openai decodes every reply into closed types.

use crate::support::gateway::{Gateway, TOKEN};
use crate::support::upstream::{Reply, Upstream};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs, FinishReason,
};
use async_openai::types::embeddings::CreateEmbeddingRequestArgs;
use futures_util::StreamExt;
use serde_json::json;

fn client(gateway: &Gateway) -> Client<OpenAIConfig> {
    let base = format!("{}/v1", gateway.url);
    Client::with_config(OpenAIConfig::new().with_api_base(base).with_api_key(TOKEN))
}

fn question(stream: bool) -> CreateChatCompletionRequest {
    let message = ChatCompletionRequestUserMessageArgs::default().content("Hello").build();
    CreateChatCompletionRequestArgs::default()
        .model("openclaw")
        .messages([message.expect("a message").into()])
        .stream(stream)
        .build()
        .expect("a request")
}

#[tokio::test]
async fn every_reply_decodes_into_closed_types() {
    let message = json!({"role": "assistant", "content": "Hi."});
    let plain = json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}});
    let vectors = json!({"data": [{"index": 0, "embedding": [0.5, 0.25]}],
        "usage": {"prompt_tokens": 1, "total_tokens": 1}});
    let upstream = Upstream::with([
        Reply::json(200, &plain),
        Reply::fixture("parallel-tools.sse"),
        Reply::json(200, &vectors),
    ])
    .await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let client = client(&gateway);

    let models = client.models().list().await.expect("the list decodes");
    assert_eq!(models.data[1].id, "openclaw/default");
    let model = client.models().retrieve("openclaw/default").await.expect("the model decodes");
    assert_eq!(model.owned_by, "openclaw");

    let reply = client.chat().create(question(false)).await.expect("the completion decodes");
    assert_eq!(reply.choices[0].message.content.as_deref(), Some("Hi."));
    assert_eq!(reply.choices[0].finish_reason, Some(FinishReason::Stop));

    let mut stream = client.chat().create_stream(question(true)).await.expect("a stream");
    let mut last = None;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.expect("each chunk decodes");
        last = chunk.choices.into_iter().next().and_then(|choice| choice.finish_reason).or(last);
    }
    assert_eq!(last, Some(FinishReason::ToolCalls));

    let request = CreateEmbeddingRequestArgs::default().model("openclaw").input("x").build();
    let reply = client.embeddings().create(request.expect("a request")).await;
    assert_eq!(reply.expect("the vectors decode").data[0].embedding, [0.5, 0.25]);
}

#[tokio::test]
async fn several_answers_and_their_scores_decode_into_closed_types() {
    let token = json!({"token": "Hi.", "logprob": -0.5, "bytes": [72, 105, 46],
        "top_logprobs": [{"token": "Yo", "logprob": -2.0, "bytes": [89, 111]}]});
    let logprobs = json!({"content": [token], "refusal": null});
    let message = json!({"role": "assistant", "content": "Hi."});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop",
        "logprobs": logprobs});
    let whole = json!({"choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}});
    let event = |delta: serde_json::Value, finish: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish,
            "logprobs": logprobs});
        format!("data: {}\n\n", json!({"choices": [choice]}))
    };
    let streamed = || {
        let stream = Reply::stream().then(event(json!({"content": "Hi."}), None));
        stream.then(event(json!({}), Some("stop"))).then("data: [DONE]\n\n")
    };
    let replies = [Reply::json(200, &whole), Reply::json(200, &whole), streamed(), streamed()];
    let upstream = Upstream::with(replies).await;
    let gateway = Gateway::start(&upstream.base_url(), json!({})).await;
    let client = client(&gateway);
    let wanted = |stream| {
        let (n, logprobs, top_logprobs) = (Some(2), Some(true), Some(1));
        CreateChatCompletionRequest { n, logprobs, top_logprobs, ..question(stream) }
    };
    let reply = client.chat().create(wanted(false)).await.expect("the completion decodes");
    let indices: Vec<u32> = reply.choices.iter().map(|choice| choice.index).collect();
    assert_eq!(indices, [0, 1]);
    assert_eq!(reply.usage.expect("usage").total_tokens, 4);
    let scores = reply.choices[1].logprobs.as_ref().expect("scores").content.as_ref();
    assert_eq!(scores.expect("of the text")[0].top_logprobs[0].token, "Yo");

    let mut stream = client.chat().create_stream(wanted(true)).await.expect("a stream");
    let mut seen = 0;
    while let Some(chunk) = stream.next().await {
        let choices = chunk.expect("each chunk decodes").choices;
        seen += choices.iter().filter(|choice| choice.logprobs.is_some()).count();
    }
    assert!(seen >= 2, "both answers have scores");
}
