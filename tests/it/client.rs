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
